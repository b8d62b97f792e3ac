//! The configuration that `--config` names.

use crate::board::Clocking;
use crate::error::Error;
use gristmill_hdl::config::CardConfig;
use std::path::Path;

/// The built-in configuration of that name, or the one in that file; at the board's clock.
///
/// # Errors
/// [`Error::Config`] with the names there are, or what is wrong in the file; [`Error::Io`] if it cannot be read.
pub fn resolve(name: &str, clocking: &Clocking) -> Result<CardConfig, Error> {
    let path = Path::new(name);
    let mut config = match CardConfig::named(name) {
        Ok(config) => config,
        Err(unknown) if !path.exists() => return Err(unknown.into()),
        Err(_) => CardConfig::from_toml(&std::fs::read_to_string(path).map_err(Error::io("read", path))?)?,
    };
    // Only predictions use it; what is built runs at this clock.
    config.clock_hz = u32::try_from(clocking.hz).unwrap_or(u32::MAX);
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;

    #[test]
    fn names_and_files() {
        let clocking = Board::named("ulx3s-85f").and_then(|b| b.clocking(75_000_000)).expect("a clock");
        assert_eq!(resolve("ecp5-85k", &clocking).expect("named").clock_hz, 75_000_000);
        let file = tempfile::NamedTempFile::new().expect("file");
        let path = file.path().to_str().expect("UTF-8");
        std::fs::write(path, CardConfig::tiny().to_toml().expect("TOML")).expect("written");
        assert_eq!(resolve(path, &clocking).expect("read").name, "tiny");
        std::fs::write(path, "name = 3").expect("written");
        assert!(matches!(resolve(path, &clocking), Err(Error::Config(_))));
        assert!(resolve("/no/such/file.toml", &clocking).expect_err("absent").to_string().contains("ecp5-85k"));
    }
}
