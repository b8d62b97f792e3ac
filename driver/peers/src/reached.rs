//! What an input reached, by name.

use std::collections::BTreeSet;

/// Names of the message types, errors and states that an input has led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached(BTreeSet<String>);

impl Reached {
    /// Notes one.
    pub fn note(&mut self, group: &str, name: &str) {
        self.0.insert(format!("{group}::{name}"));
    }

    /// Adds what another input reached.
    pub fn add(&mut self, other: Reached) {
        self.0.extend(other.0);
    }

    /// Whether this was reached.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Names of an enum's variants. The match is exhaustive, so a new variant does not compile until it
/// is listed here, and then the corpus test asks for an input that reaches it. What follows
/// `except` is known to be out of this crate's reach, for the reason given.
macro_rules! variants {
    (mod $module:ident: $enum:ty { $($name:ident),* $(,)? } $(except { $($other:ident: $why:literal),* $(,)? })?) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;

            /// The variant's name.
            pub fn name(value: &$enum) -> &'static str {
                type E = $enum;
                match value {
                    $(E::$name { .. } => stringify!($name),)*
                    $($(E::$other { .. } => stringify!($other),)*)?
                }
            }

            /// The names that the corpus has to reach.
            pub const GOALS: &[&str] = &[$(stringify!($name)),*];
        }
    };
}

/// The goals of a group.
pub fn goals<'a>(group: &str, names: impl IntoIterator<Item = &'a &'a str>) -> Vec<String> {
    names.into_iter().map(|name| format!("{group}::{name}")).collect()
}
