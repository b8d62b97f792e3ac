//! The arithmetic unit of transforms in Goldilocks.

use super::GoldilocksButterfly;
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// [`Unit`](crate::ntt::unit::Unit) for Goldilocks, one operation a cycle.
#[derive(LogicBlock)]
pub struct GoldilocksUnit {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<64>>,
    pub b: Signal<In, U<64>>,
    pub w: Signal<In, U<64>>,
    pub tag: Signal<In, U<64>>,
    pub x: Signal<Out, U<64>>,
    pub word_0: Signal<Out, U<64>>,
    pub word_1: Signal<Out, U<64>>,
    pub out_tag: Signal<Out, U<64>>,
    butterfly: GoldilocksButterfly,
    travelling: Delay<U<64>>,
    tag_now: Signal<Local, U<64>>,
}

impl GoldilocksUnit {
    /// A unit.
    pub fn new(fidelity: Fidelity) -> Self {
        GoldilocksUnit {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            w: Default::default(),
            tag: Default::default(),
            x: Default::default(),
            word_0: Default::default(),
            word_1: Default::default(),
            out_tag: Default::default(),
            butterfly: GoldilocksButterfly::new(fidelity),
            travelling: Delay::new(GoldilocksButterfly::LATENCY),
            tag_now: Default::default(),
        }
    }

    /// Cycles from operands to results.
    pub fn latency(&self) -> usize {
        GoldilocksButterfly::LATENCY
    }
}

impl Logic for GoldilocksUnit {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, butterfly, travelling);
        self.butterfly.a.next = self.a.val();
        self.butterfly.b.next = self.b.val();
        self.butterfly.w.next = self.w.val();
        self.travelling.d.next = self.tag.val();
        self.tag_now.next = self.travelling.q.val();
        self.x.next = self.butterfly.x.val();
        self.word_0.next = self.butterfly.x.val();
        self.word_1.next = self.butterfly.y.val();
        if self.tag_now.val().get_bit(4) {
            self.word_0.next = self.butterfly.y.val();
            self.word_1.next = self.butterfly.x.val();
        }
        self.out_tag.next = self.tag_now.val();
    }
}

gristmill_hdl_kit::ports!(GoldilocksUnit { in: a, b, w, tag; out: x, word_0, word_1, out_tag });
