//! The register map at every address, held against `abi::registers`.

use super::bench::{Bench, CARD_BYTES};
use super::memory::Manner;
use super::{bench, Card, CardConfig};
use crate::card::build::Engines;
use gristmill_abi::identity::SourceHash;
use gristmill_abi::registers::{self as r, Access};
use gristmill_abi::{caps, ABI_VERSION, CARD_ID};
use gristmill_hdl_kit::verilog;

/// Writes all ones, zeros and patterns everywhere and checks which bits stay.
pub fn probe(b: &mut Bench) {
    b.settle(100_000);
    // A doorbell for a queue that is disabled has no effect but on its register.
    let queues = caps::queues(b.read(r::CAPS));
    let every = (0..0x300).chain((0x300..0x1000).step_by(64)).chain((0x1000..=0xffff).step_by(1021));
    for offset in every {
        let offset = offset as u16;
        let register = r::on_card(offset, queues);
        if offset == r::CONTROL {
            continue;
        }
        let before = b.read(offset);
        for pattern in [0xffff_ffff, 0, 0xa5a5_5a5a, 0x1234_5678] {
            b.write(offset, pattern);
            let value = b.read(offset);
            match &register {
                None => assert_eq!(value, 0, "{offset:#x} is no register"),
                Some(register) => match register.access {
                    Access::Rw => assert_eq!(value, pattern & register.mask, "{}", register.name),
                    Access::Wo | Access::W1c => assert_eq!(value, 0, "{}", register.name),
                    Access::Ro => {
                        assert_eq!(value & !register.mask, 0, "{}", register.name);
                        let counts = [r::CYCLES_LO].contains(&offset);
                        assert!(counts || value == before, "{}: {before:#x} became {value:#x}", register.name);
                    }
                },
            }
        }
        if register.as_ref().is_some_and(|r| r.access == Access::Rw) {
            b.write(offset, 0x5a5a_a5a5);
            let kept = b.read(offset);
            for strobes in [0, 1, 2, 4, 7, 8, 14] {
                b.write_strobes(offset, 0, strobes);
                assert_eq!(b.read(offset), kept, "{offset:#x} with strobes {strobes:#b}");
            }
            b.write(offset, 0);
        }
    }
    // CONTROL: bit 0 stays, bit 1 resets and clears itself.
    b.write(r::CONTROL, 0xffff_fffd);
    assert_eq!(b.read(r::CONTROL), r::CONTROL_RUN);
    let epoch = b.read(r::EPOCH);
    b.write(r::CONTROL, r::CONTROL_RESET | r::CONTROL_RUN);
    b.settle(100_000);
    assert_eq!((b.read(r::CONTROL), b.read(r::EPOCH)), (0, epoch + 1));
    assert_eq!(b.read(r::AP_CTRL), r::AP_IDLE);
}

#[test]
fn every_address_is_what_the_contract_says() {
    probe(&mut bench(Manner::prompt(), 31));
    for queues in [1, r::MAX_QUEUES] {
        let card = Card::without_engines(&CardConfig { queues, ..CardConfig::tiny() });
        let mut b = Bench::new(card, Manner::prompt(), 31);
        b.idle(1);
        probe(&mut b);
        assert_eq!(caps::queues(b.read(r::CAPS)), queues);
    }
}

pub fn identity(b: &mut Bench) {
    b.settle(1000);
    let config = CardConfig::tiny();
    assert_eq!(b.read(r::ID), CARD_ID);
    assert_eq!(b.read(r::VERSION), ABI_VERSION);
    assert_eq!(b.read(r::CONFIG_ID), config.config_id());
    SourceHash::NONE.registers().for_each(|(offset, _)| assert_eq!(b.read(offset), 0));
    assert_eq!(b.read(r::CAPS), caps::COPY | 2 << caps::QUEUES_SHIFT);
    assert_eq!(b.read(r::CAP_BUS), 32 | 32 << 8);
    assert_eq!(b.read_pair(r::CARD_MEM_LO), CARD_BYTES);
    assert_eq!(b.read(r::CLOCK_HZ), 123_456_789);
    assert_eq!(b.read(r::STATUS), r::STATUS_READY);
}

#[test]
fn identity_and_capabilities() {
    identity(&mut bench(Manner::prompt(), 32));
}

#[test]
fn the_source_hash_is_read_back_and_changes_nothing_else() {
    let config = CardConfig::tiny();
    let hash = SourceHash(std::array::from_fn(|i| 0x89ab_cdef_u32.rotate_left(3 * i as u32)));
    let mut b = Bench::new(Card::build(&config, hash, Engines::default()), Manner::prompt(), 34);
    b.settle(1000);
    hash.registers().for_each(|(offset, word)| assert_eq!(b.read(offset), word, "{offset:#x}"));
    assert_eq!(b.read(r::CONFIG_ID), config.config_id());
    // What is hashed: the Verilog with a zero hash differs in the lines that hold its words alone.
    let verilog = |hash| verilog::generate(&Card::build(&config, hash, Engines::default()));
    let (with, without) = (verilog(hash), verilog(SourceHash::NONE));
    let differing: Vec<_> = with.lines().zip(without.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!((with.lines().count(), differing.len()), (without.lines().count(), SourceHash::WORDS));
    for ((there, zero), word) in differing.iter().zip(hash.0) {
        assert_eq!(there.replace(&format!("{word:x}"), "0"), **zero, "{word:#x}");
    }
}

pub fn cycles(b: &mut Bench) {
    let first = b.read_pair(r::CYCLES_LO);
    let from = b.now;
    b.idle(1000);
    let passed = b.read_pair(r::CYCLES_LO) - first;
    assert_eq!(passed, b.now - from);
}

#[test]
fn cycles_count_every_clock() {
    cycles(&mut bench(Manner::prompt(), 33));
}
