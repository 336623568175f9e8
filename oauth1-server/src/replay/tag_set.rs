//! A set of words that are random already, as small and as near together as it can be.
//!
//! A general hash set keeps the elements and what it knows of their hashes apart, which is two
//! places in memory to wait for where this has one. With millions of nonces that is what recording
//! one costs.

/// Open addressing in one array. A word's place is the share of the array that the word is of all
/// words, or the next free one after it.
#[derive(Default)]
pub(super) struct TagSet {
    /// 0 is a free place.
    words: Box<[u64]>,
    len: usize,
}

impl TagSet {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn contains(&self, word: u64) -> bool {
        let word = word.max(1);
        !self.words.is_empty() && self.words[self.place(word)] == word
    }

    /// `false` if it is in there already.
    pub(super) fn insert(&mut self, word: u64) -> bool {
        let word = word.max(1);
        if self.len >= self.words.len() / 4 * 3 {
            self.grow();
        }
        let place = self.place(word);
        if self.words[place] == word {
            return false;
        }
        self.words[place] = word;
        self.len += 1;
        true
    }

    /// Where the word is, or else where it would be put. A quarter is always free.
    fn place(&self, word: u64) -> usize {
        let places = self.words.len();
        let mut place = ((u128::from(word) * places as u128) >> u64::BITS) as usize;
        while self.words[place] != 0 && self.words[place] != word {
            place = if place + 1 == places { 0 } else { place + 1 };
        }
        place
    }

    /// By half: doubling would leave more than half of the places free at times.
    fn grow(&mut self) {
        let places = (self.words.len() / 4 * 6).max(16);
        let before = std::mem::replace(&mut self.words, vec![0; places].into_boxed_slice());
        for word in before.into_iter().filter(|word| *word != 0) {
            let place = self.place(word);
            self.words[place] = word;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Words from a few values, at both ends and in runs, so that places are contested.
        #[test]
        fn it_is_a_set(words in prop::collection::vec(
            prop_oneof![1..40_u64, u64::MAX - 40..=u64::MAX, any::<u64>()], 0..600,
        )) {
            let (mut set, mut model) = (TagSet::default(), HashSet::new());
            for word in words {
                prop_assert_eq!(set.contains(word), model.contains(&word));
                prop_assert_eq!(set.insert(word), model.insert(word));
                prop_assert!(set.contains(word));
                prop_assert_eq!(set.len(), model.len());
            }
            for word in &model {
                prop_assert!(set.contains(*word));
            }
        }
    }

    #[test]
    fn the_word_that_marks_free_places_is_a_word_too() {
        let mut set = TagSet::default();
        assert!(!set.contains(0));
        assert!(set.insert(0) && set.contains(0));
        // It stands for 1 from then on, as if the two were one tag.
        assert!(!set.insert(1));
    }
}
