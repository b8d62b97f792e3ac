//! The butterfly of decimation in time in Goldilocks: x = a + w*b, y = a - w*b, one a cycle.

use crate::field::goldilocks;
use crate::field::{GoldilocksMul, GoldilocksSum};
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::twin;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// A multiplier, then an adder and a subtractor side by side.
#[derive(LogicBlock)]
pub struct GoldilocksButterflyRtl {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<64>>,
    pub b: Signal<In, U<64>>,
    pub w: Signal<In, U<64>>,
    pub x: Signal<Out, U<64>>,
    pub y: Signal<Out, U<64>>,
    multiplier: GoldilocksMul,
    beside: Delay<U<64>>,
    adder: GoldilocksSum,
    subtractor: GoldilocksSum,
}

impl GoldilocksButterflyRtl {
    /// Cycles from operands to results.
    pub const LATENCY: usize = GoldilocksMul::LATENCY + GoldilocksSum::LATENCY;

    /// `fidelity` is that of the multiplier inside.
    pub fn new(fidelity: Fidelity) -> Self {
        GoldilocksButterflyRtl {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            w: Default::default(),
            x: Default::default(),
            y: Default::default(),
            multiplier: GoldilocksMul::new(fidelity),
            beside: Delay::new(GoldilocksMul::LATENCY),
            adder: GoldilocksSum::plus(),
            subtractor: GoldilocksSum::minus(),
        }
    }
}

impl Logic for GoldilocksButterflyRtl {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, multiplier, beside, adder, subtractor);
        self.multiplier.a.next = self.b.val();
        self.multiplier.b.next = self.w.val();
        self.beside.d.next = self.a.val();
        self.adder.a.next = self.beside.q.val();
        self.adder.b.next = self.multiplier.r.val();
        self.subtractor.a.next = self.beside.q.val();
        self.subtractor.b.next = self.multiplier.r.val();
        self.x.next = self.adder.r.val();
        self.y.next = self.subtractor.r.val();
    }
}

gristmill_hdl_kit::ports!(GoldilocksButterflyRtl { in: a, b, w; out: x, y });

twin! {
    /// The butterfly, one a cycle: x = a + w*b, y = a - w*b, canonical. `a` must be reduced; `b` and `w` may be any
    /// 64-bit numbers.
    pub struct GoldilocksButterfly for GoldilocksButterflyRtl {
        in a: U<64>, b: U<64>, w: U<64>; out x: U<64>, y: U<64>
    }
}

impl GoldilocksButterfly {
    /// Cycles from operands to results.
    pub const LATENCY: usize = GoldilocksButterflyRtl::LATENCY;

    /// A butterfly.
    pub fn new(fidelity: Fidelity) -> Self {
        let rtl = GoldilocksButterflyRtl::new(Fidelity::Rtl);
        Self::twin(rtl, Self::LATENCY, fidelity, |(a, b, w)| {
            let (a, product) = (a.low_u64(), goldilocks::mul(b.low_u64(), w.low_u64()));
            (goldilocks::add(a, product).into(), goldilocks::sub(a, product).into())
        })
    }
}
