//! What a report says of runs that their outcomes do not.

/// What the runs of a report are, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// What the scenario is there for; may be empty.
    pub description: String,
    /// The command that plays the same runs again; may be empty.
    pub replay: String,
}
