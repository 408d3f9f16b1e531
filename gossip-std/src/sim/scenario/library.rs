//! The scenarios that come with the simulator.

use super::Scenario;

/// A scenario that comes with the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// By this name it is asked for.
    pub name: &'static str,
    /// Its file. The comment at its beginning says what it shows and what to look at.
    pub text: &'static str,
}

/// The table of files, each name written once.
macro_rules! library {
    ($($name:literal,)*) => {
        &[$(Named {
            name: $name,
            text: include_str!(concat!("../../../scenarios/", $name, ".toml")),
        },)*]
    };
}

/// The library, the simplest first.
pub const LIBRARY: &[Named] = library![
    "steady",
    "join",
    "late",
    "flash",
    "crash",
    "rolling",
    "partition",
    "loss-10",
    "loss-30",
    "loss-50",
    "asymmetric",
    "half-heard",
    "goodbyes",
    "slow",
    "pause",
    "churn",
    "wan",
    "sensors",
    "radio",
    "serf",
    "efficient-reconciliation",
];

impl Named {
    /// The scenario of this name, if there is one.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        LIBRARY.iter().copied().find(|named| named.name == name)
    }

    /// What the file says.
    ///
    /// # Panics
    /// Never: a test reads every file of the library.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        Scenario::parse(self.text).expect("a test reads every file of the library")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_scenario_of_its_own_name_and_says_what_to_look_at() {
        for named in LIBRARY {
            let scenario = Scenario::parse(named.text).unwrap_or_else(|error| {
                panic!("{}: {error}", named.name);
            });
            assert_eq!(scenario.name, named.name);
            assert!(!scenario.description.is_empty(), "{}", named.name);
            assert!(named.text.starts_with("# "), "{}", named.name);
            let comment = named.text.split("\n\n").next().unwrap_or_default();
            let looks = comment.contains("# Look ");
            assert!(looks && comment.contains("# Shows "), "{}", named.name);
        }
    }

    #[test]
    fn every_file_reads_back_as_it_is_written() {
        for named in LIBRARY {
            let scenario = named.scenario();
            assert_eq!(Scenario::parse(&scenario.to_toml()), Ok(scenario));
        }
    }

    #[test]
    fn the_library_holds_every_file_of_its_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
        let files = std::fs::read_dir(folder).unwrap();
        let mut found: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut listed: Vec<String> = LIBRARY
            .iter()
            .map(|named| format!("{}.toml", named.name))
            .collect();
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
    }
}
