//! What only the pipelined engine does: several vectors in a command, other orders, butterflies side by side.

use super::bench::{Bench, Columns, Command, Flow, Several};
use crate::field::Arithmetic;
use crate::ntt::model::VectorField;
use crate::ntt::pipelined::Shape;
use crate::ntt::{VectorNtt, BN254_FR_VECTORS, GOLDILOCKS_VECTORS};
use gristmill_hdl_kit::twin::Fidelity;

const LOG_SEEDS: u32 = 6;

fn bench(log_max: u32, log_wings: u32) -> Bench {
    let ntt =
        VectorNtt::with_wings(&BN254_FR_VECTORS, log_max, LOG_SEEDS, Arithmetic::Pipelined, log_wings, Fidelity::Twin);
    Bench::new(ntt, VectorField::bn254_fr())
}

/// `vectors` commands of one size and kind: bit 0 inverse, bit 1 factors before, bit 2 factors after.
fn commands(bench: &mut Bench, log_n: u32, kind: u32, vectors: usize) -> Vec<Command> {
    (0..vectors)
        .map(|_| Command {
            inverse: kind & 1 != 0,
            before: (kind & 2 != 0).then(|| bench.random_factors()),
            after: (kind & 4 != 0).then(|| bench.random_factors()),
            input: bench.random(1 << log_n),
        })
        .collect()
}

const ORDERS: [Several; 4] = [
    Several { reversed_in: false, reversed_out: false },
    Several { reversed_in: true, reversed_out: false },
    Several { reversed_in: false, reversed_out: true },
    Several { reversed_in: true, reversed_out: true },
];

#[test]
fn every_size_kind_and_order_of_several_vectors() {
    for log_wings in 0..=3 {
        let mut bench = bench(8, log_wings);
        for log_n in 1..=8 {
            for kind in 0..8 {
                let how = ORDERS[(kind + log_n) as usize % 4];
                let vectors = 1 + (log_n as usize + kind as usize) % 4;
                let commands = commands(&mut bench, log_n, kind, vectors);
                let outcome = bench.check_several(&commands, how, Flow::FREE);
                let shape = Shape {
                    reversed: how.reversed_out,
                    vectors: vectors as u64,
                    ..Shape::of(log_n, kind & 2 != 0, kind & 4 != 0)
                };
                let stated = bench.ntt.command_cycles(&shape);
                assert_eq!(outcome.cycles, stated, "{} butterflies, {shape:?}", 1 << log_wings);
            }
        }
    }
}

#[test]
fn all_orders_of_both_directions() {
    let mut bench = bench(6, 0);
    for how in ORDERS {
        for kind in 0..2 {
            for log_n in 1..=6 {
                let commands = commands(&mut bench, log_n, kind, 2);
                bench.check_several(&commands, how, Flow::FREE);
            }
        }
    }
}

#[test]
fn back_pressure_on_several_vectors() {
    for log_wings in [0, 2] {
        let mut bench = bench(6, log_wings);
        for (input, factors, output) in [(30, 100, 100), (100, 30, 100), (100, 100, 30), (50, 50, 50), (90, 10, 5)] {
            for kind in [0, 3, 7] {
                let commands = commands(&mut bench, 5, kind, 4);
                bench.check_several(&commands, ORDERS[kind as usize % 4], Flow { input, factors, output });
            }
        }
    }
}

/// Sixteen columns, several times, by any number of butterflies.
#[test]
fn columns_of_several_vectors() {
    for log_wings in 0..=3 {
        let mut bench = bench(8, log_wings);
        for log_rows in 1..=4 {
            for kind in 0..8u32 {
                several_columns(&mut bench, log_rows, kind, 3);
            }
        }
    }
}

/// Long ones are stored before the pipeline is empty: the shortest of these, and longer.
#[test]
fn long_columns() {
    let of_goldilocks = |log_wings| {
        let ntt =
            VectorNtt::with_wings(&GOLDILOCKS_VECTORS, 11, LOG_SEEDS, Arithmetic::Pipelined, log_wings, Fidelity::Twin);
        Bench::new(ntt, VectorField::new(&GOLDILOCKS_VECTORS))
    };
    for mut bench in (0..=3).map(|log_wings| bench(11, log_wings)).chain([0, 2].map(of_goldilocks)) {
        for log_rows in 5..=7 {
            for kind in if log_rows == 6 { &[0, 3, 4, 7][..] } else { &[4] } {
                several_columns(&mut bench, log_rows, *kind, 2);
            }
        }
    }
}

/// So many commands of 2^log_rows rows in one: inverse, with factors before, after by the bits of `kind`.
fn several_columns(bench: &mut Bench, log_rows: u32, kind: u32, vectors: u64) {
    let commands: Vec<Columns> = (0..vectors)
        .map(|_| {
            let mut sixteen = |bit: u32| (kind & bit != 0).then(|| (0..16).map(|_| bench.random_factors()).collect());
            let (before, after) = (sixteen(2), sixteen(4));
            Columns { inverse: kind & 1 != 0, before, after, input: bench.random(16 << log_rows) }
        })
        .collect();
    let outcome = bench.run_several_columns(&commands, Flow::FREE);
    let model = |c: &Columns| bench.field.columns(&c.input, c.inverse, c.before.as_deref(), c.after.as_deref());
    let expected: Vec<_> = commands.iter().flat_map(model).collect();
    let shape = Shape { columns: true, vectors, ..Shape::of(log_rows + 4, kind & 2 != 0, kind & 4 != 0) };
    assert!(outcome.output == expected, "{shape:?}, kind {kind}");
    assert_eq!(outcome.cycles, bench.ntt.command_cycles(&shape), "{shape:?}");
}

/// The figures of `docs/ntt.md`: butterflies side by side, cycles of one vector and of eight in a command, and those from the first
/// cycle with a butterfly to the last.
#[test]
fn figures_of_the_documentation() {
    // With more butterflies loads and stores take longer than the stages.
    let figures =
        [(32_831, 24_576, 204_870), (20_543, 12_288, 106_566), (14_399, 6_144, 69_735), (11_327, 3_072, 65_585)];
    for (log_wings, (one, span, eight)) in (0..).zip(figures) {
        let mut bench = bench(12, log_wings);
        let [alone, together] = [1, 8].map(|vectors| {
            let commands = commands(&mut bench, 12, 0, vectors);
            bench.check_several(&commands, Several::default(), Flow::FREE)
        });
        let got = (alone.cycles, alone.butterfly_span, together.cycles);
        assert_eq!(got, (one, span, eight), "{} butterflies", 1 << log_wings);
        assert!(log_wings > 0 || together.butterfly_span == 196_615, "{} cycles", together.butterfly_span);
    }
}
