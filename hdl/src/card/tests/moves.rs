//! NOP, COPY and ZERO: what they do to memory, what they report, how fast they are.

use super::bench;
use super::bench::Bench;
use super::memory::Manner;
use gristmill_abi::command::{Descriptor, Opcode, Operand};
use gristmill_abi::completion::Status;
use gristmill_abi::registers as r;
use rand::Rng;

pub fn nop(epoch: u32, id: u16) -> Descriptor {
    Descriptor {
        opcode: Opcode::Nop as u8,
        flags: 0,
        id,
        unit: 0,
        count: 0,
        more: 0,
        rows: [0; 2],
        epoch,
        a: Operand::NONE,
        b: Operand::NONE,
        c: Operand::NONE,
    }
}

pub fn copy(epoch: u32, id: u16, a: Operand, c: Operand, count: u32) -> Descriptor {
    Descriptor { opcode: Opcode::Copy as u8, count, a, c, ..nop(epoch, id) }
}

pub fn zero(epoch: u32, id: u16, c: Operand, count: u32) -> Descriptor {
    Descriptor { opcode: Opcode::Zero as u8, count, c, ..nop(epoch, id) }
}

#[test]
fn nop_completes() {
    let mut b = bench(Manner::prompt(), 1);
    b.open_queue(4);
    let epoch = b.epoch;
    let c = b.run(&nop(epoch, 0x1234));
    assert_eq!((c.status, c.id, c.epoch, c.sq_head, c.work), (Status::Ok as u8, 0x1234, epoch, 1, 0));
    assert!(c.cycles > 0 && c.cycles < 60, "{}", c.cycles);
    assert_eq!(b.read_pair(r::CNT_COMMANDS_LO), 1);
    assert_eq!(b.read(r::IRQ_PENDING), 1);
    assert!(b.out.irq);
    b.write(r::IRQ_PENDING, 1);
    assert!(!b.out.irq);
}

pub fn copies(b: &mut Bench) {
    b.open_queue(4);
    let epoch = b.epoch;
    let spaces: [fn(u64) -> Operand; 2] = [Operand::host, Operand::card];
    for (n, from) in spaces.into_iter().enumerate() {
        for (m, to) in spaces.into_iter().enumerate() {
            for count in [1u64, 2, 15, 16, 17, 33, 129, 300] {
                let (at, into) = (32 * b.rng.gen_range(0u64..300), 0x4000 + 32 * b.rng.gen_range(0u64..300));
                let words: Vec<[u64; 4]> = (0..count).map(|_| b.rng.gen()).collect();
                for (i, w) in words.iter().enumerate() {
                    let source = if n == 0 { &mut b.host } else { &mut b.card };
                    source.words.insert(at + 32 * i as u64, *w);
                }
                let guard = |i: u64| into.wrapping_add(32 * i);
                let sink = if m == 0 { &mut b.host } else { &mut b.card };
                sink.words.remove(&guard(count));
                sink.words.remove(&guard(u64::MAX));
                let c = b.run(&copy(epoch, count as u16, from(at), to(into), count as u32));
                assert_eq!((c.status, c.work), (0, count));
                let sink = if m == 0 { &b.host } else { &b.card };
                for (i, w) in words.iter().enumerate() {
                    assert_eq!(sink.word(into + 32 * i as u64), *w, "word {i} of {count}");
                }
                if n != m {
                    assert_eq!(sink.word(guard(count)), [0; 4], "written beyond the end");
                    assert_eq!(sink.word(guard(u64::MAX)), [0; 4], "written before the start");
                }
            }
        }
    }
    assert_eq!(b.read_pair(r::CNT_ERRORS_LO), 0);
    assert_eq!(b.read_pair(r::CNT_HOST_READ_LO), 32 * b.host.beats_read);
    assert_eq!(b.read_pair(r::CNT_HOST_WRITE_LO), 32 * b.host.beats_written);
    assert_eq!(b.read_pair(r::CNT_CARD_READ_LO), 32 * b.card.beats_read);
    assert_eq!(b.read_pair(r::CNT_CARD_WRITE_LO), 32 * b.card.beats_written);
}

#[test]
fn copies_in_every_direction_and_alignment() {
    for (seed, manner) in [(2, Manner::prompt()), (3, Manner::rough())] {
        copies(&mut bench(manner, seed));
    }
}

/// A card without memory of its own refuses whatever names it, and moves in host memory.
pub fn no_card_memory(b: &mut Bench) {
    b.card_bytes = 0;
    b.open_queue(4);
    let epoch = b.epoch;
    assert_eq!(b.read_pair(r::CARD_MEM_LO), 0);
    let host = Operand::host(0x2000);
    for at in [0, 32, 1 << 20, u64::MAX - 31] {
        for refused in [
            copy(epoch, 1, Operand::card(at), host, 1),
            copy(epoch, 2, host, Operand::card(at), 1),
            copy(epoch, 3, Operand::card(at), Operand::card(at), 40),
            zero(epoch, 4, Operand::card(at), 1),
        ] {
            let c = b.run(&refused);
            assert_eq!((c.status, c.id, c.work), (Status::BadRange as u8, refused.id, 0), "{at:#x}");
        }
    }
    for i in 0..20 {
        b.host.words.insert(0x1000 + 32 * i, [i + 1; 4]);
    }
    let c = b.run(&copy(epoch, 5, Operand::host(0x1000), host, 20));
    assert_eq!((c.status, c.work), (0, 20));
    assert!((0..20).all(|i| b.host.word(0x2000 + 32 * i) == [i + 1; 4]));
    assert_eq!((b.card.beats_read, b.card.beats_written), (0, 0));
}

#[test]
fn a_card_without_memory_refuses_its_space() {
    no_card_memory(&mut bench(Manner::rough(), 8));
}

pub fn zeros(b: &mut Bench) {
    b.open_queue(3);
    let epoch = b.epoch;
    for i in 0..100 {
        b.card.words.insert(0x1000 + 32 * i, [i + 1; 4]);
    }
    let c = b.run(&zero(epoch, 7, Operand::card(0x1000 + 32 * 10), 50));
    assert_eq!((c.status, c.work), (0, 50));
    for i in 0..100 {
        let wanted = if (10..60).contains(&i) { [0; 4] } else { [i + 1; 4] };
        assert_eq!(b.card.word(0x1000 + 32 * i), wanted);
    }
}

#[test]
fn zero_writes_zeros_only_where_it_should() {
    zeros(&mut bench(Manner::rough(), 4));
}

pub fn long_copy(b: &mut Bench) {
    b.open_queue(3);
    let epoch = b.epoch;
    let c = b.run(&copy(epoch, 1, Operand::host(0), Operand::card(0), 1024));
    assert_eq!(c.status, 0);
    assert!(b.host.most_reads >= 4, "only {} bursts in flight", b.host.most_reads);
    assert!(c.cycles < 1024 + 300, "1024 words took {} cycles", c.cycles);
}

#[test]
fn copies_hide_the_latency_of_memory() {
    long_copy(&mut bench(Manner { latency: 60..61, pause: 0 }, 5));
}

/// The figures of `docs/card.md`.
#[test]
fn cycles_of_small_things() {
    let nop_after = |latency: u64| {
        let mut b = bench(Manner { latency: latency..latency + 1, pause: 0 }, 6);
        b.open_queue(3);
        let c = b.run(&nop(b.epoch, 1));
        c.cycles
    };
    assert_eq!((nop_after(1), nop_after(51)), (13, 63));
    let mut b = bench(Manner::prompt(), 7);
    b.settle(10_000);
    let from = b.now;
    b.write(r::SCRATCH, 1);
    let write = b.now - from;
    let from = b.now;
    b.read(r::SCRATCH);
    assert_eq!((write, b.now - from), (3, 4));
}
