//! SWIM's failure detector: one member a round, directly, then through others (Das, Gupta, Motivala,
//! DSN 2002, sections 3.1 and 4.3).

use crate::id::NodeId;
use crate::time::Instant;

/// The probe of the round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Prober {
    probe: Option<Probe>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Probe {
    target: NodeId,
    /// What the target's own ack carries.
    token: u16,
    /// What an ack through others carries.
    indirect_token: u16,
    /// When others are asked; `None` once they were.
    indirect_at: Option<Instant>,
    ends: Instant,
    /// The target was not pinged yet: its silence says nothing.
    unsent: bool,
}

/// What a probe needs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ping the target once more with the first token, and ask others to, with the second.
    AskOthers(NodeId, u16, u16),
    /// No answer came at all to the probe with these tokens.
    Failed(NodeId, u16, u16),
    /// The target was never pinged.
    Unsent,
}

impl Prober {
    pub(crate) const IDLE: Self = Self { probe: None };

    /// Begins a probe with a token for the target itself and one for others, while the ping of the
    /// target is `unsent`, if there is one. The probe before must have ended.
    pub(crate) fn begin(
        &mut self,
        target: NodeId,
        (token, indirect_token): (u16, u16),
        indirect_at: Instant,
        ends: Instant,
        unsent: bool,
    ) {
        self.probe = Some(Probe {
            target,
            token,
            indirect_token,
            indirect_at: Some(indirect_at),
            ends,
            unsent,
        });
    }

    /// A ping with this token goes out. If it is the first of the probe, the deadlines count from now:
    /// others are asked at `indirect_at`, and it `ends` then.
    pub(crate) fn sent(&mut self, token: u16, indirect_at: Instant, ends: Instant) -> bool {
        let begun = self.probe.as_mut();
        let Some(probe) = begun.filter(|probe| probe.unsent && probe.token == token) else {
            return false;
        };
        probe.unsent = false;
        probe.indirect_at = Some(indirect_at);
        probe.ends = ends;
        true
    }

    /// The token of the target's own pings.
    pub(crate) fn token(&self) -> Option<u16> {
        self.probe.map(|probe| probe.token)
    }

    /// Takes an ack; the member it clears. The target must answer for itself, since its address may
    /// be somebody else's by now; others answer with the token that only they were given.
    pub(crate) fn acked(&mut self, token: u16, from: NodeId) -> Option<NodeId> {
        let probe = self.probe.filter(|probe| {
            let itself = probe.token == token && probe.target == from;
            itself || (probe.indirect_token == token && probe.indirect_at.is_none())
        })?;
        self.probe = None;
        Some(probe.target)
    }

    /// Gives up the probe without a verdict.
    pub(crate) fn abandon(&mut self) {
        self.probe = None;
    }

    /// What is due now, once.
    pub(crate) fn step(&mut self, now: Instant) -> Option<Step> {
        let probe = self.probe.as_mut()?;
        if probe.ends <= now {
            let over = *probe;
            self.probe = None;
            return Some(if over.unsent {
                Step::Unsent
            } else {
                Step::Failed(over.target, over.token, over.indirect_token)
            });
        }
        if !probe.unsent && probe.indirect_at.is_some_and(|at| at <= now) {
            probe.indirect_at = None;
            return Some(Step::AskOthers(
                probe.target,
                probe.token,
                probe.indirect_token,
            ));
        }
        None
    }

    /// When something is due next.
    pub(crate) fn next(&self) -> Option<Instant> {
        let probe = self.probe?;
        let indirect_at = probe.indirect_at.filter(|_| !probe.unsent);
        Some(indirect_at.unwrap_or(probe.ends).min(probe.ends))
    }

    /// Counts every deadline from `epoch` and the token back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        if let Some(probe) = &mut self.probe {
            probe.token = next_token.wrapping_sub(probe.token);
            probe.indirect_token = next_token.wrapping_sub(probe.indirect_token);
            probe.indirect_at = probe.indirect_at.map(|at| at.counted_from(epoch));
            probe.ends = probe.ends.counted_from(epoch);
        }
    }
}
