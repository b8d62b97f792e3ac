//! The multiplier: r = a*b mod p, one product a cycle.
//!
//! Sixteen products of 16 x 16 bits make seven columns, C0 + C1 x + ... + C6 x^6 with x = 2^16. Since x^4 = x^2 - 1
//! and x^6 = -1 modulo p, four of them are left before any carry has travelled:
//!
//! ```text
//! D0 = C0 - C4 - C6     D1 = C1 - C5     D2 = C2 + C4     D3 = C3 + C5
//! ```
//!
//! Two halves come of them, D0 + D1 x (signed) and D2 + D3 x in units of 2^32. What the latter has beyond 2^64,
//! t, is worth t (2^32 - 1): added to the upper half, subtracted from the lower one. Then the halves are added, and the sum
//! is off by one p at most.
//!
//! The operands may be any two 64-bit numbers.

use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use gristmill_hdl_kit::{ports, twin};
use rust_hdl::prelude::*;

use super::correct::Correct;
use super::product::{Product, PRODUCT_LATENCY};

/// Levels of additions between products and the last step.
const LEVELS: usize = 6;

/// The RTL of [`GoldilocksMul`].
#[derive(LogicBlock)]
pub struct GoldilocksMulRtl {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<64>>,
    pub b: Signal<In, U<64>>,
    pub r: Signal<Out, U<64>>,
    /// Product 4 i + j: digit i of a times digit j of b.
    product: Vec<Product>,
    // First level: pairs. The column's number first, then which part of it.
    c0_6: DFF<U<36>>,
    c1: DFF<U<33>>,
    c2a: DFF<U<33>>,
    c2b: DFF<U<32>>,
    c3a: DFF<U<33>>,
    c3b: DFF<U<33>>,
    c4a: DFF<U<33>>,
    c4b: DFF<U<32>>,
    c5: DFF<U<33>>,
    // Second level: columns.
    col0_6: DFF<U<36>>,
    col1_5: DFF<U<36>>,
    col2: DFF<U<34>>,
    col3: DFF<U<34>>,
    col4: DFF<U<34>>,
    col5: DFF<U<33>>,
    // Third level: D0 and D1 signed.
    d0: DFF<U<36>>,
    d1: DFF<U<36>>,
    d2: DFF<U<35>>,
    d3: DFF<U<35>>,
    // Fourth level: the halves' upper parts (above 2^16 and 2^48) and lower ones.
    lower: DFF<U<36>>,
    lower_digit: DFF<U<16>>,
    upper: DFF<U<35>>,
    upper_digit: DFF<U<16>>,
    // Fifth: without what lies beyond 2^64. Sixth: their sum.
    lower_half: DFF<U<52>>,
    upper_half: DFF<U<33>>,
    high: DFF<U<34>>,
    low: DFF<U<32>>,
    correct: Correct,
    d0_above: Signal<Local, U<36>>,
    lower_wide: Signal<Local, U<52>>,
    beyond: Signal<Local, U<19>>,
    lower_above: Signal<Local, U<34>>,
    sign_36: Constant<U<36>>,
    sign_34: Constant<U<34>>,
}

impl Default for GoldilocksMulRtl {
    fn default() -> Self {
        // Ones from bit 20 on: the sign of a number of 20 bits.
        let ones = |bits: u32| (1u64 << bits) - (1 << 20);
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            r: Default::default(),
            product: (0..16).map(|_| Product::default()).collect(),
            c0_6: Default::default(),
            c1: Default::default(),
            c2a: Default::default(),
            c2b: Default::default(),
            c3a: Default::default(),
            c3b: Default::default(),
            c4a: Default::default(),
            c4b: Default::default(),
            c5: Default::default(),
            col0_6: Default::default(),
            col1_5: Default::default(),
            col2: Default::default(),
            col3: Default::default(),
            col4: Default::default(),
            col5: Default::default(),
            d0: Default::default(),
            d1: Default::default(),
            d2: Default::default(),
            d3: Default::default(),
            lower: Default::default(),
            lower_digit: Default::default(),
            upper: Default::default(),
            upper_digit: Default::default(),
            lower_half: Default::default(),
            upper_half: Default::default(),
            high: Default::default(),
            low: Default::default(),
            correct: Default::default(),
            d0_above: Default::default(),
            lower_wide: Default::default(),
            beyond: Default::default(),
            lower_above: Default::default(),
            sign_36: Constant::new(ones(36).into()),
            sign_34: Constant::new(ones(34).into()),
        }
    }
}

impl GoldilocksMulRtl {
    /// Cycles from operands to result.
    pub const LATENCY: usize = PRODUCT_LATENCY + LEVELS + Correct::LATENCY;
}

impl Logic for GoldilocksMulRtl {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, c0_6, c1, c2a, c2b, c3a, c3b, c4a, c4b, c5);
        dff_setup!(self, clock, col0_6, col1_5, col2, col3, col4, col5, d0, d1, d2, d3);
        dff_setup!(self, clock, lower, lower_digit, upper, upper_digit, lower_half, upper_half, high, low);
        clock!(self, clock, correct);
        for i in 0..4 {
            for j in 0..4 {
                self.product[i * 4 + j].clock.next = self.clock.val();
                self.product[i * 4 + j].a.next = self.a.val().get_bits::<16>(i * 16);
                self.product[i * 4 + j].b.next = self.b.val().get_bits::<16>(j * 16);
            }
        }

        self.c0_6.d.next =
            bit_cast_u::<36, 32>(self.product[0].r.val()) - bit_cast_u::<36, 32>(self.product[15].r.val());
        self.c1.d.next = bit_cast_u::<33, 32>(self.product[1].r.val()) + bit_cast_u::<33, 32>(self.product[4].r.val());
        self.c2a.d.next = bit_cast_u::<33, 32>(self.product[2].r.val()) + bit_cast_u::<33, 32>(self.product[5].r.val());
        self.c2b.d.next = self.product[8].r.val();
        self.c3a.d.next = bit_cast_u::<33, 32>(self.product[3].r.val()) + bit_cast_u::<33, 32>(self.product[6].r.val());
        self.c3b.d.next =
            bit_cast_u::<33, 32>(self.product[9].r.val()) + bit_cast_u::<33, 32>(self.product[12].r.val());
        self.c4a.d.next =
            bit_cast_u::<33, 32>(self.product[7].r.val()) + bit_cast_u::<33, 32>(self.product[10].r.val());
        self.c4b.d.next = self.product[13].r.val();
        self.c5.d.next =
            bit_cast_u::<33, 32>(self.product[11].r.val()) + bit_cast_u::<33, 32>(self.product[14].r.val());

        self.col0_6.d.next = self.c0_6.q.val();
        self.col1_5.d.next = bit_cast_u::<36, 33>(self.c1.q.val()) - bit_cast_u::<36, 33>(self.c5.q.val());
        self.col2.d.next = bit_cast_u::<34, 33>(self.c2a.q.val()) + bit_cast_u::<34, 32>(self.c2b.q.val());
        self.col3.d.next = bit_cast_u::<34, 33>(self.c3a.q.val()) + bit_cast_u::<34, 33>(self.c3b.q.val());
        self.col4.d.next = bit_cast_u::<34, 33>(self.c4a.q.val()) + bit_cast_u::<34, 32>(self.c4b.q.val());
        self.col5.d.next = self.c5.q.val();

        self.d0.d.next = self.col0_6.q.val() - bit_cast_u::<36, 34>(self.col4.q.val());
        self.d1.d.next = self.col1_5.q.val();
        self.d2.d.next = bit_cast_u::<35, 34>(self.col2.q.val()) + bit_cast_u::<35, 34>(self.col4.q.val());
        self.d3.d.next = bit_cast_u::<35, 34>(self.col3.q.val()) + bit_cast_u::<35, 33>(self.col5.q.val());

        self.d0_above.next = bit_cast_u::<36, 20>(self.d0.q.val().get_bits::<20>(16));
        if self.d0.q.val().get_bit(35) {
            self.d0_above.next = bit_cast_u::<36, 20>(self.d0.q.val().get_bits::<20>(16)) | self.sign_36.val();
        }
        self.lower.d.next = self.d1.q.val() + self.d0_above.val();
        self.lower_digit.d.next = self.d0.q.val().get_bits::<16>(0);
        self.upper.d.next = self.d3.q.val() + bit_cast_u::<35, 19>(self.d2.q.val().get_bits::<19>(16));
        self.upper_digit.d.next = self.d2.q.val().get_bits::<16>(0);

        self.lower_wide.next =
            bit_cast_u::<52, 16>(self.lower_digit.q.val()) | (bit_cast_u::<52, 36>(self.lower.q.val()) << 16);
        self.beyond.next = self.upper.q.val().get_bits::<19>(16);
        self.lower_half.d.next = self.lower_wide.val() - bit_cast_u::<52, 19>(self.beyond.val());
        self.upper_half.d.next = (bit_cast_u::<33, 16>(self.upper_digit.q.val())
            | (bit_cast_u::<33, 16>(self.upper.q.val().get_bits::<16>(0)) << 16))
            + bit_cast_u::<33, 19>(self.beyond.val());

        self.lower_above.next = bit_cast_u::<34, 20>(self.lower_half.q.val().get_bits::<20>(32));
        if self.lower_half.q.val().get_bit(51) {
            self.lower_above.next =
                bit_cast_u::<34, 20>(self.lower_half.q.val().get_bits::<20>(32)) | self.sign_34.val();
        }
        self.high.d.next = bit_cast_u::<34, 33>(self.upper_half.q.val()) + self.lower_above.val();
        self.low.d.next = self.lower_half.q.val().get_bits::<32>(0);

        self.correct.high.next = self.high.q.val();
        self.correct.low.next = self.low.q.val();
        self.r.next = self.correct.r.val();
    }
}

ports!(GoldilocksMulRtl { in: a, b; out: r });

twin! {
    /// r = a*b mod p, one product a cycle, of any two 64-bit numbers; reduced: [`GoldilocksMulRtl`] or its twin.
    pub struct GoldilocksMul for GoldilocksMulRtl { in a: U<64>, b: U<64>; out r: U<64> }
}

impl GoldilocksMul {
    /// Cycles from operands to result.
    pub const LATENCY: usize = GoldilocksMulRtl::LATENCY;

    /// A multiplier.
    pub fn new(fidelity: Fidelity) -> Self {
        Self::twin(GoldilocksMulRtl::default(), Self::LATENCY, fidelity, |(a, b)| {
            (super::mul(a.low_u64(), b.low_u64()).into(),)
        })
    }
}
