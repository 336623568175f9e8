//! Trying the mistakes, each alone and every two together. The work is bounded.

use alloc::{vec, vec::Vec};

use super::{
    Diagnosis, Finding,
    catalogue::{Mistake, PARTS},
    facts::Facts,
    recipe::Recipe,
};
use crate::SignatureMethod;

/// What a recipe is to make.
pub(super) enum Target<'a> {
    /// The decoded value of `oauth_signature`.
    Signature(&'a [u8]),
    /// A base string.
    BaseString(&'a [u8]),
    /// The octets of a signature that a public key checks.
    #[cfg(feature = "rsa")]
    Rsa(&'a crate::rsa::RsaPublicKey, &'a [u8]),
}

impl Target<'_> {
    fn is_made_by(&self, recipe: &Recipe) -> bool {
        match self {
            Self::Signature(signature) => recipe.makes(signature),
            Self::BaseString(theirs) => recipe.base_string() == *theirs,
            #[cfg(feature = "rsa")]
            Self::Rsa(key, signature) => recipe.makes_for(key, signature),
        }
    }
}

/// A recipe with the mistake that it has, and how likely that is: the place in its part.
struct Suspected {
    mistake: &'static Mistake,
    rank: usize,
    part: usize,
    recipe: Recipe,
}

pub(super) fn run(
    facts: &Facts<'_>,
    right: &Recipe,
    target: &Target<'_>,
    together: bool,
) -> Diagnosis {
    let mut search = Search { facts, target, left: BUDGET, tried: 0, found: Vec::new() };
    let mut diagnosis =
        Diagnosis { right: search.is_hit(right), findings: Vec::new(), tried: 1, complete: true };
    if diagnosis.right {
        return diagnosis;
    }
    let singles = search.singles(right);
    if together && search.found.is_empty() && !search.is_exhausted() {
        search.pairs(&singles);
    }
    diagnosis.complete = (together && !search.is_exhausted()) || !search.found.is_empty();
    diagnosis.tried = search.tried;
    search.found.sort_by_key(|(rank, _)| *rank);
    for (_, mistakes) in search.found {
        let finding = Finding(mistakes);
        if !diagnosis.findings.contains(&finding) {
            diagnosis.findings.push(finding);
        }
    }
    diagnosis
}

struct Search<'s> {
    facts: &'s Facts<'s>,
    target: &'s Target<'s>,
    /// Octets that may still be written and hashed.
    left: usize,
    tried: usize,
    found: Vec<(usize, Vec<&'static Mistake>)>,
}

impl Search<'_> {
    fn is_exhausted(&self) -> bool {
        self.left == 0
    }

    fn is_hit(&mut self, recipe: &Recipe) -> bool {
        if self.is_exhausted() {
            return false;
        }
        let pairs = recipe.pairs.iter().map(|pair| 8 + 3 * (pair.name.len() + pair.value.len()));
        let octets = 256 + pairs.sum::<usize>() + 3 * (recipe.path.len() + recipe.rest.len());
        self.left = self.left.saturating_sub(octets);
        self.tried += 1;
        self.target.is_made_by(recipe)
    }

    /// What may matter, for this method and this target.
    fn matters(&self, part: usize) -> bool {
        let of_base_string = part <= ORDER;
        match (self.target, self.facts.method) {
            (Target::BaseString(_), _) => of_base_string,
            (_, SignatureMethod::Plaintext) => !of_base_string,
            (_, method) => !method.is_rsa() || part != KEY,
        }
    }

    fn singles(&mut self, right: &Recipe) -> Vec<Suspected> {
        let mut singles = Vec::new();
        for (part, mistakes) in PARTS.iter().enumerate() {
            if !self.matters(part) {
                continue;
            }
            for (rank, mistake) in mistakes.iter().enumerate() {
                for recipe in (mistake.apply)(self.facts, right) {
                    if self.is_hit(&recipe) {
                        self.found.push((rank, vec![mistake]));
                    }
                    if self.is_exhausted() {
                        return singles;
                    }
                    singles.push(Suspected { mistake, rank, part, recipe });
                }
            }
        }
        singles
    }

    fn pairs(&mut self, singles: &[Suspected]) {
        for first in singles {
            for (part, mistakes) in PARTS.iter().enumerate().skip(first.part) {
                for (rank, mistake) in mistakes.iter().enumerate() {
                    let earlier = part == first.part && rank <= first.rank;
                    if earlier || !self.matters(part) {
                        continue;
                    }
                    for recipe in (mistake.apply)(self.facts, &first.recipe) {
                        if self.is_hit(&recipe) {
                            self.found.push((first.rank + rank, vec![first.mistake, mistake]));
                        }
                        if self.is_exhausted() {
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// The last part of the catalogue that changes the base string, and the part of the key.
const ORDER: usize = 4;
const KEY: usize = 5;
/// Octets of base strings, roughly: some tenths of a second.
const BUDGET: usize = 64 * 1024 * 1024;
