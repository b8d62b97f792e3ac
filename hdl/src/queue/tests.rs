//! The queues against their model, natively and as Verilog, on traffic that a card could see and
//! on inputs that it could not.

use super::model::{QueuesIn, QueuesModel, QueuesOut};
use super::Queues;
use gristmill_abi::registers as r;
use gristmill_hdl_kit::cosim::{check, Options, Outcome};
use gristmill_hdl_kit::gate::Gated;
use gristmill_hdl_kit::ports::{Ports, Value};
use gristmill_hdl_kit::sim::{cycle, settle, MAX_WALKS};
use gristmill_hdl_kit::word::LIMBS;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rust_hdl::prelude::Block;

fn word(x: u64) -> Value {
    let mut v = [0; LIMBS];
    v[0] = x;
    v
}

/// In the order of `ports!`.
fn vector(i: &QueuesIn) -> Vec<Value> {
    let (address, data) = i.write.unwrap_or_default();
    [
        i.clear.into(),
        i.run.into(),
        i.write.is_some().into(),
        address.into(),
        data.into(),
        i.read_address.into(),
        i.begins.into(),
        i.holds.into(),
        i.fetched.into(),
        i.fetch_fault.into(),
        i.load.into(),
        i.occupied.into(),
        i.written.into(),
        i.completion_fault.into(),
    ]
    .map(word)
    .to_vec()
}

/// In the order of `ports!`.
fn outputs(o: &QueuesOut) -> Vec<Value> {
    [
        o.value.into(),
        o.set_irq.into(),
        o.failed.into(),
        o.offer.into(),
        o.offer_address,
        o.fetch_alive.into(),
        o.fetch_head.into(),
        o.run_alive.into(),
        o.run_room.into(),
        o.run_phase.into(),
        o.completion_address,
    ]
    .map(word)
    .to_vec()
}

/// Any register of any queue, of one that no card has, or no register at all.
fn some_offset(rng: &mut StdRng) -> u16 {
    let block: Vec<u16> = r::REGISTERS.iter().map(|r| r.offset).filter(|o| r::queue_of(*o).is_some()).collect();
    match rng.gen_range(0..8) {
        0 => rng.gen(),
        1 => rng.gen_range(r::FIRST_QUEUE_REGISTER..r::AFTER_QUEUES + r::QUEUE_STRIDE),
        _ => r::of_queue(rng.gen_range(0..r::MAX_QUEUES + 1), block[rng.gen_range(0..block.len())]),
    }
}

fn some_write(rng: &mut StdRng) -> (u16, u32) {
    let offset = some_offset(rng);
    let value = match r::queue_of(offset).map(|(_, register)| register) {
        Some(r::Q_LOG_SIZE) => [0, 1, 2, 2, 3, 3, 12, 13, 15][rng.gen_range(0..9)],
        Some(r::SQ_TAIL | r::CQ_HEAD) if rng.gen() => rng.gen_range(0..8),
        Some(r::Q_ENABLE) => u32::from(rng.gen_bool(0.8)),
        _ => [0, u32::MAX, rng.gen()][rng.gen_range(0..3)],
    };
    (offset, value)
}

/// Anything at all: what the rest of the card never does is defined too.
fn anything(rng: &mut StdRng, count: usize) -> Vec<QueuesIn> {
    let mut some = |odds: f64| -> QueuesIn {
        QueuesIn {
            clear: rng.gen_bool(0.002),
            run: rng.gen_bool(0.9),
            write: rng.gen_bool(odds).then(|| some_write(rng)),
            read_address: some_offset(rng),
            begins: rng.gen_bool(0.3),
            holds: rng.gen(),
            fetched: rng.gen_bool(0.3),
            fetch_fault: rng.gen_bool(0.005),
            load: rng.gen_bool(0.3),
            occupied: rng.gen(),
            written: rng.gen_bool(0.3),
            completion_fault: rng.gen_bool(0.005),
        }
    };
    (0..count).map(|i| some(if i % 400 < 100 { 0.9 } else { 0.2 })).collect()
}

/// A fetcher and a sequencer in two states each, hosts that ring and consume, now and then a fault.
/// Also gives how many completions each queue got.
fn traffic(rng: &mut StdRng, queues: u32, count: usize) -> (Vec<QueuesIn>, Vec<u32>) {
    let mut model = QueuesModel::new(queues);
    let mut completed = vec![0; queues as usize];
    let (mut all, mut setup) = (Vec::new(), Vec::new());
    for q in (0..queues).rev() {
        let reg = |register| r::of_queue(q, register);
        setup.extend([
            (reg(r::Q_ENABLE), 1),
            (reg(r::Q_LOG_SIZE), rng.gen_range(1..4)),
            (reg(r::CQ_BASE_LO), 0x1000 * q),
            (reg(r::SQ_BASE_LO), 0x8000_0000 + 0x1000 * q),
            (reg(r::SQ_BASE_HI), q),
        ]);
    }
    // Countdowns of what is under way.
    let (mut reading, mut there, mut running, mut owner) = (0, false, 0, None);
    for _ in 0..count {
        let mut i = QueuesIn { run: true, ..QueuesIn::default() };
        i.write = setup.pop();
        if i.write.is_none() && rng.gen_bool(0.3) {
            let q = rng.gen_range(0..queues);
            let get = |register| {
                let read_address = r::of_queue(q, register);
                model.outputs(&QueuesIn { read_address, ..QueuesIn::default() }).value
            };
            let size = 1 << get(r::Q_LOG_SIZE);
            let enable = r::of_queue(q, r::Q_ENABLE);
            i.write = Some(match rng.gen_range(0..40) {
                // A host revives what has stopped.
                _ if get(r::Q_ENABLE) == 0 => (enable, 1),
                _ if get(r::Q_STATUS) & r::Q_STATUS_ERROR != 0 => (enable, 0),
                // The host consumes up to what there is, or rings for less than a whole ring.
                0..20 => (r::of_queue(q, r::CQ_HEAD), get(r::CQ_TAIL)),
                20..39 => {
                    let (tail, head) = (get(r::SQ_TAIL), get(r::SQ_HEAD));
                    let most = (head + size - 1 - tail) % size;
                    (r::of_queue(q, r::SQ_TAIL), (tail + rng.gen_range(0..=most)) % size)
                }
                _ => (enable, 0),
            });
        }
        i.read_address = some_offset(rng);
        (i.holds, i.occupied) = (reading > 0 || there, running > 0);
        let seen = model.outputs(&i);
        if reading > 0 {
            reading -= 1;
            i.fetched = reading == 0 && seen.fetch_alive && rng.gen_bool(0.98);
            there = i.fetched;
        } else if there && !seen.fetch_alive {
            there = false;
        } else if there && running == 0 {
            (i.load, there, running) = (true, false, rng.gen_range(1..6));
            owner = None;
        } else if !there && seen.offer {
            (i.begins, reading) = (true, rng.gen_range(1..4));
        } else if running == 0 && rng.gen_bool(0.01) {
            i.fetch_fault = true;
        }
        if i.occupied {
            running -= 1;
            owner = owner.or(model.running);
            if running == 0 && seen.run_alive {
                // No more descriptors were read than completions have room, so none waits for the host.
                assert!(seen.run_room, "a completion without room: {model:?}");
                i.written = seen.run_room && rng.gen_bool(0.98);
                i.completion_fault = !i.written;
                completed[owner.expect("a queue")] += u32::from(i.written);
            }
        }
        model.edge(&i);
        all.push(i);
    }
    (all, completed)
}

fn vectors(queues: u32) -> Vec<QueuesIn> {
    let mut rng = StdRng::seed_from_u64(700 + u64::from(queues));
    let mut all = anything(&mut rng, 4000);
    all.push(QueuesIn { clear: true, ..QueuesIn::default() });
    let (more, completed) = traffic(&mut rng, queues, 12_000);
    assert!(completed.iter().all(|n| *n > 100), "traffic that reaches every queue: {completed:?}");
    all.extend(more);
    all
}

fn against_model<B: Ports>(mut block: B, queues: u32) {
    let mut model = QueuesModel::new(queues);
    block.connect_all();
    let names: Vec<String> = B::outputs().into_iter().map(|p| p.name).collect();
    for (n, i) in vectors(queues).into_iter().enumerate() {
        for (k, v) in vector(&i).iter().enumerate() {
            block.poke(k, v);
        }
        settle(&mut block, MAX_WALKS).expect("settles");
        for (k, wanted) in outputs(&model.outputs(&i)).into_iter().enumerate() {
            assert_eq!(block.peek(k), wanted, "{queues} queues, cycle {n}, {}: {i:x?}", names[k]);
        }
        cycle(&mut block).expect("settles");
        model.edge(&i);
    }
}

#[test]
fn queues_do_what_their_model_does() {
    for queues in 1..=r::MAX_QUEUES {
        against_model(Queues::new(queues), queues);
    }
}

#[test]
fn verilog() {
    for queues in [1, 4] {
        let mut block = Queues::new(queues);
        block.connect_all();
        let vectors: Vec<Vec<Value>> = vectors(queues).iter().map(vector).collect();
        match check(&mut block, &vectors, &Options::default()).unwrap_or_else(|e| panic!("{queues} queues: {e}")) {
            Outcome::Agreed { cycles } => assert_eq!(cycles, vectors.len()),
            Outcome::Skipped => {}
        }
    }
}

/// All have work for ever: they take turns. Who comes late waits for one command of each other.
#[test]
fn the_round_is_fair() {
    let mut model = QueuesModel::new(4);
    let write = |model: &mut QueuesModel, q, register, value| {
        model.edge(&QueuesIn { write: Some((r::of_queue(q, register), value)), ..QueuesIn::default() });
    };
    let take = |model: &mut QueuesModel| {
        model.edge(&QueuesIn { begins: true, ..QueuesIn::default() });
        model.edge(&QueuesIn { fetched: true, ..QueuesIn::default() });
        model.fetching
    };
    for q in [0, 1, 3] {
        write(&mut model, q, r::Q_LOG_SIZE, 12);
        write(&mut model, q, r::Q_ENABLE, 1);
        write(&mut model, q, r::SQ_TAIL, 100);
    }
    let served: Vec<_> = (0..9).map(|_| take(&mut model)).collect();
    assert_eq!(served, [0, 1, 3, 0, 1, 3, 0, 1, 3].map(Some));
    assert_eq!(take(&mut model), Some(0));
    write(&mut model, 2, r::Q_LOG_SIZE, 3);
    write(&mut model, 2, r::Q_ENABLE, 1);
    write(&mut model, 2, r::SQ_TAIL, 1);
    let served: Vec<_> = (0..5).map(|_| take(&mut model)).collect();
    assert_eq!(served, [1, 2, 3, 0, 1].map(Some));
}

#[test]
#[should_panic(expected = "1 to 4 queues")]
fn a_card_has_a_queue() {
    let _ = Queues::new(0);
}

/// The card leaves the block alone while nothing happens in it; it must not miss anything.
#[test]
fn gated_queues_do_the_same() {
    against_model(Gated::new(Queues::new(3)), 3);
}
