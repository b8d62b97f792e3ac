//! Cards whose transforms are of Goldilocks: four elements a word, beside the MSM engine of any curve.

use super::bench::{Bench, CARD_BYTES};
use super::columns::{run_over, Case};
use super::engines::{load, ntt_descriptor, ntt_over, result, Job};
use super::memory::Manner;
use super::{Card, CardConfig};
use gristmill_abi::command::{self, Descriptor, Operand};
use gristmill_abi::completion::Status;
use gristmill_abi::layout::Field;
use gristmill_abi::{caps, registers as r};
use gristmill_hdl_kit::twin::Fidelity;
use rand::rngs::StdRng;
use rand::SeedableRng;

pub fn config() -> CardConfig {
    CardConfig { ntt_field: Some("goldilocks".into()), elementwise: false, ..CardConfig::tiny() }
}

fn bench(config: &CardConfig, seed: u64) -> Bench {
    let mut b = Bench::new(Card::new(config, Fidelity::Twin), Manner::rough(), seed);
    b.idle(1);
    b
}

/// Transforms of these sizes, of every kind.
pub fn transforms(b: &mut Bench, logs: &[u32], seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    b.open_queue(4);
    assert_eq!(b.read(r::CAP_FIELDS), 1 << Field::Goldilocks as u32);
    assert_eq!(caps::Ntt::decode(b.read(r::CAP_NTT)), caps::Ntt { log_max: 6, butterflies: 1, log_seeds: 5 });
    let mut butterflies = 0;
    for log in logs {
        for flags in 0..8 {
            let c = ntt_over(Field::Goldilocks, b, *log, flags, flags % 2 == 0, &mut rng);
            assert_eq!(c.work, u64::from(*log) << (log - 1));
            butterflies += c.work;
        }
    }
    assert_eq!(b.read_pair(r::CNT_BUTTERFLIES_LO), butterflies);
}

#[test]
fn transforms_against_the_model() {
    transforms(&mut bench(&config(), 61), &[2, 3, 5, 6], 61);
}

/// Columns, on a card with a queue: rows of 16 elements have four words.
pub fn columns(b: &mut Bench, kinds: &[u8], seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    assert_ne!(b.read(r::CAPS) & caps::COLUMNS, 0);
    for &flags in kinds {
        for (log_rows, row, tiles) in [(1, 4, 1), (2, 6, 4), (2, 6, 3), (1, 5, 2)] {
            let (a_on_card, c_on_card) = (flags & 1 == 0 || tiles > 2, flags < 6);
            let case = Case { log_rows, row, tiles, flags, a_on_card, c_on_card };
            let in_place = a_on_card == c_on_card && flags & command::FLAG_FACTORS_AFTER != 0;
            run_over(Field::Goldilocks, b, &case, in_place, &mut rng);
        }
        ntt_over(Field::Goldilocks, b, 5, flags, true, &mut rng);
    }
}

#[test]
fn columns_against_the_model() {
    let mut b = bench(&config(), 66);
    b.open_queue(4);
    columns(&mut b, &[0, 1, 2, 3, 4, 5, 6, 7], 66);
}

/// The other two kinds of MSM engine beside it.
#[test]
fn transforms_on_other_cards() {
    transforms(&mut bench(&CardConfig { curve: "bls12-381".into(), ..config() }, 62), &[3, 6], 62);
    transforms(&mut bench(&CardConfig { adders: 2, ..config() }, 63), &[3, 6], 63);
}

/// A sum and a transform in turn, and resets in the middle of transforms.
#[test]
fn sums_and_resets() {
    let mut b = bench(&config(), 64);
    let mut rng = StdRng::seed_from_u64(64);
    b.open_queue(4);
    for delay in [50, 150, 300, 450] {
        let job = Job::new(20, &mut rng);
        let msm = load(&mut b, &job, false, true, 1);
        assert_eq!(b.run(&msm).status, 0);
        assert_eq!(result(&b, &config()), job.expected());
        ntt_over(Field::Goldilocks, &mut b, 6, 7, true, &mut rng);
        let blocks = command::FLAG_FACTORS_BEFORE | command::FLAG_FACTORS_AFTER;
        let operands = [Operand::card(0x2000), Operand::host(0x5_0000), Operand::card(0x4000)];
        let again = ntt_descriptor(b.epoch, 6, blocks, operands[0], operands[1], operands[2]);
        b.put(&Descriptor { unit: Field::Goldilocks as u8, ..again });
        b.ring();
        b.idle(delay);
        b.write(r::CONTROL, r::CONTROL_RESET);
        b.settle(100_000);
        b.open_queue(4);
        ntt_over(Field::Goldilocks, &mut b, 5, 6, true, &mut rng);
    }
}

#[test]
fn commands_are_checked() {
    let mut b = bench(&config(), 65);
    b.open_queue(4);
    let vector = Operand::host(0x2000);
    let ntt = ntt_descriptor(b.epoch, 6, 0, vector, Operand::NONE, Operand::host(0x4000));
    let ntt = Descriptor { unit: Field::Goldilocks as u8, ..ntt };
    // Card memory ends behind so many words.
    let before_end = |words: u64| Operand::card(CARD_BYTES - 32 * words);
    let (before, both) = (command::FLAG_FACTORS_BEFORE, command::FLAG_FACTORS_BEFORE | command::FLAG_FACTORS_AFTER);
    // Two vectors of 16 columns of four elements, in a matrix whose rows have 32; with factors after they go back to one.
    let columns = Descriptor { count: 2, flags: command::FLAG_COLUMNS, more: 1, rows: [5, 0], ..ntt };
    let flags = command::FLAG_COLUMNS | command::FLAG_FACTORS_AFTER;
    let back = Descriptor { flags, b: Operand::host(0x5_0000), rows: [5, 5], ..columns };
    use Status::*;
    let cases = [
        (BadUnit, Descriptor { unit: Field::Bn254Fr as u8, ..ntt }),
        (BadCount, Descriptor { count: 0, ..ntt }),
        (BadCount, Descriptor { count: 1, ..ntt }),
        (Ok, Descriptor { count: 2, a: before_end(1), ..ntt }),
        (BadCount, Descriptor { count: 7, ..ntt }),
        (Ok, Descriptor { a: before_end(16), ..ntt }),
        (BadRange, Descriptor { a: before_end(15), ..ntt }),
        (Ok, Descriptor { c: before_end(16), ..ntt }),
        (BadRange, Descriptor { c: before_end(15), ..ntt }),
        (Ok, Descriptor { flags: before, b: before_end(9), ..ntt }),
        (BadRange, Descriptor { flags: before, b: before_end(8), ..ntt }),
        (Ok, Descriptor { flags: both, b: before_end(18), ..ntt }),
        (BadRange, Descriptor { flags: both, b: before_end(17), ..ntt }),
        (Ok, Descriptor { a: before_end(32), ..columns }),
        (BadRange, Descriptor { a: before_end(28), ..columns }),
        (BadAlignment, Descriptor { a: Operand::host(0x2040), ..columns }),
        (Ok, Descriptor { a: Operand::host(0x2080), ..columns }),
        (Ok, Descriptor { b: before_end(2 * 12), ..back }),
        (BadRange, Descriptor { b: before_end(2 * 12 - 1), ..back }),
        (BadAlignment, Descriptor { c: Operand::card(0x4020), ..back }),
        (Ok, Descriptor { c: before_end(32), ..back }),
        (BadRange, Descriptor { c: before_end(28), ..back }),
        (BadCount, Descriptor { count: 3, ..columns }),
        (BadCount, Descriptor { more: 2, ..columns }),
    ];
    for (status, descriptor) in cases {
        let c = b.run(&descriptor);
        assert_eq!(Status::from_code(c.status), Some(status), "{descriptor:?}");
    }
}
