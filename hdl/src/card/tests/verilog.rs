//! The card's generated Verilog under Verilator: the same scenarios, the same outputs in every cycle.

use super::adders;
use super::bench::{Bench, Pins};
use super::curves;
use super::engines::{load, ntt, result, Job};
use super::goldilocks;
use super::memory::Manner;
use super::{batches, columns, faults, moves, queue, queues, registers, Card, CardConfig};
use crate::card::pins::{Inputs, Outputs, Value, OUTPUTS};
use crate::curve::PointAdder256;
use crate::msm::tests::on_curve::{Bls12_377, Bls12_381};
use gristmill_abi::registers as r;
use gristmill_hdl_kit::cosim;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::verilator::{Model, Options};
use rand::rngs::StdRng;
use rand::SeedableRng;

struct Verilated(Model);

impl Pins for Verilated {
    fn step(&mut self, inputs: &Inputs) -> Outputs {
        for (i, value) in inputs.values().iter().enumerate() {
            self.0.poke(i, value);
        }
        self.0.cycle();
        let values: [Value; OUTPUTS.len()] = std::array::from_fn(|i| {
            let v = self.0.peek(i);
            [v[0], v[1], v[2], v[3]]
        });
        Outputs::from_values(&values)
    }
}

/// Runs a scenario natively and Verilated; every output of every cycle must agree.
fn on_both(
    name: &str,
    make: impl Fn() -> Card,
    options: &Options,
    manner: Manner,
    seed: u64,
    run: &dyn Fn(&mut Bench),
) {
    if cosim::skipped() {
        eprintln!("WARNING: {} is set: the card's Verilog was NOT checked", cosim::SKIP);
        return;
    }
    let traced = |pins: Box<dyn Pins>| {
        let mut bench = Bench::boxed(pins, manner.clone(), seed);
        bench.trace = Some(vec![]);
        bench.idle(1);
        run(&mut bench);
        bench.trace.take().unwrap_or_default()
    };
    let native = traced(Box::new(make()));
    let model = Model::build(&make(), options).unwrap_or_else(|e| panic!("{e}"));
    let verilog = traced(Box::new(Verilated(model)));
    if let Some(cycle) = native.iter().zip(&verilog).position(|(n, v)| n != v) {
        panic!("{name}: native simulation and Verilog part at the outputs of cycle {cycle}");
    }
    assert_eq!(native.len(), verilog.len(), "{name}");
    println!("{name}: {} cycles agree", native.len());
}

#[test]
fn queue_and_movers() {
    let make = || Card::without_engines(&CardConfig::tiny());
    let slow = Manner { latency: 40..41, pause: 0 };
    type Scenario = (&'static str, Manner, fn(&mut Bench));
    let several = || Card::without_engines(&CardConfig { queues: 4, ..CardConfig::tiny() });
    let scenarios: [Scenario; 6] = [
        ("turns", slow.clone(), queues::turns),
        ("interleaving", Manner::rough(), queues::interleaving),
        ("one ring full", Manner::prompt(), queues::one_full),
        ("one ring faulty", Manner::prompt(), queues::one_faulty),
        ("one stopped", Manner::rough(), queues::one_stopped),
        ("reset of all", Manner::rough(), queues::reset_of_all),
    ];
    for (seed, (name, manner, run)) in scenarios.into_iter().enumerate() {
        on_both(name, several, &Options::default(), manner, 130 + seed as u64, &run);
    }

    let scenarios: [Scenario; 14] = [
        ("copies", Manner::rough(), moves::copies),
        ("zeros", Manner::rough(), moves::zeros),
        ("long copy", Manner { latency: 60..61, pause: 0 }, moves::long_copy),
        ("wrap", Manner::rough(), queue::wrap),
        ("full ring", Manner::prompt(), queue::full_ring),
        ("wrong descriptors", Manner::rough(), queue::wrong_descriptors),
        ("reserved bits", Manner::prompt(), queue::reserved_bits),
        ("one doorbell", slow, queue::one_doorbell),
        ("disabling", Manner::prompt(), queue::disabling),
        ("ring faults", Manner::prompt(), queue::ring_faults),
        ("bus faults", Manner::rough(), faults::bus_faults),
        ("resets by register", Manner::rough(), |b| faults::reset_during_copies(b, false)),
        ("resets by pin", Manner::rough(), |b| faults::reset_during_copies(b, true)),
        ("no card memory", Manner::rough(), moves::no_card_memory),
    ];
    for (seed, (name, manner, run)) in scenarios.into_iter().enumerate() {
        on_both(name, make, &Options::default(), manner, 100 + seed as u64, &run);
    }
}

#[test]
fn register_map() {
    let make = || Card::without_engines(&CardConfig::tiny());
    on_both("probe", make, &Options::default(), Manner::prompt(), 120, &registers::probe);
    let most = || Card::without_engines(&CardConfig { queues: r::MAX_QUEUES, ..CardConfig::tiny() });
    on_both("probe of four queues", most, &Options::default(), Manner::prompt(), 120, &registers::probe);
    on_both("identity", make, &Options::default(), Manner::prompt(), 121, &registers::identity);
    on_both("cycles", make, &Options::default(), Manner::prompt(), 122, &registers::cycles);
}

/// Options that compile each of the adder's multipliers once.
fn with_engines() -> Options {
    Options {
        hierarchical: PointAdder256::VERILATE_APART.iter().map(|s| s.to_string()).collect(),
        ..Options::default()
    }
}

/// Two adders, all their multipliers in detail.
#[test]
#[ignore = "compiles for minutes: run with `cargo test --release -p gristmill-hdl --lib card::tests::verilog -- --ignored`"]
fn two_adders() {
    let config = adders::config(2);
    let make = || Card::new(&adders::config(2), Fidelity::Twin);
    on_both("two adders", make, &with_engines(), Manner::rough(), 124, &|b| adders::scenario(b, &config));
}

/// A card of a curve over words of 384 bits, all its multipliers in detail.
#[test]
#[ignore = "compiles for minutes: run with `cargo test --release -p gristmill-hdl --lib card::tests::verilog -- --ignored`"]
fn bls12_377() {
    let config = curves::config::<Bls12_377>(1, 1);
    let make = || Card::new(&curves::config::<Bls12_377>(1, 1), Fidelity::Twin);
    on_both("BLS12-377", make, &with_engines(), Manner::rough(), 125, &|b| curves::scenario::<Bls12_377>(b, &config));
}

/// The same with two adders, and two multiples of each base.
#[test]
#[ignore = "compiles for minutes: run with `cargo test --release -p gristmill-hdl --lib card::tests::verilog -- --ignored`"]
fn bls12_381_with_two_adders() {
    let config = curves::config::<Bls12_381>(2, 2);
    let make = || Card::new(&curves::config::<Bls12_381>(2, 2), Fidelity::Twin);
    on_both("BLS12-381", make, &with_engines(), Manner::rough(), 127, &|b| curves::scenario::<Bls12_381>(b, &config));
}

/// A card with transforms of Goldilocks, all its multipliers in detail.
#[test]
#[ignore = "compiles for minutes: run with `cargo test --release -p gristmill-hdl --lib card::tests::verilog -- --ignored`"]
fn transforms_of_goldilocks() {
    let make = || Card::new(&goldilocks::config(), Fidelity::Twin);
    on_both("Goldilocks", make, &with_engines(), Manner::rough(), 126, &|b| {
        goldilocks::transforms(b, &[2, 4, 6], 126);
        goldilocks::columns(b, &[3, 4], 126);
    });
}

/// The whole card with every multiplier in detail: MSM and NTT give the right answers and take the
/// same cycles as natively with twins.
#[test]
fn engines() {
    let config = CardConfig::tiny();
    let make = || Card::new(&CardConfig::tiny(), Fidelity::Twin);
    on_both("engines", make, &with_engines(), Manner::rough(), 123, &|b| {
        let mut rng = StdRng::seed_from_u64(123);
        b.open_queue(4);
        for (count, montgomery) in [(1, true), (25, false)] {
            let job = Job::new(count, &mut rng);
            let msm = load(b, &job, montgomery, true, 1);
            let c = b.run(&msm);
            assert_eq!(c.status, 0);
            assert_eq!(result(b, &config), job.expected(), "{count} points");
        }
        for (log, flags) in [(1, 0), (4, 7), (6, 1)] {
            ntt(b, log, flags, true, &mut rng);
        }
        batches::scenario(b, &mut rng);
        columns::scenario(b, &mut rng);
        b.settle(1000);
        b.read_pair(r::CNT_ADDS_LO);
        b.read_pair(r::CNT_BUTTERFLIES_LO);
    });
}
