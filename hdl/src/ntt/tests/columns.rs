//! Commands with columns against the model.

use super::bench::{Bench, Columns, Command, Flow};
use crate::field::Arithmetic;
use crate::ntt::model::VectorField;
use crate::ntt::pipelined::Shape;
use crate::ntt::{VectorNtt, VectorParams, BN254_FR_VECTORS, GOLDILOCKS_VECTORS};
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;

/// Either field with the seeds that its cards have.
const FIELDS: [(&VectorParams, u32); 2] = [(&BN254_FR_VECTORS, 5), (&GOLDILOCKS_VECTORS, 5)];

/// An engine of each field.
fn benches(log_max: u32) -> impl Iterator<Item = Bench> {
    FIELDS.into_iter().map(move |(vectors, log_seeds)| {
        let ntt = VectorNtt::new(vectors, log_max, log_seeds, Arithmetic::Pipelined, Fidelity::Twin);
        assert!(ntt.has_columns());
        Bench::new(ntt, VectorField::new(vectors))
    })
}

/// The eight kinds of command.
fn kinds(bench: &mut Bench, input: &[BigUint]) -> Vec<Columns> {
    (0..8u32)
        .map(|kind| {
            let mut sixteen = |bit: u32| (kind & bit != 0).then(|| (0..16).map(|_| bench.random_factors()).collect());
            let (before, after) = (sixteen(2), sixteen(4));
            Columns { inverse: kind & 1 != 0, before, after, input: input.to_vec() }
        })
        .collect()
}

/// Runs it; gives its cycles.
fn check(bench: &mut Bench, command: &Columns, flow: Flow) -> u64 {
    let outcome = bench.run_columns(command, flow).expect("it ends");
    let expected =
        bench.field.columns(&command.input, command.inverse, command.before.as_deref(), command.after.as_deref());
    let (n, what) = (command.input.len(), (command.inverse, command.before.is_some(), command.after.is_some()));
    for (k, (got, want)) in outcome.output.iter().zip(&expected).enumerate() {
        assert_eq!(got, want, "output {k} of 16 columns, {n} words, {what:?}");
    }
    assert_eq!(outcome.butterflies, n as u64 / 2 * u64::from(n.trailing_zeros() - 4));
    outcome.cycles
}

#[test]
fn every_size_and_kind_between_others() {
    benches(9).for_each(|mut bench| sizes_and_kinds(&mut bench));
}

fn sizes_and_kinds(bench: &mut Bench) {
    for log_rows in 1..=5 {
        let input = bench.random(16 << log_rows);
        for command in kinds(bench, &input) {
            let cycles = check(bench, &command, Flow::FREE);
            let shape =
                Shape { columns: true, ..Shape::of(log_rows + 4, command.before.is_some(), command.after.is_some()) };
            let stated = bench.ntt.command_cycles(&shape);
            assert_eq!(cycles, stated, "2^{log_rows} rows, {:?}", (command.before.is_some(), command.after.is_some()));
        }
        let input = bench.random(32);
        let (before, after) = (Some(bench.random_factors()), Some(bench.random_factors()));
        bench.check(&Command { inverse: true, before, after, input }, Flow::FREE);
    }
}

#[test]
fn back_pressure_on_every_stream() {
    benches(7).for_each(|mut bench| back_pressure(&mut bench));
}

fn back_pressure(bench: &mut Bench) {
    for (input, factors, output) in [(30, 100, 100), (100, 30, 100), (100, 100, 30), (50, 50, 50), (90, 10, 5)] {
        for log_rows in [1, 3] {
            let values = bench.random(16 << log_rows);
            for command in kinds(bench, &values) {
                check(bench, &command, Flow { input, factors, output });
            }
        }
    }
}

/// A vector of R*C elements in two passes of columns, as `docs/ntt.md` says, is its transform.
#[test]
fn two_passes_are_a_transform() {
    benches(9).for_each(|mut bench| two_passes(&mut bench));
}

fn two_passes(bench: &mut Bench) {
    use crate::ntt::model::Factors;
    let field = bench.field.clone();
    for (log_rows, log_columns, inverse) in [(4, 4, false), (5, 4, true), (4, 5, false)] {
        let (rows, columns) = (1usize << log_rows, 1usize << log_columns);
        let n = rows * columns;
        let x = bench.random(n);
        let root = match inverse {
            false => field.root(log_rows + log_columns),
            true => field.inverse(&field.root(log_rows + log_columns)),
        };
        let power = |e: usize| root.modpow(&e.into(), &field.modulus);
        // Columns of the matrix x[r][c], written one after the other.
        let mut first = Vec::new();
        for tile in (0..columns).step_by(16) {
            let input = (0..16 * rows).map(|i| x[i / 16 * columns + tile + i % 16].clone()).collect();
            let command = Columns { inverse, input, ..Default::default() };
            first.extend(bench.run_columns(&command, Flow::FREE).expect("it ends").output);
        }
        // Columns of that matrix, first[c][r], in place; element c of column r times root^(rc) first.
        let mut second = vec![BigUint::default(); n];
        for tile in (0..rows).step_by(16) {
            let at = |i: usize| i / 16 * rows + tile + i % 16;
            let input = (0..16 * columns).map(|i| first[at(i)].clone()).collect();
            let twiddles = (0..16).map(|k| Factors { start: 1u32.into(), ratio: power(tile + k) }).collect();
            let ones = vec![Factors { start: 1u32.into(), ratio: 1u32.into() }; 16];
            let command = Columns { inverse, input, before: Some(twiddles), after: Some(ones) };
            let output = bench.run_columns(&command, Flow::FREE).expect("it ends").output;
            output.into_iter().enumerate().for_each(|(i, y)| second[at(i)] = y);
        }
        assert!(second == field.command(&x, inverse, None, None), "2^{log_rows} rows of 2^{log_columns}, {inverse}");
    }
}
