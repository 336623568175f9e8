//! The protocol parameters of one presented request, RFC 5849 section 3.1.
//!
//! Each stands in the place of its name, so the set is sorted without sorting, and a name cannot
//! be there twice. Values are borrowed as they were sent.

use alloc::{string::String, vec::Vec};

use crate::{
    encoded::{Coding, Piece},
    protocol_parameters::{Known, Name, ParameterError},
    sink::Sink,
};

#[derive(Clone, Default)]
pub(crate) struct ProtocolSet<'a> {
    values: [&'a [u8]; Known::ALL.len()],
    /// How to read the value; `None` if there is none.
    codings: [Option<Coding>; Known::ALL.len()],
    /// The texts that are not what stood in the request; the signature's is made when needed.
    decoded: Vec<(Known, String)>,
}

impl<'a> ProtocolSet<'a> {
    /// Puts a value in its place.
    ///
    /// Refuses one that is not UTF-8, has control characters, or is there already.
    #[inline(always)]
    pub(crate) fn insert(&mut self, known: Known, value: Piece<'a>) -> Result<(), ParameterError> {
        if !value.is_plain() {
            self.check(known, value)?;
        }
        self.values[known as usize] = value.raw();
        match self.codings[known as usize].replace(value.coding()) {
            Some(_) => Err(ParameterError::Duplicated(Name::of(Some(known)))),
            None => Ok(()),
        }
    }

    #[inline(never)]
    fn check(&mut self, known: Known, value: Piece<'_>) -> Result<(), ParameterError> {
        if known == Known::Signature && value.is_printable() {
            return Ok(());
        }
        let decoded = text(value, Some(known))?;
        if known != Known::Signature {
            self.decoded.push((known, decoded));
        }
        Ok(())
    }

    #[inline]
    pub(crate) const fn piece(&self, known: Known) -> Option<Piece<'a>> {
        match self.codings[known as usize] {
            Some(coding) => Some(Piece::read_as(self.values[known as usize], coding)),
            None => None,
        }
    }

    #[inline]
    pub(crate) const fn is_absent_or_empty(&self, known: Known) -> bool {
        self.values[known as usize].is_empty()
    }

    /// The decoded octets; not for the signature.
    #[inline]
    pub(crate) fn octets(&self, known: Known) -> Option<&[u8]> {
        let piece = self.piece(known)?;
        if piece.is_plain() {
            return Some(piece.raw());
        }
        self.decoded.iter().find(|(name, _)| *name == known).map(|(_, text)| text.as_bytes())
    }

    /// The decoded text; not for the signature.
    pub(crate) fn text(&self, known: Known) -> Option<&str> {
        // It was found to be text when it was put here.
        self.octets(known).map(|octets| core::str::from_utf8(octets).unwrap_or_default())
    }

    /// The decoded text, unless it is absent or empty.
    pub(crate) fn given(&self, known: Known) -> Option<&str> {
        self.text(known).filter(|text| !text.is_empty())
    }

    /// What is signed, in the order of the base string.
    #[inline]
    pub(crate) fn signed(&self) -> impl Iterator<Item = (Known, Piece<'a>)> {
        Known::ALL
            .iter()
            .filter(|known| **known != Known::Signature)
            .filter_map(|known| Some((*known, self.piece(*known)?)))
    }
}

/// The decoded text of a value, which must be UTF-8 without control characters.
pub(crate) fn text(value: Piece<'_>, known: Option<Known>) -> Result<String, ParameterError> {
    let refused = || ParameterError::Text(Name::of(known));
    let decoded = String::from_utf8(value.decoded().into_owned()).map_err(|_| refused())?;
    if decoded.chars().any(char::is_control) {
        return Err(refused());
    }
    Ok(decoded)
}

impl Known {
    /// Writes name and `=` for the base string, after `&` unless it is the first.
    #[inline(always)]
    pub(crate) fn write_name<S: Sink>(self, out: &mut S, first: bool) {
        let (text, length) = self.separated_name();
        if first {
            out.put(&text[3..*length]);
        } else {
            out.put_padded(text, *length);
        }
    }
}
