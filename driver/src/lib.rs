//! User-space driver of a Gristmill card.
//!
//! The driver knows the card by `gristmill-abi` alone. Read it from the wire upwards:
//!
//! | module | is |
//! |---|---|
//! | [`transport`] | the one trait between driver and card (registers, configuration, DMA windows, interrupt, reset), and its implementations |
#![warn(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod transport;
