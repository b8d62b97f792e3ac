//! The primitives' Verilog against their native simulation, and co-simulation's own behaviour.

use gristmill_hdl_kit::cosim::{self, check, check_with, random_vectors, CosimError, Options, Outcome};
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::mem::{Ram, RamStyle, Rom};
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::ports::{value, Ports};
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_u, bit_cast_ub, U};
use rand::{rngs::StdRng, Rng, SeedableRng};
use rust_hdl::prelude::*;

fn agrees<B: Ports>(mut block: B, cycles: usize) {
    block.connect_all();
    let vectors = random_vectors::<B>(cycles, 11);
    match check(&mut block, &vectors, &Options::default()).unwrap() {
        Outcome::Agreed { cycles: n } => assert_eq!(n, cycles),
        Outcome::Skipped => assert!(cosim::skipped()),
    }
}

#[test]
fn delays() {
    agrees(Delay::<U<70>>::new(0), 50);
    agrees(Delay::<U<70>>::new(1), 50);
    agrees(Delay::<U<5>>::new(2), 50);
    agrees(Delay::<U<70>>::new(9), 200);
}

/// Small addresses, so that reads meet writes.
fn memory(mut ram: Ram<U<33>>) {
    ram.connect_all();
    let mut rng = StdRng::seed_from_u64(5);
    let done = check_with(&mut ram, 600, &Options::default(), |_, _, inputs| {
        inputs[0] = value(U::<24>::from(rng.gen_range(0..16)));
        inputs[1] = value(U::<24>::from(rng.gen_range(0..16)));
        inputs[2] = value(U::<33>::from(rng.gen::<u64>()));
        inputs[3] = value(rng.gen_bool(0.5));
    });
    let _ = done.unwrap();
}

#[test]
fn rams_also_beyond_their_depth() {
    memory(Ram::new(16));
    memory(Ram::with_style(11, RamStyle::Block));
    memory(Ram::new(1));
    memory(Ram::new(2));
    memory(Ram::with_style(16, RamStyle::Ultra));
    memory(Ram::new(16).apart());
    memory(Ram::new(11).apart());
}

/// One memory in Verilog, and two: addresses at both ends of each, and beyond.
#[test]
fn deep_rams_in_one_piece_and_in_two() {
    for (depth, apart) in [(600, false), (600, true), (1100, false), (1100, true)] {
        let mut ram = Ram::<U<33>>::new(depth);
        if apart {
            ram = ram.apart();
        }
        ram.connect_all();
        let mut rng = StdRng::seed_from_u64(6);
        let (low, whole) = (depth.next_power_of_two() as u64 / 2, depth.next_power_of_two() as u64);
        let end = depth as u64;
        let places = [0, 1, low - 2, low - 1, low, low + 1, end - 2, end - 1, end, end + 100, whole - 1];
        let mut addresses = || places[rng.gen_range(0..places.len())];
        let at: Vec<(u64, u64)> = (0..900).map(|_| (addresses(), addresses())).collect();
        let done = check_with(&mut ram, at.len(), &Options::default(), |i, _, inputs| {
            inputs[0] = value(U::<24>::from(at[i].0));
            inputs[1] = value(U::<24>::from(at[i].1));
            inputs[2] = value(U::<33>::from(i as u64 * 0x1234_5671 + 1));
            inputs[3] = value(i % 3 != 0);
        });
        let _ = done.unwrap();
    }
}

#[test]
fn roms() {
    for n in [1u64, 6, 8] {
        let mut rom = Rom::<U<90>>::new((0..n).map(|i| U::<90>::from(i + 3) << 70).collect());
        rom.connect_all();
        let vectors: Vec<_> = (0..40).map(|i| vec![value(U::<24>::from(i * 7 % 11))]).collect();
        let _ = check(&mut rom, &vectors, &Options::default()).unwrap();
    }
}

#[test]
fn fifos() {
    for depth in [1, 2, 5, 8] {
        agrees(Fifo::<U<70>>::new(depth), 600);
        agrees(Fifo::<U<70>>::paced(depth), 600);
    }
}

/// Every operator and cast that the source check allows, at odd widths.
#[derive(LogicBlock)]
struct Operators {
    pub a: Signal<In, U<70>>,
    pub b: Signal<In, U<70>>,
    pub s: Signal<In, Bits<7>>,
    pub sum: Signal<Out, U<71>>,
    pub difference: Signal<Out, U<70>>,
    pub product: Signal<Out, U<140>>,
    pub mixed: Signal<Out, U<70>>,
    pub left: Signal<Out, U<70>>,
    pub right: Signal<Out, U<70>>,
    pub low: Signal<Out, U<9>>,
    pub one: Signal<Out, Bit>,
    pub less: Signal<Out, Bit>,
    pub equal: Signal<Out, Bit>,
    pub ge: Signal<Out, Bit>,
    pub folds: Signal<Out, Bits<3>>,
    pub narrow: Signal<Out, Bits<20>>,
    pub wide: Signal<Out, U<80>>,
    pub plus_one: Signal<Out, U<70>>,
    k: Constant<U<70>>,
}

impl Default for Operators {
    fn default() -> Self {
        Self {
            a: Default::default(),
            b: Default::default(),
            s: Default::default(),
            sum: Default::default(),
            difference: Default::default(),
            product: Default::default(),
            mixed: Default::default(),
            left: Default::default(),
            right: Default::default(),
            low: Default::default(),
            one: Default::default(),
            less: Default::default(),
            equal: Default::default(),
            ge: Default::default(),
            folds: Default::default(),
            narrow: Default::default(),
            wide: Default::default(),
            plus_one: Default::default(),
            k: Constant::new(U::<70>::from(0xdead_beef_0123) << 20),
        }
    }
}

impl Logic for Operators {
    #[hdl_gen]
    fn update(&mut self) {
        self.sum.next = bit_cast_u::<71, 70>(self.a.val()) + bit_cast_u::<71, 70>(self.b.val());
        self.difference.next = self.a.val() - self.b.val();
        self.product.next = bit_cast_u::<140, 70>(self.a.val()) * bit_cast_u::<140, 70>(self.b.val());
        self.mixed.next = ((self.a.val() & self.b.val()) | (!self.a.val())) ^ self.k.val();
        self.left.next = self.a.val() << self.s.val();
        self.right.next = self.a.val() >> self.s.val();
        self.low.next = self.a.val().get_bits::<9>(60);
        self.one.next = self.b.val().get_bit(69);
        self.less.next = self.a.val() < self.b.val();
        self.equal.next = self.a.val() == self.b.val();
        self.ge.next = self.a.val() >= self.k.val();
        self.folds.next = 0.into();
        if self.a.val().any() {
            self.folds.next = 1.into();
        }
        if self.b.val().all() {
            self.folds.next = 2.into();
        }
        if self.a.val().xor() && self.b.val().xor() {
            self.folds.next = 3.into();
        }
        self.narrow.next = bit_cast_ub::<20, 70>(self.a.val());
        self.wide.next = bit_cast_bu::<80, 7>(self.s.val());
        self.plus_one.next = self.a.val() + 1;
    }
}
ports!(Operators { clock: none; in: a, b, s; out: sum, difference, product, mixed, left, right, low, one, less, equal, ge, folds, narrow, wide, plus_one });

#[test]
fn operators() {
    agrees(Operators::default(), 400);
}

/// A cast of a sum: RustHDL wraps it, its Verilog does not.
#[derive(LogicBlock, Default)]
struct CastOfSum {
    pub a: Signal<In, U<8>>,
    pub b: Signal<In, U<8>>,
    pub r: Signal<Out, U<9>>,
}
impl Logic for CastOfSum {
    #[hdl_gen]
    fn update(&mut self) {
        self.r.next = bit_cast_u::<9, 8>(self.a.val() + self.b.val());
    }
}
ports!(CastOfSum { clock: none; in: a, b; out: r });

#[test]
fn a_difference_is_found_and_told() {
    if cosim::skipped() {
        return;
    }
    let mut block = CastOfSum::default();
    block.connect_all();
    let vectors = vec![
        vec![value(U::<8>::from(1)), value(U::<8>::from(2))],
        vec![value(U::<8>::from(0xff)), value(U::<8>::from(3))],
    ];
    match check(&mut block, &vectors, &Options::default()) {
        Err(e @ CosimError::Differs { .. }) => assert_eq!(
            e.to_string(),
            "cycle 1, before the edge: output r is 2 in native simulation and 102 in Verilog; inputs: a=ff b=3"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_short_vector_is_an_error() {
    if cosim::skipped() {
        return;
    }
    let mut block = CastOfSum::default();
    block.connect_all();
    let e = check(&mut block, &[vec![value(true)]], &Options::default()).unwrap_err();
    assert_eq!(e.to_string(), "vector 0 has 1 values, but the block has 2 inputs");
}
