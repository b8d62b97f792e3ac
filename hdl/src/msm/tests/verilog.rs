//! The generated Verilog of the parts and of the whole engine under Verilator, against the
//! native simulation on the same inputs.

use gristmill_abi::layout::Curve;
use gristmill_hdl_kit::cosim::{check, check_with, random_vectors, Options, Outcome};
use gristmill_hdl_kit::ports::{Ports, Value};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::verilator;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rust_hdl::prelude::Block;

use super::bench::Command;
use super::on_curve::{base_words, scalar_word};
use crate::curve::{PointAdder256, BN254};
use crate::field::testing::{edge_values, random_values};
use crate::field::{Arithmetic, FieldParams, BN254_FQ, BN254_FR};
use crate::msm::{
    BankedTracker, Msm256, MsmConfig, Pace, PacedTracker, Parking, Ram2, Recoder, Redc, RedcSerial, Summation,
};

fn input<B: Ports>(name: &str) -> usize {
    B::inputs().iter().position(|p| p.name == name).unwrap_or_else(|| panic!("an input {name}"))
}

fn output<B: Ports>(name: &str) -> usize {
    B::outputs().iter().position(|p| p.name == name).unwrap_or_else(|| panic!("an output {name}"))
}

fn bit(on: bool) -> Value {
    *U::<1>::from(on).limbs()
}

fn number(x: u64) -> Value {
    *U::<64>::from(x).limbs()
}

fn agreed(outcome: Outcome, at_least: usize) {
    match outcome {
        Outcome::Agreed { cycles } => assert!(cycles >= at_least, "{cycles} cycles compared"),
        Outcome::Skipped => {}
    }
}

#[test]
fn pace() {
    for mut block in [Pace::pipelined(), Pace::serial(68, 131), Pace::serial(4, 0)] {
        block.connect_all();
        let vectors: Vec<Vec<Value>> = (0..1000).map(|time| vec![bit(time % 97 > 2)]).collect();
        agreed(check(&mut block, &vectors, &Options::default()).unwrap_or_else(|e| panic!("{e}")), 1000);
    }
}

#[test]
fn ram2() {
    let mut ram = Ram2::<U<9>>::new(13);
    ram.connect_all();
    let vectors: Vec<Vec<Value>> = random_vectors::<Ram2<U<9>>>(600, 1)
        .into_iter()
        .map(|mut v| {
            // Most accesses within the depth.
            for port in ["address_a", "address_b", "write_address"] {
                v[input::<Ram2<U<9>>>(port)][0] &= 15;
            }
            v
        })
        .collect();
    agreed(check(&mut ram, &vectors, &Options::default()).unwrap_or_else(|e| panic!("{e}")), 600);
}

#[test]
fn banked_tracker() {
    const SLOTS: usize = 12;
    let mut tracker = BankedTracker::new(SLOTS);
    tracker.connect_all();
    type T = BankedTracker;
    let mut rng = StdRng::seed_from_u64(6);
    let outcome = check_with(&mut tracker, 6000, &Options::default(), |n, _, inputs| {
        let wiping = n % 1500 < 20;
        let asking = !wiping && n % 500 <= 450;
        for next in ["a_next", "b_next", "p_next"] {
            inputs[input::<T>(next)] = number(rng.gen_range(0..SLOTS as u64));
        }
        inputs[input::<T>("a_valid")] = bit(!wiping && rng.gen());
        inputs[input::<T>("b_valid")] = bit(asking && rng.gen());
        inputs[input::<T>("p_valid")] = bit(asking && rng.gen());
        inputs[input::<T>("summing")] = bit(!wiping && !asking);
        inputs[input::<T>("urgent")] = bit(n % 90 > 70);
        inputs[input::<T>("room")] = bit(rng.gen());
        inputs[input::<T>("wiping")] = bit(wiping);
    });
    agreed(outcome.unwrap_or_else(|e| panic!("{e}")), 6000);
}

#[test]
fn parking() {
    let mut parking = Parking::<256>::new(5);
    parking.connect_all();
    let outcome = check(&mut parking, &random_vectors::<Parking<256>>(600, 3), &Options::default());
    agreed(outcome.unwrap_or_else(|e| panic!("{e}")), 600);
}

#[test]
fn paced_tracker() {
    const SLOTS: usize = 12;
    let mut tracker = PacedTracker::new(SLOTS);
    tracker.connect_all();
    type T = PacedTracker;
    let mut rng = StdRng::seed_from_u64(2);
    let outcome = check_with(&mut tracker, 6000, &Options::default(), |n, _, inputs| {
        let slot = |rng: &mut StdRng| number(rng.gen_range(0..SLOTS as u64));
        let wiping = n % 1500 < 20;
        inputs[input::<T>("a_next")] = slot(&mut rng);
        inputs[input::<T>("b_next")] = slot(&mut rng);
        inputs[input::<T>("a_valid")] = bit(!wiping && rng.gen());
        inputs[input::<T>("summing")] = bit(!wiping && n % 500 > 450);
        inputs[input::<T>("b_valid")] = bit(!wiping && n % 500 <= 450 && rng.gen());
        inputs[input::<T>("slot")] = bit(n % 500 > 450 || n % 3000 < 1500 || n % 5 == 0);
        inputs[input::<T>("decide")] = bit(n % 4 == 3);
        inputs[input::<T>("urgent")] = bit(n % 90 > 70);
        inputs[input::<T>("wiping")] = bit(wiping);
    });
    agreed(outcome.unwrap_or_else(|e| panic!("{e}")), 6000);
}

#[test]
fn summation() {
    let mut summation = Summation::new(5, 4, 13, 3);
    summation.connect_all();
    let outcome = check_with(&mut summation, 800, &Options::default(), |n, _, inputs| {
        inputs[input::<Summation>("start")] = bit(n % 80 == 5 && n != 485);
        inputs[input::<Summation>("step")] = bit(n < 400 || n % 3 == 0);
        inputs[input::<Summation>("reset")] = bit(n == 190);
    });
    agreed(outcome.unwrap_or_else(|e| panic!("{e}")), 800);
}

#[test]
fn redc() {
    let mut redc = Redc::new(&BN254_FR);
    redc.connect_all();
    let mut values = edge_values(&BN254_FR);
    values.extend(random_values(&BN254_FR, 20, 3));
    let mut rng = StdRng::seed_from_u64(3);
    let outcome = check_with(&mut redc, 1200, &Options::default(), |n, _, inputs| {
        inputs[input::<Redc>("in_data")] = *U::<256>::from(&values[n / 7 % values.len()]).limbs();
        inputs[input::<Redc>("in_valid")] = bit(rng.gen_range(0..4) != 0);
        inputs[input::<Redc>("reset")] = bit(n == 700);
    });
    agreed(outcome.unwrap_or_else(|e| panic!("{e}")), 1200);
}

#[test]
fn serial_redc() {
    let mut redc = RedcSerial::new(&BN254_FR);
    redc.connect_all();
    let mut values = edge_values(&BN254_FR);
    values.extend(random_values(&BN254_FR, 20, 3));
    let mut rng = StdRng::seed_from_u64(4);
    let outcome = check_with(&mut redc, 9000, &Options::default(), |n, _, inputs| {
        inputs[input::<RedcSerial>("in_data")] = *U::<256>::from(&values[n / 7 % values.len()]).limbs();
        inputs[input::<RedcSerial>("in_valid")] = bit(rng.gen_range(0..4) == 0);
        inputs[input::<RedcSerial>("reset")] = bit(n == 700);
    });
    agreed(outcome.unwrap_or_else(|e| panic!("{e}")), 9000);
}

#[test]
fn recoder() {
    recoder_agrees(Recoder::<256>::new, 1, 4000);
}

#[test]
fn paced_recoder() {
    recoder_agrees(Recoder::<256>::paced, 4, 14_000);
}

fn recoder_agrees(new: fn(&MsmConfig, &FieldParams, &FieldParams) -> Recoder<256>, beat: usize, cycles: usize) {
    type R = Recoder<256>;
    let config =
        MsmConfig { curve: Curve::Bn254, window_bits: 7, segments: 1, stall_depth: 8, adders: 1, multiples: 1 };
    let mut recoder = new(&config, &BN254_FR, &BN254_FQ);
    recoder.connect_all();
    let order = BN254_FR.prime();
    let mut scalars = random_values(&BN254_FR, 40, 6);
    scalars.extend(edge_values(&BN254_FR));
    scalars.extend([order.clone(), (BigUint::from(1u32) << 256) - 1u32]);
    let mut bases = random_values(&BN254_FQ, 60, 7);
    bases[8..12].fill(BigUint::default());
    let mut rng = StdRng::seed_from_u64(8);
    let outcome = check_with(&mut recoder, cycles, &Options::default(), |n, _, inputs| {
        let word = |x: &BigUint| *U::<256>::from(x).limbs();
        inputs[input::<R>("reset")] = bit(n == 1900);
        inputs[input::<R>("start")] = bit(n == 2 || n == 2000);
        inputs[input::<R>("count")] = number(30);
        inputs[input::<R>("montgomery")] = bit(n >= 2000);
        inputs[input::<R>("base_data")] = word(&bases[n / 3 % bases.len()]);
        inputs[input::<R>("base_valid")] = bit(rng.gen_range(0..3) != 0);
        inputs[input::<R>("scalar_data")] = word(&scalars[n / 5 % scalars.len()]);
        inputs[input::<R>("scalar_valid")] = bit(rng.gen());
        inputs[input::<R>("op_ready")] = bit(rng.gen_range(0..8) != 0);
        inputs[input::<R>("beat")] = bit(n % beat == 0);
    });
    agreed(outcome.unwrap_or_else(|e| panic!("{e}")), cycles);
}

/// The whole engine with all its multipliers in detail: two commands at the smallest size.
#[test]
fn engine() {
    compare_engine(4, Arithmetic::Pipelined, PointAdder256::VERILATE_APART.map(String::from).to_vec(), 7500);
}

#[test]
fn serial_engine() {
    compare_engine(3, Arithmetic::Serial, vec![], 270_000);
}

fn compare_engine(window_bits: usize, arithmetic: Arithmetic, hierarchical: Vec<String>, cycles: usize) {
    type M = Msm256;
    let config = MsmConfig { curve: Curve::Bn254, window_bits, segments: 1, stall_depth: 8, adders: 1, multiples: 1 };
    let mut msm = Box::new(Msm256::with_arithmetic(&config, &BN254, &BN254_FR, arithmetic, Fidelity::Twin));
    msm.connect_all();
    let mut command = Command::random(12, 21);
    command.logs[5] = None;
    command.scalars[7] = BN254_FR.prime();
    command.scalars[8] = 1u32.into();
    command.logs[9] = command.logs[10].clone();
    command.scalars[9] = command.scalars[10].clone();
    let bases = base_words(&command.logs);
    let (mut base, mut scalar, mut words, mut commands) = (0, 0, 0, 0);
    let mut rng = StdRng::seed_from_u64(22);
    let mut offered = [false; 3];
    let options = Options {
        // The twin's pipeline starts with zeros, the RTL's with what it makes of zeros.
        warm_up: 200,
        verilator: verilator::Options { hierarchical, ..Default::default() },
    };
    let outcome = check_with(&mut *msm, cycles, &options, |n, outputs, inputs| {
        let on = |name| outputs[output::<M>(name)][0] == 1;
        // Handshakes of the last cycle: ready signals come from registers.
        base += (offered[0] && base < bases.len()) as usize;
        scalar += (offered[1] && scalar < 12) as usize;
        words += offered[2] as usize;
        let idle = n > 600 && on("ready") && !on("done");
        let start = idle && commands < 2;
        if start {
            (base, scalar) = (0, 0);
            commands += 1;
        }
        let base_valid = base < bases.len() && rng.gen_range(0..4) != 0;
        let scalar_valid = scalar < 12 && rng.gen_range(0..4) != 0;
        let out_ready = rng.gen_range(0..4) != 0;
        offered = [base_valid && on("base_ready"), scalar_valid && on("scalar_ready"), out_ready && on("out_valid")];
        inputs[input::<M>("start")] = bit(start);
        inputs[input::<M>("count")] = number(12);
        inputs[input::<M>("montgomery")] = bit(commands == 2);
        inputs[input::<M>("base_valid")] = bit(base_valid);
        inputs[input::<M>("base_data")] = *bases[base.min(bases.len() - 1)].limbs();
        inputs[input::<M>("scalar_valid")] = bit(scalar_valid);
        inputs[input::<M>("scalar_data")] =
            *U::<256>::from(scalar_word(&command.scalars[scalar.min(11)], commands == 2)).limbs();
        inputs[input::<M>("out_ready")] = bit(out_ready);
    });
    let outcome = outcome.unwrap_or_else(|e| panic!("{e}"));
    agreed(outcome, cycles - 500);
    if outcome != Outcome::Skipped {
        assert_eq!((commands, words), (2, 2 * config.result_words()), "both commands ran to their end");
    }
}
