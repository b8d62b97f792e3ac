//! Points as single signals: three coordinates wide.

use gristmill_hdl_kit::{word::U, word_struct};
use rust_hdl::prelude::*;

word_struct! {
    /// A homogeneous projective point, Montgomery form; infinity has Z = 0.
    pub struct Point<W> {
        pub x: U<W>,
        pub y: U<W>,
        pub z: U<W>,
    }
}

word_struct! {
    /// A point on its way to a bucket.
    pub struct Operand<W> {
        pub x: U<W>,
        pub y: U<W>,
        pub z: U<W>,
        pub bucket: Bits<24>,
    }
}

/// What goes beside an addition through the adder.
#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
pub struct Tag {
    /// An addition was issued.
    pub valid: Bit,
    /// Its sum belongs into the chain memory, else into a bucket.
    pub chained: Bit,
    /// Where in that memory.
    pub address: Bits<24>,
}
