//! The column of membership in a row: whoever else looks at it can read, and change nothing.

/// What failure detection and the proof of lives keep of a member.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Detection {
    /// A later life than the one whose entries are held was heard of, and the member was asked with
    /// this token whether it is true. Until it acks in that life its entries stay as they are.
    pub(in crate::membership) unproven: Option<Doubt>,
    /// It came up for a probe before its address was known.
    pub(in crate::membership) met: bool,
    /// Somebody suspects it; a timer runs.
    pub(in crate::membership) suspect: bool,
    /// A datagram of it came since it is suspected.
    pub(in crate::membership) spoke: bool,
    /// How often it had its time to refute once more, since it spoke.
    pub(in crate::membership) spared: u8,
    /// How often this node, which suspects it itself or waits for it, writes to it once more.
    pub(in crate::membership) words_left: u8,
    /// Its last ack came after its round, as this node saw itself.
    pub(in crate::membership) late: bool,
    /// Another life of its id answers at its address: what others get from there says nothing of this one.
    pub(in crate::membership) usurped: bool,
    /// It is slow, or this node is, and it owes an answer; a timer runs.
    pub(in crate::membership) waiting: bool,
}

/// A member is to prove that it lives the life that is told of it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Doubt {
    /// What its ack must carry.
    token: u16,
    /// The round in which it was asked first.
    since: u16,
}

impl Detection {
    /// Of a row that comes from a state. The token is that of no ping: the first question that is due gives it
    /// another.
    pub(crate) fn restored(suspect: bool, unproven: bool) -> Self {
        Self {
            suspect,
            unproven: unproven.then_some(Doubt { token: 0, since: 0 }),
            ..Self::default()
        }
    }

    /// Somebody suspects it.
    pub(crate) fn is_suspect(&self) -> bool {
        self.suspect
    }

    /// Its last ack came after its round.
    pub(crate) fn is_late(&self) -> bool {
        self.late
    }

    /// A later life of it was heard of than is proven.
    pub(crate) fn is_unproven(&self) -> bool {
        self.unproven.is_some()
    }

    /// A datagram of the life that is known came.
    pub(crate) fn hear(&mut self) {
        self.spoke = self.suspect;
        self.usurped = false;
    }

    /// It acked, in time or late.
    pub(crate) fn acked(&mut self, late: bool) {
        self.late = late;
    }

    /// It comes up for a probe without an address: `true` unless it is the first time.
    pub(crate) fn meet_again(&mut self) -> bool {
        core::mem::replace(&mut self.met, true)
    }

    /// It lives another life from now on.
    pub(in crate::membership) fn begin_anew(&mut self) {
        self.late = false;
        self.usurped = false;
    }

    /// Nothing is waited for any more.
    pub(in crate::membership) fn clear(&mut self) {
        self.suspect = false;
        self.words_left = 0;
        self.waiting = false;
    }

    /// Counts the token of a question back from the next one, and its age from the round.
    pub(crate) fn rebase(&mut self, next_token: u16, round: u16) {
        if let Some(doubt) = &mut self.unproven {
            doubt.token = next_token.wrapping_sub(doubt.token);
            doubt.since = doubt.rounds(round);
        }
    }
}

impl Doubt {
    /// Asked with this token in the round that is the current one.
    pub(in crate::membership) fn new(token: u16, since: u16) -> Self {
        Self { token, since }
    }

    /// `true` if this is what its ack must carry.
    pub(in crate::membership) fn is_met_by(self, token: u16) -> bool {
        self.token == token
    }

    /// What its ack must carry.
    pub(in crate::membership) fn token(self) -> u16 {
        self.token
    }

    /// How many rounds it had by now, in which `round` is the current one.
    pub(in crate::membership) fn rounds(self, round: u16) -> u16 {
        round.wrapping_sub(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_suspect_is_noted_to_have_spoken() {
        let mut member = Detection {
            usurped: true,
            ..Detection::default()
        };
        member.hear();
        assert!(!member.spoke && !member.usurped);
        member.suspect = true;
        member.hear();
        assert!(member.spoke);
    }

    #[test]
    fn the_first_meeting_without_an_address_is_no_meeting() {
        let mut member = Detection::default();
        assert!(!member.meet_again());
        assert!(member.meet_again());
    }

    #[test]
    fn a_state_says_who_is_suspect_and_unproven_and_no_more() {
        let member = Detection::restored(true, false);
        assert!(member.is_suspect() && !member.is_unproven() && !member.is_late());
        let mut member = Detection::restored(false, true);
        assert!(member.is_unproven() && !member.is_suspect());
        member.clear();
        member.begin_anew();
        assert!(member.is_unproven(), "only its word ends that");
    }

    #[test]
    fn a_question_ages_in_rounds_and_its_token_counts_back() {
        let mut member = Detection {
            unproven: Some(Doubt::new(u16::MAX, u16::MAX)),
            ..Detection::default()
        };
        let doubt = member.unproven.unwrap();
        assert!(doubt.is_met_by(u16::MAX) && !doubt.is_met_by(0));
        assert_eq!(doubt.rounds(3), 4, "rounds wrap");
        member.rebase(2, 3);
        assert_eq!(member.unproven, Some(Doubt::new(3, 4)));
    }
}
