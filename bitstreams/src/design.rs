//! From a configuration to Verilog that carries the hash of itself.

use crate::error::Error;
use crate::hash;
use gristmill_hdl::config::CardConfig;

/// Generated Verilog and its identity.
#[derive(Clone, Debug)]
pub struct Source {
    /// The configuration.
    pub config: CardConfig,
    /// The Verilog, identity in place; its top module is `top`.
    pub verilog: String,
    /// sha256 of the Verilog with the identity zeroed.
    pub digest: [u8; 32],
}

impl Source {
    /// The Verilog that `generate` makes for an identity: first without one, for the hash, then with it.
    ///
    /// # Errors
    /// Those of `generate`.
    pub fn new(config: CardConfig, generate: impl Fn([u8; 32]) -> Result<String, Error>) -> Result<Self, Error> {
        let digest = hash::bytes(generate([0; 32])?.as_bytes());
        let verilog = generate(digest)?;
        Ok(Source { config, verilog, digest })
    }

    /// The hash as manifests and `gristmill info` write it.
    pub fn hash_text(&self) -> String {
        hash::hex(&self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_text_without_it() {
        let generate = |id: [u8; 32]| Ok(format!("module top; // {}\nendmodule\n", hash::hex(&id)));
        let source = Source::new(CardConfig::tiny(), generate).expect("generates");
        let zeroed = source.verilog.replace(&source.hash_text(), &"0".repeat(64));
        assert_eq!(hash::of(zeroed.as_bytes()), source.hash_text());
        assert_ne!(zeroed, source.verilog);
    }
}
