//! Complete projective addition with digit-serial multipliers: one addition in 68 cycles.
//!
//! The formulas of [`PointAdder`](super::PointAdder) on three multipliers ([`MontLoop`]), one unit for sums
//! ([`ModSum`]) and sixteen registers, run by a fixed program ([`Program`]) of which every step comes
//! once a period. Three additions overlap; the multipliers are never idle.
//!
//! ```text
//! held inputs ─┐
//! sum ─────────┴─ write data ─ registers ─┐
//!                 low, high of a product ─┴─ operands ─ multipliers
//!                                                     └ sum ─ results
//! ```

use gristmill_hdl_kit::mem::Rom;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::{ports, twin, word::U};
use rust_hdl::prelude::*;

use super::native::NativeAdderWord;
use super::program::{self, Program, Timing};
use super::scratch::Scratch;
use super::CurveParams;
use crate::field::{ModSum, MontLoop};

/// From the operands' cycle to the program's first step: they are held, the step is fetched.
const FETCH: usize = 3;

/// A step as the hardware reads it.
#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct Step {
    read_a: Bits<4>,
    read_b: Bits<4>,
    /// 1 to 3: a multiplier's result becomes the operands; 0: the registers read.
    product: Bits<2>,
    /// This multiplier takes the operands. One bit each, as for the results: they enable whole words.
    load1: Bit,
    load2: Bit,
    load3: Bit,
    subtract: Bit,
    /// 1 to 6: the input that becomes the write data; 0: the sum.
    input: Bits<3>,
    write: Bit,
    write_address: Bits<4>,
    /// The sum is this coordinate.
    output_x: Bit,
    output_y: Bit,
    output_z: Bit,
}

impl Step {
    fn new(step: &program::Step) -> Self {
        let from_one = |i: Option<usize>| i.map_or(0, |i| i as u64 + 1);
        Self {
            read_a: (step.read[0] as u64).into(),
            read_b: (step.read[1] as u64).into(),
            product: from_one(step.product).into(),
            load1: step.load == Some(0),
            load2: step.load == Some(1),
            load3: step.load == Some(2),
            subtract: step.subtract,
            input: from_one(step.input).into(),
            write: step.write.is_some(),
            write_address: (step.write.unwrap_or(0) as u64).into(),
            output_x: step.output == Some(0),
            output_y: step.output == Some(1),
            output_z: step.output == Some(2),
        }
    }
}

/// The RTL of [`PointAdderSerial`].
#[derive(LogicBlock)]
pub struct PointAdderSerialRtl<const L: usize, const W: usize, const LW: usize> {
    pub clock: Signal<In, Clock>,
    pub take: Signal<In, Bit>,
    pub x1: Signal<In, U<W>>,
    pub y1: Signal<In, U<W>>,
    pub z1: Signal<In, U<W>>,
    pub x2: Signal<In, U<W>>,
    pub y2: Signal<In, U<W>>,
    pub z2: Signal<In, U<W>>,
    pub x3: Signal<Out, U<W>>,
    pub y3: Signal<Out, U<W>>,
    pub z3: Signal<Out, U<W>>,
    held_x1: DFF<U<W>>,
    held_y1: DFF<U<W>>,
    held_z1: DFF<U<W>>,
    held_x2: DFF<U<W>>,
    held_y2: DFF<U<W>>,
    held_z2: DFF<U<W>>,
    counter: DFF<Bits<7>>,
    steps: Rom<Step>,
    step: DFF<Step>,
    scratch: Scratch<W>,
    write_data: DFF<U<W>>,
    operand_a: DFF<U<W>>,
    operand_b: DFF<U<W>>,
    sum: ModSum<W>,
    mul1: MontLoop<L, W, LW>,
    mul2: MontLoop<L, W, LW>,
    mul3: MontLoop<L, W, LW>,
    result_x: DFF<U<W>>,
    result_y: DFF<U<W>>,
    result_z: DFF<U<W>>,
    last: Constant<Bits<7>>,
    zero7: Constant<Bits<7>>,
    one7: Constant<Bits<7>>,
    one2: Constant<Bits<2>>,
    two2: Constant<Bits<2>>,
    three2: Constant<Bits<2>>,
    one3: Constant<Bits<3>>,
    two3: Constant<Bits<3>>,
    three3: Constant<Bits<3>>,
    four3: Constant<Bits<3>>,
    five3: Constant<Bits<3>>,
    six3: Constant<Bits<3>>,
}

impl<const L: usize, const W: usize, const LW: usize> PointAdderSerialRtl<L, W, LW> {
    /// Cycles between two additions: each multiplier makes four products of L + 1 cycles for one.
    const PERIOD: usize = 4 * MontLoop::<L, W, LW>::INTERVAL;
    /// From the operands' cycle to that of the result: as the program of 256-bit words takes them.
    const LATENCY: usize = FETCH + 202;

    /// An adder on a curve over a field of W-bit words.
    ///
    /// # Panics
    /// If the program for this width has another length: only that of 256 bits is fitted.
    pub fn new(curve: &CurveParams) -> Self {
        let timing = Timing {
            interval: MontLoop::<L, W, LW>::INTERVAL,
            product: MontLoop::<L, W, LW>::LATENCY,
            sum: ModSum::<W>::LATENCY,
        };
        let program = Program::new(curve.b3(), timing);
        assert_eq!((program.steps.len(), program.cycles + FETCH), (Self::PERIOD, Self::LATENCY));
        // As many words as the counter can address, so that the memory needs no bound.
        let mut steps: Vec<Step> = program.steps.iter().map(Step::new).collect();
        steps.resize(128, Step::default());
        let field = &curve.field;
        Self {
            clock: Default::default(),
            take: Default::default(),
            x1: Default::default(),
            y1: Default::default(),
            z1: Default::default(),
            x2: Default::default(),
            y2: Default::default(),
            z2: Default::default(),
            x3: Default::default(),
            y3: Default::default(),
            z3: Default::default(),
            held_x1: Default::default(),
            held_y1: Default::default(),
            held_z1: Default::default(),
            held_x2: Default::default(),
            held_y2: Default::default(),
            held_z2: Default::default(),
            counter: Default::default(),
            steps: Rom::new(steps),
            step: Default::default(),
            scratch: Default::default(),
            write_data: Default::default(),
            operand_a: Default::default(),
            operand_b: Default::default(),
            sum: ModSum::new(field),
            mul1: MontLoop::new(field),
            mul2: MontLoop::new(field),
            mul3: MontLoop::new(field),
            result_x: Default::default(),
            result_y: Default::default(),
            result_z: Default::default(),
            last: Constant::new((Self::PERIOD as u64 - 1).into()),
            zero7: Constant::new(0u64.into()),
            one7: Constant::new(1u64.into()),
            one2: Constant::new(1u64.into()),
            two2: Constant::new(2u64.into()),
            three2: Constant::new(3u64.into()),
            one3: Constant::new(1u64.into()),
            two3: Constant::new(2u64.into()),
            three3: Constant::new(3u64.into()),
            four3: Constant::new(4u64.into()),
            five3: Constant::new(5u64.into()),
            six3: Constant::new(6u64.into()),
        }
    }
}

impl<const L: usize, const W: usize, const LW: usize> Logic for PointAdderSerialRtl<L, W, LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, held_x1, held_y1, held_z1, held_x2, held_y2, held_z2);
        dff_setup!(self, clock, counter, step, write_data, operand_a, operand_b, result_x, result_y, result_z);
        clock!(self, clock, steps, scratch, sum, mul1, mul2, mul3);
        // Operands in; the program from its first step.
        self.counter.d.next = self.counter.q.val() + self.one7.val();
        if self.take.val() || (self.counter.q.val() == self.last.val()) {
            self.counter.d.next = self.zero7.val();
        }
        if self.take.val() {
            self.held_x1.d.next = self.x1.val();
            self.held_y1.d.next = self.y1.val();
            self.held_z1.d.next = self.z1.val();
            self.held_x2.d.next = self.x2.val();
            self.held_y2.d.next = self.y2.val();
            self.held_z2.d.next = self.z2.val();
        }
        self.steps.address.next = bit_cast::<24, 7>(self.counter.q.val());
        self.step.d.next = self.steps.data.val();

        // Registers.
        self.scratch.address_a.next = self.step.q.val().read_a;
        self.scratch.address_b.next = self.step.q.val().read_b;
        self.scratch.write_enable.next = self.step.q.val().write;
        self.scratch.write_address.next = self.step.q.val().write_address;
        self.scratch.write_data.next = self.write_data.q.val();
        self.write_data.d.next = self.sum.r.val();
        if self.step.q.val().input == self.one3.val() {
            self.write_data.d.next = self.held_x1.q.val();
        }
        if self.step.q.val().input == self.two3.val() {
            self.write_data.d.next = self.held_y1.q.val();
        }
        if self.step.q.val().input == self.three3.val() {
            self.write_data.d.next = self.held_z1.q.val();
        }
        if self.step.q.val().input == self.four3.val() {
            self.write_data.d.next = self.held_x2.q.val();
        }
        if self.step.q.val().input == self.five3.val() {
            self.write_data.d.next = self.held_y2.q.val();
        }
        if self.step.q.val().input == self.six3.val() {
            self.write_data.d.next = self.held_z2.q.val();
        }

        // Operands of everything.
        self.operand_a.d.next = self.scratch.data_a.val();
        self.operand_b.d.next = self.scratch.data_b.val();
        if self.step.q.val().product == self.one2.val() {
            self.operand_a.d.next = self.mul1.low.val();
            self.operand_b.d.next = self.mul1.high.val();
        }
        if self.step.q.val().product == self.two2.val() {
            self.operand_a.d.next = self.mul2.low.val();
            self.operand_b.d.next = self.mul2.high.val();
        }
        if self.step.q.val().product == self.three2.val() {
            self.operand_a.d.next = self.mul3.low.val();
            self.operand_b.d.next = self.mul3.high.val();
        }
        self.sum.a.next = self.operand_a.q.val();
        self.sum.b.next = self.operand_b.q.val();
        self.sum.subtract.next = self.step.q.val().subtract;
        self.mul1.a.next = self.operand_a.q.val();
        self.mul1.b.next = self.operand_b.q.val();
        self.mul1.load.next = self.step.q.val().load1;
        self.mul2.a.next = self.operand_a.q.val();
        self.mul2.b.next = self.operand_b.q.val();
        self.mul2.load.next = self.step.q.val().load2;
        self.mul3.a.next = self.operand_a.q.val();
        self.mul3.b.next = self.operand_b.q.val();
        self.mul3.load.next = self.step.q.val().load3;

        // Results.
        if self.step.q.val().output_x {
            self.result_x.d.next = self.sum.r.val();
        }
        if self.step.q.val().output_y {
            self.result_y.d.next = self.sum.r.val();
        }
        if self.step.q.val().output_z {
            self.result_z.d.next = self.sum.r.val();
        }
        self.x3.next = self.result_x.q.val();
        self.y3.next = self.result_y.q.val();
        self.z3.next = self.result_z.q.val();
    }
}

ports!([const L: usize, const W: usize, const LW: usize] PointAdderSerialRtl<L, W, LW> {
    in: take, x1, y1, z1, x2, y2, z2;
    out: x3, y3, z3
});

twin! {
    /// (x3 : y3 : z3) = (x1 : y1 : z1) + (x2 : y2 : z2) for any two points, Montgomery form, reduced:
    /// [`PointAdderSerialRtl`] or its twin.
    ///
    /// Operands are taken in a cycle with `take`, [`INTERVAL`](Self::INTERVAL) cycles or a multiple
    /// of it after the last; the result stands in the cycle [`LATENCY`](Self::LATENCY) later, in which
    /// it is to be read. A `take` that keeps no such distance makes the results under way
    /// undefined, not its own. (In other cycles the twin shows other values than the RTL.) Use the alias
    /// [`PointAdderSerial256`](super::PointAdderSerial256).
    pub struct PointAdderSerial[const L: usize, const W: usize, const LW: usize][L, W, LW] for PointAdderSerialRtl<L, W, LW> {
        in take: Bit, x1: U<W>, y1: U<W>, z1: U<W>, x2: U<W>, y2: U<W>, z2: U<W>;
        out x3: U<W>, y3: U<W>, z3: U<W>
    }
}

impl<const L: usize, const W: usize, const LW: usize> PointAdderSerial<L, W, LW> {
    /// Cycles from operands to result.
    pub const LATENCY: usize = PointAdderSerialRtl::<L, W, LW>::LATENCY;
    /// Cycles between additions.
    pub const INTERVAL: usize = PointAdderSerialRtl::<L, W, LW>::PERIOD;

    /// An adder on a curve over a field of W-bit words.
    ///
    /// # Panics
    /// As that of [`PointAdderSerialRtl`].
    pub fn new(curve: &CurveParams, fidelity: Fidelity) -> Self {
        let native = NativeAdderWord::new(curve);
        Self::twin_when(
            PointAdderSerialRtl::new(curve),
            Self::LATENCY,
            fidelity,
            |(take, ..)| *take,
            move |(_, x1, y1, z1, x2, y2, z2)| native.add(&[x1, y1, z1], &[x2, y2, z2]).into(),
        )
    }
}
