//! A bench around the engine: streams in with pauses, words out, every event counted.

use ark_bn254::{Fq, Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{BigInt, Field, PrimeField, UniformRand};
use gristmill_hdl_kit::sim;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::curve::{PointAdder256, BN254};
use crate::field::{Arithmetic, BN254_FR};
use crate::msm::{model, Msm, MsmConfig};

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
        let mut rng = StdRng::seed_from_u64(seed);
        let number = |rng: &mut StdRng| -> BigUint { Fr::rand(rng).into_bigint().into() };
        Self {
            logs: (0..points).map(|_| Some(number(&mut rng))).collect(),
            scalars: (0..points).map(|_| number(&mut rng)).collect(),
            montgomery: false,
        }
    }

    pub fn with_scalars(points: usize, seed: u64, scalar: impl Fn(usize) -> BigUint) -> Self {
        Self { scalars: (0..points).map(scalar).collect(), ..Self::random(points, seed) }
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

pub struct Bench {
    pub config: MsmConfig,
    pub msm: Box<Msm>,
    /// Cycles of the adder between two additions.
    pub interval: usize,
}

impl Bench {
    pub fn new(window_bits: usize) -> Self {
        Self::with(MsmConfig::for_latency(window_bits, 16, PointAdder256::LATENCY))
    }

    pub fn with(config: MsmConfig) -> Self {
        Self::with_arithmetic(config, Arithmetic::Pipelined)
    }

    pub fn with_arithmetic(config: MsmConfig, arithmetic: Arithmetic) -> Self {
        let msm = Box::new(Msm::with_arithmetic(&config, &BN254, &BN254_FR, arithmetic, Fidelity::Twin));
        let mut bench = Self { config, msm, interval: Msm::interval(arithmetic) };
        let mut cycles = 0;
        while !bench.msm.ready.val() {
            sim::cycle(&mut *bench.msm).expect("settles");
            cycles += 1;
            assert!(cycles < 2 * config.buckets() + 100, "never ready");
        }
        bench
    }

    pub fn reset(&mut self) {
        self.msm.reset.next = true;
        sim::cycle(&mut *self.msm).expect("settles");
        self.msm.reset.next = false;
        sim::cycle(&mut *self.msm).expect("settles");
        assert!(!self.msm.ready.val());
        while !self.msm.ready.val() {
            sim::cycle(&mut *self.msm).expect("settles");
        }
    }

    /// Starts a command and runs it for at most `limit` cycles; `None` if it is not done then.
    pub fn run_for(&mut self, command: &Command, stalls: Stalls, seed: u64, limit: u64) -> Option<Outcome> {
        let mut rng = StdRng::seed_from_u64(seed);
        let bases: Vec<U<256>> = base_words(&command.logs);
        let scalars: Vec<U<256>> =
            command.scalars.iter().map(|s| U::from(scalar_word(s, command.montgomery))).collect();
        let (mut base, mut scalar) = (0, 0);
        let mut outcome = Outcome { words: vec![], cycles: 0, events: [0; 5], error: None };
        let msm = &mut *self.msm;
        assert!(msm.ready.val());
        let (mut base_on, mut scalar_on) = (false, false);
        for cycle in 0..limit {
            msm.start.next = cycle == 0;
            msm.count.next = (command.scalars.len() as u64).into();
            msm.montgomery.next = command.montgomery;
            // A word that was offered stays until it is taken.
            base_on = base < bases.len() && (base_on || rng.gen::<u8>() >= stalls.base);
            scalar_on = scalar < scalars.len() && (scalar_on || rng.gen::<u8>() >= stalls.scalar);
            msm.base_valid.next = base_on;
            msm.base_data.next = if base_on { bases[base] } else { U::ZERO };
            msm.scalar_valid.next = scalar_on;
            msm.scalar_data.next = if scalar_on { scalars[scalar] } else { U::ZERO };
            let out_on = rng.gen::<u8>() >= stalls.out;
            msm.out_ready.next = out_on;
            sim::settle(msm, sim::MAX_WALKS).expect("settles");
            if base_on && msm.base_ready.val() {
                base += 1;
                base_on = false;
            }
            if scalar_on && msm.scalar_ready.val() {
                scalar += 1;
                scalar_on = false;
            }
            if out_on && msm.out_valid.val() {
                outcome.words.push(msm.out_data.val());
            }
            let events = [
                msm.ev_useful.val(),
                msm.ev_stall_input.val(),
                msm.ev_stall_bucket.val(),
                msm.ev_stall_empty.val(),
                msm.ev_stall_drain.val(),
            ];
            assert!(events.iter().filter(|e| **e).count() <= 1, "one event a cycle");
            for (count, event) in outcome.events.iter_mut().zip(events) {
                *count += event as u64;
            }
            if msm.overflows() {
                panic!("the FIFO behind the adder overflowed");
            }
            if msm.done.val() {
                outcome.cycles = cycle + 1;
            }
            sim::cycle(msm).expect("settles");
            // The events trail by two registers.
            if outcome.cycles != 0 && cycle + 1 >= outcome.cycles + 3 {
                assert_eq!((base, scalar), (bases.len(), scalars.len()), "every operand was taken");
                outcome.error = msm.scalar_error.val().then(|| msm.scalar_index.val().low_u64() as u32);
                return Some(outcome);
            }
        }
        None
    }

    /// Cycles a second and walks a cycle of the native simulation, streams without pauses.
    pub fn speed(&mut self, command: &Command) -> (f64, f64) {
        let bases: Vec<U<256>> = base_words(&command.logs);
        let msm = &mut *self.msm;
        let (mut walks, mut cycles, mut base, mut scalar) = (0, 0, 0, 0);
        let begin = std::time::Instant::now();
        while !msm.done.val() {
            msm.start.next = cycles == 0;
            msm.count.next = (command.scalars.len() as u64).into();
            msm.base_valid.next = base < bases.len();
            msm.base_data.next = bases[base.min(bases.len() - 1)];
            msm.scalar_valid.next = scalar < command.scalars.len();
            msm.scalar_data.next = command.scalars[scalar.min(command.scalars.len() - 1)].clone().into();
            msm.out_ready.next = true;
            if cycles > 0 {
                base += msm.base_ready.val() as usize;
                scalar += msm.scalar_ready.val() as usize;
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
        let order = BN254_FR.prime();
        let expected = model::segments(&config, &order, &command.scalars, &command.logs);
        assert_eq!(outcome.words.len(), config.result_words());
        let sums: Vec<G1Affine> = outcome.words.chunks(3).map(point).collect();
        let at = |log: &BigUint| (G1Projective::generator() * Fr::from(log.clone())).into_affine();
        for (i, (sum, segment)) in sums.chunks(2).zip(&expected).enumerate() {
            assert_eq!(sum[0], at(&segment.weighted), "weighted sum of segment {i}");
            assert_eq!(sum[1], at(&segment.plain), "plain sum of segment {i}");
        }
        // As a host does it, from the points alone.
        let mut total = G1Projective::default();
        for window in sums.chunks(2 * config.segments).rev() {
            for _ in 0..config.window_bits {
                total += total;
            }
            for (s, sum) in window.chunks(2).enumerate() {
                total += sum[0] + sum[1] * Fr::from((s * config.buckets_per_segment()) as u64);
            }
        }
        let bases: Vec<G1Affine> = command.logs.iter().map(|log| affine(log.as_ref())).collect();
        let scalars: Vec<Fr> =
            command.scalars.iter().map(|s| if *s < order { Fr::from(s.clone()) } else { Fr::from(0u64) }).collect();
        assert_eq!(total, G1Projective::msm(&bases, &scalars).expect("equal lengths"));
        assert_eq!(
            outcome.error,
            command.scalars.iter().position(|s| *s >= order).map(|i| i as u32),
            "first scalar out of range"
        );
        // Every cycle from start (exclusive) to done (exclusive) has its event.
        assert_eq!(outcome.events.iter().sum::<u64>(), outcome.cycles - 2, "{outcome:?}");
        outcome
    }
}

fn affine(log: Option<&BigUint>) -> G1Affine {
    match log {
        Some(log) => (G1Projective::generator() * Fr::from(log.clone())).into_affine(),
        None => G1Affine::identity(),
    }
}

fn word(x: &Fq) -> U<256> {
    U::from_limbs(&x.0 .0)
}

pub fn base_words(logs: &[Option<BigUint>]) -> Vec<U<256>> {
    let points: Vec<G1Projective> = logs
        .iter()
        .map(|log| match log {
            Some(log) => G1Projective::generator() * Fr::from(log.clone()),
            None => G1Projective::default(),
        })
        .collect();
    G1Projective::normalize_batch(&points)
        .iter()
        .flat_map(|p| p.xy().map_or([U::ZERO; 2], |(x, y)| [word(&x), word(&y)]))
        .collect()
}

/// The word of a scalar; one that is not below the order stands in either form as it is.
pub fn scalar_word(scalar: &BigUint, montgomery: bool) -> BigUint {
    let order = BN254_FR.prime();
    if montgomery && *scalar < order {
        (scalar << 256) % order
    } else {
        scalar.clone()
    }
}

fn point(words: &[U<256>]) -> G1Affine {
    let [x, y, z] = [0, 1, 2].map(|i| {
        let limbs = words[i].limbs();
        let x = Fq::new_unchecked(BigInt([limbs[0], limbs[1], limbs[2], limbs[3]]));
        assert!(BigUint::from(words[i]) < crate::field::BN254_FQ.prime(), "a reduced coordinate");
        x
    });
    match z.inverse() {
        Some(inverse) => {
            let point = G1Affine::new_unchecked(x * inverse, y * inverse);
            assert!(point.is_on_curve());
            point
        }
        None => {
            assert!(x == Fq::from(0u64) && y != Fq::from(0u64), "infinity is 0 : y : 0");
            G1Affine::identity()
        }
    }
}
