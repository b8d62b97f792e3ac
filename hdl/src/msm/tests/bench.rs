//! A bench around the engine: streams in with pauses, words out, every event counted.

use std::marker::PhantomData;

use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::VariableBaseMSM;
use ark_ff::{PrimeField, UniformRand};
use gristmill_hdl_kit::sim;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::on_curve::{affine, base_words_on, combine, points, scalar_word_on, Bn254, TestCurve};
use super::pins::{Engine, Inputs};
use crate::field::Arithmetic;
use crate::msm::{model, Msm256, MsmConfig};

/// How often, out of 256 cycles, a stream pauses.
#[derive(Clone, Copy, Default)]
pub struct Stalls {
    pub base: u8,
    pub scalar: u8,
    pub out: u8,
}

/// A command: bases by their logarithms (`None`: infinity), scalars as integers in canonical form.
#[derive(Clone)]
pub struct Command {
    pub logs: Vec<Option<BigUint>>,
    pub scalars: Vec<BigUint>,
    pub montgomery: bool,
}

impl Command {
    pub fn random(points: usize, seed: u64) -> Self {
        Self::random_on::<Bn254>(points, seed)
    }

    pub fn random_on<C: TestCurve>(points: usize, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let number = |rng: &mut StdRng| -> BigUint { C::ScalarField::rand(rng).into_bigint().into() };
        Self {
            logs: (0..points).map(|_| Some(number(&mut rng))).collect(),
            scalars: (0..points).map(|_| number(&mut rng)).collect(),
            montgomery: false,
        }
    }

    pub fn with_scalars(points: usize, seed: u64, scalar: impl Fn(usize) -> BigUint) -> Self {
        Self { scalars: (0..points).map(scalar).collect(), ..Self::random(points, seed) }
    }

    /// The sum; a scalar that is not below the order counts as zero.
    pub fn by_arkworks<C: TestCurve>(&self) -> Projective<C> {
        let bases: Vec<Affine<C>> = self.logs.iter().map(|log| affine(log.as_ref())).collect();
        let valid = |s: &BigUint| if *s < C::order() { s.clone() } else { 0u32.into() };
        let scalars: Vec<C::ScalarField> = self.scalars.iter().map(|s| C::ScalarField::from(valid(s))).collect();
        Projective::msm(&bases, &scalars).expect("equal lengths")
    }
}

impl MsmConfig {
    /// Logarithms of the multiples of bases that a command brings.
    pub fn multiples_of(&self, logs: &[Option<BigUint>]) -> Vec<Option<BigUint>> {
        let bits = self.window_bits * self.windows();
        let of = |log: &Option<BigUint>, i: usize| log.as_ref().map(|log| log << (bits * i));
        logs.iter().flat_map(|log| (0..self.multiples).map(move |i| of(log, i))).collect()
    }
}

/// What came of a command. Cycles count from the one with `start` high until the one with `done`.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub words: Vec<U<256>>,
    pub cycles: u64,
    /// useful, input, bucket, empty, drain
    pub events: [u64; 5],
    pub error: Option<u32>,
}

pub struct BenchOf<C: TestCurve, E: Engine = <C as TestCurve>::Engine> {
    pub config: MsmConfig,
    pub msm: Box<E>,
    /// Cycles of the adder between two additions.
    pub interval: usize,
    curve: PhantomData<C>,
}

pub type Bench = BenchOf<Bn254>;

impl<C: TestCurve> BenchOf<C> {
    pub fn new(window_bits: usize) -> Self {
        Self::with(MsmConfig::for_latency(C::CURVE, window_bits, 16, C::Engine::LATENCY))
    }

    pub fn with(config: MsmConfig) -> Self {
        Self::with_arithmetic(config, Arithmetic::Pipelined)
    }

    pub fn with_arithmetic(config: MsmConfig, arithmetic: Arithmetic) -> Self {
        Self::around(config, C::engine(&config, arithmetic), Msm256::interval(arithmetic))
    }
}

impl<C: TestCurve, E: Engine> BenchOf<C, E> {
    pub fn around(config: MsmConfig, engine: E, interval: usize) -> Self {
        let mut bench = Self { config, msm: Box::new(engine), interval, curve: PhantomData };
        let mut cycles = 0;
        while !bench.msm.outputs().ready {
            sim::cycle(&mut *bench.msm).expect("settles");
            cycles += 1;
            assert!(cycles < 2 * config.buckets() + 100, "never ready");
        }
        bench
    }

    pub fn reset(&mut self) {
        self.msm.drive(&Inputs { reset: true, ..Inputs::default() });
        sim::cycle(&mut *self.msm).expect("settles");
        self.msm.drive(&Inputs::default());
        sim::cycle(&mut *self.msm).expect("settles");
        assert!(!self.msm.outputs().ready);
        while !self.msm.outputs().ready {
            sim::cycle(&mut *self.msm).expect("settles");
        }
    }

    /// Starts a command and runs it for at most `limit` cycles; `None` if it is not done then.
    pub fn run_for(&mut self, command: &Command, stalls: Stalls, seed: u64, limit: u64) -> Option<Outcome> {
        let mut rng = StdRng::seed_from_u64(seed);
        let bases: Vec<U<256>> = base_words_on::<C>(&self.config.multiples_of(&command.logs));
        let scalars: Vec<U<256>> =
            command.scalars.iter().map(|s| U::from(scalar_word_on::<C>(s, command.montgomery))).collect();
        let (mut base, mut scalar) = (0, 0);
        let mut outcome = Outcome { words: vec![], cycles: 0, events: [0; 5], error: None };
        let msm = &mut *self.msm;
        assert!(msm.outputs().ready);
        let (mut base_on, mut scalar_on) = (false, false);
        for cycle in 0..limit {
            // A word that was offered stays until it is taken.
            base_on = base < bases.len() && (base_on || rng.gen::<u8>() >= stalls.base);
            scalar_on = scalar < scalars.len() && (scalar_on || rng.gen::<u8>() >= stalls.scalar);
            let out_on = rng.gen::<u8>() >= stalls.out;
            msm.drive(&Inputs {
                reset: false,
                start: cycle == 0,
                count: command.scalars.len() as u64,
                montgomery: command.montgomery,
                base: base_on.then(|| bases[base]),
                scalar: scalar_on.then(|| scalars[scalar]),
                out_ready: out_on,
            });
            sim::settle(msm, sim::MAX_WALKS).expect("settles");
            let out = msm.outputs();
            if base_on && out.base_ready {
                base += 1;
                base_on = false;
            }
            if scalar_on && out.scalar_ready {
                scalar += 1;
                scalar_on = false;
            }
            if out_on {
                outcome.words.extend(out.word);
            }
            let events = out.events;
            assert!(events.iter().sum::<u64>() <= self.config.adders as u64, "one event a cycle and adder");
            for (count, event) in outcome.events.iter_mut().zip(events) {
                *count += event;
            }
            if msm.overflows() {
                panic!("the FIFO behind the adder overflowed");
            }
            if out.done {
                outcome.cycles = cycle + 1;
            }
            sim::cycle(msm).expect("settles");
            // The events trail by two registers.
            if outcome.cycles != 0 && cycle + 1 >= outcome.cycles + 3 {
                assert_eq!((base, scalar), (bases.len(), scalars.len()), "every operand was taken");
                outcome.error = msm.outputs().error;
                return Some(outcome);
            }
        }
        None
    }

    /// Cycles a second and walks a cycle of the native simulation, streams without pauses.
    pub fn speed(&mut self, command: &Command) -> (f64, f64) {
        let bases: Vec<U<256>> = base_words_on::<C>(&self.config.multiples_of(&command.logs));
        let msm = &mut *self.msm;
        let (mut walks, mut cycles, mut base, mut scalar) = (0, 0, 0, 0);
        let begin = std::time::Instant::now();
        while !msm.outputs().done {
            msm.drive(&Inputs {
                start: cycles == 0,
                count: command.scalars.len() as u64,
                base: bases.get(base).copied(),
                scalar: command.scalars.get(scalar).map(|s| s.clone().into()),
                out_ready: true,
                ..Inputs::default()
            });
            if cycles > 0 {
                let out = msm.outputs();
                base += out.base_ready as usize;
                scalar += out.scalar_ready as usize;
            }
            walks += sim::cycle(msm).expect("settles");
            cycles += 1;
        }
        (cycles as f64 / begin.elapsed().as_secs_f64(), walks as f64 / cycles as f64)
    }

    pub fn run(&mut self, command: &Command, stalls: Stalls, seed: u64) -> Outcome {
        let points = command.scalars.len() as u64;
        let limit = (100_000 + points * self.config.windows() as u64 * 40) * self.interval as u64;
        self.run_for(command, stalls, seed, limit).unwrap_or_else(|| panic!("not done after {limit} cycles"))
    }

    /// Runs a command and holds every segment sum against the model, the whole against arkworks.
    pub fn check(&mut self, command: &Command, stalls: Stalls, seed: u64) -> Outcome {
        let outcome = self.run(command, stalls, seed);
        let config = self.config;
        let order = C::order();
        let expected = model::segments(&config, &order, &command.scalars, &command.logs);
        assert_eq!(outcome.words.len(), config.result_words());
        let sums: Vec<Affine<C>> = points(&outcome.words);
        let at = |log: &BigUint| affine(Some(log));
        for (i, (sum, segment)) in sums.chunks(2).zip(&expected).enumerate() {
            assert_eq!(sum[0], at(&segment.weighted), "weighted sum of segment {i}");
            assert_eq!(sum[1], at(&segment.plain), "plain sum of segment {i}");
        }
        assert_eq!(combine(&config, &sums), command.by_arkworks::<C>());
        assert_eq!(
            outcome.error,
            command.scalars.iter().position(|s| *s >= order).map(|i| i as u32),
            "first scalar out of range"
        );
        // Every cycle from start (exclusive) to done (exclusive) has its event, if no lane is through before another.
        let exact = !config.slices();
        assert!(!exact || outcome.events.iter().sum::<u64>() == outcome.cycles - 2, "{:?}", outcome.events);
        outcome
    }
}
