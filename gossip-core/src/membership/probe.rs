//! SWIM's failure detector: one member a round, directly, then through others (Das, Gupta, Motivala,
//! DSN 2002, sections 3.1 and 4.3).

use crate::id::NodeId;
use crate::time::Instant;

/// The probe of the round, and what is left of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Prober {
    probe: Option<Probe>,
    /// The probe before, which ended without an ack: a relay's word about it may still come.
    overdue: Option<Probe>,
    /// Who can be asked for help with the best hope: through whom an ack came last, and who acked last.
    helpers: [Option<NodeId>; 2],
    /// How many probes in a row nobody answered at all, neither the target nor a relay.
    unanswered: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Probe {
    target: NodeId,
    /// What the target's own ack carries.
    token: u16,
    /// What an ack or a nack through others carries.
    indirect_token: u16,
    /// When others are asked; `None` once they were.
    indirect_at: Option<Instant>,
    ends: Instant,
    ping: Ping,
    /// Whether there was anybody to ask.
    asked: bool,
    /// A relay got no answer either.
    witnessed: bool,
    /// Somebody whom a relay named was asked too.
    hinted: bool,
    /// The target alone is pinged once more before others are asked.
    again: bool,
}

/// What became of a probe's own ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Ping {
    /// There is none: only others know where the target is.
    None,
    /// It was not sent yet: the target's silence says nothing.
    Waits,
    Sent,
}

/// What a probe needs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ping the target once more with this token, and wait as long as before.
    Again(NodeId, u16),
    /// Ping the target once more with the first token, and ask others to, with the second.
    AskOthers(NodeId, u16, u16),
    /// The target of the probe with these tokens did not answer; a verdict, unless the silence may be this
    /// node's own.
    Failed(NodeId, (u16, u16), Silence),
    /// The target was never pinged.
    Unsent,
}

/// What an ack says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acked {
    /// Who is there.
    pub(crate) target: NodeId,
    /// Its probe is not over yet.
    pub(crate) in_time: bool,
}

/// What follows from a relay's nack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nacked {
    /// Ask this member too, with this token, to probe that one.
    Ask(NodeId, u16, NodeId),
    /// The probe of this member is over; this is the word that was missing for a verdict.
    Late(NodeId),
}

/// What the silence of a probed member says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// A relay got no answer either, and said so in time.
    Witnessed,
    /// The target alone could be asked.
    Alone,
    /// Nobody who was asked said a word, or nobody could be asked at all, for so many probes in a row. It may be this node that nobody hears,
    /// or that hears nobody (Lifeguard, section IV.A: a missing nack is a sign of local trouble).
    Unwitnessed(u8),
}

impl Prober {
    pub(crate) const IDLE: Self = Self {
        probe: None,
        overdue: None,
        helpers: [None; 2],
        unanswered: 0,
    };

    /// Begins a probe with a token for the target itself and one for others. The target is to be `pinged`, if
    /// it is known where it is. The probe before must have ended.
    pub(crate) fn begin(
        &mut self,
        target: NodeId,
        (token, indirect_token): (u16, u16),
        indirect_at: Instant,
        ends: Instant,
        pinged: bool,
    ) {
        self.probe = Some(Probe {
            target,
            token,
            indirect_token,
            indirect_at: Some(indirect_at),
            ends,
            ping: if pinged { Ping::Waits } else { Ping::None },
            asked: false,
            witnessed: false,
            hinted: false,
            again: false,
        });
    }

    /// Others are asked only when the target has not answered a second ping either.
    pub(crate) fn ask_again_first(&mut self) {
        if let Some(probe) = &mut self.probe {
            probe.again = true;
        }
    }

    /// The target was pinged once more: others are asked at `indirect_at`.
    pub(crate) fn asked_again(&mut self, indirect_at: Instant) {
        if let Some(probe) = &mut self.probe {
            probe.indirect_at = Some(indirect_at);
        }
    }

    /// A ping with this token goes out. If it is the first of the probe, the deadlines count from now:
    /// others are asked at `indirect_at`, and it `ends` then.
    pub(crate) fn sent(&mut self, token: u16, indirect_at: Instant, ends: Instant) -> bool {
        let begun = self.probe.as_mut();
        let Some(probe) = begun.filter(|probe| probe.ping == Ping::Waits && probe.token == token)
        else {
            return false;
        };
        probe.ping = Ping::Sent;
        probe.indirect_at = Some(indirect_at);
        probe.ends = ends;
        true
    }

    /// The token of the target's own pings.
    pub(crate) fn token(&self) -> Option<u16> {
        self.probe.map(|probe| probe.token)
    }

    /// Notes that somebody was asked to probe the target.
    pub(crate) fn asked(&mut self) {
        if let Some(probe) = &mut self.probe {
            probe.asked = true;
        }
    }

    /// `true` if nobody had a word to say of the last probe that failed.
    pub(crate) fn is_unhelped(&self) -> bool {
        self.overdue.is_some()
    }

    /// The target's id answered in another life than the one that is probed. That is a word of the relays' kind: this
    /// node is heard, and the target is not there. `false` if it was not asked.
    pub(crate) fn belie(&mut self, token: u16, from: NodeId) -> bool {
        let probe = self.probe.as_mut();
        let probe = probe.filter(|probe| probe.token == token && probe.target == from);
        probe.is_some_and(|probe| {
            probe.witnessed = true;
            true
        })
    }

    /// Takes an ack; the member it clears. The target must answer for itself, since its address may
    /// be somebody else's by now; others answer with the token that only they were given, and for whom they `can`.
    pub(crate) fn acked(
        &mut self,
        token: u16,
        from: NodeId,
        can: impl Fn(NodeId) -> bool,
    ) -> Option<Acked> {
        let current = self.probe.map(|probe| probe.target);
        let [through, direct] = self.helpers;
        let (target, helpers) =
            [self.probe, self.overdue]
                .into_iter()
                .flatten()
                .find_map(|probe| {
                    let itself = probe.token == token && probe.target == from;
                    let relayed = probe.indirect_token == token && probe.asked && can(probe.target);
                    let helpers = match itself {
                        true => [through, Some(from)],
                        false => [Some(from), direct],
                    };
                    (itself || relayed).then_some((probe.target, helpers))
                })?;
        self.helpers = helpers;
        self.unanswered = 0;
        for probe in [&mut self.probe, &mut self.overdue] {
            *probe = probe.filter(|probe| probe.target != target);
        }
        Some(Acked {
            target,
            in_time: current == Some(target),
        })
    }

    /// A relay got no answer, and may name somebody who has got through where others did not.
    pub(crate) fn nacked(&mut self, token: u16, helper: Option<NodeId>) -> Option<Nacked> {
        let current = self.probe.as_mut();
        if let Some(probe) = current.filter(|probe| probe.asked && probe.indirect_token == token) {
            probe.witnessed = true;
            let helper = helper.filter(|helper| !probe.hinted && *helper != probe.target)?;
            probe.hinted = true;
            return Some(Nacked::Ask(helper, token, probe.target));
        }
        let late = self.overdue.filter(|probe| probe.indirect_token == token)?;
        self.overdue = None;
        self.unanswered = 0;
        Some(Nacked::Late(late.target))
    }

    /// A member was heard: this node is not alone, whatever its probes say.
    pub(crate) fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// Through whom an ack came last.
    pub(crate) fn helper(&self) -> Option<NodeId> {
        let [through, _] = self.helpers;
        through
    }

    /// Whom to ask for help first.
    pub(crate) fn helpers(&self) -> impl Iterator<Item = NodeId> + use<> {
        let [through, direct] = self.helpers;
        through
            .into_iter()
            .chain(direct.filter(|_| direct != through))
    }

    /// Gives up the probe without a verdict.
    pub(crate) fn abandon(&mut self) {
        self.probe = None;
        self.overdue = None;
    }

    /// What is due now, once.
    pub(crate) fn step(&mut self, now: Instant) -> Option<Step> {
        let probe = self.probe.as_mut()?;
        if probe.ends <= now {
            let probe = *probe;
            self.probe = None;
            self.overdue = None;
            if probe.ping == Ping::Waits {
                return Some(Step::Unsent);
            }
            let tokens = (probe.token, probe.indirect_token);
            return Some(Step::Failed(probe.target, tokens, self.silence(probe)));
        }
        if probe.ping != Ping::Waits && probe.indirect_at.is_some_and(|at| at <= now) {
            probe.indirect_at = None;
            if probe.again {
                probe.again = false;
                return Some(Step::Again(probe.target, probe.token));
            }
            return Some(Step::AskOthers(
                probe.target,
                probe.token,
                probe.indirect_token,
            ));
        }
        None
    }

    fn silence(&mut self, probe: Probe) -> Silence {
        let alone = probe.ping == Ping::Sent && !probe.asked;
        if probe.witnessed || alone {
            self.unanswered = 0;
            return match probe.witnessed {
                true => Silence::Witnessed,
                false => Silence::Alone,
            };
        }
        self.unanswered = self.unanswered.saturating_add(1);
        self.overdue = Some(probe);
        // They did not help this time: others may.
        self.helpers = [None; 2];
        Silence::Unwitnessed(self.unanswered)
    }

    /// When something is due next.
    pub(crate) fn next(&self) -> Option<Instant> {
        let probe = self.probe?;
        let indirect_at = probe.indirect_at.filter(|_| probe.ping != Ping::Waits);
        Some(indirect_at.unwrap_or(probe.ends).min(probe.ends))
    }

    /// Counts every deadline from `epoch` and the token back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        for probe in [&mut self.probe, &mut self.overdue].into_iter().flatten() {
            probe.token = next_token.wrapping_sub(probe.token);
            probe.indirect_token = next_token.wrapping_sub(probe.indirect_token);
            probe.indirect_at = probe.indirect_at.map(|at| at.counted_from(epoch));
            probe.ends = probe.ends.counted_from(epoch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: NodeId = NodeId::truncated(7);
    const RELAY: NodeId = NodeId::truncated(8);
    const OTHER: NodeId = NodeId::truncated(9);
    const TOKENS: (u16, u16) = (1, 2);

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// A probe whose ping went out at 0: others are asked at 300, it ends at 1000.
    fn begun() -> Prober {
        let mut prober = Prober::IDLE;
        probe(&mut prober);
        prober
    }

    fn probe(prober: &mut Prober) {
        prober.begin(TARGET, TOKENS, at(300), at(1000), true);
        assert!(prober.sent(1, at(300), at(1000)));
    }

    fn fails(prober: &mut Prober) -> Silence {
        match prober.step(at(1000)) {
            Some(Step::Failed(TARGET, TOKENS, silence)) => silence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_member_that_acks_is_cleared_and_nothing_more_is_due() {
        let mut prober = begun();
        let acked = prober.acked(1, TARGET, |_| true);
        let (target, in_time) = (TARGET, true);
        assert_eq!(acked, Some(Acked { target, in_time }));
        assert_eq!((prober.next(), prober.step(at(1000))), (None, None));
    }

    #[test]
    fn nobody_acks_for_another_with_the_tokens_of_its_ping() {
        let mut prober = begun();
        assert_eq!(prober.acked(1, RELAY, |_| true), None);
        assert_eq!(prober.acked(3, TARGET, |_| true), None);
        assert_eq!(prober.acked(2, RELAY, |_| true), None, "nobody was asked");
        prober.asked();
        assert_eq!(prober.acked(2, RELAY, |_| true).unwrap().target, TARGET);
    }

    #[test]
    fn others_are_asked_once_and_then_it_fails() {
        let mut prober = begun();
        assert_eq!((prober.next(), prober.step(at(299))), (Some(at(300)), None));
        assert_eq!(prober.step(at(300)), Some(Step::AskOthers(TARGET, 1, 2)));
        assert_eq!(
            (prober.next(), prober.step(at(999))),
            (Some(at(1000)), None)
        );
        assert_eq!(
            fails(&mut prober),
            Silence::Alone,
            "there was nobody to ask"
        );
        assert_eq!(prober.step(at(2000)), None);
    }

    #[test]
    fn the_target_is_pinged_once_more_first_where_that_is_wanted() {
        let mut prober = begun();
        prober.ask_again_first();
        assert_eq!(prober.step(at(300)), Some(Step::Again(TARGET, 1)));
        prober.asked_again(at(600));
        assert_eq!(prober.step(at(599)), None);
        assert_eq!(prober.step(at(600)), Some(Step::AskOthers(TARGET, 1, 2)));
    }

    #[test]
    fn a_ping_that_never_went_out_is_no_verdict() {
        let mut prober = Prober::IDLE;
        prober.begin(TARGET, TOKENS, at(300), at(1000), true);
        assert!(!prober.sent(2, at(300), at(1000)), "not its token");
        assert_eq!(prober.step(at(300)), None, "others are not asked either");
        assert_eq!(prober.step(at(1000)), Some(Step::Unsent));
    }

    #[test]
    fn the_time_counts_from_when_the_ping_went_out() {
        let mut prober = Prober::IDLE;
        prober.begin(TARGET, TOKENS, at(300), at(1000), true);
        assert!(prober.sent(1, at(900), at(1600)));
        assert!(!prober.sent(1, at(2000), at(2700)), "the first counts");
        assert_eq!(prober.next(), Some(at(900)));
    }

    #[test]
    fn a_relay_that_got_no_answer_witnesses_the_silence() {
        let mut prober = begun();
        prober.asked();
        assert_eq!(prober.nacked(2, None), None);
        assert_eq!(fails(&mut prober), Silence::Witnessed);
    }

    #[test]
    fn silence_that_nobody_witnesses_is_counted_until_somebody_is_heard() {
        let mut prober = Prober::IDLE;
        for count in 1..4 {
            probe(&mut prober);
            prober.asked();
            assert_eq!(fails(&mut prober), Silence::Unwitnessed(count));
        }
        prober.heard();
        probe(&mut prober);
        prober.asked();
        assert_eq!(fails(&mut prober), Silence::Unwitnessed(1));
    }

    #[test]
    fn a_word_that_comes_too_late_is_still_the_one_that_was_missing() {
        let mut prober = begun();
        prober.asked();
        fails(&mut prober);
        assert!(prober.is_unhelped());
        assert_eq!(prober.nacked(2, None), Some(Nacked::Late(TARGET)));
        assert_eq!(prober.nacked(2, None), None, "once");
        // And an ack, after the end, takes the verdict back.
        probe(&mut prober);
        prober.asked();
        fails(&mut prober);
        assert!(!prober.acked(2, RELAY, |_| true).unwrap().in_time);
    }

    #[test]
    fn one_more_is_asked_whom_a_relay_names() {
        let mut prober = begun();
        prober.asked();
        assert_eq!(prober.nacked(2, Some(TARGET)), None, "the target itself");
        let ask = Nacked::Ask(OTHER, 2, TARGET);
        assert_eq!(prober.nacked(2, Some(OTHER)), Some(ask));
        assert_eq!(prober.nacked(2, Some(RELAY)), None, "one is enough");
    }

    #[test]
    fn who_helped_last_is_asked_first_until_it_did_not_help() {
        let mut prober = begun();
        prober.acked(1, TARGET, |_| true);
        probe(&mut prober);
        prober.asked();
        prober.acked(2, RELAY, |_| true);
        assert!(prober.helpers().eq([RELAY, TARGET]));
        assert_eq!(prober.helper(), Some(RELAY));
        probe(&mut prober);
        prober.asked();
        fails(&mut prober);
        assert_eq!(prober.helpers().count(), 0);
    }
}
