//! One digit of a Montgomery multiplication, radix 2^16, in carry-save form; three cycles.
//!
//! The running value y is a sum of lanes, y = sum of lane j * 2^(16 j), each lane 23 bits wide so
//! that no carry ever travels: per digit a lane grows by at most four products' halves, 25 digits
//! * 4 * (2^16 - 1) < 2^23. A stage computes
//!
//! ```text
//! m  = (y mod 2^16) * (-1/p) mod 2^16
//! y' = (y + m*p) / 2^16 + a*b        (exact division; b is the *next* digit of the multiplier)
//! ```
//!
//! Only y -> m -> m*p -> y' is a recurrence: three cycles with one multiplication or one addition
//! of three operands each. a*b is computed beside m and added beside m*p, so it costs no cycle;
//! that is why a stage takes the next digit. L + 1 stages make a product: the first starts from
//! y = 0 and only multiplies, the last gets b = 0 and only reduces.
//!
//! Source: P. Montgomery, "Modular multiplication without trial division", 1985; digit by digit
//! as in Koc, Acar, Kaliski 1996 (finely integrated product scanning of rows).

use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_u, U};
use rust_hdl::prelude::*;

use super::join::Join;
use super::FieldParams;

/// Cycles of one stage.
pub const STAGE_LATENCY: usize = 3;
/// Bits of a lane.
pub const LANE_BITS: usize = 23;

/// Lane j of the result: y[j+1] + low(a[j]*b) + high(a[j-1]*b) + low(m*p[j+1]) + high(m*p[j]).
#[derive(LogicBlock)]
pub struct MontLane {
    pub clock: Signal<In, Clock>,
    /// Cycle 0: digit j of a, the digit b, lane j+1 of y.
    pub a: Signal<In, Bits<16>>,
    pub b: Signal<In, Bits<16>>,
    pub y: Signal<In, U<23>>,
    /// Cycle 1: m, and the high half of a[j-1]*b.
    pub m: Signal<In, Bits<16>>,
    pub ab_high_in: Signal<In, Bits<16>>,
    /// Cycle 2: the high half of m*p[j].
    pub mp_high_in: Signal<In, Bits<16>>,
    pub ab_high: Signal<Out, Bits<16>>,
    pub mp_high: Signal<Out, Bits<16>>,
    pub r: Signal<Out, U<23>>,
    ab: DFF<Bits<32>>,
    y1: DFF<U<23>>,
    mp: DFF<Bits<32>>,
    y2: DFF<U<23>>,
    y3: DFF<U<23>>,
    p: Constant<Bits<16>>,
}

impl MontLane {
    /// `p` is digit j+1 of the modulus.
    fn new(p: u64) -> Self {
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            y: Default::default(),
            m: Default::default(),
            ab_high_in: Default::default(),
            mp_high_in: Default::default(),
            ab_high: Default::default(),
            mp_high: Default::default(),
            r: Default::default(),
            ab: Default::default(),
            y1: Default::default(),
            mp: Default::default(),
            y2: Default::default(),
            y3: Default::default(),
            p: Constant::new(p.into()),
        }
    }
}

impl Logic for MontLane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, ab, y1, mp, y2, y3);
        self.ab.d.next = self.a.val() * self.b.val();
        self.y1.d.next = self.y.val();
        self.mp.d.next = self.m.val() * self.p.val();
        self.y2.d.next = (self.y1.q.val() + bit_cast_bu::<23, 16>(self.ab.q.val().get_bits::<16>(0)))
            + bit_cast_bu::<23, 16>(self.ab_high_in.val());
        self.y3.d.next = (self.y2.q.val() + bit_cast_bu::<23, 16>(self.mp.q.val().get_bits::<16>(0)))
            + bit_cast_bu::<23, 16>(self.mp_high_in.val());
        self.ab_high.next = self.ab.q.val().get_bits::<16>(16);
        self.mp_high.next = self.mp.q.val().get_bits::<16>(16);
        self.r.next = self.y3.q.val();
    }
}

/// One stage: y' = (y + m*p) / 2^16 + a*b. L digits, W = 16 L, LW = 23 (L + 1).
#[derive(LogicBlock)]
pub struct MontStage<const L: usize, const W: usize, const LW: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<16>>,
    /// Lanes 0 .. L, 23 bits each, lane 0 lowest.
    pub y: Signal<In, U<LW>>,
    pub r: Signal<Out, U<LW>>,
    lane: Vec<MontLane>,
    y_low: Signal<Local, Bits<16>>,
    y_first: Signal<Local, U<23>>,
    y_spill: Signal<Local, U<7>>,
    m_full: Signal<Local, Bits<32>>,
    m: DFF<Bits<16>>,
    mp0: DFF<Bits<32>>,
    top_ab: Signal<Local, Bits<16>>,
    top1: DFF<Bits<16>>,
    top2: DFF<Bits<16>>,
    joined: Join<23, LW>,
    top_wide: Signal<Local, U<23>>,
    n0: Constant<Bits<16>>,
    p0: Constant<Bits<16>>,
    one: Constant<U<23>>,
    _lanes: usize,
}

impl<const L: usize, const W: usize, const LW: usize> MontStage<L, W, LW> {
    /// A stage in a field of W-bit words.
    pub fn new(params: &FieldParams) -> Self {
        params.assert_fits(W);
        assert!(W == 16 * L && LW == LANE_BITS * (L + 1), "MontStage<{L}, {W}, {LW}>: W = 16 L, LW = 23 (L + 1)");
        assert!((L as u64 + 1) * 4 * 0xffff + 0x100 < 1 << LANE_BITS, "MontStage: {L} digits overflow a lane");
        let digit = |j: usize| if j < L { params.digit(j) } else { 0 };
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            y: Default::default(),
            r: Default::default(),
            lane: (0..L).map(|j| MontLane::new(digit(j + 1))).collect(),
            y_low: Default::default(),
            y_first: Default::default(),
            y_spill: Default::default(),
            m_full: Default::default(),
            m: Default::default(),
            mp0: Default::default(),
            top_ab: Default::default(),
            top1: Default::default(),
            top2: Default::default(),
            joined: Default::default(),
            top_wide: Default::default(),
            n0: Constant::new((params.n0_inverse() & 0xffff).into()),
            p0: Constant::new(digit(0).into()),
            one: Constant::new(1u64.into()),
            _lanes: L + 1,
        }
    }
}

impl<const L: usize, const W: usize, const LW: usize> Logic for MontStage<L, W, LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, m, mp0, top1, top2);
        // Cycle 0 -> 1: m from the low digit; lane 0 is spent, its upper part is a carry, and so
        // is the sum of its low digit with the low half of m*p[0]: 2^16, or 0 if both are 0.
        self.y_low.next = self.y.val().get_bits::<16>(0).into();
        self.m_full.next = self.y_low.val() * self.n0.val();
        self.m.d.next = self.m_full.val().get_bits::<16>(0);
        self.y_spill.next = self.y.val().get_bits::<7>(16);
        self.y_first.next = self.y.val().get_bits::<23>(23) + bit_cast_u::<23, 7>(self.y_spill.val());
        if self.y_low.val().any() {
            self.y_first.next =
                (self.y.val().get_bits::<23>(23) + bit_cast_u::<23, 7>(self.y_spill.val())) + self.one.val();
        }
        self.top_ab.next = 0.into();
        for j in 0..L {
            self.lane[j].clock.next = self.clock.val();
            self.lane[j].a.next = self.a.val().get_bits::<16>(j * 16).into();
            self.lane[j].b.next = self.b.val().into();
            self.lane[j].y.next = self.y.val().get_bits::<23>((j + 1) * 23);
            self.lane[j].m.next = self.m.q.val();
            self.top_ab.next = self.lane[j].ab_high.val();
        }
        self.lane[0].y.next = self.y_first.val();
        // Cycle 1 -> 2 and 2 -> 3: the products' high halves go one lane up.
        self.mp0.d.next = self.m.q.val() * self.p0.val();
        self.lane[0].ab_high_in.next = 0.into();
        self.lane[0].mp_high_in.next = self.mp0.q.val().get_bits::<16>(16);
        for j in 1..L {
            self.lane[j].ab_high_in.next = self.lane[j - 1].ab_high.val();
            self.lane[j].mp_high_in.next = self.lane[j - 1].mp_high.val();
        }
        // Lane L holds nothing but the high half of a[L-1]*b.
        self.top1.d.next = self.top_ab.val();
        self.top2.d.next = self.top1.q.val();
        self.top_wide.next = bit_cast_bu::<23, 16>(self.top2.q.val());
        for j in 0..self._lanes {
            self.joined.part[j].next = self.top_wide.val();
        }
        for j in 0..L {
            self.joined.part[j].next = self.lane[j].r.val();
        }
        self.r.next = self.joined.whole.val();
    }
}
