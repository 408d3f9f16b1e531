//! The waits inside a round, where rounds are not as long as usual.

use gossip_core::{Address, Config, Duration};

/// One round in `interval`. If that is shorter than the default, the waits inside a round are shorter
/// too, in proportion; if it is longer, they are not. A configuration that is wrong already is not
/// scaled: its own check says what is wrong.
pub fn paced<A: Address>(config: Config<A>, interval: Duration) -> Config<A> {
    let Ok(usual) = config.check() else {
        return config.probe_interval(interval);
    };
    let part_256 = interval.as_millis().saturating_mul(256) / usual.probe_interval().as_millis();
    let scaled = |wait: Duration| wait.scaled(part_256.min(256));
    config
        .probe_interval(interval)
        .probe_timeout(scaled(usual.probe_timeout()))
        .reply_timeout(scaled(usual.reply_timeout()))
        .gossip_interval(scaled(usual.gossip_interval()))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use gossip_core::{Checked, NodeId};

    use super::*;

    fn every(millis: u32) -> Checked<SocketAddr> {
        let config = Config::new(NodeId::from(1));
        let paced = paced(config, Duration::from_millis(millis)).check();
        paced.unwrap_or_else(|error| panic!("{millis} ms: {error}"))
    }

    #[test]
    fn every_interval_from_20_ms_on_gives_a_valid_configuration() {
        for millis in [20, 21, 999, 1000, 3_600_000, u32::MAX] {
            assert_eq!(every(millis).probe_interval().as_millis(), millis);
        }
    }

    #[test]
    fn waits_shrink_with_a_round_and_do_not_grow() {
        let waits = |millis| {
            let config = every(millis);
            [
                config.probe_timeout(),
                config.reply_timeout(),
                config.gossip_interval(),
            ]
        };
        let usual = waits(1000);
        assert_eq!(waits(10_000), usual);
        assert_eq!(waits(500), usual.map(|wait| wait.scaled(128)));
    }
}
