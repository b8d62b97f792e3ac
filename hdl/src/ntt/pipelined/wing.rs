//! The butterfly of a field of vectors, whichever it is.

use crate::field::FieldParams;
use crate::ntt::goldilocks::GoldilocksButterfly;
use crate::ntt::ButterflyUnit;
use gristmill_hdl_kit::either;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;

either! {
    /// x = a + w*b and y = a - w*b, one butterfly a cycle, for a field whose words have W bits.
    pub struct Wing[const W: usize][W] as WingKind {
        Words: ButterflyUnit, Goldilocks: GoldilocksButterfly;
        in a: U<W>, b: U<W>, w: U<W>; out x: U<W>, y: U<W>
    }
}

impl<const W: usize> Wing<W> {
    /// A butterfly in a field of 256-bit words or in Goldilocks.
    ///
    /// # Panics
    /// If the field's words have not W bits, or neither 256 nor 64.
    pub fn new(field: &FieldParams, fidelity: Fidelity) -> Self {
        assert_eq!(field.word_bits, W, "Wing<{W}> in {}", field.name);
        Self::of(match W {
            256 => WingKind::Words(Box::new(ButterflyUnit::new(field, fidelity))),
            64 => WingKind::Goldilocks(Box::new(GoldilocksButterfly::new(fidelity))),
            _ => panic!("Wing<{W}>: words of 256 or 64 bits"),
        })
    }

    /// Cycles from operands to results.
    pub fn latency(&self) -> usize {
        match self.kind() {
            WingKind::Words(inner) => inner.latency(),
            WingKind::Goldilocks(_) => GoldilocksButterfly::LATENCY,
        }
    }
}
