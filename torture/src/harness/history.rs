//! Every request and every answer, and the one rule: no request is accepted twice.

use std::collections::HashMap;

use super::{client::Answer, forge::Ticket};

/// What became of one sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx.
    Accepted,
    /// 401 with `nonce_used`.
    Replay,
    /// 503.
    Unavailable,
    /// Any other answer, with its status.
    Refused(u16),
    /// No answer: it may have been accepted or not.
    Lost,
}

impl Outcome {
    /// What an answer says.
    #[must_use]
    pub fn of(answer: Option<&Answer>) -> Self {
        match answer {
            Some(answer) if answer.is_success() => Self::Accepted,
            Some(answer) if answer.is_replay() => Self::Replay,
            Some(Answer { status: 503, .. }) => Self::Unavailable,
            Some(answer) => Self::Refused(answer.status),
            None => Self::Lost,
        }
    }

    /// Whether it was accepted.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        self == Self::Accepted
    }
}

/// All sendings of a run, and how often each request was accepted.
#[derive(Debug, Default)]
pub struct History {
    /// By client number and ticket: accepted so often.
    accepted: HashMap<(u32, Ticket), u32>,
    /// How many sendings had each outcome.
    pub counts: Counts,
    /// Requests that were accepted more than once.
    pub twice: Vec<(u32, Ticket)>,
}

/// How many sendings had which outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub sent: u64,
    /// 2xx.
    pub accepted: u64,
    /// 401 `nonce_used`.
    pub replay: u64,
    /// 503.
    pub unavailable: u64,
    /// Other answers.
    pub refused: u64,
    /// No answer.
    pub lost: u64,
}

impl Counts {
    /// Counts one.
    pub fn add(&mut self, outcome: Outcome) {
        self.sent += 1;
        match outcome {
            Outcome::Accepted => self.accepted += 1,
            Outcome::Replay => self.replay += 1,
            Outcome::Unavailable => self.unavailable += 1,
            Outcome::Refused(_) => self.refused += 1,
            Outcome::Lost => self.lost += 1,
        }
    }

    /// What was counted since an earlier reading.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            sent: self.sent - earlier.sent,
            accepted: self.accepted - earlier.accepted,
            replay: self.replay - earlier.replay,
            unavailable: self.unavailable - earlier.unavailable,
            refused: self.refused - earlier.refused,
            lost: self.lost - earlier.lost,
        }
    }
}

impl History {
    /// Notes one sending.
    pub fn note(&mut self, client: u32, ticket: Ticket, outcome: Outcome) {
        self.counts.add(outcome);
        if outcome == Outcome::Accepted {
            let times = self.accepted.entry((client, ticket)).or_default();
            *times += 1;
            if *times == 2 {
                self.twice.push((client, ticket));
            }
        }
    }

    /// Notes many sendings of one client.
    pub fn note_all(&mut self, client: u32, sendings: &[(Ticket, Outcome)]) {
        for (ticket, outcome) in sendings {
            self.note(client, *ticket, *outcome);
        }
    }

    /// How many different requests were accepted.
    #[must_use]
    pub fn requests_accepted(&self) -> usize {
        self.accepted.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_acceptance_is_found() {
        let mut history = History::default();
        let ticket = |number| Ticket { number, timestamp: 7 };
        history.note(0, ticket(1), Outcome::Accepted);
        history.note(1, ticket(1), Outcome::Accepted);
        history.note(0, ticket(2), Outcome::Lost);
        history.note(0, ticket(2), Outcome::Accepted);
        history.note(0, ticket(1), Outcome::Replay);
        assert_eq!((history.twice.len(), history.requests_accepted()), (0, 3));
        history.note(0, ticket(1), Outcome::Accepted);
        assert_eq!(history.twice, [(0, ticket(1))]);
        assert_eq!((history.counts.sent, history.counts.accepted), (6, 4));
    }
}
