//! Shared keys: three nodes count together, one of them crashes, and what it counted stays.
//!
//! ```text
//! cargo run --example shared
//! ```

use std::error::Error;
use std::time::{Duration, Instant};

use gossip_core::shared::Merge;
use gossip_core::{Config, NodeId};
use gossip_std::{Agent, AgentOptions, MergedInfo};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let agents = [1u16, 2, 3]
        .map(start)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let [one, two, three] = agents.as_slice() else {
        return Err("three agents were started".into());
    };
    two.join(one.local_addr())?;
    three.join(one.local_addr())?;

    one.count("requests", 10)?;
    two.count("requests", 5)?;
    three.count("requests", 27)?;
    one.share("mode", b"day")?;
    two.include("features", b"maps")?;
    three.include("features", b"search")?;
    wait(|| one.merged("requests", Merge::Sum) == Some(MergedInfo::Number(42)))?;

    three.shutdown()?; // without a goodbye, as a crash would
    wait(|| one.members().len() == 2 && two.members().len() == 2)?;
    println!("requests: {:?}", two.merged("requests", Merge::Sum));
    println!("mode:     {:?}", two.merged("mode", Merge::Last));
    println!("features: {:?}", two.merged("features", Merge::Union));
    wait(|| two.merged("requests", Merge::Sum) == Some(MergedInfo::Number(42)))
}

/// An agent that forgets the dead quickly.
fn start(id: u16) -> Result<Agent, Box<dyn Error>> {
    let config = Config::new(NodeId::from(id))
        .cluster("counters")
        .forget_after(gossip_core::Duration::from_secs(6));
    Ok(Agent::spawn(AgentOptions::new(
        "127.0.0.1:0".parse()?,
        config,
    ))?)
}

fn wait(mut holds: impl FnMut() -> bool) -> Result<(), Box<dyn Error>> {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() > end {
            return Err("it took too long".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
