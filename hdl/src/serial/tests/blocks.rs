//! UART, CRC and frames against the models.

use super::super::model::{frame, Deframer, LineIn, LineOut};
use super::super::{CrcStep, FrameReceiver, FrameSender, UartRx, UartTx};
use super::bench::{on_both, Pins};
use gristmill_abi::serial::{crc32_step, ESCAPE, FLAG, MAX_BODY};
use gristmill_hdl_kit::cosim::{check, random_vectors, Options, Outcome};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;

#[test]
fn crc_steps() {
    on_both(CrcStep::default, |mut pins| {
        let mut rng = StdRng::seed_from_u64(1);
        for n in 0..2000u32 {
            let (state, byte): (u32, u8) = if n < 256 { (0, n as u8) } else { rng.gen() };
            pins.set("state", (!state).into());
            pins.set("octet", byte.into());
            pins.cycle();
            assert_eq!(pins.get("next_state"), u64::from(!crc32_step(state, byte)), "{state:#x} {byte:#x}");
        }
    });
}

const DIVISORS: [u32; 5] = [4, 5, 7, 16, 521];

#[test]
fn bytes_out() {
    for divisor in DIVISORS {
        on_both(
            || UartTx::new(divisor),
            |mut pins| {
                let bytes: Vec<u8> = (0..if divisor > 100 { 6 } else { 256 }).map(|i| (i * 167) as u8).collect();
                let (mut line, mut sent, mut got) = (LineIn::new(divisor), 0, vec![]);
                let most = u64::from(UartTx::byte_cycles(divisor)) * bytes.len() as u64 + 4;
                for cycle in 0..2 * most {
                    // A pause here and there.
                    let valid = sent < bytes.len() && !(sent % 5 == 4 && cycle % 64 == 0);
                    pins.set("valid", valid.into());
                    pins.set("data", bytes.get(sent).copied().unwrap_or(0xff).into());
                    let taken = valid && pins.is("ready");
                    pins.cycle();
                    sent += usize::from(taken);
                    got.extend(line.level(pins.is("tx")));
                }
                assert_eq!((got, line.bad), (bytes, 0), "{divisor} clocks a bit");
            },
        );
    }
}

#[test]
fn bytes_in() {
    for divisor in DIVISORS {
        on_both(
            || UartRx::new(divisor),
            |mut pins| {
                let mut rng = StdRng::seed_from_u64(divisor.into());
                let mut line = LineOut::new(divisor);
                let bytes: Vec<u8> = (0..if divisor > 100 { 6 } else { 256 }).map(|i| (i * 91) as u8).collect();
                let (mut queue, mut got, mut pause) = (VecDeque::from(bytes.clone()), vec![], 0);
                pins.set("rx", 1);
                for _ in 0..20 {
                    pins.cycle();
                }
                for _ in 0..(11 * divisor + 8) * bytes.len() as u32 + 40 {
                    if pause == 0 && line.is_free() && rng.gen_ratio(1, 4) {
                        pause = rng.gen_range(1..divisor + 8);
                    }
                    pause -= pause.min(1);
                    let level = line.level(|| if pause == 0 { queue.pop_front() } else { None });
                    pins.set("rx", level.into());
                    pins.cycle();
                    if pins.is("valid") {
                        got.push(pins.get("data") as u8);
                    }
                }
                assert_eq!(got, bytes, "{divisor} clocks a bit");
            },
        );
    }
}

/// Glitches shorter than half a bit, a line held low, and what follows.
#[test]
fn a_rough_line() {
    on_both(
        || UartRx::new(16),
        |mut pins| {
            let mut got = vec![];
            let mut hold = |pins: &mut Pins, level: bool, clocks: u32| {
                for _ in 0..clocks {
                    pins.set("rx", level.into());
                    pins.cycle();
                    if pins.is("valid") {
                        got.push(pins.get("data") as u8);
                    }
                }
            };
            hold(&mut pins, true, 40);
            for glitch in 1..8 {
                hold(&mut pins, false, glitch);
                hold(&mut pins, true, 40);
            }
            hold(&mut pins, false, 1000);
            hold(&mut pins, true, 30);
            // A byte at a clock that is 3 % off: 0x55.
            for bit in [0, 1, 0, 1, 0, 1, 0, 1, 0, 1] {
                hold(&mut pins, bit == 1, if bit == 1 { 16 } else { 15 });
            }
            hold(&mut pins, true, 40);
            assert_eq!(got, [0x55]);
        },
    );
}

fn bodies(rng: &mut StdRng) -> Vec<Vec<u8>> {
    let mut all = vec![vec![1, 2], vec![FLAG; 3], vec![ESCAPE; 20], vec![0x7e, 0x7d, 0x5e, 0x5d]];
    // An escape at every position of a short body.
    all.extend((0..12).flat_map(|at| {
        [FLAG, ESCAPE].map(|special| {
            let mut body: Vec<u8> = (0..12).collect();
            body[at] = special;
            body
        })
    }));
    all.extend([2, 3, 44, 515, MAX_BODY].map(|n| (0..n).map(|_| rng.gen()).collect()));
    all
}

#[test]
fn frames_out() {
    on_both(FrameSender::default, |mut pins| {
        let mut rng = StdRng::seed_from_u64(11);
        for body in bodies(&mut rng) {
            let (mut at, mut line, mut done) = (0, vec![], false);
            for _ in 0..8 * MAX_BODY {
                let (valid, ready) = (at < body.len() && rng.gen_ratio(2, 3), rng.gen_ratio(1, 2));
                pins.set("valid", valid.into());
                pins.set("data", body.get(at).copied().unwrap_or(FLAG).into());
                pins.set("last", (at + 1 == body.len()).into());
                pins.set("byte_ready", ready.into());
                // Both handshakes follow from inputs of this cycle.
                pins.settle();
                if pins.is("byte_valid") && ready {
                    line.push(pins.get("octet") as u8);
                }
                at += usize::from(valid && pins.is("ready"));
                pins.cycle();
                done |= pins.is("done");
                if done {
                    break;
                }
            }
            assert!(done);
            assert_eq!(line, frame(&body));
        }
    });
}

#[test]
fn frames_in() {
    on_both(FrameReceiver::default, |mut pins| {
        let mut rng = StdRng::seed_from_u64(12);
        let mut line = vec![0x33, ESCAPE, FLAG, FLAG, ESCAPE, FLAG, 1, 2, 3, FLAG];
        for body in bodies(&mut rng) {
            let mut bytes = frame(&body);
            match rng.gen_range(0..6) {
                // Damaged, cut, doubled, escape before the flag, longer than any.
                0 => {
                    let at = rng.gen_range(0..bytes.len());
                    bytes[at] ^= 1 << rng.gen_range(0..8);
                }
                1 => drop(bytes.remove(rng.gen_range(0..bytes.len()))),
                2 => bytes.insert(3, bytes[3]),
                3 => bytes.insert(bytes.len() - 1, ESCAPE),
                _ => {}
            }
            line.extend(bytes);
            line.extend(frame(&body));
            // Two frames with one flag between them.
            line.pop();
        }
        line.push(FLAG);
        line.extend(vec![0x11; 3000]);
        line.extend(frame(&[9, 9]));
        let (mut model, mut got, mut wanted, mut bad) = (Deframer::default(), vec![], vec![], 0);
        let mut body = vec![];
        let mut queue = VecDeque::from(line);
        let mut rest = 3000;
        while rest > 0 {
            // Slow enough for every frame to be looked at before the next ends.
            let byte = if rng.gen_ratio(1, 10) { queue.pop_front() } else { None };
            rest -= u32::from(queue.is_empty());
            pins.set("octet", byte.unwrap_or(FLAG).into());
            pins.set("byte_valid", byte.is_some().into());
            wanted.extend(byte.and_then(|b| model.push(b)));
            let there = pins.is("there");
            if there && body.is_empty() {
                body = vec![pins.get("kind") as u8, pins.get("number") as u8];
            }
            let (take, whole) = (there && pins.is("valid"), there && pins.get("left") == 0);
            if take {
                body.push(pins.get("data") as u8);
            }
            if whole {
                got.push(std::mem::take(&mut body));
            }
            pins.set("take", take.into());
            pins.set("dismiss", whole.into());
            pins.cycle();
            bad += u64::from(pins.is("bad"));
        }
        assert_eq!(got, wanted);
        assert!(got.len() > 33 && bad == model.bad && bad > 4, "{} frames, {bad} and {} bad", got.len(), model.bad);
    });
}

/// Everything at random, cycle by cycle.
#[test]
fn verilog_of_the_small_blocks() {
    fn agree<B: gristmill_hdl_kit::ports::Ports>(mut block: B, seed: u64) {
        block.connect_all();
        let vectors = random_vectors::<B>(4000, seed);
        match check(&mut block, &vectors, &Options::default()) {
            Ok(Outcome::Agreed { cycles }) => assert_eq!(cycles, 4000),
            Ok(Outcome::Skipped) => {}
            Err(e) => panic!("{}: {e}", std::any::type_name::<B>()),
        }
    }
    agree(UartTx::new(4), 1);
    agree(UartRx::new(5), 2);
    agree(FrameSender::default(), 3);
    agree(FrameReceiver::default(), 4);
}
