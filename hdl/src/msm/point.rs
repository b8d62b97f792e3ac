//! Points as single signals: three coordinates wide.

use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// A homogeneous projective point, Montgomery form; infinity has Z = 0.
#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
pub struct Point {
    pub x: U<256>,
    pub y: U<256>,
    pub z: U<256>,
}

/// A point on its way to a bucket.
#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
pub struct Operand {
    pub x: U<256>,
    pub y: U<256>,
    pub z: U<256>,
    pub bucket: Bits<24>,
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
