//! Complete projective addition on y^2 = x^3 + b, one addition a cycle, any operands.
//!
//! Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves", eprint
//! 2015/1060, algorithm 7: 12 multiplications, 3 multiplications by small constants, and no
//! exception: infinity (0 : Y : 0), equal and opposite points take the same path. The curve must
//! have no point of order two (any curve of odd order).
//!
//! ```text
//! cycle 0        xx = X1 X2   yy = Y1 Y2   zz = Z1 Z2   and the sums X1+Y1, X2+Y2, ...
//! cycle A        the products of the sums
//! cycle M        xx+yy, yy+zz, xx+zz (ready with those products);  3 xx;  3b zz, then yy +- 3b zz
//! cycle M+A      xy = (X1+Y1)(X2+Y2) - (xx+yy), and yz, xz alike
//! cycle M+2A     3b xz
//! cycle M+2A+B   X3 = xy (yy - 3b zz) - yz 3b xz          six products, three reductions
//!                Y3 = (yy - 3b zz)(yy + 3b zz) + 3b xz 3 xx
//!                Z3 = (yy + 3b zz) yz + 3 xx xy
//! ```
//!
//! With M the latency of a product, S of a sum of two, A of a modular sum and B of a small multiple, the latency is
//! M + S + 2A + B: 60 cycles for 256 bits, 66 for 384; then the results wait for [`PHASE`] cycles.

use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::{ports, twin, word::U};
use rust_hdl::prelude::*;

use super::native::NativeAdderWord;
use super::CurveParams;
use crate::field::{ModAdd, ModSub, MontMul, MontMulSum, MulSmall};

/// Cycles that results wait. The MSM engine's digits come window by window; where sums ask for their buckets a multiple of
/// the number of windows after the digits they came of, they do so in step with the digits of the same window. Where scalars
/// have two values only, both then want to write nearly always: by the engine's cycle model, when two sums could be parked, 32 windows and 64 cycles
/// (this 60 and the engine's 4) took up to 1.33 times the cycles of uniform scalars, with two cycles more at most 1.07. Not looked at again with 32 places.
pub const PHASE: usize = 2;

/// The RTL of [`PointAdder`].
#[derive(LogicBlock)]
pub struct PointAdderRtl<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub x1: Signal<In, U<W>>,
    pub y1: Signal<In, U<W>>,
    pub z1: Signal<In, U<W>>,
    pub x2: Signal<In, U<W>>,
    pub y2: Signal<In, U<W>>,
    pub z2: Signal<In, U<W>>,
    pub x3: Signal<Out, U<W>>,
    pub y3: Signal<Out, U<W>>,
    pub z3: Signal<Out, U<W>>,
    // First layer: six sums, six products.
    sum_xy1: ModAdd<W>,
    sum_xy2: ModAdd<W>,
    sum_yz1: ModAdd<W>,
    sum_yz2: ModAdd<W>,
    sum_xz1: ModAdd<W>,
    sum_xz2: ModAdd<W>,
    mul_xx: MontMul<W>,
    mul_yy: MontMul<W>,
    mul_zz: MontMul<W>,
    mul_xy: MontMul<W>,
    mul_yz: MontMul<W>,
    mul_xz: MontMul<W>,
    // Cross terms and small multiples.
    sum_xx_yy: ModAdd<W>,
    sum_yy_zz: ModAdd<W>,
    sum_xx_zz: ModAdd<W>,
    sub_xy: ModSub<W>,
    sub_yz: ModSub<W>,
    sub_xz: ModSub<W>,
    triple_xx: MulSmall<W>,
    b3_zz: MulSmall<W>,
    b3_xz: MulSmall<W>,
    yy_early: Delay<U<W>>,
    sum_plus: ModAdd<W>,
    sub_minus: ModSub<W>,
    // Waiting for 3b xz.
    xy: Delay<U<W>>,
    yz: Delay<U<W>>,
    xx3: Delay<U<W>>,
    plus: Delay<U<W>>,
    minus: Delay<U<W>>,
    // Second layer: six products, reduced in pairs.
    mul_x3: MontMulSum<W>,
    mul_y3: MontMulSum<W>,
    mul_z3: MontMulSum<W>,
    x3_wait: Delay<U<W>>,
    y3_wait: Delay<U<W>>,
    z3_wait: Delay<U<W>>,
}

impl<const W: usize> PointAdderRtl<W> {
    const M: usize = MontMul::<W>::LATENCY;
    const S: usize = MontMulSum::<W>::LATENCY;
    const A: usize = ModAdd::<W>::LATENCY;
    const B: usize = MulSmall::<W>::LATENCY;
    /// Cycles from operands to result.
    pub const LATENCY: usize = Self::M + Self::S + 2 * Self::A + Self::B + PHASE;

    /// An adder; `multipliers` says how native simulation runs its multipliers.
    pub fn new(curve: &CurveParams, multipliers: Fidelity) -> Self {
        // Both kinds of sums have one latency: the schedule above counts on it.
        assert_eq!(Self::A, ModSub::<W>::LATENCY);
        let field = &curve.field;
        let sum = || ModAdd::new(field);
        let difference = || ModSub::new(field);
        let product = || MontMul::new(field, multipliers);
        let wait = Delay::new;
        Self {
            clock: Default::default(),
            x1: Default::default(),
            y1: Default::default(),
            z1: Default::default(),
            x2: Default::default(),
            y2: Default::default(),
            z2: Default::default(),
            x3: Default::default(),
            y3: Default::default(),
            z3: Default::default(),
            sum_xy1: sum(),
            sum_xy2: sum(),
            sum_yz1: sum(),
            sum_yz2: sum(),
            sum_xz1: sum(),
            sum_xz2: sum(),
            mul_xx: product(),
            mul_yy: product(),
            mul_zz: product(),
            mul_xy: product(),
            mul_yz: product(),
            mul_xz: product(),
            sum_xx_yy: sum(),
            sum_yy_zz: sum(),
            sum_xx_zz: sum(),
            sub_xy: difference(),
            sub_yz: difference(),
            sub_xz: difference(),
            triple_xx: MulSmall::new(field, 3),
            b3_zz: MulSmall::new(field, curve.b3()),
            b3_xz: MulSmall::new(field, curve.b3()),
            yy_early: wait(Self::B),
            sum_plus: sum(),
            sub_minus: difference(),
            // xy and yz stand at M + 2A, 3 xx at M + B, plus and minus at M + A + B;
            // the second layer starts at M + 2A + B.
            xy: wait(Self::B),
            yz: wait(Self::B),
            xx3: wait(2 * Self::A),
            plus: wait(Self::A),
            minus: wait(Self::A),
            mul_x3: MontMulSum::new(field, true, multipliers),
            mul_y3: MontMulSum::new(field, false, multipliers),
            mul_z3: MontMulSum::new(field, false, multipliers),
            x3_wait: wait(PHASE),
            y3_wait: wait(PHASE),
            z3_wait: wait(PHASE),
        }
    }

    /// Cycles from operands to result.
    pub fn latency(&self) -> usize {
        Self::LATENCY
    }
}

impl<const W: usize> Logic for PointAdderRtl<W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, sum_xy1, sum_xy2, sum_yz1, sum_yz2, sum_xz1, sum_xz2);
        clock!(self, clock, mul_xx, mul_yy, mul_zz, mul_xy, mul_yz, mul_xz);
        clock!(self, clock, sum_xx_yy, sum_yy_zz, sum_xx_zz, sub_xy, sub_yz, sub_xz);
        clock!(self, clock, triple_xx, b3_zz, b3_xz, yy_early, sum_plus, sub_minus);
        clock!(self, clock, xy, yz, xx3, plus, minus);
        clock!(self, clock, mul_x3, mul_y3, mul_z3, x3_wait, y3_wait, z3_wait);
        // cycle 0
        self.mul_xx.a.next = self.x1.val();
        self.mul_xx.b.next = self.x2.val();
        self.mul_yy.a.next = self.y1.val();
        self.mul_yy.b.next = self.y2.val();
        self.mul_zz.a.next = self.z1.val();
        self.mul_zz.b.next = self.z2.val();
        self.sum_xy1.a.next = self.x1.val();
        self.sum_xy1.b.next = self.y1.val();
        self.sum_xy2.a.next = self.x2.val();
        self.sum_xy2.b.next = self.y2.val();
        self.sum_yz1.a.next = self.y1.val();
        self.sum_yz1.b.next = self.z1.val();
        self.sum_yz2.a.next = self.y2.val();
        self.sum_yz2.b.next = self.z2.val();
        self.sum_xz1.a.next = self.x1.val();
        self.sum_xz1.b.next = self.z1.val();
        self.sum_xz2.a.next = self.x2.val();
        self.sum_xz2.b.next = self.z2.val();
        // cycle A
        self.mul_xy.a.next = self.sum_xy1.r.val();
        self.mul_xy.b.next = self.sum_xy2.r.val();
        self.mul_yz.a.next = self.sum_yz1.r.val();
        self.mul_yz.b.next = self.sum_yz2.r.val();
        self.mul_xz.a.next = self.sum_xz1.r.val();
        self.mul_xz.b.next = self.sum_xz2.r.val();
        // cycle M
        self.sum_xx_yy.a.next = self.mul_xx.r.val();
        self.sum_xx_yy.b.next = self.mul_yy.r.val();
        self.sum_yy_zz.a.next = self.mul_yy.r.val();
        self.sum_yy_zz.b.next = self.mul_zz.r.val();
        self.sum_xx_zz.a.next = self.mul_xx.r.val();
        self.sum_xx_zz.b.next = self.mul_zz.r.val();
        self.triple_xx.a.next = self.mul_xx.r.val();
        self.b3_zz.a.next = self.mul_zz.r.val();
        self.yy_early.d.next = self.mul_yy.r.val();
        // cycle M + A
        self.sub_xy.a.next = self.mul_xy.r.val();
        self.sub_xy.b.next = self.sum_xx_yy.r.val();
        self.sub_yz.a.next = self.mul_yz.r.val();
        self.sub_yz.b.next = self.sum_yy_zz.r.val();
        self.sub_xz.a.next = self.mul_xz.r.val();
        self.sub_xz.b.next = self.sum_xx_zz.r.val();
        // cycle M + B
        self.sum_plus.a.next = self.yy_early.q.val();
        self.sum_plus.b.next = self.b3_zz.r.val();
        self.sub_minus.a.next = self.yy_early.q.val();
        self.sub_minus.b.next = self.b3_zz.r.val();
        self.xx3.d.next = self.triple_xx.r.val();
        // cycle M + 2A
        self.b3_xz.a.next = self.sub_xz.r.val();
        self.xy.d.next = self.sub_xy.r.val();
        self.yz.d.next = self.sub_yz.r.val();
        // cycle M + A + B
        self.plus.d.next = self.sum_plus.r.val();
        self.minus.d.next = self.sub_minus.r.val();
        // cycle M + 2A + B
        self.mul_x3.a.next = self.xy.q.val();
        self.mul_x3.b.next = self.minus.q.val();
        self.mul_x3.c.next = self.yz.q.val();
        self.mul_x3.d.next = self.b3_xz.r.val();
        self.mul_y3.a.next = self.minus.q.val();
        self.mul_y3.b.next = self.plus.q.val();
        self.mul_y3.c.next = self.b3_xz.r.val();
        self.mul_y3.d.next = self.xx3.q.val();
        self.mul_z3.a.next = self.plus.q.val();
        self.mul_z3.b.next = self.yz.q.val();
        self.mul_z3.c.next = self.xx3.q.val();
        self.mul_z3.d.next = self.xy.q.val();
        // cycle M + S + 2A + B
        self.x3_wait.d.next = self.mul_x3.r.val();
        self.y3_wait.d.next = self.mul_y3.r.val();
        self.z3_wait.d.next = self.mul_z3.r.val();
        self.x3.next = self.x3_wait.q.val();
        self.y3.next = self.y3_wait.q.val();
        self.z3.next = self.z3_wait.q.val();
    }
}

ports!([const W: usize] PointAdderRtl<W> {
    in: x1, y1, z1, x2, y2, z2;
    out: x3, y3, z3
});

twin! {
    /// (x3 : y3 : z3) = (x1 : y1 : z1) + (x2 : y2 : z2), one addition a cycle, for any two points:
    /// [`PointAdderRtl`] or its twin. Coordinates in Montgomery form, reduced.
    ///
    /// Use the aliases [`PointAdder256`](super::PointAdder256) and
    /// [`PointAdder384`](super::PointAdder384).
    pub struct PointAdder[const W: usize][W] for PointAdderRtl<W> {
        in x1: U<W>, y1: U<W>, z1: U<W>, x2: U<W>, y2: U<W>, z2: U<W>;
        out x3: U<W>, y3: U<W>, z3: U<W>
    }
}

impl<const W: usize> PointAdder<W> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = PointAdderRtl::<W>::LATENCY;
    /// For the kit's `verilator::Options::hierarchical`: the modules of the multipliers, each
    /// compiled once. Without it Verilator takes many minutes.
    pub const VERILATE_APART: [&str; 3] = ["mul_xx", "mul_x3", "mul_y3"];

    /// An adder on a curve over a field of W-bit words.
    pub fn new(curve: &CurveParams, fidelity: Fidelity) -> Self {
        let native = NativeAdderWord::new(curve);
        let rtl = PointAdderRtl::new(curve, Fidelity::Rtl);
        Self::twin(rtl, Self::LATENCY, fidelity, move |(x1, y1, z1, x2, y2, z2)| {
            native.add(&[x1, y1, z1], &[x2, y2, z2]).into()
        })
    }
}
