//! Concatenation, which RustHDL's kernels lack.
//!
//! Shifting and or-ing wide words says the same, but Verilator then computes every word of every
//! term: with this primitive the multiplier runs 4.7 times as fast there (464 k cycles/s against
//! 99 k) and a synthesis tool sees wires.

use gristmill_hdl_kit::word::{LIMBS, U};
use rust_hdl::prelude::*;

/// whole = the parts side by side, part 0 lowest. N = M times the number of parts.
#[derive(LogicBlock)]
pub struct Join<const M: usize, const N: usize> {
    pub part: Vec<Signal<In, U<M>>>,
    pub whole: Signal<Out, U<N>>,
}

impl<const M: usize, const N: usize> Default for Join<M, N> {
    fn default() -> Self {
        assert!(M <= 64 && N.is_multiple_of(M), "Join<{M}, {N}>: parts of at most 64 bits that fill the whole");
        Self { part: vec![Default::default(); N / M], whole: Default::default() }
    }
}

impl<const M: usize, const N: usize> Logic for Join<M, N> {
    fn update(&mut self) {
        let mut limbs = [0u64; LIMBS];
        for (i, part) in self.part.iter().enumerate() {
            let (limb, shift) = (i * M / 64, i * M % 64);
            let value = part.val().low_u64();
            limbs[limb] |= value << shift;
            if shift + M > 64 {
                limbs[limb + 1] |= value >> (64 - shift);
            }
        }
        self.whole.next = U::from_limbs(&limbs);
    }

    fn connect(&mut self) {
        self.whole.connect();
    }

    fn hdl(&self) -> Verilog {
        let parts: Vec<_> = (0..self.part.len()).rev().map(|i| format!("part${i}")).collect();
        Verilog::Custom(format!("always @(*) whole = {{{}}};\n", parts.join(", ")))
    }
}
