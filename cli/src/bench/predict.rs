//! What an MSM takes on a simulated card or one of a configuration, by the engine's cycle model.

use crate::bench::distribution::Scalars;
use ark_ff::PrimeField;
use gristmill::MsmCurve;
use gristmill::device::MsmInfo;
use gristmill_abi::caps;
use gristmill_hdl::config::CardConfig;
use gristmill_hdl::msm::{CycleModel, Cycles, digits};

/// Cycles from the fetch of a command to its completion outside the engine: descriptor, first words of
/// the operands, results and completion on their way. Fitted to one run, `gristmill bench msm --device sim --log-size 10`.
const COMMAND: u64 = 453;
/// Cycles between the engine's runs for two vectors of one command.
const NEXT_VECTOR: u64 = 6;
/// Points that are walked through before the rest is taken to go on alike.
const WALKED: usize = 1 << 22;

/// A prediction.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// Of all commands, fetch to completion.
    pub cycles: u64,
    /// N*W + 2B, B once: what an engine with one adder cannot beat.
    pub bound: u64,
    /// Commands that the library cuts it into, and how many of those were walked through.
    pub commands: usize,
    pub walked: usize,
    /// Points of all but the last command.
    pub command_points: usize,
    /// The engine's share of those that were walked.
    pub engine: Cycles,
}

/// The engine as the library sees it.
fn engine(config: &CardConfig) -> MsmInfo {
    let msm = caps::Msm::decode(config.cap_msm());
    MsmInfo {
        adders: msm.adders.into(),
        window_bits: msm.window_bits.into(),
        windows: msm.windows.into(),
        multiples: 1 << msm.log_multiples,
        segments: msm.segments.into(),
        max_points: 1 << msm.log_max_points,
    }
}

/// Predicts an MSM of `n` points with these scalars, bases resident.
pub fn msm<C: MsmCurve>(config: &CardConfig, n: usize, mut scalars: Scalars<C>) -> Prediction {
    let model = CycleModel::new(&config.msm(), config.arithmetic);
    let engine = engine(config);
    let command_points = engine.command_points(true).min(n);
    let mut prediction = Prediction {
        cycles: 0,
        bound: model.bound(n as u64),
        commands: n.div_ceil(command_points),
        walked: 0,
        command_points,
        engine: Cycles::default(),
    };
    let mut points = 0;
    while points < n && (points < WALKED || points + command_points > n) {
        let count = command_points.min(n - points);
        let values: Vec<C::ScalarField> = scalars.by_ref().take(count).collect();
        let montgomery = !engine.canonical_scalars(&values);
        let mut values = values.into_iter();
        let cycles = model.run(count as u64, montgomery, move |out| {
            if let Some(scalar) = values.next() {
                digits(&config.msm(), &scalar.into_bigint().0, out);
            }
        });
        prediction.cycles += cycles.total() + COMMAND;
        prediction.engine += cycles;
        prediction.walked += 1;
        points += count;
    }
    prediction.cycles = (prediction.cycles as u128 * n as u128 / points as u128) as u64;
    prediction
}

/// Cycles of several MSMs over the same bases, by one command where the card and their length allow it.
pub fn batch<C: MsmCurve>(config: &CardConfig, n: usize, vectors: Vec<Scalars<C>>) -> u64 {
    let alone = vectors.len() as u64;
    let predictions = vectors.into_iter().map(|scalars| msm(config, n, scalars));
    let (cycles, commands) = predictions.fold((0, 1), |(sum, most), p| (sum + p.cycles, p.commands.max(most)));
    match config.batches() && commands == 1 && alone > 1 {
        true => cycles - (alone - 1) * (COMMAND - NEXT_VECTOR),
        false => cycles,
    }
}

/// Cycles between two additions of this card's adder.
pub fn interval(config: &CardConfig) -> u64 {
    CycleModel::new(&config.msm(), config.arithmetic).interval()
}
