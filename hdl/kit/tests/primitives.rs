//! RAM, ROM, delay line, FIFO: native simulation against plain models.

use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::mem::{Ram, Rom};
use gristmill_hdl_kit::sim::{cycle, cycle_two_phase};
use gristmill_hdl_kit::word::U;
use rand::{rngs::StdRng, Rng, SeedableRng};
use rust_hdl::prelude::*;
use std::collections::VecDeque;

type W = U<70>;

fn word(rng: &mut StdRng) -> W {
    W::from_limbs(&[rng.gen(), rng.gen()])
}

#[test]
fn ram_reads_old_word_on_write_to_same_address() {
    let mut rng = StdRng::seed_from_u64(1);
    for depth in [1usize, 5, 8] {
        let mut ram = Ram::<W>::new(depth);
        ram.connect_all();
        let mut model = vec![W::ZERO; depth];
        for _ in 0..500 {
            let (r, w, d, we) = (rng.gen_range(0..depth), rng.gen_range(0..depth), word(&mut rng), rng.gen::<bool>());
            ram.read_address.next = (r as u64).into();
            ram.write_address.next = (w as u64).into();
            ram.write_data.next = d;
            ram.write_enable.next = we;
            cycle(&mut ram).unwrap();
            assert_eq!(ram.read_data.val(), model[r]);
            if we {
                model[w] = d;
            }
        }
    }
}

#[test]
fn a_ram_apart_shows_zero_where_a_read_meets_a_write() {
    let mut ram = Ram::<W>::new(4).apart();
    ram.connect_all();
    let mut step = |read: u64, write: u64, data: u64, enable: bool| {
        ram.read_address.next = read.into();
        ram.write_address.next = write.into();
        ram.write_data.next = data.into();
        ram.write_enable.next = enable;
        cycle(&mut ram).unwrap();
        ram.read_data.val()
    };
    step(0, 2, 7, true);
    assert_eq!(step(2, 2, 8, false), W::from(7u64));
    assert_eq!(step(2, 2, 8, true), W::ZERO);
    assert_eq!(step(2, 3, 9, true), W::from(8u64));
}

#[test]
fn rom_reads_after_one_edge() {
    let words: Vec<W> = (0..5u64).map(|i| W::from(i * i + 1) << 60).collect();
    let mut rom = Rom::new(words.clone());
    rom.connect_all();
    for a in [3usize, 0, 4, 1, 2, 6] {
        rom.address.next = (a as u64).into();
        cycle(&mut rom).unwrap();
        assert_eq!(rom.data.val(), words.get(a).copied().unwrap_or_default());
    }
}

#[test]
fn delay_by_n() {
    let mut rng = StdRng::seed_from_u64(2);
    for n in [0usize, 1, 2, 3, 17] {
        let mut dut = Delay::<W>::new(n);
        dut.connect_all();
        let mut model: VecDeque<W> = vec![W::ZERO; n.saturating_sub(1)].into();
        let mut d = W::ZERO;
        for i in 0..200 {
            // Long stretches of one value, too.
            if rng.gen_bool(0.3) || i % 50 < 10 {
                d = word(&mut rng);
            }
            dut.d.next = d;
            cycle(&mut dut).unwrap();
            model.push_back(d);
            let out = model.pop_front().unwrap();
            assert_eq!(dut.q.val(), out, "n {n} step {i}");
        }
    }
}

#[test]
fn fifo_against_a_queue() {
    let mut rng = StdRng::seed_from_u64(3);
    for depth in [1usize, 2, 3, 8] {
        let mut dut = Fifo::<W>::new(depth);
        dut.connect_all();
        let mut model: VecDeque<W> = VecDeque::new();
        for step in 0..2000 {
            let (push, pop) = ([0.2, 0.9, 0.5][step / 100 % 3], [0.9, 0.2, 0.5][step / 100 % 3]);
            let (d, v, r, reset) = (word(&mut rng), rng.gen_bool(push), rng.gen_bool(pop), rng.gen_bool(0.005));
            dut.in_data.next = d;
            dut.in_valid.next = v;
            dut.out_ready.next = r;
            dut.reset.next = reset;
            assert_eq!(dut.in_ready.val(), model.len() < depth);
            assert_eq!(dut.out_valid.val(), !model.is_empty());
            assert_eq!(dut.level.val(), model.len() as u64);
            if let Some(head) = model.front() {
                assert_eq!(dut.out_data.val(), *head);
            }
            let (take, give) = (r && !model.is_empty(), v && model.len() < depth);
            cycle(&mut dut).unwrap();
            if reset {
                model.clear();
                continue;
            }
            if take {
                model.pop_front();
            }
            if give {
                model.push_back(d);
            }
        }
    }
}

/// As above; each word is there two cycles after it entered, and not in the cycle after another one left.
#[test]
fn paced_fifo_against_a_queue() {
    let mut rng = StdRng::seed_from_u64(7);
    for depth in [1usize, 2, 3, 8] {
        let mut dut = Fifo::<W>::paced(depth);
        dut.connect_all();
        let (mut model, mut shows): (VecDeque<W>, bool) = (VecDeque::new(), false);
        for step in 0..3000 {
            let (push, pop) = ([0.2, 0.9, 0.5][step / 100 % 3], [0.9, 0.2, 0.5][step / 100 % 3]);
            let (d, v, r, reset) = (word(&mut rng), rng.gen_bool(push), rng.gen_bool(pop), rng.gen_bool(0.005));
            dut.in_data.next = d;
            dut.in_valid.next = v;
            dut.out_ready.next = r;
            dut.reset.next = reset;
            assert_eq!(dut.in_ready.val(), model.len() < depth);
            assert_eq!(dut.out_valid.val(), shows);
            assert_eq!(dut.level.val(), model.len() as u64);
            if shows {
                assert_eq!(dut.out_data.val(), model[0]);
            }
            let (take, give) = (r && shows, v && model.len() < depth);
            cycle(&mut dut).unwrap();
            shows = !model.is_empty() && !take && !reset;
            if reset {
                model.clear();
                continue;
            }
            if take {
                model.pop_front();
            }
            if give {
                model.push_back(d);
            }
        }
    }
}

#[test]
fn both_ways_to_clock_agree() {
    let mut rng = StdRng::seed_from_u64(4);
    let (mut a, mut b) = (Fifo::<W>::new(4), Fifo::<W>::new(4));
    a.connect_all();
    b.connect_all();
    for _ in 0..500 {
        let (d, v, r) = (word(&mut rng), rng.gen(), rng.gen());
        for f in [&mut a, &mut b] {
            f.in_data.next = d;
            f.in_valid.next = v;
            f.out_ready.next = r;
        }
        cycle(&mut a).unwrap();
        cycle_two_phase(&mut b).unwrap();
        assert_eq!(
            (a.out_data.val(), a.out_valid.val(), a.level.val()),
            (b.out_data.val(), b.out_valid.val(), b.level.val())
        );
    }
}
