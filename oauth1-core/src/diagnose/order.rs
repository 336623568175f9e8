//! Orders of parameters: the one of RFC 5849 section 3.4.1.3.2, and those that are taken for it.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::recipe::Pair;
use crate::parameters::Source;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// By encoded name, then by encoded value.
    Encoded,
    /// By name, then by value, before they are encoded.
    Decoded,
    /// By the name before it is encoded, then by the encoded value.
    DecodedNames,
    /// By encoded name, then by the value before it is encoded.
    DecodedValues,
    /// By encoded name; those of one name as they come, the sources in this order.
    Names([Source; 3]),
    /// By the text `name=value`.
    Joined,
    /// By name without regard to case, then by value.
    IgnoringCase,
    /// As they come, the sources in this order.
    Unsorted([Source; 3]),
    /// Each source sorted, in this order.
    Apart([Source; 3]),
    /// The wrong way round.
    Descending,
}

/// Encoded name and value, and where they are from.
type Encoded<'a> = (Vec<u8>, Vec<u8>, &'a Pair);

impl Order {
    pub(super) fn sort(self, pairs: &mut [Encoded<'_>]) {
        let encoded = |a: &Encoded<'_>, b: &Encoded<'_>| a.0.cmp(&b.0).then_with(|| a.1.cmp(&b.1));
        match self {
            Self::Encoded => pairs.sort_by(encoded),
            Self::Descending => pairs.sort_by(|a, b| encoded(b, a)),
            Self::Decoded => pairs
                .sort_by(|a, b| a.2.name.cmp(&b.2.name).then_with(|| a.2.value.cmp(&b.2.value))),
            Self::DecodedNames => {
                pairs.sort_by(|a, b| a.2.name.cmp(&b.2.name).then_with(|| a.1.cmp(&b.1)));
            }
            Self::DecodedValues => {
                pairs.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.2.value.cmp(&b.2.value)));
            }
            Self::Names(sources) => {
                pairs.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| by_source(sources, a, b)));
            }
            Self::Joined => {
                let joined = |(name, value, _): &Encoded<'_>| [&**name, b"=", &**value].concat();
                pairs.sort_by_cached_key(joined);
            }
            Self::IgnoringCase => pairs.sort_by(|a, b| {
                let names = a.0.to_ascii_lowercase().cmp(&b.0.to_ascii_lowercase());
                names.then_with(|| encoded(a, b))
            }),
            Self::Unsorted(sources) => pairs.sort_by(|a, b| by_source(sources, a, b)),
            Self::Apart(sources) => {
                pairs.sort_by(|a, b| by_source(sources, a, b).then_with(|| encoded(a, b)));
            }
        }
    }
}

fn by_source(sources: [Source; 3], a: &Encoded<'_>, b: &Encoded<'_>) -> Ordering {
    let place = |pair: &Encoded<'_>| sources.iter().position(|source| *source == pair.2.source);
    place(a).cmp(&place(b))
}

/// The orders in which clients put the sources together.
pub(super) const SOURCES: [[Source; 3]; 6] = {
    use Source::{Body, Header, Query};
    [
        [Header, Query, Body],
        [Query, Body, Header],
        [Header, Body, Query],
        [Query, Header, Body],
        [Body, Header, Query],
        [Body, Query, Header],
    ]
};
