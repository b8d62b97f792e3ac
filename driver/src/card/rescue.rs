//! Opening a card that may be in any state, and telling what its reset did.

use super::{Card, Command, bring_up};
use crate::error::Error;
use crate::queue::Done;
use crate::transport::Transport;
use gristmill_abi::{CARD_ID, registers as reg};

/// What a reset did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescue {
    /// The card's epoch (number of resets) before; `None` if the card did not answer as one.
    pub before: Option<u32>,
    /// Its epoch now.
    pub after: u32,
    /// The result of an empty command after the reset: the queue works.
    pub nop: Done,
}

impl Card {
    /// Resets a card, whatever it was doing, and opens it. With `function`, the PCI function is
    /// reset first, which also helps where the card answers garbage; without, only if the card's
    /// own reset fails.
    pub fn rescue(mut transport: Box<dyn Transport>, function: bool) -> Result<(Card, Rescue), Error> {
        bring_up::command_register(&mut *transport, true)?;
        let answers = transport.read32(reg::ID)? == CARD_ID;
        let before = if answers { Some(transport.read32(reg::EPOCH)?) } else { None };
        if function {
            transport.reset()?;
        }
        let mut card = Card::open(transport)?;
        let nop = card.run(Command::nop())?;
        let after = card.transport.read32(reg::EPOCH)?;
        // The registers may have gone bad since the card was opened.
        if card.transport.read32(reg::ID)? != CARD_ID {
            return Err(Error::Gone { device: card.name().into() });
        }
        Ok((card, Rescue { before, after, nop }))
    }
}
