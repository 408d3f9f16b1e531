//! Where a scenario comes from: the library, the soak, or a file.

use std::borrow::Cow;
use std::fs;
use std::path::PathBuf;

use gossip_std::sim::scenario::{LIBRARY, Named, Scenario};
use gossip_std::sim::soak::generate;

use crate::cli::failure::Failure;

/// A scenario and the text that it was read from.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) text: Cow<'static, str>,
    pub(super) scenario: Scenario,
    /// The file, if it is none of the library.
    pub(super) path: Option<PathBuf>,
}

/// The scenario that is meant: a word is a name, anything with a dot or a slash a file.
pub(super) fn find(what: &str) -> Result<Source, Failure> {
    if let Some(named) = Named::find(what) {
        return Ok(Source {
            text: Cow::Borrowed(named.text),
            scenario: named.scenario(),
            path: None,
        });
    }
    if let Some(seed) = what
        .strip_prefix("soak-")
        .and_then(|seed| seed.parse().ok())
    {
        let scenario = generate(seed);
        return Ok(Source {
            text: Cow::Owned(scenario.to_toml()),
            scenario,
            path: None,
        });
    }
    if !what.contains(['.', '/', '\\']) {
        return Err(Failure::Usage(format!(
            "there is no scenario \"{what}\"; known are {}",
            known()
        )));
    }
    let path = PathBuf::from(what);
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::Usage(format!("cannot read {what}: {error}")))?;
    let scenario =
        Scenario::parse(&text).map_err(|error| Failure::Usage(format!("{what}: {error}")))?;
    Ok(Source {
        text: Cow::Owned(text),
        scenario,
        path: Some(path),
    })
}

/// What may be named, as the rest of a sentence.
pub(super) fn known() -> String {
    let names: Vec<&str> = LIBRARY.iter().map(|named| named.name).collect();
    format!("{}, soak-SEED, or give a FILE.toml", names.join(", "))
}
