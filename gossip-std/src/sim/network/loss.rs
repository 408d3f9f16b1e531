//! Datagrams that vanish: independently of each other, or in bursts.

use gossip_core::SplitMix64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::invalid::{Invalid, ensure, probability};
use super::shorthand::{self, Shorthand};
use crate::sim::chance::happens;
use crate::sim::{Span, Time};

/// How a link loses datagrams. In TOML `0.2` for an independent loss, or
/// `{ gilbert-elliott = { good = "10s", bad = "500ms" } }`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LossModel {
    /// Each datagram with this probability, whatever happened to the others.
    Independent(f64),
    /// Bursts of loss.
    GilbertElliott(GilbertElliott),
}

/// A channel that changes between a good and a bad state at random (Gilbert, "Capacity of a
/// burst-noise channel", 1960; Elliott, "Estimates of error rates for codes on burst-noise
/// channels", 1963). Theirs steps once per symbol. This one runs in continuous time, because two
/// peers of a gossip protocol exchange a datagram only now and then: the time spent in each state
/// is exponential with the given mean, and each direction of each link has its own state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GilbertElliott {
    /// The mean stay in the good state.
    pub good: Span,
    /// The mean stay in the bad state: the mean length of a burst.
    pub bad: Span,
    /// The probability of loss in the good state.
    #[serde(default)]
    pub loss_good: f64,
    /// The probability of loss in the bad state.
    #[serde(default = "certain")]
    pub loss_bad: f64,
}

/// After this many correlation times a state says nothing (its weight is e^-20 = 2e-9): it is
/// drawn afresh, so that it may as well be forgotten.
const REMEMBERED: f64 = 20.0;

impl Default for LossModel {
    fn default() -> Self {
        Self::Independent(0.0)
    }
}

impl LossModel {
    /// The share of datagrams lost in the long run.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Independent(loss) => *loss,
            Self::GilbertElliott(model) => model.mean(),
        }
    }

    /// Whether the numbers describe a loss.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the number that does not.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Independent(loss) => probability("loss", *loss),
            Self::GilbertElliott(model) => {
                let checked = model.check();
                checked.map_err(|error| error.within("loss.gilbert-elliott"))
            }
        }
    }
}

impl GilbertElliott {
    /// The share of datagrams lost in the long run:
    /// `(good * loss-good + bad * loss-bad) / (good + bad)`.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let bad = self.share_bad();
        (1.0 - bad) * self.loss_good + bad * self.loss_bad
    }

    /// Whether a datagram sent `now` is lost, after what is still remembered of the link.
    pub(super) fn loses(&self, burst: &mut Option<Burst>, rng: &mut SplitMix64, now: Time) -> bool {
        let state = Burst {
            bad: happens(rng, self.chance_of_bad(*burst, now)),
            as_of: now,
        };
        *burst = Some(state);
        let loss = if state.bad {
            self.loss_bad
        } else {
            self.loss_good
        };
        happens(rng, loss)
    }

    /// How long a state stays worth remembering.
    pub(super) fn memory(&self) -> Span {
        Span::from_secs_f64(self.correlation_secs() * REMEMBERED)
    }

    /// The two-state Markov chain in continuous time: what was known decays into the long-run
    /// share with the sum of both rates.
    fn chance_of_bad(&self, burst: Option<Burst>, now: Time) -> f64 {
        let share = self.share_bad();
        let Some(burst) = burst.filter(|burst| now.since(burst.as_of) < self.memory()) else {
            return share;
        };
        let age = now.since(burst.as_of).as_secs();
        let known = if burst.bad { 1.0 } else { 0.0 };
        share + (known - share) * (-age / self.correlation_secs()).exp()
    }

    /// The share of time spent in the bad state.
    fn share_bad(&self) -> f64 {
        self.bad.as_secs() / (self.good.as_secs() + self.bad.as_secs())
    }

    /// After how long a state's weight has fallen to 1/e: one over the sum of both rates.
    fn correlation_secs(&self) -> f64 {
        self.good.as_secs() * self.share_bad()
    }

    fn check(&self) -> Result<(), Invalid> {
        probability("loss-good", self.loss_good)?;
        probability("loss-bad", self.loss_bad)?;
        ensure(self.good > Span::ZERO, "good", self.good, "above 0s")?;
        ensure(self.bad > Span::ZERO, "bad", self.bad, "above 0s")
    }
}

fn certain() -> f64 {
    1.0
}

/// The state of one direction of a bursty link, as of its last datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Burst {
    bad: bool,
    as_of: Time,
}

impl Serialize for LossModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Independent(loss) => loss.serialize(serializer),
            Self::GilbertElliott(_) => Self::serialize(self, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for LossModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shorthand::deserialize(deserializer)
    }
}

impl<'de> Shorthand<'de> for LossModel {
    const EXPECTED: &'static str =
        "a probability like 0.2, or one of the tables independent and gilbert-elliott";

    fn from_number(number: f64) -> Option<Self> {
        Some(Self::Independent(number))
    }

    fn from_table<D: Deserializer<'de>>(table: D) -> Result<Self, D::Error> {
        Self::deserialize(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: GilbertElliott = GilbertElliott {
        good: Span::from_millis(100),
        bad: Span::from_millis(25),
        loss_good: 0.01,
        loss_bad: 0.9,
    };

    /// The fates of `count` datagrams, one every `gap`.
    fn fates(model: &GilbertElliott, gap: Span, count: u64) -> Vec<bool> {
        let mut rng = SplitMix64::new(1);
        let mut burst = None;
        let times = (0..count).map(|n| Time::from_micros(n * gap.as_micros()));
        times
            .map(|now| model.loses(&mut burst, &mut rng, now))
            .collect()
    }

    fn lost(fates: &[bool]) -> usize {
        fates.iter().filter(|lost| **lost).count()
    }

    #[test]
    fn the_long_run_share_is_the_mean() {
        // 0.8 of the time 0.01, 0.2 of the time 0.9.
        assert!((CHANNEL.mean() - 0.188).abs() < 1e-12);
        let far_apart = fates(&CHANNEL, Span::from_secs(10), 100_000);
        // Mean 18,800, standard deviation 124: five of them.
        assert!((18_180..19_420).contains(&lost(&far_apart)));
    }

    #[test]
    fn loss_comes_in_bursts_of_the_mean_length() {
        let all = GilbertElliott {
            loss_good: 0.0,
            loss_bad: 1.0,
            ..CHANNEL
        };
        let dense = fates(&all, Span::from_millis(1), 500_000);
        let bursts = dense.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        let length_ms = lost(&dense) as f64 / bursts as f64;
        // Seen every millisecond, a burst of 25 ms on average lasts 1 / (0.8 (1 - e^-0.05)) =
        // 25.6 datagrams; its deviation is as large, and there are some 4000 bursts.
        assert!((bursts as f64 - 4000.0).abs() < 5.0 * 4000f64.sqrt());
        assert!((length_ms - 25.6).abs() < 5.0 * 25.6 / 63.0, "{length_ms}");
    }

    #[test]
    fn a_state_that_is_not_remembered_says_nothing() {
        for bad in [false, true] {
            let old = Burst {
                bad,
                as_of: Time::START,
            };
            let later = Time::START + CHANNEL.memory();
            assert_eq!(CHANNEL.chance_of_bad(Some(old), later), 0.2);
            let chance = CHANNEL.chance_of_bad(Some(old), Time::START);
            assert_eq!(chance, if bad { 1.0 } else { 0.0 });
        }
    }

    #[test]
    fn what_is_no_loss_is_refused() {
        let stuck = GilbertElliott {
            bad: Span::ZERO,
            ..CHANNEL
        };
        let error = LossModel::GilbertElliott(stuck).check().unwrap_err();
        let text = "loss.gilbert-elliott.bad is 0s; it must be above 0s";
        assert_eq!(error.to_string(), text);
        assert!(LossModel::Independent(-0.1).check().is_err());
        assert_eq!(LossModel::Independent(1.0).check(), Ok(()));
    }
}
