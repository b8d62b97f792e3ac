//! Several queues of one card: the RTL and the protocol-only card behave alike.

mod common;

use common::*;
use gristmill_abi::command::{Descriptor, Opcode, Operand};
use gristmill_abi::completion::Status;
use gristmill_abi::registers as reg;
use gristmill_hdl::config::CardConfig;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_sim::fault::{Fault, FaultPlan};
use gristmill_sim::{EngineKind, Options, SimCard, Step};

const QUEUES: u32 = 3;

/// A host with all queues open, over each kind of card.
fn hosts() -> [(&'static str, Host); 2] {
    [("rtl", EngineKind::Native(Fidelity::Twin)), ("protocol", EngineKind::ProtocolOnly)].map(|(name, engine)| {
        let config = CardConfig { queues: QUEUES, ..CardConfig::tiny() };
        let card = SimCard::new(&Options { engine, without_engines: true, ..Options::native(config) }).expect("card");
        let mut h = Host::new(card, 4);
        (1..QUEUES).for_each(|q| h.start_queue(q, 4));
        (name, h)
    })
}

fn nop(h: &Host) -> Descriptor {
    h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE)
}

const LONG: u64 = 1_000_000_000;

#[test]
fn each_queue_gets_its_own_completions_in_order() {
    for (name, mut h) in hosts() {
        h.put(DATA, &words(100, 5));
        let mut ids = [const { Vec::new() }; QUEUES as usize];
        for round in 0..10u64 {
            for queue in 0..QUEUES {
                let to = Operand::host(IOVA + DATA + 0x1_0000 * (1 + u64::from(queue)) + 0x1000 * round);
                let copy = h.command(Opcode::Copy, 100, Operand::host(IOVA + DATA), to);
                let wrong = Descriptor { flags: 9, ..copy };
                let d = [copy, wrong][usize::from((round + u64::from(queue)) % 4 == 3)];
                ids[queue as usize].push((h.queue_on(queue, d), d.flags));
            }
        }
        (0..QUEUES).rev().for_each(|q| h.ring_on(q));
        for queue in [1, 0, 2] {
            for (n, (id, flags)) in ids[queue as usize].iter().enumerate() {
                let c = h.wait_on(queue, LONG).expect("completes");
                let status = if *flags == 0 { Status::Ok } else { Status::BadFlags };
                assert_eq!((c.id, Status::from_code(c.status)), (*id, Some(status)), "{name}: queue {queue}");
                assert_eq!(usize::from(c.sq_head), n + 1, "{name}: queue {queue}");
                let got = h.get(DATA + 0x1_0000 * (1 + u64::from(queue)) + 0x1000 * n as u64, 3200);
                assert_eq!(got == words(100, 5), *flags == 0, "{name}: queue {queue}, command {n}");
            }
        }
        assert_eq!(h.card.step_until_irq(LONG), Step::Idle, "{name}");
    }
}

#[test]
fn a_latecomer_overtakes_what_waits() {
    for (name, mut h) in hosts() {
        let zero = h.command(Opcode::Zero, 500, Operand::NONE, Operand::host(IOVA + DATA));
        for _ in 0..12 {
            h.queue(zero);
        }
        h.ring();
        let d = nop(&h);
        h.queue_on(2, d);
        h.ring_on(2);
        h.wait_on(2, LONG).expect("completes");
        let tail = h.card.read32(reg::CQ_TAIL);
        assert!(tail <= 3, "{name}: {tail} commands of queue 0 went first");
        for _ in 0..12 {
            h.wait(LONG).expect("completes");
        }
    }
}

#[test]
fn an_error_stops_its_queue_alone() {
    for (name, mut h) in hosts() {
        let d = nop(&h);
        // A ring that is not mapped, one whose completions cannot be written, one of no size.
        for (broken, register, value) in
            [(1, reg::SQ_BASE_HI, 0x77), (2, reg::CQ_BASE_HI, 0x77), (1, reg::Q_LOG_SIZE, 13)]
        {
            h.card.write32(reg::of_queue(broken, register), value);
            h.queue_on(broken, d);
            h.ring_on(broken);
            assert!(h.wait_on(broken, LONG).is_err(), "{name}");
            assert_eq!(h.card.read32(reg::STATUS), reg::STATUS_READY | reg::STATUS_QUEUE_ERROR, "{name}");
            for queue in 0..QUEUES {
                let status = h.card.read32(reg::of_queue(queue, reg::Q_STATUS));
                assert_eq!(status, u32::from(queue == broken) * reg::Q_STATUS_ERROR, "{name}: queue {queue}");
                if queue != broken {
                    let id = h.queue_on(queue, d);
                    h.ring_on(queue);
                    assert_eq!(h.wait_on(queue, LONG).expect("completes").id, id, "{name}: queue {queue}");
                }
            }
            h.start_queue(broken, 4);
            assert_eq!(h.card.read32(reg::STATUS), reg::STATUS_READY, "{name}");
            let id = h.queue_on(broken, d);
            h.ring_on(broken);
            assert_eq!(h.wait_on(broken, LONG).expect("completes").id, id, "{name}");
        }
        let (faults, _) = h.card.dma_faults();
        assert!(faults.iter().any(|f| !f.write) && faults.iter().any(|f| f.write), "{name}: {faults:?}");
    }
}

#[test]
fn a_full_ring_holds_nobody_else() {
    for (name, mut h) in hosts() {
        h.start_queue(1, 1);
        let d = nop(&h);
        h.queue_on(1, d);
        h.ring_on(1);
        h.wait_on(0, LONG).expect_err("nothing for queue 0");
        // Its one place is taken; the next waits.
        h.queue_on(1, d);
        h.ring_on(1);
        for _ in 0..3 {
            assert_eq!(h.run(d).expect("completes").status, 0, "{name}");
        }
        assert_eq!(h.card.read32(reg::of_queue(1, reg::SQ_HEAD)), 1, "{name}");
        assert!(h.poll_on(1).is_some() && h.wait_on(1, LONG).is_ok(), "{name}");
    }
}

#[test]
fn injected_faults_know_whose_command_they_hit() {
    for (name, mut h) in hosts() {
        h.put(DATA, &words(4, 9));
        let to = |queue: u32| DATA + 0x1000 * u64::from(queue + 1);
        let run = |h: &mut Host, queue: u32, opcode| {
            let source = if opcode == Opcode::Copy { Operand::host(IOVA + DATA) } else { Operand::NONE };
            let d = h.command(opcode, 4, source, Operand::host(IOVA + to(queue)));
            h.queue_on(queue, d);
            h.ring_on(queue);
            h.wait_on(queue, 100_000)
        };
        h.card.inject(FaultPlan { skip: 1, ..FaultPlan::on(Fault::Corrupt { word: 1 }, Opcode::Copy) });
        for (queue, opcode, wrong) in
            [(0, Opcode::Zero, false), (2, Opcode::Copy, false), (1, Opcode::Copy, true), (0, Opcode::Copy, false)]
        {
            assert_eq!(run(&mut h, queue, opcode).expect("completes").status, 0, "{name}");
            let wanted = if opcode == Opcode::Copy { words(4, 9) } else { vec![0; 128] };
            assert_eq!(h.get(to(queue), 128) != wanted, wrong, "{name}: queue {queue}");
        }
        // A completion that gets lost leaves the other queues theirs.
        h.card.inject(FaultPlan::on(Fault::DropCompletion, Opcode::Zero));
        assert!(run(&mut h, 1, Opcode::Zero).is_err(), "{name}");
        assert_eq!(run(&mut h, 2, Opcode::Zero).expect("completes").status, 0, "{name}");
        assert_eq!(h.card.fault_hits(), 2, "{name}");
    }
}

#[test]
fn a_reset_clears_every_queue() {
    for (name, mut h) in hosts() {
        let zero = h.command(Opcode::Zero, 500, Operand::NONE, Operand::host(IOVA + DATA));
        for queue in 0..QUEUES {
            h.queue_on(queue, zero);
            h.ring_on(queue);
        }
        h.card.step(300);
        h.card.write32(reg::CONTROL, reg::CONTROL_RESET);
        h.start();
        for queue in 1..QUEUES {
            for r in reg::REGISTERS.iter().filter(|r| reg::queue_of(r.offset).is_some()) {
                assert_eq!(h.card.read32(reg::of_queue(queue, r.offset)), 0, "{name}: {} of {queue}", r.name);
            }
            h.start_queue(queue, 3);
            let d = nop(&h);
            let id = h.queue_on(queue, d);
            h.ring_on(queue);
            let c = h.wait_on(queue, LONG).expect("completes");
            assert_eq!((c.id, c.status, c.epoch), (id, 0, h.epoch), "{name}: queue {queue}");
        }
    }
}
