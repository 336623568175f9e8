//! The parameters of one request, the first few in place.

use alloc::vec::Vec;

use crate::{
    encoded::{Coding, Piece},
    parameters::{self, Parameter, Source},
};

/// Parameters, the first few without an allocation. It is filled where it stands: moving it would
/// cost more than the allocation.
#[derive(Clone)]
pub(crate) struct ParameterList<'a> {
    few: [Parameter<'a>; 4],
    length: usize,
    /// All of them, if they are more.
    many: Vec<Parameter<'a>>,
}

impl Default for ParameterList<'_> {
    #[inline]
    fn default() -> Self {
        Self { few: [Self::NONE; 4], length: 0, many: Vec::new() }
    }
}

impl<'a> ParameterList<'a> {
    const NONE: Parameter<'a> = {
        let none = Piece::read_as(b"", Coding::Plain);
        Parameter { name: none, value: none, source: Source::Query }
    };

    /// The place of one more.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> &mut Parameter<'a> {
        let at = self.length;
        self.length += 1;
        if at < self.few.len() {
            return &mut self.few[at];
        }
        self.next_of_many(at)
    }

    #[cold]
    fn next_of_many(&mut self, at: usize) -> &mut Parameter<'a> {
        if at == self.few.len() {
            self.many.reserve(4 * at);
            self.many.extend_from_slice(&self.few);
        }
        self.many.push(Self::NONE);
        &mut self.many[at]
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[Parameter<'a>] {
        self.few.get(..self.length).unwrap_or(&self.many)
    }

    #[inline]
    pub(crate) fn sorted(&mut self) -> &mut [Parameter<'a>] {
        let all = self.few.get_mut(..self.length).unwrap_or(&mut self.many);
        parameters::sort(all);
        all
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn all_are_kept_and_sorted_however_many_they_are() {
        let names: Vec<_> = (0..20).map(|i| format!("p{:02}", i * 7 % 20)).collect();
        for count in 0..=names.len() {
            let mut list = ParameterList::default();
            for name in &names[..count] {
                *list.next() = Parameter::decoded(name, "", Source::Query);
            }
            let mut expected: Vec<_> = names[..count].iter().map(|n| n.as_bytes()).collect();
            expected.sort_unstable();
            let sorted: Vec<_> = list.sorted().iter().map(|p| p.raw().0).collect();
            assert_eq!(sorted, expected);
            assert_eq!(list.as_slice().len(), count);
        }
    }
}
