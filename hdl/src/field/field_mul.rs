//! The pipelined multiplier of a field of vectors, whichever it is.

use gristmill_hdl_kit::either;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;

use super::{FieldParams, GoldilocksMul, MontMul256};

either! {
    /// r = a*b/R mod p, one product a cycle, for a field whose words have W bits.
    pub struct FieldMul[const W: usize][W] as FieldMulKind {
        Words: MontMul256, Goldilocks: GoldilocksMul;
        in a: U<W>, b: U<W>; out r: U<W>
    }
}

impl<const W: usize> FieldMul<W> {
    /// A multiplier in a field of 256-bit words or in Goldilocks.
    ///
    /// # Panics
    /// If the field's words have not W bits, or neither 256 nor 64.
    pub fn new(field: &FieldParams, fidelity: Fidelity) -> Self {
        assert_eq!(field.word_bits, W, "FieldMul<{W}> in {}", field.name);
        Self::of(match W {
            256 => FieldMulKind::Words(Box::new(MontMul256::new(field, fidelity))),
            64 => FieldMulKind::Goldilocks(Box::new(GoldilocksMul::new(fidelity))),
            _ => panic!("FieldMul<{W}>: words of 256 or 64 bits"),
        })
    }

    /// Cycles from operands to result.
    pub fn latency(&self) -> usize {
        match self.kind() {
            FieldMulKind::Words(inner) => inner.latency(),
            FieldMulKind::Goldilocks(inner) => inner.latency(),
        }
    }
}
