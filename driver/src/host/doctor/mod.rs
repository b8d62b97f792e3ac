//! The check-up of the host: what a card needs from kernel, IOMMU, modules, permissions and memory.

mod cards;
mod iommu;
mod kernel;
mod memory;
mod modules;

use super::Host;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, but less well or less safely than it could.
    Warn,
    /// A card cannot be used before this is mended.
    Fail,
}

impl Level {
    /// `ok`, `warn` or `fail`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        }
    }
}

/// One thing looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What; never changes, so that scripts may look for it.
    pub name: &'static str,
    /// Which one, where there are several: a PCI address.
    pub subject: Option<String>,
    /// How it ended.
    pub level: Level,
    /// What was found.
    pub value: String,
    /// What to do; empty if nothing is to be done.
    pub way_out: String,
}

impl Check {
    fn ok(name: &'static str, value: impl Into<String>) -> Self {
        Check { name, subject: None, level: Level::Ok, value: value.into(), way_out: String::new() }
    }

    fn warn(name: &'static str, value: impl Into<String>, way_out: impl Into<String>) -> Self {
        Check { level: Level::Warn, way_out: way_out.into(), ..Self::ok(name, value) }
    }

    fn fail(name: &'static str, value: impl Into<String>, way_out: impl Into<String>) -> Self {
        Check { level: Level::Fail, way_out: way_out.into(), ..Self::ok(name, value) }
    }

    fn of(self, subject: impl ToString) -> Self {
        Check { subject: Some(subject.to_string()), ..self }
    }
}

impl Host {
    /// Looks at everything that a card needs from this host, as this user. Changes nothing and
    /// opens no device.
    pub fn doctor(&self) -> Vec<Check> {
        let mut all = vec![kernel::version(self)];
        all.extend(iommu::checks(self));
        all.extend(modules::checks(self));
        all.extend(memory::checks(self));
        all.extend(cards::checks(self));
        all
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
