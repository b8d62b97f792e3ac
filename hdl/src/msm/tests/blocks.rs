//! The engine's parts, each against its own model.

use std::collections::VecDeque;

use gristmill_abi::layout::Curve;
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::sim;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use num_traits::{One, Zero};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rust_hdl::prelude::Block;

use crate::field::model::Model as Field;
use crate::field::testing::{edge_values, random_values};
use crate::field::{BLS12_381_FR, BN254_FQ, BN254_FR};
use crate::msm::{model, BankedTracker, MsmConfig, Pace, PacedTracker, Parking, Recoder, Redc, RedcSerial, Summation};

fn settle<B: Ports>(block: &mut B) {
    sim::settle(block, sim::MAX_WALKS).expect("settles");
}

fn cycle<B: Ports>(block: &mut B) {
    sim::cycle(block).expect("settles");
}

#[test]
fn redc_is_the_definition_and_takes_one_in_16_cycles() {
    for field in [BN254_FR, BLS12_381_FR] {
        let model = Field::new(&field);
        let mut values = edge_values(&field);
        values.extend(random_values(&field, 30, 1));
        let mut redc = Redc::new(&field);
        let (mut next, mut results, mut cycles, mut first) = (0, vec![], 0, None);
        while results.len() < values.len() {
            redc.in_valid.next = next < values.len();
            redc.in_data.next = values[next.min(values.len() - 1)].clone().into();
            settle(&mut redc);
            if redc.in_ready.val() && next < values.len() {
                next += 1;
            }
            if redc.out_valid.val() {
                first = first.or(Some(cycles));
                results.push(BigUint::from(redc.out_data.val()));
            }
            cycle(&mut redc);
            cycles += 1;
        }
        let expected: Vec<_> = values.iter().map(|a| model.to_canonical(a)).collect();
        assert_eq!(results, expected, "{}", field.name);
        assert_eq!(first, Some(Redc::LATENCY));
        assert!(cycles <= Redc::LATENCY + 16 * values.len(), "{cycles} cycles for {}", values.len());
    }
}

#[test]
fn serial_redc_is_the_definition() {
    for field in [BN254_FR, BLS12_381_FR] {
        let model = Field::new(&field);
        let mut values = edge_values(&field);
        values.extend(random_values(&field, 30, 2));
        let mut redc = RedcSerial::new(&field);
        for (i, value) in values.iter().enumerate() {
            redc.in_valid.next = true;
            redc.in_data.next = value.clone().into();
            settle(&mut redc);
            assert!(redc.in_ready.val());
            cycle(&mut redc);
            // What is offered meanwhile is not taken; in every other round nothing is.
            redc.in_valid.next = i % 2 == 0;
            redc.in_data.next = U::from(i as u64);
            for _ in 1..RedcSerial::LATENCY {
                settle(&mut redc);
                assert!(!redc.in_ready.val() && !redc.out_valid.val());
                cycle(&mut redc);
            }
            settle(&mut redc);
            assert!(redc.in_ready.val() && redc.out_valid.val());
            assert_eq!(BigUint::from(redc.out_data.val()), model.to_canonical(value), "{}", field.name);
        }
        // A reset in the middle leaves nothing behind.
        for cycles in [1, 3, 100, RedcSerial::LATENCY - 1] {
            redc.in_valid.next = true;
            redc.in_data.next = values[3].clone().into();
            cycle(&mut redc);
            redc.in_valid.next = false;
            for _ in 1..cycles {
                cycle(&mut redc);
            }
            redc.reset.next = true;
            cycle(&mut redc);
            redc.reset.next = false;
            redc.in_valid.next = true;
            redc.in_data.next = values[values.len() - 1].clone().into();
            cycle(&mut redc);
            redc.in_valid.next = false;
            for _ in 1..RedcSerial::LATENCY {
                assert!(!redc.out_valid.val());
                cycle(&mut redc);
            }
            assert_eq!(BigUint::from(redc.out_data.val()), model.to_canonical(&values[values.len() - 1]));
            cycle(&mut redc);
        }
    }
}

/// What the recoder sends for points of a command: bucket, x, y in order.
fn expected_operands(config: &MsmConfig, bases: &[[BigUint; 2]], scalars: &[BigUint]) -> Vec<(u64, BigUint, BigUint)> {
    let (p, order) = (BN254_FQ.prime(), BN254_FR.prime());
    let mut all = vec![];
    for ([x, y], scalar) in bases.iter().zip(scalars) {
        if *scalar >= order || (x.is_zero() && y.is_zero()) {
            continue;
        }
        for (w, digit) in model::digits(config, scalar).into_iter().enumerate() {
            let y = if digit < 0 && !y.is_zero() { &p - y } else { y.clone() };
            if digit != 0 {
                let bucket = w * config.buckets_per_window() + digit.unsigned_abs() as usize - 1;
                all.push((bucket as u64, x.clone(), y));
            }
        }
    }
    all
}

#[test]
fn recoder_sends_the_digits() {
    for c in [2, 4, 8, 13, 16] {
        let config =
            MsmConfig { curve: Curve::Bn254, window_bits: c, segments: 1, stall_depth: 8, adders: 1, multiples: 1 };
        let mut recoder = Recoder::<256>::new(&config, &BN254_FR, &BN254_FQ);
        let mut paced = Recoder::<256>::paced(&config, &BN254_FR, &BN254_FQ);
        let order = BN254_FR.prime();
        let mut scalars = random_values(&BN254_FR, 20, c as u64);
        scalars.extend([BigUint::zero(), BigUint::one(), &order - 1u32, order.clone(), (BigUint::one() << 256) - 1u32]);
        scalars.extend((0..6).map(|i| BigUint::one() << (c * i)));
        scalars.extend((1..6).map(|i| (BigUint::one() << (c * i)) - 1u32));
        let coordinates = random_values(&BN254_FQ, 2 * scalars.len(), 77);
        let mut bases: Vec<[BigUint; 2]> = coordinates.chunks(2).map(|p| [p[0].clone(), p[1].clone()]).collect();
        bases[3] = [BigUint::zero(), BigUint::zero()];
        bases[4] = [BigUint::zero(), BigUint::one()];
        bases[5] = [BigUint::one(), BigUint::zero()];
        let expected = expected_operands(&config, &bases, &scalars);
        for (pauses, montgomery) in [(0, false), (90, false), (90, true), (0, true)] {
            let got = run_recoder(&mut recoder, 1, &bases, &scalars, pauses, montgomery);
            assert_eq!(got.0, expected, "c = {c}");
            assert_eq!(run_recoder(&mut paced, 4, &bases, &scalars, pauses, montgomery).0, expected, "c = {c}, paced");
            assert_eq!((paced.scalar_index.val(), paced.scalar_error.val()), (U::from(23u64), true));
            assert_eq!(recoder.scalar_index.val(), U::from(23u64));
            assert!(recoder.scalar_error.val());
            if pauses == 0 && !montgomery && c <= 8 {
                // A digit a cycle but for the first point's load and points that are skipped.
                let all: usize = scalars
                    .iter()
                    .zip(&bases)
                    .map(|(s, [x, y])| {
                        let skipped = *s >= order || (x.is_zero() && y.is_zero());
                        let digits = model::digits(&config, s);
                        if skipped {
                            0
                        } else {
                            digits.iter().rposition(|d| *d != 0).map_or(0, |i| i + 1)
                        }
                    })
                    .sum();
                assert!(got.1 <= all + 60, "c = {c}: {} cycles for {all} digits", got.1);
            }
        }
    }
}

/// Operands, and the cycles it took, with a beat in every so many.
fn run_recoder(
    recoder: &mut Recoder<256>,
    beat: usize,
    bases: &[[BigUint; 2]],
    scalars: &[BigUint],
    pauses: u8,
    montgomery: bool,
) -> (Vec<(u64, BigUint, BigUint)>, usize) {
    let order = BN254_FR.prime();
    let mut rng = StdRng::seed_from_u64(5);
    let words: Vec<&BigUint> = bases.iter().flatten().collect();
    let (mut base, mut scalar, mut got) = (0, 0, vec![]);
    let mut ready = false;
    for n in 0..200_000 {
        recoder.start.next = n == 0;
        recoder.count.next = (scalars.len() as u64).into();
        recoder.montgomery.next = montgomery;
        recoder.base_valid.next = base < words.len() && rng.gen::<u8>() >= pauses;
        recoder.base_data.next = words[base.min(words.len() - 1)].into();
        recoder.scalar_valid.next = scalar < scalars.len() && rng.gen::<u8>() >= pauses;
        let s = &scalars[scalar.min(scalars.len() - 1)];
        recoder.scalar_data.next =
            if montgomery && *s < order { U::from((s << 256u32) % &order) } else { s.clone().into() };
        recoder.beat.next = n % beat == 0;
        recoder.op_ready.next = n % beat == 0 && ready;
        // Whether the next operand goes is known in the cycle before its beat.
        recoder.decide.next = (n + 1) % beat == 0;
        if (n + 1) % beat == 0 {
            ready = rng.gen::<u8>() >= pauses;
        }
        recoder.op_will_go.next = ready;
        settle(recoder);
        if n > 0 && recoder.finished.val() {
            return (got, n);
        }
        base += (recoder.base_valid.val() && recoder.base_ready.val()) as usize;
        scalar += (recoder.scalar_valid.val() && recoder.scalar_ready.val()) as usize;
        if recoder.op_valid.val() && recoder.op_ready.val() {
            let bucket: u64 = recoder.op_bucket.val().into();
            got.push((bucket, recoder.op_x.val().into(), recoder.op_y.val().into()));
        }
        let coming = recoder.bucket_next.val();
        cycle(recoder);
        assert_eq!(recoder.op_bucket.val(), coming, "bucket_next");
    }
    panic!("never finished");
}

/// Operands that ask in random order, held against one flag a slot.
/// Against the rule written down as plain sets of slots; every operand that stays asks again.
#[test]
fn banked_tracker_keeps_every_slot_right() {
    const SLOTS: usize = 11;
    let mut tracker = BankedTracker::new(SLOTS);
    let mut rng = StdRng::seed_from_u64(4);
    let (mut full, mut seen) = ([false; SLOTS], [false; SLOTS]);
    let [mut a, mut b, mut p] = [None::<usize>; 3];
    let (mut parked, mut at_once) = (0, [0; 4]);
    for n in 0..30_000 {
        let summing = n % 4000 > 3900;
        let (urgent, room) = (n % 700 > 500, rng.gen::<u8>() < 150);
        if summing {
            (b, p) = (None, None);
        }
        tracker.a_valid.next = a.is_some();
        tracker.b_valid.next = b.is_some();
        tracker.p_valid.next = p.is_some();
        tracker.urgent.next = urgent;
        tracker.room.next = room;
        tracker.summing.next = summing;
        settle(&mut tracker);
        // What each wants, and in which order it is granted.
        let wants = |x: Option<usize>, read: bool| x.filter(|&x| full[x] == read);
        let banks: Vec<Option<usize>> = (0..2)
            .map(|bank| {
                let asks = |x: Option<usize>| wants(x, false).filter(|x| x % 2 == bank);
                let (a, b, p) = (asks(a).filter(|_| !summing), asks(b), asks(p));
                let first = if urgent { [(1, b), (0, a), (2, p)] } else { [(0, a), (1, b), (2, p)] };
                first.into_iter().find(|(_, x)| x.is_some()).map(|(who, _)| who)
            })
            .collect();
        let (ra, rb, rp) = (wants(a, true).is_some(), wants(b, true).is_some(), wants(p, true).is_some());
        let reader = match (ra, rb, rp) {
            (_, true, _) if urgent => Some(1),
            (true, _, true) if !room => Some(2),
            (true, _, _) => Some(0),
            (_, _, true) => Some(2),
            (_, true, _) => Some(1),
            _ => None,
        };
        let writes = [0, 1, 2].map(|who| banks.contains(&Some(who)));
        let reads = [0, 1, 2].map(|who| reader == Some(who));
        let parks = b.is_some() && room && !writes[1] && !reads[1];
        let t = &tracker;
        assert_eq!([t.a_writes.val(), t.b_writes.val(), t.p_writes.val()], writes, "cycle {n}");
        assert_eq!([t.a_reads.val(), t.b_reads.val(), t.p_reads.val()], reads, "cycle {n}");
        assert_eq!(t.b_parks.val(), parks, "cycle {n}");
        assert!(!urgent || b.is_none() || writes[1] || reads[1], "an urgent sum waits");
        if let Some(a) = a {
            assert_eq!((t.a_full.val(), t.a_seen.val()), (full[a], seen[a]), "cycle {n}, slot {a}");
        }
        parked += usize::from(parks);
        at_once[writes.iter().chain(&reads).filter(|goes| **goes).count()] += 1;
        for (who, x) in [a, b, p].into_iter().enumerate() {
            let Some(x) = x.filter(|_| writes[who] || reads[who]) else { continue };
            full[x] = writes[who];
            seen[x] = true;
        }
        if let Some(a) = a.filter(|_| summing) {
            (full[a], seen[a]) = (false, false);
        }
        let draw = |rng: &mut StdRng| (rng.gen::<u8>() < 220).then(|| rng.gen_range(0..SLOTS));
        if writes[0] || reads[0] || summing || a.is_none() {
            // The summation never asks for one slot twice in a row.
            let last = a.filter(|_| summing);
            a = draw(&mut rng).filter(|&a| Some(a) != last);
        }
        if writes[1] || reads[1] || parks || b.is_none() {
            b = draw(&mut rng);
        }
        if writes[2] || reads[2] || p.is_none() {
            p = draw(&mut rng);
        }
        for (next, x) in [(&mut tracker.a_next, a), (&mut tracker.b_next, b), (&mut tracker.p_next, p)] {
            next.next = (x.unwrap_or(0) as u64).into();
        }
        cycle(&mut tracker);
    }
    assert!(parked > 1000 && at_once.iter().all(|&n| n > 500), "{parked} parked, {at_once:?} at once");
    // Wiped, every slot is empty.
    tracker.a_valid.next = false;
    tracker.b_valid.next = false;
    tracker.p_valid.next = false;
    tracker.summing.next = false;
    tracker.wiping.next = true;
    for slot in 0..=SLOTS {
        tracker.a_next.next = (slot.min(SLOTS - 1) as u64).into();
        cycle(&mut tracker);
    }
    tracker.wiping.next = false;
    for slot in 0..SLOTS {
        tracker.a_next.next = (slot as u64).into();
        cycle(&mut tracker);
        settle(&mut tracker);
        assert_eq!((tracker.a_full.val(), tracker.a_seen.val()), (false, false));
    }
}

#[test]
fn parking_is_a_queue() {
    for places in [2, 3, 32] {
        parking_is_a_queue_of(places);
    }
}

fn parking_is_a_queue_of(places: usize) {
    let mut parking = Parking::<256>::new(places);
    let mut rng = StdRng::seed_from_u64(14);
    let mut queue = VecDeque::new();
    let mut fullest = 0;
    for n in 0..6000u64 {
        let reset = n % 1500 == 1499;
        let park = queue.len() < places && rng.gen::<u8>() < if n % 1000 < 500 { 140 } else { 90 };
        let go = !queue.is_empty() && rng.gen::<u8>() < 120;
        let sum = [n + 5, n + 6, n + 7, n % 77];
        parking.park.next = park;
        (parking.x.next, parking.y.next, parking.z.next) = (sum[0].into(), sum[1].into(), sum[2].into());
        parking.bucket.next = sum[3].into();
        parking.go.next = go;
        parking.reset.next = reset;
        settle(&mut parking);
        assert_eq!(parking.first_valid.val(), !queue.is_empty(), "cycle {n}");
        assert_eq!(parking.room.val(), queue.len() < places);
        if let Some(first) = queue.front() {
            let [x, y, z] = [parking.first_x.val(), parking.first_y.val(), parking.first_z.val()].map(|w| w.low_u64());
            assert_eq!([x, y, z, parking.first_bucket.val().into()], *first);
        }
        if go {
            queue.pop_front();
        }
        if park {
            queue.push_back(sum);
        }
        if let Some(first) = queue.front() {
            assert_eq!(u64::from(parking.bucket_next.val()), first[3]);
        }
        if reset {
            queue.clear();
        }
        fullest = fullest.max(queue.len());
        cycle(&mut parking);
    }
    assert_eq!(fullest, places);
}

/// The paced tracker: three cycles to look and decide, one to go.
#[test]
fn paced_tracker_keeps_every_slot_right() {
    const SLOTS: usize = 11;
    let mut tracker = PacedTracker::new(SLOTS);
    let mut rng = StdRng::seed_from_u64(5);
    let (mut full, mut seen) = ([false; SLOTS], [false; SLOTS]);
    let (mut a, mut b) = (None::<usize>, None::<usize>);
    let mut went = [0; 3];
    for n in 0..8_000 {
        let summing = n % 2000 > 1900;
        let urgent = n % 700 > 500;
        // An adder that takes an operand in each beat, or in one of 17 as that of a small part.
        let slot = summing || n % 4000 < 2000 || n % 17 == 0;
        tracker.a_next.next = (a.unwrap_or(0) as u64).into();
        tracker.b_next.next = (b.unwrap_or(0) as u64).into();
        tracker.a_valid.next = a.is_some();
        tracker.b_valid.next = b.is_some() && !summing;
        tracker.urgent.next = urgent;
        tracker.summing.next = summing;
        let (mut will_read, mut will_go) = (false, (false, false));
        for at in 1..=3 {
            tracker.decide.next = at == 3;
            tracker.slot.next = at == 3 && slot;
            settle(&mut tracker);
            assert_eq!((tracker.a_go.val(), tracker.b_go.val()), (false, false), "beat {n}, cycle {at}");
            will_read = tracker.b_will_read.val();
            will_go = (tracker.a_will_go.val(), tracker.b_will_go.val());
            cycle(&mut tracker);
        }
        tracker.decide.next = false;
        tracker.slot.next = false;
        settle(&mut tracker);
        let goes = |operand: Option<usize>| operand.is_some_and(|o| slot || !full[o]);
        let (mut a_go, mut b_go) = (goes(a), goes(b) && !summing);
        // The rule of two that want the same holds whether or not there is a slot.
        if let (Some(a), Some(b), false) = (a, b, summing) {
            if full[a] == full[b] {
                if full[a] || urgent {
                    a_go = false;
                } else {
                    b_go = false;
                }
            }
        }
        assert_eq!((tracker.a_go.val(), tracker.b_go.val()), (a_go, b_go), "beat {n}");
        assert_eq!(will_go, (a_go, b_go), "beat {n}");
        let reads = |operand: Option<usize>, goes: bool| goes && operand.is_some_and(|o| full[o]);
        let (a_reads, b_reads) = (reads(a, a_go), reads(b, b_go));
        assert_eq!((tracker.a_reads.val(), tracker.b_reads.val(), will_read), (a_reads, b_reads, b_reads), "beat {n}");
        assert_eq!((tracker.a_writes.val(), tracker.b_writes.val()), (a_go && !a_reads, b_go && !b_reads), "beat {n}");
        went[a_go as usize + b_go as usize] += 1;
        let before = full;
        if let Some(a) = a {
            assert_eq!((tracker.a_full.val(), tracker.a_seen.val()), (full[a], seen[a]), "beat {n}, slot {a}");
            if a_go {
                full[a] = !before[a] && !summing;
                seen[a] = !summing;
            }
        }
        if let Some(b) = b {
            assert_eq!(tracker.b_full.val(), before[b], "beat {n}, slot {b}");
            if b_go {
                full[b] = !before[b];
                seen[b] = true;
            }
        }
        cycle(&mut tracker);
        if a_go || a.is_none() {
            a = (rng.gen::<u8>() < 220).then(|| rng.gen_range(0..SLOTS));
        }
        if b_go || b.is_none() {
            b = (rng.gen::<u8>() < 220).then(|| rng.gen_range(0..SLOTS));
        }
    }
    println!("beats in which none, one, both went: {went:?}");
    assert!(went.iter().all(|&n| n > 100));
}

/// Every interval from its definition, and a stop in each of its cycles.
#[test]
fn pace_marks_the_cycles() {
    for (interval, latency) in [(4, 7), (68, 131), (68, 67), (68, 0), (70, 143)] {
        let mut block = Pace::serial(interval, latency);
        block.connect_all();
        let (mut count, mut ran) = (0, false);
        for time in 0..4 * interval * (interval + 1) {
            // Longer and longer runs, with a pause between them.
            let running = time % (3 * interval + 1) != 0 && time % (5 * interval + 3) != 0;
            block.running.next = running;
            settle(&mut block);
            assert_eq!(block.slot.val(), running && count == 0, "slot at {time}");
            assert_eq!(block.ahead.val(), running && count == interval - 1, "ahead at {time}");
            assert_eq!(block.beat.val(), count % 4 == 0, "beat at {time}");
            assert_eq!(block.decide.val(), count % 4 == 3, "decide at {time}");
            assert_eq!(block.result.val(), ran && count == (latency + 1) % interval, "result at {time}");
            (count, ran) = if running { ((count + 1) % interval, true) } else { (0, false) };
            cycle(&mut block);
        }
    }
    let mut block = Pace::pipelined();
    block.connect_all();
    for running in [false, true, true, false, false, true] {
        block.running.next = running;
        settle(&mut block);
        assert_eq!([block.slot.val(), block.ahead.val()], [running; 2]);
        assert!(block.beat.val() && block.decide.val() && !block.result.val());
        cycle(&mut block);
    }
}

#[test]
fn summation_visits_every_bucket_from_the_highest() {
    // The last two: cycles a step, and steps at the end.
    for (chains, segment, turnaround, pace, drain) in
        [(6, 4, 5, 1, 0), (3, 8, 20, 1, 0), (5, 1, 12, 1, 0), (1, 2, 2, 1, 0), (6, 4, 3, 5, 2), (2, 3, 7, 2, 7)]
    {
        let mut summation = Summation::new(chains, segment, turnaround, drain);
        for _ in 0..2 {
            summation.start.next = true;
            cycle(&mut summation);
            summation.start.next = false;
            let period = turnaround.max(2 * chains);
            let (mut steps, mut cycles) = (0, 0);
            let mut done = false;
            while !done {
                cycles += 1;
                summation.step.next = cycles % pace == 0;
                settle(&mut summation);
                let round = (steps / period).min(segment);
                let at = steps - round * period;
                assert_eq!(summation.slot.val(), at < 2 * chains, "step {steps}");
                if at < 2 * chains {
                    let chain: u64 = summation.chain.val().into();
                    assert_eq!(chain, at as u64 / 2);
                    assert_eq!(summation.weighted.val(), at % 2 == 1);
                    assert_eq!(summation.first.val(), round == 0);
                    assert_eq!(summation.last.val(), round == segment);
                    if round < segment {
                        let bucket: u64 = summation.bucket.val().into();
                        assert_eq!(bucket as usize, at / 2 * segment + segment - 1 - round, "step {steps}");
                    }
                }
                done = summation.done.val();
                let coming = summation.bucket_next.val();
                cycle(&mut summation);
                assert_eq!(summation.bucket.val(), coming);
                steps += (cycles % pace == 0) as usize;
            }
            assert_eq!(steps, Summation::cycles(chains, segment, turnaround) + drain);
            assert!(!summation.slot.val());
        }
    }
}
