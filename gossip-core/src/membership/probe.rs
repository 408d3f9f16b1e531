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
}

/// What a probe needs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ping the target once more with the first token, and ask others to, with the second.
    AskOthers(NodeId, u16, u16),
    /// No answer came at all.
    Failed(NodeId),
}

impl Prober {
    pub(crate) const IDLE: Self = Self { probe: None };

    /// Begins a probe with a token for the target itself and one for others. The probe before must
    /// have ended.
    pub(crate) fn begin(
        &mut self,
        target: NodeId,
        (token, indirect_token): (u16, u16),
        indirect_at: Instant,
        ends: Instant,
    ) {
        self.probe = Some(Probe {
            target,
            token,
            indirect_token,
            indirect_at: Some(indirect_at),
            ends,
        });
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
            let target = probe.target;
            self.probe = None;
            return Some(Step::Failed(target));
        }
        if probe.indirect_at.is_some_and(|at| at <= now) {
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
        self.probe
            .map(|probe| probe.indirect_at.unwrap_or(probe.ends).min(probe.ends))
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
