//! What was set for a run, for its report.

use serde::Serialize;

use crate::sim::index::id_of;
use crate::sim::network::{LossModel, NetworkConfig};
use crate::sim::outcome::Parameters;
use crate::sim::scenario::{Exchange, Scenario, ScenarioError};
use crate::sim::time::Span;

/// The settings that matter most to a reader, defaults included.
pub(super) fn of(scenario: &Scenario) -> Result<Parameters, ScenarioError> {
    let config = scenario.protocol.config(id_of(0))?;
    let millis = |millis: gossip_core::Duration| Span::from_millis(u64::from(millis.as_millis()));
    let mut parameters = Parameters::default();
    parameters.set("nodes", u64::from(scenario.nodes));
    parameters.set("duration", scenario.duration);
    parameters.set("interval", millis(config.probe_interval()));
    parameters.set("gossip-interval", millis(config.gossip_interval()));
    parameters.set("fanout", u64::from(config.gossip_fanout()));
    parameters.set("mtu", config.mtu_floor() as u64);
    let exchange = &scenario.protocol.exchange;
    if *exchange != Exchange::default() {
        parameters.set("exchange", written(exchange));
    }
    parameters.set("entries", u64::from(scenario.entries.count));
    if scenario.entries.count > 0 {
        parameters.set("key-bytes", scenario.entries.key_bytes as u64);
        parameters.set("value-bytes", scenario.entries.value_bytes as u64);
    }
    if let Some(load) = &scenario.workload {
        parameters.set("updates-per-owner-second", load.updates_per_second);
    }
    add_network(&mut parameters, &scenario.network);
    Ok(parameters)
}

fn add_network(parameters: &mut Parameters, network: &NetworkConfig) {
    parameters.set("topology", written(&network.topology));
    parameters.set("latency", written(&network.link.latency));
    match network.link.loss {
        LossModel::Independent(loss) => parameters.set("loss", loss),
        bursts @ LossModel::GilbertElliott(_) => parameters.set("loss", written(&bursts)),
    }
}

/// As it stands in a scenario's file, a word without quotes.
fn written<T: Serialize>(setting: &T) -> String {
    match toml::Value::try_from(setting) {
        Ok(toml::Value::String(word)) => word,
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}
