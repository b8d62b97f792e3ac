//! Element-wise commands through the whole card.

use super::bench::Bench;
use super::engines::tiny;
use super::memory::Manner;
use super::moves::{copy, nop};
use super::{Card, CardConfig};
use crate::field::model::Model;
use crate::field::testing::{edge_values, random_values};
use crate::field::BN254_FR;
use gristmill_abi::command::{Descriptor, Opcode, Operand, Operation, FLAG_SCALAR};
use gristmill_abi::completion::Status;
use gristmill_abi::layout::Field;
use gristmill_abi::{caps, registers as r};
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use rand::Rng;

const A: u64 = 0x1000;
const B: u64 = 0x5000;
const C: u64 = 0x9000;

fn word(x: &BigUint) -> [u64; 4] {
    let mut limbs = x.to_u64_digits();
    limbs.resize(4, 0);
    [limbs[0], limbs[1], limbs[2], limbs[3]]
}

fn command(b: &Bench, op: Operation, flags: u8, count: u32, [x, y, z]: [Operand; 3]) -> Descriptor {
    let opcode = Opcode::Elementwise as u8;
    let (flags, unit) = (op as u8 | flags, Field::Bn254Fr as u8);
    Descriptor { opcode, flags, unit, count, a: x, b: y, c: z, ..nop(b.epoch, 7) }
}

fn put(b: &mut Bench, at: Operand, values: &[BigUint]) {
    let memory = if at == Operand::host(at.address) { &mut b.host } else { &mut b.card };
    for (i, x) in values.iter().enumerate() {
        memory.words.insert(at.address + 32 * i as u64, word(x));
    }
}

/// Every operation, in each combination of memories, of vectors and by one element, with the destination elsewhere and in place.
fn operations(b: &mut Bench) {
    b.open_queue(4);
    let model = Model::new(&BN254_FR);
    let edge = edge_values(&BN254_FR);
    let spaces: [fn(u64) -> Operand; 2] = [Operand::host, Operand::card];
    let mut seed = 100;
    for op in Operation::ALL {
        for case in 0..16usize {
            let (scalar, in_place) = (case & 1 != 0, case & 2 != 0);
            let [x, y] = [spaces[case >> 2 & 1](A), spaces[case >> 3](B)];
            let to_host = op != Operation::MulSub && case % 3 == 0;
            let z = match in_place {
                true if op == Operation::MulSub => Operand::card(A),
                true => x,
                false => spaces[usize::from(!to_host)](C),
            };
            let n = [1, 2, 17, 40, 129][b.rng.gen_range(0..5)];
            seed += 1;
            let mut vector = |n: usize| {
                seed += 1;
                let mut v = random_values(&BN254_FR, n, seed);
                v[0] = edge[seed as usize % edge.len()].clone();
                v
            };
            let (va, vb, mut vc) = (vector(n), vector(if scalar { 1 } else { n }), vector(n));
            put(b, z, &vc);
            put(b, x, &va);
            put(b, y, &vb);
            if z == x {
                vc = va.clone();
            }
            let flags = if scalar { FLAG_SCALAR } else { 0 };
            let c = b.run(&command(b, op, flags, n as u32, [x, y, z]));
            assert_eq!((c.status, c.work), (0, n as u64), "{op:?}, case {case}");
            for i in 0..n {
                let (a, second) = (&va[i], &vb[if scalar { 0 } else { i }]);
                let expected = match op {
                    Operation::Add => model.add(a, second),
                    Operation::Sub => model.sub(a, second),
                    Operation::Mul => model.mont_mul(a, second),
                    Operation::MulSub => model.sub(&model.mont_mul(a, second), &vc[i]),
                };
                let memory = if z == Operand::host(z.address) { &b.host } else { &b.card };
                let found = memory.word(z.address + 32 * i as u64);
                assert_eq!(found, word(&expected), "element {i} of {n}, {op:?}, case {case}");
            }
        }
    }
    assert_eq!(b.read_pair(r::CNT_ERRORS_LO), 0);
    b.settle(1000);
}

#[test]
fn operations_against_the_model() {
    for (seed, manner) in [(51, Manner::prompt()), (52, Manner::rough())] {
        operations(&mut tiny(manner, seed));
    }
}

#[test]
fn wrong_commands_have_their_status() {
    let mut b = tiny(Manner::prompt(), 53);
    b.open_queue(4);
    let [x, y, z] = [Operand::card(A), Operand::card(B), Operand::card(C)];
    let good = command(&b, Operation::MulSub, 0, 10, [x, y, z]);
    let cases = [
        (Status::BadUnit, Descriptor { unit: Field::Bls12_381Fr as u8, ..good }),
        (Status::BadFlags, Descriptor { flags: 8, ..good }),
        // It reads its destination, for which there is a way from card memory only.
        (Status::BadFlags, Descriptor { c: Operand::host(C), ..good }),
        (Status::BadCount, Descriptor { count: 0, ..good }),
        (Status::BadAlignment, Descriptor { b: Operand::card(B + 8), ..good }),
        (Status::BadRange, Descriptor { c: Operand::card(super::bench::CARD_BYTES - 32), ..good }),
        (Status::BadRange, Descriptor { b: Operand::card(super::bench::CARD_BYTES - 32), ..good }),
        // One word at the end is enough.
        (Status::Ok, Descriptor { b: Operand::card(super::bench::CARD_BYTES - 32), flags: FLAG_SCALAR | 3, ..good }),
        (Status::Ok, Descriptor { flags: Operation::Add as u8, c: Operand::host(C), ..good }),
        (Status::Ok, good),
    ];
    for (i, (status, descriptor)) in cases.into_iter().enumerate() {
        let c = b.run(&descriptor);
        assert_eq!(Status::from_code(c.status), Some(status), "case {i}");
    }
    assert_ne!(b.read(r::CAPS) & caps::ELEMENTWISE, 0);
}

#[test]
fn a_fault_at_any_operand_ends_the_command_and_the_next_one_runs() {
    let mut b = tiny(Manner::rough(), 54);
    b.open_queue(4);
    let [x, y, z] = [Operand::host(A), Operand::host(B), Operand::card(C)];
    let fused = command(&b, Operation::MulSub, 0, 200, [x, y, z]);
    for at in [0u64, 77, 199] {
        let range = |base: u64| base + 32 * at..base + 32 * at + 32;
        for (base, status) in [
            (A, Status::HostReadFault),
            (B, Status::HostReadFault),
            (C, Status::CardReadFault),
            (C, Status::CardWriteFault),
        ] {
            match status {
                Status::HostReadFault => b.host.read_faults.push(range(base)),
                Status::CardReadFault => b.card.read_faults.push(range(base)),
                _ => b.card.write_faults.push(range(base)),
            }
            let c = b.run(&fused);
            assert_eq!(Status::from_code(c.status), Some(status), "word {at} of {base:#x}");
            assert_eq!(c.work, 0);
            b.host.read_faults.clear();
            b.card.read_faults.clear();
            b.card.write_faults.clear();
            let c = b.run(&fused);
            assert_eq!(c.status, 0, "after {status:?} at word {at} of {base:#x}");
        }
    }
    b.settle(1000);
}

/// The card without the engine, and the card without any, do not know the opcode.
#[test]
fn a_card_without_the_engine_refuses() {
    let config = CardConfig { elementwise: false, ..CardConfig::tiny() };
    for card in [Card::new(&config, Fidelity::Twin), Card::without_engines(&CardConfig::tiny())] {
        let mut b = Bench::new(card, Manner::prompt(), 55);
        b.idle(1);
        b.open_queue(4);
        let [x, y, z] = [Operand::card(A), Operand::card(B), Operand::card(C)];
        let c = b.run(&command(&b, Operation::Add, 0, 10, [x, y, z]));
        assert_eq!(Status::from_code(c.status), Some(Status::BadOpcode));
        assert_eq!(b.read(r::CAPS) & caps::ELEMENTWISE, 0);
    }
}

/// Resets in the middle leave nothing behind.
#[test]
fn resets_in_the_middle() {
    let mut b = tiny(Manner::prompt(), 56);
    for delay in [3u64, 30, 60, 90, 150, 300, 450] {
        b.open_queue(3);
        let [x, y, z] = [Operand::card(A), Operand::host(B), Operand::card(C)];
        let fused = command(&b, Operation::MulSub, 0, 400, [x, y, z]);
        b.put(&fused);
        b.ring();
        b.idle(delay);
        b.write(r::CONTROL, r::CONTROL_RESET);
        b.settle(10_000);
        assert_eq!((b.host.open(), b.card.open()), (0, 0), "bursts dangle");
        b.open_queue(3);
        let values = random_values(&BN254_FR, 30, delay);
        put(&mut b, x, &values);
        put(&mut b, Operand::card(B), &values);
        let sum = command(&b, Operation::Add, 0, 30, [x, Operand::card(B), z]);
        assert_eq!(b.run(&sum).status, 0);
        let model = Model::new(&BN254_FR);
        for (i, v) in values.iter().enumerate() {
            assert_eq!(b.card.word(C + 32 * i as u64), word(&model.add(v, v)), "element {i} after {delay} cycles");
        }
        assert_eq!(b.run(&copy(b.epoch, 2, x, z, 3)).status, 0);
    }
}

/// Cycles of a fused operation on vectors in card memory: four words go over its one channel for each element.
#[test]
fn cycles() {
    let mut b = tiny(Manner::prompt(), 57);
    b.open_queue(4);
    let [x, y, z] = [Operand::card(A), Operand::card(B), Operand::card(C)];
    let mut took = |op, flags, n| b.run(&command(&b, op, flags, n, [x, y, z])).cycles;
    let figures = [
        took(Operation::MulSub, 0, 128),
        took(Operation::MulSub, 0, 256),
        took(Operation::Mul, 0, 256),
        took(Operation::Mul, FLAG_SCALAR, 256),
    ];
    println!("mul-sub of 128, of 256, mul of 256, by one element: {figures:?} cycles");
    // Two of them read in turn; reads and writes have channels of their own.
    assert!(figures[1] - figures[0] <= 3 * 128 + 16, "{figures:?}");
    assert!(figures[2] <= 2 * 256 + 120 && figures[3] <= 256 + 120, "{figures:?}");
}
