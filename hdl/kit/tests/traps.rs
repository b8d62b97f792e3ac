//! Why the source check rejects what it rejects: each construct, in simulation and in Verilog.
//!
//! `Traps` has one construct for each output; every one must differ on some input, or the rule has
//! lost its reason. `Safe` has the ways out, which must never differ. The modules after them emit
//! Verilog that no tool takes. The check must find all of it in this very file, and nothing in `Safe`.

use gristmill_hdl_kit::cosim::{self, check, random_vectors, skipped, Outcome};
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::sim::{cycle, settle};
use gristmill_hdl_kit::source_check::{check_text, Rule};
use gristmill_hdl_kit::verilator::{Model, Options, VerilatorError};
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;
use std::path::Path;

#[derive(LogicBlock, Default)]
struct Traps {
    pub a: Signal<In, U<8>>,
    pub b: Signal<In, U<8>>,
    pub c: Signal<In, U<8>>,
    pub w: Signal<In, Bits<16>>,
    pub d: Signal<In, Bits<8>>,
    pub sum_cast: Signal<Out, Bits<9>>,
    pub difference_cast: Signal<Out, Bits<16>>,
    pub halved: Signal<Out, Bits<4>>,
    pub complement_cast: Signal<Out, Bits<16>>,
    pub sum_to_bits: Signal<Out, U<16>>,
    pub precedence: Signal<Out, Bit>,
    pub literal_compared: Signal<Out, Bit>,
    pub literal_reduced: Signal<Out, Bit>,
    pub literal_shifted: Signal<Out, U<8>>,
    pub literal_amount: Signal<Out, U<8>>,
    pub narrow_complement: Signal<Out, Bit>,
    pub narrow_sum: Signal<Out, Bit>,
    pub narrow_all: Signal<Out, Bit>,
    pub to_bits_compared: Signal<Out, Bit>,
    pub to_bits_reduced: Signal<Out, Bit>,
}

impl Logic for Traps {
    #[hdl_gen]
    fn update(&mut self) {
        self.sum_cast.next = bit_cast::<9, 8>(self.d.val() + self.d.val());
        self.difference_cast.next = bit_cast::<16, 8>(self.d.val() - bit_cast::<8, 16>(self.w.val()));
        self.halved.next = bit_cast::<4, 8>((self.d.val() + bit_cast::<8, 16>(self.w.val())) >> 5);
        self.complement_cast.next = bit_cast::<16, 8>(!self.d.val());
        self.sum_to_bits.next = (self.a.val() + self.b.val()).to_bits::<16>();
        self.precedence.next = self.a.val() & self.b.val() == self.c.val();
        self.literal_compared.next = self.a.val() + 1 > self.b.val();
        self.literal_reduced.next = (self.d.val() + 1).any();
        self.literal_shifted.next = (self.a.val() + 1) >> 1;
        self.literal_amount.next = self.a.val() << (self.d.val() + 1);
        self.narrow_complement.next = !(bit_cast::<8, 16>(self.w.val())) == self.d.val();
        self.narrow_sum.next = bit_cast::<8, 16>(self.w.val()) + self.d.val() > self.d.val();
        self.narrow_all.next = bit_cast::<8, 16>(self.w.val()).all();
        self.to_bits_compared.next =
            self.a.val().to_bits::<9>() + self.b.val().to_bits::<9>() > self.c.val().to_bits::<9>();
        self.to_bits_reduced.next = (self.a.val().to_bits::<9>() + self.b.val().to_bits::<9>()).any();
    }
}
ports!(Traps { clock: none; in: a, b, c, w, d; out: sum_cast, difference_cast, halved, complement_cast, sum_to_bits, precedence, literal_compared, literal_reduced, literal_shifted, literal_amount, narrow_complement, narrow_sum, narrow_all, to_bits_compared, to_bits_reduced });

/// Which rule each output of `Traps` stands for.
const RULES: [Rule; 15] = [
    Rule::CastOfExpression,
    Rule::CastOfExpression,
    Rule::CastOfExpression,
    Rule::CastOfExpression,
    Rule::CastOfExpression,
    Rule::Precedence,
    Rule::LiteralWidens,
    Rule::LiteralWidens,
    Rule::LiteralWidens,
    Rule::LiteralWidens,
    Rule::NarrowingCast,
    Rule::NarrowingCast,
    Rule::NarrowingCast,
    Rule::ToBits,
    Rule::ToBits,
];

#[test]
fn every_trap_differs() {
    if skipped() {
        return;
    }
    let mut native = Traps::default();
    native.connect_all();
    let mut model = Model::build(&native, &Options::default()).unwrap();
    let mut differs = [0u32; RULES.len()];
    for v in random_vectors::<Traps>(4000, 3) {
        for (i, x) in v.iter().enumerate() {
            native.poke(i, x);
            model.poke(i, x);
        }
        settle(&mut native, 20).unwrap();
        model.eval();
        for (i, d) in differs.iter_mut().enumerate() {
            *d += (native.peek(i) != model.peek(i)) as u32;
        }
    }
    for (i, port) in Traps::outputs().iter().enumerate() {
        println!("{:?}: {} differs on {} of 4000 inputs", RULES[i], port.name, differs[i]);
        assert!(differs[i] > 0, "{} never differed: rule {:?} has no reason", port.name, RULES[i]);
    }
}

#[derive(LogicBlock)]
struct Safe {
    pub a: Signal<In, U<8>>,
    pub b: Signal<In, U<8>>,
    pub c: Signal<In, U<8>>,
    pub w: Signal<In, Bits<16>>,
    pub d: Signal<In, Bits<8>>,
    pub sum_cast: Signal<Out, Bits<9>>,
    pub difference_cast: Signal<Out, Bits<16>>,
    pub precedence: Signal<Out, Bit>,
    pub compared: Signal<Out, Bit>,
    pub reduced: Signal<Out, Bit>,
    pub shifted: Signal<Out, U<8>>,
    pub amount: Signal<Out, U<8>>,
    pub narrow_complement: Signal<Out, Bit>,
    pub narrow_all: Signal<Out, Bit>,
    low: Signal<Local, Bits<8>>,
    difference: Signal<Local, Bits<8>>,
    one: Constant<U<8>>,
    one_d: Constant<Bits<8>>,
}

impl Default for Safe {
    fn default() -> Self {
        Self {
            a: Default::default(),
            b: Default::default(),
            c: Default::default(),
            w: Default::default(),
            d: Default::default(),
            sum_cast: Default::default(),
            difference_cast: Default::default(),
            precedence: Default::default(),
            compared: Default::default(),
            reduced: Default::default(),
            shifted: Default::default(),
            amount: Default::default(),
            narrow_complement: Default::default(),
            narrow_all: Default::default(),
            low: Default::default(),
            difference: Default::default(),
            one: Constant::new(1.into()),
            one_d: Constant::new(1.into()),
        }
    }
}

impl Logic for Safe {
    #[hdl_gen]
    fn update(&mut self) {
        self.low.next = bit_cast::<8, 16>(self.w.val());
        self.difference.next = self.d.val() - self.low.val();
        self.sum_cast.next = bit_cast::<9, 8>(self.d.val()) + bit_cast::<9, 8>(self.d.val());
        self.difference_cast.next = bit_cast::<16, 8>(self.difference.val());
        self.precedence.next = (self.a.val() & self.b.val()) == self.c.val();
        self.compared.next = (self.a.val() + self.one.val()) > self.b.val();
        self.reduced.next = (self.d.val() + self.one_d.val()).any();
        self.shifted.next = (self.a.val() + self.one.val()) >> 1;
        self.amount.next = self.a.val() << (self.d.val() + self.one_d.val());
        self.narrow_complement.next = (!self.low.val()) == self.d.val();
        self.narrow_all.next = self.low.val().all();
    }
}
ports!(Safe { clock: none; in: a, b, c, w, d; out: sum_cast, difference_cast, precedence, compared, reduced, shifted, amount, narrow_complement, narrow_all });

#[test]
fn the_ways_out_do_not_differ() {
    let mut safe = Safe::default();
    safe.connect_all();
    let vectors = random_vectors::<Safe>(4000, 3);
    let outcome = check(&mut safe, &vectors, &cosim::Options::default()).unwrap();
    assert!(skipped() || outcome == Outcome::Agreed { cycles: 4000 });
}

/// Blocks whose Verilog is not valid.
macro_rules! invalid {
    ($name:ident, $a:ident, [$($field:ident: $t:ty = $v:expr),*], $($kernel:tt)*) => {
        #[derive(LogicBlock)]
        struct $name {
            pub $a: Signal<In, U<8>>,
            pub r: Signal<Out, U<8>>,
            $($field: $t,)*
        }
        impl Default for $name {
            fn default() -> Self {
                Self { $a: Default::default(), r: Default::default(), $($field: $v,)* }
            }
        }
        impl Logic for $name {
            $($kernel)*
        }
        ports!($name { clock: none; in: $a; out: r });
        refused::<$name>();
    };
}

fn refused<B: Ports + Default>() {
    let mut b = B::default();
    b.connect_all();
    match Model::build(&b, &Options::default()) {
        Err(VerilatorError::Failed { dir, .. }) => std::fs::remove_dir_all(dir).unwrap(),
        Err(e) => panic!("{e}"),
        Ok(_) => panic!("{} is valid Verilog: its rule has no reason", std::any::type_name::<B>()),
    }
}

#[allow(non_snake_case)]
#[test]
fn what_emits_bad_verilog() {
    if skipped() {
        return;
    }
    const K: usize = 2;
    const STEP: U<8> = U::<8>::ZERO;
    invalid!(
        Slice,
        a,
        [],
        #[hdl_gen]
        fn update(&mut self) {
            self.r.next = (self.a.val() + self.a.val()).get_bits::<8>(0);
        }
    );
    invalid!(
        RustConst,
        a,
        [],
        #[hdl_gen]
        fn update(&mut self) {
            self.r.next = self.a.val() + STEP;
        }
    );
    invalid!(
        RustConstAmount,
        a,
        [],
        #[hdl_gen]
        fn update(&mut self) {
            self.r.next = self.a.val() << K;
        }
    );
    invalid!(RustField, a, [_step: U<8> = 3.into()], #[hdl_gen] fn update(&mut self) { self.r.next = self.a.val() + self._step; });
    invalid!(
        Keyword,
        and,
        [],
        #[hdl_gen]
        fn update(&mut self) {
            self.r.next = self.and.val();
        }
    );
    invalid!(KeywordLocal, a, [end: Constant<U<8>> = Constant::new(1.into())], #[hdl_gen] fn update(&mut self) { self.r.next = self.a.val() + self.end.val(); });
}

/// Reads elements before it writes them.
#[derive(LogicBlock)]
struct Stale {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<8>>,
    pub r: Signal<Out, U<8>>,
    v: Vec<Signal<Local, U<8>>>,
}

impl Logic for Stale {
    #[hdl_gen]
    fn update(&mut self) {
        self.r.next = self.v[0].val();
        for i in 0..2 {
            self.v[i].next = self.a.val() + self.v[i].val();
        }
    }
}
ports!(Stale { in: a; out: r });

#[test]
fn read_before_write_is_a_loop_that_rust_hdl_does_not_report() {
    let mut s = Stale {
        clock: Default::default(),
        a: Default::default(),
        r: Default::default(),
        v: vec![Default::default(), Default::default()],
    };
    s.connect_all();
    assert!(check_all(&s).is_ok());
    s.a.next = 1.into();
    assert!(cycle(&mut s).is_err());
}

#[test]
fn the_check_finds_all_of_this_file() {
    let report = check_text(Path::new("traps.rs"), include_str!("traps.rs")).unwrap();
    assert_eq!(report.kernels, 3);
    let lines: Vec<&str> = include_str!("traps.rs").lines().collect();
    let mut found: Vec<(String, Rule)> = report
        .findings
        .iter()
        .map(|f| {
            // The assignment's first line names the output.
            let line = lines[..f.line].iter().rev().find(|l| l.contains(".next")).unwrap();
            (line.trim().trim_start_matches("self.").split(".next").next().unwrap().to_string(), f.rule)
        })
        .collect();
    found.dedup();
    let mut expected: Vec<(String, Rule)> = Traps::outputs().into_iter().map(|p| p.name).zip(RULES).collect();
    expected.push(("r".into(), Rule::ReadBeforeWrite));
    expected.push(("v[i]".into(), Rule::ReadBeforeWrite));
    assert_eq!(found, expected, "\n{report}");
}
