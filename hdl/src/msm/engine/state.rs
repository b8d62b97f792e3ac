//! What the engine's registers hold.

use gristmill_hdl_kit::{word::U, word_struct};
use rust_hdl::prelude::*;

/// What the engine is doing.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum Phase {
    /// Emptying the slots after a reset.
    Wipe,
    /// Ready for a command.
    Idle,
    /// Operands into buckets.
    Accumulate,
    /// Buckets into segment sums.
    Sum,
    /// Segment sums out.
    Write,
}

/// Why a cycle went as it did: one of these for each cycle of a command.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum Cause {
    /// No command.
    Rest,
    /// An addition of two points (or, until its operands are looked at, any addition).
    Useful,
    /// A base or a scalar is awaited.
    Input,
    /// The bucket's sum is in flight, or the way to it is taken.
    Bucket,
    /// Zero digit, infinity, or a bucket that was empty.
    Empty,
    /// The adder drains, sums turn around, or results go out.
    Drain,
}

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
pub struct Control {
    pub phase: Phase,
    /// The slot that is wiped next; the chain sum that goes out.
    pub address: Bits<24>,
    pub wiping: Bit,
    pub wiped: Bit,
    pub begin_sum: Bit,
    /// Operands that left a bucket or the recoder for the adder and are not back.
    pub in_flight: Bits<16>,
    pub word: Bits<2>,
    pub out_valid: Bit,
    pub done: Bit,
    /// A cycle ago: what `issue` was, and which of the adder's possible operands were infinity.
    pub valid: Bit,
    pub cause: Cause,
    pub plain: Bit,
    pub weighted: Bit,
    pub no_chain: Bit,
    pub no_bucket: Bit,
    pub operand_any: Bit,
    /// Of a memory's word, digit by digit (of a wide word the first eight places hold two): it comes late in the cycle.
    pub bucket_any: Bits<16>,
    pub chain_any: Bits<16>,
    pub event: Cause,
    /// Pipelined: the bucket that was read lies in the odd half.
    pub read_odd: Bit,
}

word_struct! {
    /// What stands at the adder's inputs: beside one of the memories' words.
    pub struct Issue<W> {
        pub valid: Bit,
        /// The adder takes what stands here, valid or not.
        pub take: Bit,
        pub cause: Cause,
        /// The slot of a chain, R or A (else an operand that meets its bucket).
        pub plain: Bit,
        pub weighted: Bit,
        /// Infinity instead of the chain's sum, of the bucket's.
        pub no_chain: Bit,
        pub no_bucket: Bit,
        pub address: Bits<24>,
        pub x: U<W>,
        pub y: U<W>,
        pub z: U<W>,
    }
}

word_struct! {
    /// A bucket's new point, on its way into the memory (serial only: there a register stands before it).
    pub struct Put<W> {
        pub enable: Bit,
        pub address: Bits<24>,
        pub x: U<W>,
        pub y: U<W>,
        pub z: U<W>,
    }
}

word_struct! {
    /// Serial only: registers before and behind the memories, which stand all over a small part.
    pub struct Near<W> {
        /// A cycle ago: `reset`, and whether operands go into buckets.
        pub reset: Bit,
        pub accumulates: Bit,
        /// In this beat the next sum takes its place at the head.
        pub head_next: Bit,
        /// This slot is not the first of a run; it is one of a chain, R or A.
        pub slot: Bit,
        pub plain: Bit,
        pub weighted: Bit,
        /// The bucket and the chain's sum that are read.
        pub bucket: Bits<24>,
        pub chain: Bits<24>,
        /// The word that goes out, and cycles until it stands here.
        pub word: U<W>,
        pub pause: Bits<2>,
    }
}

word_struct! {
    /// A sum that asks for its bucket.
    pub struct Head<W> {
        pub valid: Bit,
        /// Not infinity: that needs no bucket.
        pub point: Bit,
        pub x: U<W>,
        pub y: U<W>,
        pub z: U<W>,
        pub bucket: Bits<24>,
    }
}
