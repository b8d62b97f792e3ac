//! Products in the size of DSP blocks, with a register before, in and behind each multiplier.
//!
//! A DSP48E2 multiplies 27 x 18 signed bits, so 26 x 17 unsigned ones. Two of them make 26 x 34: the second one's
//! adder takes the first one's product, shifted by 17 bits, a cycle later.

use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

use super::join::Join;

/// Bits of the factor that all products of a row share, and of each one's part of the other factor.
pub const ROW_BITS: usize = 26;
pub const PART_BITS: usize = 34;
/// Bits of a product.
pub const PRODUCT_BITS: usize = ROW_BITS + PART_BITS;
/// Cycles from factors to products.
pub const ROW_LATENCY: usize = 4;

/// r = a * b, four cycles later: two DSPs.
#[derive(LogicBlock, Default)]
pub struct DspPair {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<26>>,
    pub b: Signal<In, U<34>>,
    pub r: Signal<Out, U<60>>,
    // The first DSP: operands, product, result.
    a1: DFF<U<26>>,
    b1: DFF<U<17>>,
    low_product: DFF<U<43>>,
    low_result: DFF<U<43>>,
    // The second one, a cycle later: its operands have one register more.
    a2: DFF<U<26>>,
    b1_high: DFF<U<17>>,
    b2_high: DFF<U<17>>,
    high_product: DFF<U<43>>,
    high_result: DFF<U<43>>,
    low_bits: DFF<U<17>>,
}

impl Logic for DspPair {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, a1, b1, low_product, low_result, a2);
        dff_setup!(self, clock, b1_high, b2_high, high_product, high_result, low_bits);
        self.a1.d.next = self.a.val();
        self.b1.d.next = self.b.val().get_bits::<17>(0);
        self.b1_high.d.next = self.b.val().get_bits::<17>(17);
        self.low_product.d.next = bit_cast_u::<43, 26>(self.a1.q.val()) * bit_cast_u::<43, 17>(self.b1.q.val());
        self.a2.d.next = self.a1.q.val();
        self.b2_high.d.next = self.b1_high.q.val();
        self.low_result.d.next = self.low_product.q.val();
        self.high_product.d.next = bit_cast_u::<43, 26>(self.a2.q.val()) * bit_cast_u::<43, 17>(self.b2_high.q.val());
        self.low_bits.d.next = self.low_result.q.val().get_bits::<17>(0);
        self.high_result.d.next =
            self.high_product.q.val() + bit_cast_u::<43, 26>(self.low_result.q.val().get_bits::<26>(17));
        self.r.next =
            bit_cast_u::<60, 17>(self.low_bits.q.val()) | (bit_cast_u::<60, 43>(self.high_result.q.val()) << 17);
    }
}

/// 26 bits times all parts of a long factor: product j, 60 bits at 60 j, is a times bits 34 j .. 34 j + 34 of b.
#[derive(LogicBlock)]
pub struct DspRow<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<26>>,
    pub b: Signal<In, U<W>>,
    pub r: Signal<Out, U<480>>,
    pair: Vec<DspPair>,
    joined: Join<60, 480>,
    _parts: usize,
}

impl<const W: usize> DspRow<W> {
    /// A row for a factor of `bits` bits.
    pub fn new(bits: usize) -> Self {
        let parts = bits.div_ceil(PART_BITS);
        assert!(parts * PART_BITS <= W && parts * PRODUCT_BITS <= 480, "DspRow<{W}> of {bits} bits");
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            r: Default::default(),
            pair: (0..parts).map(|_| DspPair::default()).collect(),
            joined: Default::default(),
            _parts: parts,
        }
    }
}

impl<const W: usize> Logic for DspRow<W> {
    #[hdl_gen]
    fn update(&mut self) {
        for j in 0..8 {
            self.joined.part[j].next = 0.into();
        }
        for j in 0..self._parts {
            self.pair[j].clock.next = self.clock.val();
            self.pair[j].a.next = self.a.val();
            self.pair[j].b.next = self.b.val().get_bits::<34>(j * 34);
            self.joined.part[j].next = self.pair[j].r.val();
        }
        self.r.next = self.joined.whole.val();
    }
}
