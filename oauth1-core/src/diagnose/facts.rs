//! The request as it arrived, and what stands around it.

use alloc::{string::String, vec::Vec};

use super::{
    Surroundings,
    recipe::{Pair, Recipe},
};
use crate::{
    SignableBody, SignableRequest, SignatureMethod,
    parameters::Source,
    percent_encoding::{decode, decode_form},
};

/// What mistakes look at.
pub(super) struct Facts<'a> {
    pub(super) request: SignableRequest<'a>,
    pub(super) method: SignatureMethod,
    pub(super) realm: Option<String>,
    pub(super) client: String,
    pub(super) token: Option<String>,
    /// Where the protocol parameters stand.
    pub(super) location: Source,
    pub(super) surroundings: &'a Surroundings<'a>,
}

/// How a query or a form is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// `+` is no space.
    pub(super) plus: bool,
    /// What separates pairs beside `&`.
    pub(super) separator: Option<u8>,
    /// Names are not decoded.
    pub(super) raw_names: bool,
    /// What is not UTF-8 is not decoded.
    pub(super) raw_octets: bool,
}

impl Reading {
    /// The pairs of a query or a form; what cannot be decoded stays as it is.
    pub(super) fn pairs(self, data: &[u8], source: Source) -> Vec<Pair> {
        let ends = |octet: &u8| *octet == b'&' || Some(*octet) == self.separator;
        let pieces = data.split(ends).filter(|piece| !piece.is_empty());
        let decoded = |text: &[u8]| {
            let decoded = if self.plus { decode(text) } else { decode_form(text) };
            let decoded = decoded.map_or_else(|_| text.to_vec(), |octets| octets.into_owned());
            let is_raw = self.raw_octets && core::str::from_utf8(&decoded).is_err();
            if is_raw { text.to_vec() } else { decoded }
        };
        let pair = |piece: &[u8]| {
            let at = piece.iter().position(|octet| *octet == b'=');
            let (name, value) = match at {
                Some(at) => (&piece[..at], &piece[at + 1..]),
                None => (piece, &b""[..]),
            };
            let name = if self.raw_names { name.to_vec() } else { decoded(name) };
            Pair { name, value: decoded(value), source, bare: at.is_none() }
        };
        pieces.map(pair).collect()
    }

    /// Without the signature.
    pub(super) fn signed(self, data: &[u8], source: Source) -> Vec<Pair> {
        let mut pairs = self.pairs(data, source);
        pairs.retain(|pair| pair.name != b"oauth_signature");
        pairs
    }
}

impl Facts<'_> {
    /// With query and form read in another way; the header's pairs are kept.
    pub(super) fn read_again(&self, recipe: &Recipe, reading: Reading) -> Recipe {
        let pairs = &recipe.pairs;
        let mut again: Vec<_> =
            pairs.iter().filter(|pair| pair.source == Source::Header).cloned().collect();
        for (data, source) in self.parts() {
            // What was left out stays out.
            if pairs.iter().any(|pair| pair.source == source) {
                again.extend(reading.signed(data, source));
            }
        }
        Recipe { pairs: again, ..recipe.clone() }
    }

    /// The same, where it is not what the other way of reading gives.
    pub(super) fn read_unlike(
        &self,
        recipe: &Recipe,
        reading: Reading,
        other: Reading,
    ) -> Option<Recipe> {
        let read = self.read_again(recipe, reading);
        (read.pairs != self.read_again(recipe, other).pairs).then_some(read)
    }

    /// The signature, where it stands in query or form.
    pub(super) fn sent_signatures(&self) -> Vec<Pair> {
        let reading = Reading::default();
        let parts = self.parts().into_iter();
        let mut pairs: Vec<_> =
            parts.flat_map(|(data, source)| reading.pairs(data, source)).collect();
        pairs.retain(|pair| pair.name == b"oauth_signature");
        pairs
    }

    /// Query and form.
    fn parts(&self) -> [(&[u8], Source); 2] {
        [(self.request.query(), Source::Query), (self.request.body().form(), Source::Body)]
    }

    /// A body that is no form.
    pub(super) fn other_body(&self) -> Option<&[u8]> {
        match self.request.body() {
            SignableBody::NotForm(body) if !body.is_empty() => Some(body),
            _ => None,
        }
    }
}
