//! How addresses, forms and GraphQL spell the parameters of the cut.

/// T: what was true then.
pub(crate) const AT: &str = "at";
/// K as a time, or, where a person types it, as a position such as `#82`.
pub(crate) const KNOWN_AT: &str = "knownAt";
/// K as a position.
pub(crate) const KNOWN_AT_POSITION: &str = "knownAtPosition";
/// R: the version of the rules.
pub(crate) const RULES: &str = "rules";
/// All of them.
pub(crate) const ALL: [&str; 4] = [AT, KNOWN_AT, KNOWN_AT_POSITION, RULES];

/// The position to wait for; of a list also the cursor to go on after.
pub(crate) const AFTER: &str = "after";
