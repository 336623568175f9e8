//! Base strings of requests that are being signed.

use alloc::string::String;

use crate::{
    base_string_uri::BaseStringUri,
    encoded::Piece,
    parameter_list::ParameterList,
    parameters::{self, Parameter, Source, Unwritable},
    request::SignableRequest,
    sign::{SignError, Signer},
    signature_base_string::{WriteBaseString, write_parameters, write_target},
    sink::Sink,
    stamp::Written,
    template::Template,
    words::TWICE,
};

/// A request with its protocol parameters, all but nonce, timestamp and signature.
pub(crate) struct Unsigned<'a> {
    template: &'a Template,
    method: &'a str,
    uri: &'a BaseStringUri<'a>,
    pub(crate) body_hash: Option<String>,
    /// Query and form parameters, sorted.
    parameters: &'a [Parameter<'a>],
    /// How many of them sort before `oauth_`.
    pub(crate) before: usize,
}

impl<'a> Unsigned<'a> {
    #[inline(always)]
    pub(crate) fn new(
        signer: &'a Signer,
        request: &'a SignableRequest<'a>,
        list: &'a mut ParameterList<'a>,
    ) -> Result<Self, SignError> {
        let body_hash = signer.body_hash_of(request.body())?;
        let before = read(list, request)?;
        let parameters = &*list.sorted();
        let (template, method, uri) = (signer.template(), request.method(), request.uri());
        Ok(Self { template, method, uri, body_hash, parameters, before })
    }

    /// Everything up to the nonce.
    #[inline(always)]
    pub(crate) fn write_prefix<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
        write_target(out, self.method, self.uri);
        let before = &self.parameters[..self.before];
        write_parameters(out, before)?;
        if !before.is_empty() {
            out.put(b"%26");
        }
        if let Some(hash) = &self.body_hash {
            out.put(b"oauth_body_hash%3D");
            out.put_each(hash.as_bytes(), &TWICE);
            out.put(b"%26");
        }
        out.put(&self.template.base_string()[0]);
        Ok(())
    }

    /// Everything after the timestamp.
    #[inline(always)]
    pub(crate) fn write_suffix<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
        out.put(&self.template.base_string()[2]);
        let after = &self.parameters[self.before..];
        if !after.is_empty() {
            out.put(b"%26");
        }
        write_parameters(out, after)
    }
}

pub(crate) struct Stamped<'a> {
    pub(crate) unsigned: &'a Unsigned<'a>,
    pub(crate) stamp: &'a Written<'a>,
}

impl WriteBaseString for Stamped<'_> {
    #[inline(always)]
    fn write<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
        self.unsigned.write_prefix(out)?;
        write_stamp(out, self.stamp, &self.unsigned.template.base_string()[1]);
        self.unsigned.write_suffix(out)
    }
}

/// Reads the parameters of query and form body, and returns how many sort before `oauth_`.
#[inline(always)]
fn read<'a>(
    list: &mut ParameterList<'a>,
    request: &SignableRequest<'a>,
) -> Result<usize, SignError> {
    let mut before = 0;
    for &(data, source) in
        &[(request.query(), Source::Query), (request.body().form(), Source::Body)]
    {
        for (name, value) in parameters::split_form(data) {
            let (name, value) = (Piece::unchecked_form(name), Piece::unchecked_form(value));
            if name.is_reserved() {
                return Err(SignError::ProtocolParameter(source));
            }
            before += usize::from(name.sorts_before("oauth_"));
            *list.next() = Parameter { name, value, source };
        }
    }
    Ok(before)
}

#[inline(always)]
pub(crate) fn write_stamp<S: Sink>(out: &mut S, stamp: &Written<'_>, to_timestamp: &[u8]) {
    stamp.nonce.write_twice(out);
    out.put(to_timestamp);
    out.put(stamp.timestamp());
}
