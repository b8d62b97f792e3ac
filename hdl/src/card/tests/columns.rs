//! Transforms of columns through the whole card.

use super::bench::{Bench, CARD_BYTES};
use super::engines::{limbs, ntt, ntt_descriptor, tiny};
use super::memory::Manner;
use super::moves::copy;
use super::{Card, CardConfig};
use crate::ntt::columns::COLUMNS;
use crate::ntt::model::{Factors, VectorField};
use crate::ntt::VectorParams;
use gristmill_abi::command::{
    Descriptor, Operand, FLAG_COLUMNS, FLAG_FACTORS_AFTER, FLAG_FACTORS_BEFORE, FLAG_INVERSE, FLAG_REVERSED_INPUT,
    FLAG_REVERSED_OUTPUT,
};
use gristmill_abi::completion::Status;
use gristmill_abi::layout::Field;
use gristmill_abi::{caps, registers as r};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const A: u64 = 0x2000;
const C: u64 = 0x8000;
const BLOCKS: u64 = 0x5_0000;

/// What a command of columns is to do: 16 `tiles` columns of 2^`log_rows` elements in rows of 2^`row` elements.
pub struct Case {
    pub log_rows: u32,
    pub row: u8,
    pub tiles: usize,
    pub flags: u8,
    pub a_on_card: bool,
    pub c_on_card: bool,
}

/// One command with its check, from A to C or in place, on a card with transforms of BN254's Fr.
fn run(b: &mut Bench, case: &Case, in_place: bool, rng: &mut StdRng) {
    run_over(Field::Bn254Fr, b, case, in_place, rng);
}

/// The elements of words that lie one behind the other.
fn elements(field: &VectorField, memory: &super::memory::Memory, address: u64, words: usize) -> Vec<BigUint> {
    let word = |i: usize| U::<256>::from_limbs(&memory.word(address + 32 * i as u64)).into();
    field.unpack(&(0..words).map(word).collect::<Vec<BigUint>>())
}

pub fn run_over(id: Field, b: &mut Bench, case: &Case, in_place: bool, rng: &mut StdRng) {
    let field = VectorField::new(VectorParams::of_field(id));
    let mut random = || BigUint::from_bytes_le(&(0..40).map(|_| rng.gen()).collect::<Vec<u8>>()) % &field.modulus;
    let (rows, length) = (1usize << case.log_rows, 1usize << case.row);
    let matrix: Vec<BigUint> = (0..rows * length).map(|_| random()).collect();
    let (inverse, scattered) = (case.flags & FLAG_INVERSE != 0, case.flags & FLAG_FACTORS_AFTER != 0);
    let mut sixteen = |flag: u8| -> Vec<Option<Vec<Factors>>> {
        let mut one = || (0..COLUMNS).map(|_| Factors { start: random(), ratio: random() }).collect();
        (0..case.tiles).map(|_| (case.flags & flag != 0).then(&mut one)).collect()
    };
    let (before, after) = (sixteen(FLAG_FACTORS_BEFORE), sixteen(FLAG_FACTORS_AFTER));
    let log_seeds = caps::Ntt::decode(b.read(r::CAP_NTT)).log_seeds.into();
    let blocks = (0..case.tiles).flat_map(|t| before[t].iter().chain(&after[t]));
    for (i, x) in blocks.flat_map(|f| field.column_block(f, log_seeds)).enumerate() {
        b.host.words.insert(BLOCKS + 32 * i as u64, limbs(&x));
    }
    let source = if case.a_on_card { &mut b.card } else { &mut b.host };
    let forms: Vec<BigUint> = matrix.iter().map(|x| field.to_montgomery(x)).collect();
    for (i, word) in field.pack(&forms).iter().enumerate() {
        source.words.insert(A + 32 * i as u64, limbs(word));
    }
    let at = |card: bool, address| if card { Operand::card(address) } else { Operand::host(address) };
    let c_address = if in_place { A } else { C };
    let any = case.flags & (FLAG_FACTORS_BEFORE | FLAG_FACTORS_AFTER) != 0;
    let descriptor = Descriptor {
        more: case.tiles as u8 - 1,
        rows: [case.row, if scattered { case.row } else { 0 }],
        unit: id as u8,
        ..ntt_descriptor(
            b.epoch,
            case.log_rows,
            case.flags | FLAG_COLUMNS,
            at(case.a_on_card, A),
            if any { Operand::host(BLOCKS) } else { Operand::NONE },
            at(case.c_on_card, c_address),
        )
    };
    let c = b.run(&descriptor);
    let butterflies = (case.tiles * COLUMNS * rows / 2) as u64 * u64::from(case.log_rows);
    assert_eq!((c.status, c.work), (0, butterflies), "2^{} rows, flags {}", case.log_rows, case.flags);
    let target = if case.c_on_card { &b.card } else { &b.host };
    let found = elements(&field, target, c_address, rows * length / id.elements_per_word());
    for t in 0..case.tiles {
        let input: Vec<BigUint> =
            (0..COLUMNS * rows).map(|i| matrix[i / COLUMNS * length + t * COLUMNS + i % COLUMNS].clone()).collect();
        let output = field.columns(&input, inverse, before[t].as_deref(), after[t].as_deref());
        for (i, x) in output.iter().enumerate() {
            let place = match scattered {
                true => i / COLUMNS * length + t * COLUMNS + i % COLUMNS,
                false => t * COLUMNS * rows + i,
            };
            assert_eq!(found[place], field.to_montgomery(x), "tile {t}, {i}, flags {}", case.flags);
        }
    }
}

#[test]
fn columns_in_rows_of_any_length() {
    let mut rng = StdRng::seed_from_u64(81);
    for (seed, manner, kinds) in [(81, Manner::prompt(), [0u8, 3, 5, 6]), (82, Manner::rough(), [1, 2, 4, 7])] {
        let mut b = tiny(manner, seed);
        b.open_queue(4);
        for flags in kinds {
            for (log_rows, row, tiles) in [(1, 4, 1), (2, 6, 4), (2, 6, 2), (1, 5, 2)] {
                let (a_on_card, c_on_card) = (flags & 1 == 0 || tiles > 2, flags < 6);
                let case = Case { log_rows, row, tiles, flags, a_on_card, c_on_card };
                run(&mut b, &case, false, &mut rng);
            }
            if flags & FLAG_FACTORS_AFTER != 0 {
                let case = Case { log_rows: 2, row: 6, tiles: 4, flags, a_on_card: true, c_on_card: true };
                run(&mut b, &case, true, &mut rng);
            }
            ntt(&mut b, 6, flags, true, &mut rng);
        }
        assert_ne!(b.read(r::CAPS) & caps::COLUMNS, 0);
        assert_eq!(b.read_pair(r::CNT_ERRORS_LO), 0);
        b.settle(1000);
    }
}

/// For both simulators: column by column, and in place.
pub fn scenario(b: &mut Bench, rng: &mut StdRng) {
    for (flags, in_place) in [(FLAG_INVERSE | FLAG_FACTORS_BEFORE, false), (FLAG_FACTORS_AFTER, true)] {
        let case = Case { log_rows: 2, row: 6, tiles: 3, flags, a_on_card: true, c_on_card: true };
        run(b, &case, in_place, rng);
    }
}

#[test]
fn wrong_columns_have_their_status() {
    let mut b = tiny(Manner::prompt(), 83);
    b.open_queue(4);
    let on_card = |address| Operand::card(address);
    let plain = ntt_descriptor(b.epoch, 2, FLAG_COLUMNS, on_card(0x1000), Operand::NONE, on_card(0x8000));
    let good = Descriptor { more: 3, rows: [6, 0], ..plain };
    let factors = FLAG_COLUMNS | FLAG_FACTORS_AFTER;
    let back = Descriptor { flags: factors, b: Operand::host(BLOCKS), rows: [6, 6], ..good };
    let config = CardConfig::tiny();
    let block = config.field_id().column_block_words(config.log_seeds()) as u64;
    let end = |words: u64| on_card(CARD_BYTES - 32 * words);
    let cases = [
        (Status::Ok, good),
        // 64 columns fill rows of 64.
        (Status::BadCount, Descriptor { more: 4, ..good }),
        (Status::BadCount, Descriptor { rows: [3, 0], ..good }),
        (Status::BadCount, Descriptor { rows: [5, 0], ..good }),
        (Status::BadCount, Descriptor { rows: [6, 5], ..back }),
        (Status::BadCount, Descriptor { count: 0, ..good }),
        (Status::BadCount, Descriptor { count: 3, ..good }),
        // Where the results lie goes with the factors after.
        (Status::BadFlags, Descriptor { rows: [6, 6], ..good }),
        (Status::BadFlags, Descriptor { rows: [6, 0], ..back }),
        (Status::BadFlags, Descriptor { flags: FLAG_COLUMNS | FLAG_REVERSED_INPUT, ..good }),
        (Status::BadFlags, Descriptor { flags: factors | FLAG_REVERSED_OUTPUT, ..back }),
        (Status::BadFlags, Descriptor { flags: 0, ..good }),
        (Status::BadFlags, Descriptor { flags: 0, rows: [0, 6], ..plain }),
        (Status::BadFlags, Descriptor { rows: [6, 0], ..copy(b.epoch, 1, on_card(0), Operand::host(0), 3) }),
        (Status::BadAlignment, Descriptor { a: on_card(0x1020), ..good }),
        (Status::BadAlignment, Descriptor { c: on_card(0x8100), ..back }),
        (Status::Ok, Descriptor { c: on_card(0x8120), ..good }),
        (Status::Ok, back),
        (Status::BadRange, Descriptor { a: end(256 - 16), ..good }),
        (Status::Ok, Descriptor { a: end(256), ..good }),
        (Status::BadRange, Descriptor { c: end(255), ..good }),
        (Status::Ok, Descriptor { c: end(256), ..good }),
        (Status::BadRange, Descriptor { c: end(256 - 16), ..back }),
        (Status::BadRange, Descriptor { b: end(4 * block - 1), ..back }),
        (Status::Ok, Descriptor { b: end(4 * block), ..back }),
    ];
    for (i, (status, descriptor)) in cases.into_iter().enumerate() {
        let c = b.run(&descriptor);
        assert_eq!(Status::from_code(c.status), Some(status), "case {i}");
    }
}

#[test]
fn cards_without_columns_refuse_them() {
    let goldilocks = CardConfig { ntt_field: Some("goldilocks".into()), elementwise: false, ..CardConfig::tiny() };
    for config in [CardConfig::tiny(), goldilocks].map(|config| CardConfig { ntt_log_max: 4, ..config }) {
        let mut b = Bench::new(Card::new(&config, Fidelity::Twin), Manner::prompt(), 84);
        b.idle(1);
        b.open_queue(4);
        assert_eq!(b.read(r::CAPS) & caps::COLUMNS, 0);
        let unit = config.field_id() as u8;
        let plain = ntt_descriptor(b.epoch, 2, 0, Operand::card(0), Operand::NONE, Operand::card(0x8000));
        let columns = Descriptor { unit, flags: FLAG_COLUMNS, rows: [6, 0], ..plain };
        assert_eq!(Status::from_code(b.run(&columns).status), Some(Status::BadFlags));
        assert_eq!(b.run(&Descriptor { unit, ..plain }).status, 0);
    }
}

/// Resets in the middle leave nothing behind.
#[test]
fn resets_in_the_middle() {
    let mut rng = StdRng::seed_from_u64(85);
    let mut b = tiny(Manner::prompt(), 85);
    for delay in [30u64, 200, 300, 500, 900, 1400] {
        b.open_queue(3);
        let plain = ntt_descriptor(
            b.epoch,
            2,
            FLAG_COLUMNS | FLAG_FACTORS_AFTER,
            Operand::card(0),
            Operand::host(BLOCKS),
            Operand::card(0),
        );
        b.put(&Descriptor { more: 3, rows: [6, 6], ..plain });
        b.ring();
        b.idle(delay);
        b.write(r::CONTROL, r::CONTROL_RESET);
        b.settle(10_000);
        assert_eq!((b.host.open(), b.card.open()), (0, 0), "bursts dangle");
        b.open_queue(3);
        ntt(&mut b, 5, 6, true, &mut rng);
        let case = Case { log_rows: 2, row: 6, tiles: 2, flags: 6, a_on_card: true, c_on_card: true };
        run(&mut b, &case, true, &mut rng);
    }
}
