//! From a configuration to Verilog that carries the hash of itself.

use crate::board::Clocking;
use crate::error::Error;
use crate::hash;
use gristmill_abi::identity::SourceHash;
use gristmill_hdl::config::CardConfig;
use gristmill_hdl::serial::{self, SerialCard, SerialConfig};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::verilog::try_generate;

/// How often the card asks again for what the host does not answer. A USB adapter keeps bytes for up to 16 ms
/// (FTDI's latency timer), so an answer may well take 20.
const RETRIES_A_SECOND: u64 = 20;

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

    /// A card on a serial link, its numbers following from the board's clock.
    ///
    /// # Errors
    /// [`Error::Config`] and [`Error::Serial`] if there is no such card, [`Error::Unsound`] if RustHDL refuses it.
    pub fn card(config: &CardConfig, clocking: &Clocking) -> Result<Self, Error> {
        Self::new(config.clone(), |digest| card_verilog(config, clocking, digest))
    }

    /// The hash of that card's source alone, in half the time.
    ///
    /// # Errors
    /// As [`card`](Self::card).
    pub fn card_hash(config: &CardConfig, clocking: &Clocking) -> Result<String, Error> {
        Ok(hash::of(card_verilog(config, clocking, [0; 32])?.as_bytes()))
    }

    /// The hash as manifests and `gristmill info` write it.
    pub fn hash_text(&self) -> String {
        hash::hex(&self.digest)
    }
}

/// Whether there is such a card, at once.
///
/// # Errors
/// [`Error::Config`] or [`Error::Serial`].
pub fn check(config: &CardConfig, clocking: &Clocking) -> Result<SerialConfig, Error> {
    config.validate()?;
    let wait = clocking.hz / RETRIES_A_SECOND;
    let serial = SerialConfig {
        divisor: clocking.divisor,
        retry_cycles: u32::try_from(wait).unwrap_or(u32::MAX).max(serial::LEAST_RETRY),
    };
    SerialCard::check(config, &serial)?;
    Ok(serial)
}

/// The card's Verilog with that identity.
fn card_verilog(config: &CardConfig, clocking: &Clocking, digest: [u8; 32]) -> Result<String, Error> {
    let serial = check(config, clocking)?;
    let identity = SourceHash::from_digest(digest);
    let card = SerialCard::with_identity(config, &serial, Fidelity::Rtl, identity);
    Ok(try_generate(&card)?.text())
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
