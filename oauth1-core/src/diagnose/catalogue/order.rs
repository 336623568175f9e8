//! Mistakes in the order of the parameters (RFC 5849 section 3.4.1.3.2).

use super::{Mistake, with, with_each};
use crate::diagnose::order::{Order, SOURCES};

const CLAUSE: &str = "RFC 5849 section 3.4.1.3.2";

pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "sorted-decoded",
        title: "sorted before encoding",
        explanation: "Names and values are sorted in their encoded form: c%40 stands before c2, while c@ stands after it.",
        fix: "Encode first, then sort by octets.",
        clause: CLAUSE,
        made_by: &[
            "ruby oauth",
            "oauth1-request",
            "reqwest-oauth1",
            "node-oauth",
            "oauth-signature-js",
        ],
        apply: |_, recipe| {
            let orders = [Order::Decoded, Order::DecodedNames, Order::DecodedValues];
            with_each(recipe, orders, |changed, order| changed.order = order)
        },
    },
    Mistake {
        id: "not-sorted",
        title: "did not sort the parameters",
        explanation: "Parameters are sorted by encoded name, then by encoded value.",
        fix: "Sort all parameters together, the oauth_ ones too.",
        clause: CLAUSE,
        made_by: &["hand-written signers"],
        apply: |_, recipe| {
            with_each(recipe, SOURCES, |changed, sources| changed.order = Order::Unsorted(sources))
        },
    },
    Mistake {
        id: "values-not-sorted",
        title: "sorted by name and not by value",
        explanation: "Parameters of one name are sorted by encoded value.",
        fix: "Sort by encoded name, then by encoded value.",
        clause: CLAUSE,
        made_by: &["node-oauth", "reqwest-oauth1", "hand-written signers"],
        apply: |_, recipe| {
            with_each(recipe, SOURCES, |changed, sources| changed.order = Order::Names(sources))
        },
    },
    Mistake {
        id: "sorted-joined",
        title: "sorted the joined texts name=value",
        explanation: "Names are compared before values: with = between them, a1=x comes before a=x.",
        fix: "Sort by encoded name, then by encoded value, before joining.",
        clause: CLAUSE,
        made_by: &["Net::OAuth", "hand-written signers in shell and Python"],
        apply: |_, recipe| with(recipe, |changed| changed.order = Order::Joined),
    },
    Mistake {
        id: "sorted-ignoring-case",
        title: "sorted without regard to case",
        explanation: "Parameters are sorted by octets: every capital comes before every small letter.",
        fix: "Sort by octets, not by the rules of a language.",
        clause: CLAUSE,
        made_by: &[".NET string comparison by culture", "localeCompare of JavaScript"],
        apply: |_, recipe| with(recipe, |changed| changed.order = Order::IgnoringCase),
    },
    Mistake {
        id: "sorted-apart",
        title: "sorted header, query and body each by itself",
        explanation: "All parameters are sorted together.",
        fix: "Put the parameters of all sources into one list, then sort.",
        clause: CLAUSE,
        made_by: &["hand-written signers"],
        apply: |_, recipe| {
            with_each(recipe, SOURCES, |changed, sources| changed.order = Order::Apart(sources))
        },
    },
    Mistake {
        id: "sorted-descending",
        title: "sorted the wrong way round",
        explanation: "Parameters are sorted in ascending order.",
        fix: "Sort ascending.",
        clause: CLAUSE,
        made_by: &["hand-written signers"],
        apply: |_, recipe| with(recipe, |changed| changed.order = Order::Descending),
    },
];
