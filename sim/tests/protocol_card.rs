//! The protocol-only card, from inside the process.

mod common;

use common::*;
use gristmill_abi::command::{Opcode, Operand};
use gristmill_abi::completion::Status;
use gristmill_abi::registers::{self as reg, Access as Kind};
use gristmill_abi::{ABI_VERSION, CARD_ID, caps};
use gristmill_hdl::config::CardConfig;
use gristmill_sim::fault::{Fault, FaultPlan};
use gristmill_sim::iommu::FaultReason;
use gristmill_sim::{Options, SimCard, Step};
use proptest::prelude::*;

fn host(log_size: u32) -> Host {
    Host::new(
        SimCard::new(&Options {
            config: CardConfig { card_mem_bytes: 1 << 20, ..CardConfig::sim() },
            ..Options::protocol_only()
        })
        .expect("card"),
        log_size,
    )
}

#[test]
fn registers_keep_exactly_the_bits_of_the_table() {
    for queues in 1..=reg::MAX_QUEUES {
        let config = CardConfig { queues, ..CardConfig::tiny() };
        let mut h = Host::new(SimCard::new(&Options { config, ..Options::protocol_only() }).expect("card"), 4);
        let c = &mut h.card;
        c.write32(reg::CONTROL, 0);
        c.write32(reg::Q_ENABLE, 0);
        assert_eq!((c.read32(reg::ID), c.read32(reg::VERSION)), (CARD_ID, ABI_VERSION));
        assert_eq!(caps::queues(c.read32(reg::CAPS)), queues);
        let all = || (0..0x1000).step_by(4).filter_map(|o| reg::on_card(o, queues));
        assert_eq!(all().count(), reg::REGISTERS.len() + 11 * (queues as usize - 1));
        for r in all().filter(|r| r.access == Kind::Rw && r.offset != reg::CONTROL) {
            c.write32(r.offset, u32::MAX);
            let ones = c.read32(r.offset);
            c.write32(r.offset, 0);
            assert_eq!((ones, c.read32(r.offset)), (r.mask, 0), "{} at {:#x}", r.name, r.offset);
        }
        for r in all().filter(|r| r.access == Kind::Ro && !r.name.starts_with("CYCLES")) {
            let before = c.read32(r.offset);
            c.write32(r.offset, !before);
            assert_eq!(c.read32(r.offset), before, "{} at {:#x}", r.name, r.offset);
            assert_eq!(before & !r.mask, 0, "{} at {:#x}", r.name, r.offset);
        }
        for offset in (0..0x1000).step_by(4).filter(|o| reg::on_card(*o, queues).is_none()) {
            c.write32(offset, u32::MAX);
            assert_eq!(c.read32(offset), 0, "{offset:#x}");
        }
    }
}

#[test]
fn pieces_of_registers_are_read_but_not_written() {
    let mut h = host(4);
    h.card.write32(reg::SCRATCH, 0x4433_2211);
    let mut b = [0; 5];
    h.card.region_read(0, u64::from(reg::SCRATCH) + 1, &mut b).expect("inside");
    assert_eq!(b[..3], [0x22, 0x33, 0x44]);
    h.card.region_write(0, u64::from(reg::SCRATCH) + 1, &[9]).expect("inside");
    assert_eq!(h.card.read32(reg::SCRATCH), 0x4433_2211);
    for (offset, n) in [(0xffff, 2), (0x1_0000, 1), (u64::MAX, 1), (0, 4097)] {
        assert!(h.card.region_read(0, offset, &mut vec![0; n]).is_err());
        assert!(h.card.region_write(0, offset, &vec![0; n]).is_err());
    }
}

#[test]
fn copies_between_all_spaces_and_zero() {
    let mut h = host(4);
    let data = words(300, 1);
    h.put(DATA, &data);
    assert_eq!(h.copy(300, Operand::host(IOVA + DATA), Operand::card(32)), Status::Ok);
    assert_eq!(h.copy(300, Operand::card(32), Operand::card(0x1_0000)), Status::Ok);
    assert_eq!(h.copy(300, Operand::card(0x1_0000), Operand::host(IOVA + DATA + 0x1_0000)), Status::Ok);
    assert_eq!(h.get(DATA + 0x1_0000, data.len()), data);
    assert_eq!(h.copy(300, Operand::host(IOVA + DATA), Operand::host(IOVA + DATA + 0x2_0000)), Status::Ok);
    assert_eq!(h.get(DATA + 0x2_0000, data.len()), data);
    for c in [Operand::card(32), Operand::host(IOVA + DATA)] {
        let d = h.command(Opcode::Zero, 299, Operand::NONE, c);
        let done = h.run(d).expect("completes");
        assert_eq!((done.status, done.work, done.epoch), (0, 299, h.epoch));
    }
    let got = h.get(DATA, data.len());
    assert!(got[..299 * 32].iter().all(|b| *b == 0) && got[299 * 32..] == data[299 * 32..]);
    assert_eq!(h.card.memory().get(32, 299 * 32).expect("inside"), &got[..299 * 32]);
    assert_eq!(h.card.read32(reg::CNT_COMMANDS_LO), 6);
    assert_eq!(h.card.read32(reg::CNT_CARD_WRITE_LO), (300 * 2 + 299) * 32);
}

#[test]
fn every_wrong_command_has_its_own_status_and_the_card_goes_on() {
    let mut h = host(4);
    let (host_at, card_at) = (Operand::host(IOVA + DATA), Operand::card(0));
    let good = h.command(Opcode::Copy, 4, host_at, card_at);
    let cases = [
        (Status::BadOpcode, {
            let mut d = good;
            d.opcode = 99;
            d
        }),
        (Status::BadOpcode, {
            let mut d = good;
            d.opcode = Opcode::Msm as u8;
            d
        }),
        (Status::BadOpcode, {
            let mut d = good;
            d.opcode = Opcode::Ntt as u8;
            d
        }),
        (Status::BadUnit, {
            let mut d = good;
            d.unit = 1;
            d
        }),
        (Status::BadFlags, {
            let mut d = good;
            d.flags = 1;
            d
        }),
        (Status::BadAlignment, {
            let mut d = good;
            d.a.address += 8;
            d
        }),
        (Status::BadCount, {
            let mut d = good;
            d.count = 0;
            d
        }),
        (Status::BadCount, {
            let mut d = good;
            d.count = 1 << 28;
            d
        }),
        (Status::BadRange, {
            let mut d = good;
            d.c.address = (1 << 20) - 96;
            d
        }),
        (Status::BadRange, {
            let mut d = good;
            d.c.address = u64::MAX - 31;
            d
        }),
        (Status::BadEpoch, {
            let mut d = good;
            d.epoch += 1;
            d
        }),
        (Status::HostReadFault, {
            let mut d = good;
            d.a.address = 0;
            d
        }),
        (Status::HostWriteFault, {
            let mut d = good;
            d.c = Operand::host(IOVA + HOST_BYTES - 32);
            d
        }),
    ];
    for (status, d) in cases {
        let done = h.run(d).expect("completes");
        assert_eq!(Status::from_code(done.status), Some(status), "{d:?}");
        let after = h.run(good).expect("completes");
        assert_eq!(after.status, 0, "after {d:?}");
    }
    let (faults, n) = h.card.dma_faults();
    assert_eq!(n, 2);
    assert_eq!((faults[0].iova, faults[0].write), (0, false));
    assert_eq!((faults[1].iova, faults[1].write), (IOVA + HOST_BYTES, true));
}

#[test]
fn rings_wrap_many_times_with_several_commands_in_flight() {
    let mut h = host(2);
    let mut expect = 0u16;
    for round in 0..25 {
        for _ in 0..3 {
            let d = h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE);
            h.queue(d);
        }
        h.ring();
        for _ in 0..3 {
            let c = h.wait(1_000_000_000).expect("completes");
            assert_eq!((c.id, c.status), (expect, 0), "round {round}");
            expect += 1;
        }
    }
    assert_eq!(h.poll(), None);
    assert_eq!(h.card.step_until_irq(1000), Step::Idle);
}

#[test]
fn without_bus_mastering_the_queue_stops_with_an_error_and_reset_cures_it() {
    let mut h = host(3);
    let epoch = h.epoch;
    h.card.config_write(4, &2u16.to_le_bytes()).expect("memory space only");
    let d = h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE);
    h.queue(d);
    h.ring();
    assert_eq!(h.card.step_until_irq(1_000_000), Step::Interrupt);
    assert_eq!(h.card.read32(reg::STATUS) & reg::STATUS_QUEUE_ERROR, reg::STATUS_QUEUE_ERROR);
    assert_eq!(h.card.read32(reg::IRQ_PENDING), reg::IRQ_ERROR);
    assert_eq!(h.card.dma_faults().0[0].reason, FaultReason::NoBusMaster);
    h.card.config_write(4, &6u16.to_le_bytes()).expect("again");
    h.card.write32(reg::CONTROL, reg::CONTROL_RESET);
    h.start();
    assert_eq!(h.epoch, epoch + 1);
    let d = h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE);
    assert_eq!(h.run(d).expect("completes").status, 0);
}

#[test]
fn memory_space_off_reads_ones_and_flr_clears_but_keeps_memory_and_windows() {
    let mut h = host(3);
    h.put(DATA, &words(4, 3));
    assert_eq!(h.copy(4, Operand::host(IOVA + DATA), Operand::card(0)), Status::Ok);
    let epoch = h.epoch;
    h.card.config_write(0x68, &0x8000u16.to_le_bytes()).expect("FLR");
    assert_eq!(h.card.read32(reg::ID), u32::MAX);
    h.card.config_write(4, &6u16.to_le_bytes()).expect("again");
    assert_eq!(h.card.read32(reg::ID), CARD_ID);
    assert_eq!(h.card.read32(reg::Q_ENABLE), 0);
    h.start();
    assert_eq!(h.epoch, epoch + 1);
    assert_eq!(h.copy(4, Operand::card(0), Operand::host(IOVA + DATA + 4096)), Status::Ok);
    assert_eq!(h.get(DATA + 4096, 128), words(4, 3));
    h.card.clean();
    assert!(h.card.memory().get(0, 128).expect("inside").iter().all(|b| *b == 0));
    h.card.config_write(4, &6u16.to_le_bytes()).expect("again");
    assert_eq!(h.card.dma_unmap(IOVA, HOST_BYTES).expect("aligned"), 0, "no windows left");
}

#[test]
fn the_interrupt_comes_once_for_each_rise() {
    let mut h = host(4);
    let fd = eventfd();
    h.card.set_irq_eventfd(Some(fd.try_clone().expect("dup"))).expect("eventfd");
    for _ in 0..3 {
        let d = h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE);
        h.queue(d);
    }
    h.ring();
    while h.card.pending() {
        h.card.step(1_000_000);
    }
    assert_eq!(count(&fd), 1, "the level stayed high");
    assert_eq!((h.card.step_until_irq(0), h.card.step_until_irq(0)), (Step::Interrupt, Step::Idle));
    h.card.write32(reg::IRQ_PENDING, reg::IRQ_COMPLETION);
    let d = h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE);
    h.queue(d);
    h.ring();
    assert_eq!(h.card.step_until_irq(1_000_000_000), Step::Interrupt);
    assert_eq!(count(&fd), 1);
}

#[test]
fn injected_faults_hit_and_the_next_command_is_well() {
    let mut h = host(4);
    h.put(DATA, &words(4, 9));
    let d = h.command(Opcode::Copy, 4, Operand::host(IOVA + DATA), Operand::host(IOVA + DATA + 4096));

    h.card.inject(FaultPlan::on(Fault::Corrupt { word: 2 }, Opcode::Copy));
    assert_eq!(h.run(d).expect("completes").status, 0);
    let got = h.get(DATA + 4096, 128);
    let wrong: Vec<usize> = (0..128).filter(|i| got[*i] != words(4, 9)[*i]).collect();
    assert_eq!(wrong, [64]);

    h.card.inject(FaultPlan::next(Fault::Status(Status::CardReadFault as u8)));
    assert_eq!(h.run(d).expect("completes").status, Status::CardReadFault as u8);
    assert_eq!(h.run(d).expect("completes").status, 0);
    assert_eq!(h.get(DATA + 4096, 128), words(4, 9));

    h.card.inject(FaultPlan::next(Fault::DropCompletion));
    assert_eq!(h.run(d), Err(Step::Idle));
    h.card.write32(reg::CONTROL, reg::CONTROL_RESET);
    h.start();

    h.card.inject(FaultPlan::next(Fault::Hang));
    let d = h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE);
    h.queue(d);
    h.ring();
    assert_eq!(h.wait(1_000_000), Err(Step::Limit));
    let before = h.card.cycles();
    assert_eq!(h.card.step_until_irq(2_000_000), Step::Limit);
    assert!(h.card.cycles() >= before + 2_000_000, "the clock runs on");
    h.card.write32(reg::CONTROL, reg::CONTROL_RESET);
    h.start();
    let d = h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE);
    assert_eq!(h.run(d).expect("completes").status, 0);

    h.card.inject(FaultPlan::next(Fault::GarbageRegisters));
    assert_eq!(h.run(d).expect("completes").status, 0);
    assert_eq!(h.card.read32(reg::ID), u32::MAX);
    h.card.clear_faults();
    assert_eq!(h.card.read32(reg::ID), CARD_ID);

    h.card.inject(FaultPlan::next(Fault::Die));
    assert_eq!(h.run(d), Err(Step::Idle));
    assert_eq!(h.card.read32(reg::ID), u32::MAX);
    assert_eq!(h.card.fault_hits(), 6);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Any descriptors and any register writes: the card neither panics nor gets stuck for good.
    #[test]
    fn anything_goes_and_reset_cures_it(
        descriptors in prop::collection::vec(
            (0u8..6, any::<[u8; 8]>(), prop_oneof![0u32..200, any::<u32>()], any::<[u8; 3]>(), any::<[u32; 3]>()),
            0..7,
        ),
        writes in prop::collection::vec(
            (0usize..reg::REGISTERS.len(), 0..reg::MAX_QUEUES, prop_oneof![0u32..40, any::<u32>()]),
            0..30,
        ),
    ) {
        let mut h = host(3);
        for (opcode, odd, count, spaces, at) in descriptors {
            let address = |i: usize| {
                let base = if spaces[i] & 1 == 1 { 0 } else { IOVA + DATA };
                // Mostly sensible, sometimes far off.
                base.wrapping_add(if odd[i] < 16 { u64::from(at[i]) << 31 } else { u64::from((at[i] % 0x8_0000) & !31) })
            };
            let operand = |i: usize| if spaces[i] & 1 == 1 { Operand::card(address(i)) } else { Operand::host(address(i)) };
            let mut d = h.command(Opcode::Nop, count, operand(0), operand(2));
            d.opcode = opcode;
            d.b = if odd[3] < 32 { operand(1) } else { Operand::NONE };
            d.flags = if odd[4] < 32 { odd[5] } else { 0 };
            d.unit = if odd[6] < 32 { odd[7] } else { 0 };
            // Not where the rings lie.
            if d.c.address >= IOVA && d.c.address < IOVA + DATA {
                d.c.address = IOVA + DATA;
            }
            h.queue(d);
        }
        h.ring();
        for (i, queue, value) in writes {
            let offset = reg::REGISTERS[i].offset;
            h.card.write32(if reg::queue_of(offset).is_some() { reg::of_queue(queue, offset) } else { offset }, value);
            h.card.step(2_000);
        }
        h.card.step_until_irq(1_000_000);
        h.card.write32(reg::CONTROL, reg::CONTROL_RESET);
        h.start();
        let d = h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE);
        prop_assert_eq!(h.run(d).expect("completes").status, 0);
    }
}
