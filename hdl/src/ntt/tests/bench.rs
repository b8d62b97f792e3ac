//! A test bench around the engine: streams with random pauses, counts of cycles.

use crate::ntt::model::{Factors, VectorField};
use crate::ntt::VectorNtt;
use gristmill_hdl_kit::sim::cycle;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use rand::{rngs::StdRng, Rng, SeedableRng};
use rust_hdl::prelude::ToBits;

/// What one command is to do.
#[derive(Clone, Debug, Default)]
pub struct Command {
    pub inverse: bool,
    pub before: Option<Factors>,
    pub after: Option<Factors>,
    /// Canonical; its length is the size.
    pub input: Vec<BigUint>,
}

/// What one command with columns is to do.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    pub inverse: bool,
    pub before: Option<Vec<Factors>>,
    pub after: Option<Vec<Factors>>,
    /// Canonical, interleaved.
    pub input: Vec<BigUint>,
}

/// In which order the vectors of a command come and leave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Several {
    /// Vectors come, and leave, with their index turned around.
    pub reversed_in: bool,
    pub reversed_out: bool,
}

/// A command as it enters the engine.
struct Entry {
    log_n: u64,
    more: u64,
    order: u64,
    inverse: bool,
    before: bool,
    after: bool,
    results: usize,
    words: Vec<U<256>>,
    factors: Vec<U<256>>,
}

/// What it did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Canonical.
    pub output: Vec<BigUint>,
    /// From the cycle of `start` to that of `done`.
    pub cycles: u64,
    /// Cycles in which there were some.
    pub butterflies: u64,
    /// From the first butterfly to the last, both included.
    pub butterfly_span: u64,
    pub busy: u64,
}

/// How often, in per cent, the other side of each stream is willing.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub input: u32,
    pub factors: u32,
    pub output: u32,
}

impl Flow {
    pub const FREE: Flow = Flow { input: 100, factors: 100, output: 100 };
}

pub struct Bench {
    pub ntt: VectorNtt,
    pub field: VectorField,
    /// What the next command sends in place of its input's elements as they travel.
    pub raw_words: Option<Vec<BigUint>>,
    /// 2^-256, or 1.
    r_inverse: BigUint,
    rng: StdRng,
}

/// A word of a stream.
fn word(value: &BigUint) -> U<256> {
    U::from(value)
}

impl Bench {
    /// Waits until the engine is ready.
    pub fn new(ntt: VectorNtt, field: VectorField) -> Self {
        let r_inverse = field.from_montgomery(&BigUint::from(1u32));
        let mut bench = Bench { ntt, field, raw_words: None, r_inverse, rng: StdRng::seed_from_u64(2026) };
        bench.wait_ready();
        bench
    }

    fn step(&mut self) {
        cycle(&mut self.ntt).expect("the circuit settles");
    }

    fn wait_ready(&mut self) {
        let limit = 4 * self.ntt.turnaround() + 8;
        for _ in 0..limit {
            if self.ntt.ready.val() {
                return;
            }
            self.step();
        }
        panic!("not ready after {limit} cycles");
    }

    /// Cycles without a command, nothing on the inputs changing.
    pub fn idle(&mut self, cycles: usize) {
        self.ntt.in_valid.next = false;
        self.ntt.factor_valid.next = false;
        self.ntt.out_ready.next = true;
        (0..cycles).for_each(|_| self.step());
    }

    /// Reset for one cycle, in whatever the engine is doing.
    pub fn reset(&mut self) {
        self.ntt.reset.next = true;
        self.ntt.in_valid.next = false;
        self.ntt.factor_valid.next = false;
        self.ntt.out_ready.next = true;
        self.step();
        self.ntt.reset.next = false;
        assert!(!self.ntt.ready.val() && !self.ntt.out_valid.val());
        self.wait_ready();
        assert!(!self.ntt.out_valid.val());
    }

    /// Runs one command; `stop_after` cycles it is left where it is.
    pub fn run(&mut self, command: &Command, flow: Flow, stop_after: Option<u64>) -> Option<Outcome> {
        let blocks = [&command.before, &command.after].into_iter().flatten();
        let entry = Entry {
            more: 0,
            order: 0,
            log_n: command.input.len().trailing_zeros().into(),
            inverse: command.inverse,
            before: command.before.is_some(),
            after: command.after.is_some(),
            results: command.input.len(),
            factors: blocks.flat_map(|f| self.field.factor_block(f, self.ntt.log_seeds())).map(|v| word(&v)).collect(),
            words: self.words(&command.input),
        };
        self.enter(&entry, flow, stop_after)
    }

    /// Runs one command for several vectors, all of the size and kind of the first (but for their factors), and holds its results against the model's.
    pub fn check_several(&mut self, commands: &[Command], how: Several, flow: Flow) -> Outcome {
        let first = &commands[0];
        let log_n = first.input.len().trailing_zeros();
        let turned = |x: &[BigUint], on: bool| -> Vec<BigUint> {
            let at = |i: usize| if on { i.reverse_bits() >> (usize::BITS - log_n) } else { i };
            (0..x.len()).map(|i| x[at(i)].clone()).collect()
        };
        let blocks = commands.iter().flat_map(|c| [&c.before, &c.after]).flatten();
        let entry = Entry {
            log_n: log_n.into(),
            more: commands.len() as u64 - 1,
            order: u64::from(how.reversed_in) | u64::from(how.reversed_out) << 1,
            inverse: first.inverse,
            before: first.before.is_some(),
            after: first.after.is_some(),
            results: commands.len() * first.input.len(),
            factors: blocks.flat_map(|f| self.field.factor_block(f, self.ntt.log_seeds())).map(|v| word(&v)).collect(),
            words: commands.iter().flat_map(|c| self.words(&turned(&c.input, how.reversed_in))).collect(),
        };
        let outcome = self.enter(&entry, flow, None).expect("it ends");
        // Factors go by the words as they come and leave.
        let times = |x: Vec<BigUint>, f: &Option<Factors>| -> Vec<BigUint> {
            match f {
                None => x,
                Some(f) => {
                    x.iter().zip(self.field.sequence(f, x.len())).map(|(x, f)| x * f % &self.field.modulus).collect()
                }
            }
        };
        let expected = commands.iter().flat_map(|c| {
            let came = turned(&times(turned(&c.input, how.reversed_in), &c.before), how.reversed_in);
            times(turned(&self.field.command(&came, c.inverse, None, None), how.reversed_out), &c.after)
        });
        for (k, (got, want)) in outcome.output.iter().zip(expected).enumerate() {
            assert_eq!(*got, want, "output {k} of {} vectors of 2^{log_n}, {how:?}", commands.len());
        }
        outcome
    }

    /// Runs one command for several vectors with columns.
    pub fn run_several_columns(&mut self, commands: &[Columns], flow: Flow) -> Outcome {
        let first = &commands[0];
        let blocks = commands.iter().flat_map(|c| [&c.before, &c.after]).flatten();
        let entry = Entry {
            more: commands.len() as u64 - 1,
            order: 0,
            log_n: 32 + u64::from(first.input.len().trailing_zeros()),
            inverse: first.inverse,
            before: first.before.is_some(),
            after: first.after.is_some(),
            results: commands.len() * first.input.len(),
            factors: blocks.flat_map(|f| self.field.column_block(f, self.ntt.log_seeds())).map(|v| word(&v)).collect(),
            words: commands.iter().flat_map(|c| self.words(&c.input)).collect(),
        };
        self.enter(&entry, flow, None).expect("it ends")
    }

    /// Runs one command with columns.
    pub fn run_columns(&mut self, command: &Columns, flow: Flow) -> Option<Outcome> {
        let blocks = [&command.before, &command.after].into_iter().flatten();
        let entry = Entry {
            more: 0,
            order: 0,
            log_n: 32 + u64::from(command.input.len().trailing_zeros()),
            inverse: command.inverse,
            before: command.before.is_some(),
            after: command.after.is_some(),
            results: command.input.len(),
            factors: blocks.flat_map(|f| self.field.column_block(f, self.ntt.log_seeds())).map(|v| word(&v)).collect(),
            words: self.words(&command.input),
        };
        self.enter(&entry, flow, None)
    }

    fn words(&mut self, input: &[BigUint]) -> Vec<U<256>> {
        let forms = || input.iter().map(|v| self.field.to_montgomery(v)).collect();
        let elements: Vec<BigUint> = self.raw_words.take().unwrap_or_else(forms);
        self.field.pack(&elements).iter().map(word).collect()
    }

    fn enter(&mut self, entry: &Entry, flow: Flow, stop_after: Option<u64>) -> Option<Outcome> {
        let Entry { words, factors, results: n, .. } = entry;
        let n = *n;
        let (mut taken, mut factors_taken) = (0, 0);
        let mut output: Vec<BigUint> = Vec::new();
        let (mut offered, mut factor_offered, mut held) = (false, false, None);
        let (mut butterflies, mut first, mut last, mut busy) = (0, 0, 0, 0);
        assert!(self.ntt.ready.val() && !self.ntt.ev_busy.val(), "a command starts when the engine is ready");
        self.ntt.start.next = true;
        self.ntt.log_n.next = entry.log_n.to_bits();
        self.ntt.more.next = entry.more.to_bits();
        self.ntt.order.next = entry.order.to_bits();
        self.ntt.inverse.next = entry.inverse;
        self.ntt.factors_before.next = entry.before;
        self.ntt.factors_after.next = entry.after;
        for now in 0.. {
            // Every output comes from registers, so it stands before this cycle's inputs are put on.
            assert!(now < 1_000_000, "the command does not end");
            if self.ntt.done.val() && now > 0 {
                assert_eq!(output.len(), n, "done before the last result left");
                assert_eq!((taken, factors_taken), (words.len(), factors.len()), "words left over");
                assert!(self.ntt.ready.val());
                self.ntt.start.next = false;
                return Some(Outcome { output, cycles: now, butterflies, butterfly_span: last + 1 - first, busy });
            }
            if stop_after == Some(now) {
                self.ntt.start.next = false;
                return None;
            }
            assert!(now == 0 || !self.ntt.ready.val());
            busy += u64::from(self.ntt.ev_busy.val());
            if self.ntt.ev_butterfly.val() {
                first = if butterflies == 0 { now } else { first };
                last = now;
                butterflies += 1;
            }
            offered |= taken < words.len() && self.rng.gen_ratio(flow.input, 100);
            self.ntt.in_valid.next = offered;
            self.ntt.in_data.next = if offered { words[taken] } else { U::from(0xdead_u64) };
            if offered && self.ntt.in_ready.val() {
                taken += 1;
                offered = false;
            }
            factor_offered |= factors_taken < factors.len() && self.rng.gen_ratio(flow.factors, 100);
            self.ntt.factor_valid.next = factor_offered;
            self.ntt.factor_data.next = if factor_offered { factors[factors_taken] } else { U::from(0xbeef_u64) };
            if factor_offered && self.ntt.factor_ready.val() {
                factors_taken += 1;
                factor_offered = false;
            }
            let willing = self.rng.gen_ratio(flow.output, 100);
            self.ntt.out_ready.next = willing;
            if let Some(data) = held {
                assert!(self.ntt.out_valid.val() && self.ntt.out_data.val() == data, "a result was withdrawn");
            }
            held = None;
            if self.ntt.out_valid.val() {
                let data = self.ntt.out_data.val();
                if willing {
                    for value in self.field.unpack(&[data.into()]) {
                        assert!(value < self.field.modulus, "result {} is not reduced", output.len());
                        output.push(value * &self.r_inverse % &self.field.modulus);
                    }
                } else {
                    held = Some(data);
                }
            }
            self.step();
            self.ntt.start.next = false;
        }
        None
    }

    /// Runs a command and holds its results against the model's.
    pub fn check(&mut self, command: &Command, flow: Flow) -> Outcome {
        let n = command.input.len() as u64;
        let outcome = self.run(command, flow, None).unwrap_or_else(|| unreachable!());
        let expected =
            self.field.command(&command.input, command.inverse, command.before.as_ref(), command.after.as_ref());
        for (k, (got, want)) in outcome.output.iter().zip(&expected).enumerate() {
            assert_eq!(
                got,
                want,
                "output {k} of 2^{}, inverse {}, before {}, after {}",
                n.trailing_zeros(),
                command.inverse,
                command.before.is_some(),
                command.after.is_some()
            );
        }
        let groups = (n / 2 / self.ntt.wings()).max(1);
        assert_eq!(outcome.butterflies, groups * u64::from(n.trailing_zeros()));
        outcome
    }

    /// Residues at random.
    pub fn random(&mut self, n: usize) -> Vec<BigUint> {
        (0..n).map(|_| BigUint::from_bytes_le(&self.rng.gen::<[u8; 32]>()) % &self.field.modulus).collect()
    }

    /// A factor sequence at random.
    pub fn random_factors(&mut self) -> Factors {
        let mut two = self.random(2).into_iter();
        Factors { start: two.next().unwrap_or_default(), ratio: two.next().unwrap_or_default() }
    }
}
