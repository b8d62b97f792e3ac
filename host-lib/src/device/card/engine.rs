//! A card as an engine of this library: state, errors, identity. The tasks are in `msm` and `ntt`.

use super::kept::{self, Kept};
use super::ntt::Blocks;
use super::residency::{Residency, SetId};
use crate::device::engine::{
    Engine, EngineError, EngineResult, Info, MsmEngine, MsmInfo, MsmJob, NttEngine, NttInfo, Resident, VectorEngine,
    VectorStep,
};
use crate::device::{GoldilocksTransform, Transform};
use crate::report::{Bytes, Cost, Stalls};
use crate::{MsmCurve, NttField};
use ark_bn254::{Fr, G1Projective};
use ark_ec::short_weierstrass::{Affine, Projective};
use gristmill_abi::layout::Field;
use gristmill_driver::{Card, Counters, DmaBuffer, Error as DriverError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is known of a device beside what its registers say.
#[derive(Clone, Debug, Default)]
pub(super) struct Nature {
    /// `simulator` or `card`.
    pub kind: &'static str,
    /// Name of a simulated card's configuration.
    pub config: Option<String>,
    /// The clock for which times are predicted, where the clock register says something else.
    pub clock_hz: Option<u64>,
    /// Leaves that a simulator computes by native integers.
    pub twins: Vec<String>,
}

/// A base set that was uploaded. Card memory, or host memory that the card reaches, may or may not
/// hold it at the moment.
pub(super) struct Set<C: MsmCurve> {
    pub id: SetId,
    pub points: Arc<[Affine<C>]>,
    freed: Arc<Mutex<Vec<SetId>>>,
}

impl<C: MsmCurve> Drop for Set<C> {
    fn drop(&mut self) {
        self.freed.lock().unwrap_or_else(PoisonError::into_inner).push(self.id);
    }
}

/// The engine of one open card.
pub(super) struct CardEngine {
    nature: Nature,
    freed: Arc<Mutex<Vec<SetId>>>,
    pub(super) freed_vectors: Arc<Mutex<Vec<SetId>>>,
    state: Mutex<State>,
}

/// What the lock guards: the card, and what lies in its memory.
pub(super) struct State {
    pub card: Card,
    pub residency: Residency,
    pub kept: Kept,
    pub blocks: Blocks,
    next_set: SetId,
    /// An error after which the card has to be reset before its next task.
    poisoned: bool,
}

impl CardEngine {
    pub fn new(card: Card, nature: Nature) -> Self {
        Self::keeping(kept::MOST_BYTES, card, nature)
    }

    /// [`new`](Self::new) with another bound of the bases that are kept in host memory.
    pub fn keeping(most_bytes: u64, card: Card, nature: Nature) -> Self {
        let residency = Residency::new(card.info().card_mem_bytes);
        let kept = Kept::new(most_bytes);
        let state = State { card, residency, kept, blocks: Blocks::new(), next_set: 0, poisoned: false };
        CardEngine { nature, freed: Arc::default(), freed_vectors: Arc::default(), state: Mutex::new(state) }
    }

    /// Which base sets are kept in host memory.
    #[cfg(test)]
    pub fn kept_sets(&self) -> Vec<SetId> {
        lock(&self.state).kept.sets()
    }

    /// Runs one task: alone on the card, after a reset if the last one failed, with what the card
    /// counted meanwhile.
    pub(super) fn task<T>(
        &self,
        what: &str,
        run: impl FnOnce(&mut State, &mut Cost) -> EngineResult<T>,
    ) -> EngineResult<(T, Cost)> {
        // The state is repaired by the reset below, so a thread that died in a task does no harm.
        let mut state = match self.state.lock() {
            Ok(state) => state,
            Err(poison) => {
                let mut state = poison.into_inner();
                state.poisoned = true;
                self.state.clear_poison();
                state
            }
        };
        for id in std::mem::take(&mut *lock(&self.freed)) {
            state.residency.remove(id);
            state.kept.remove(id);
        }
        let freed = std::mem::take(&mut *lock(&self.freed_vectors));
        let outcome = state.attempt(what, |state, cost| {
            state.wipe(freed)?;
            run(state, cost)
        });
        // What the card does not offer was refused before it got anything to do.
        let refused = matches!(outcome, Err(EngineError::Unsupported(_))) && state.card.in_flight() == 0;
        if outcome.is_err() && !refused {
            state.poisoned = true;
        }
        outcome
    }
}

impl State {
    fn attempt<T>(
        &mut self,
        what: &str,
        run: impl FnOnce(&mut State, &mut Cost) -> EngineResult<T>,
    ) -> EngineResult<(T, Cost)> {
        if self.poisoned {
            tracing::info!(device = self.card.name(), "resetting the card after an error");
            let vectors = self.residency.vectors();
            self.residency.clear();
            self.kept.clear();
            self.card.reset().map_err(|e| EngineError::because("the reset after an earlier error failed", e))?;
            // Results of the failed task that nobody took; nothing is in flight, so this does not wait.
            while self.card.wait_any().is_ok() {}
            self.poisoned = false;
            // A reset leaves the card's memory as it is.
            let wiped = self.overwrite(&vectors);
            self.poisoned = wiped.is_err();
            wiped?;
        }
        let before = self.counters(what)?;
        let mut cost = Cost::default();
        let value = run(self, &mut cost)?;
        let after = self.counters(what)?;
        add(&mut cost, &after.since(&before));
        Ok((value, cost))
    }

    /// The card's counters; an error if it is gone, for then every register reads as all ones.
    fn counters(&mut self, what: &str) -> EngineResult<Counters> {
        let counters = self.card.counters().map_err(|e| failed(what, e))?;
        if counters.cycles == u64::MAX {
            return Err(failed(what, DriverError::Gone { device: self.card.name().into() }));
        }
        Ok(counters)
    }

    /// DMA memory. Where there is none left, bases that are kept make room.
    pub fn allocate(&mut self, bytes: u64) -> EngineResult<DmaBuffer> {
        let mut result = self.card.allocate(bytes);
        if result.is_err() && !self.kept.is_empty() {
            self.kept.clear();
            self.card.trim().map_err(|e| failed("freeing DMA memory", e))?;
            result = self.card.allocate(bytes);
        }
        result.map_err(|e| failed("allocating DMA memory", e))
    }

    /// An identity that nothing else has.
    pub fn new_id(&mut self) -> SetId {
        self.next_set += 1;
        self.next_set
    }

    /// A new base set, not yet where the card reaches it.
    fn new_set<C: MsmCurve>(&mut self, points: &Arc<[Affine<C>]>, freed: &Arc<Mutex<Vec<SetId>>>) -> Set<C> {
        Set { id: self.new_id(), points: points.clone(), freed: freed.clone() }
    }
}

/// An error of the driver at a task.
pub(super) fn failed(what: &str, error: DriverError) -> EngineError {
    match error {
        DriverError::NotOffered { what, .. } => EngineError::Unsupported(what),
        error => EngineError::because(what, error),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add(cost: &mut Cost, c: &Counters) {
    cost.msm_cycles += c.msm;
    cost.useful_additions += c.additions;
    cost.butterflies += c.butterflies;
    cost.stalls = Stalls { input: c.stall_input, bucket: c.stall_bucket, empty: c.stall_empty, drain: c.stall_drain };
    cost.bytes =
        Bytes { host_read: c.host_read, host_write: c.host_write, card_read: c.card_read, card_write: c.card_write };
}

impl Engine for CardEngine {
    fn info(&self) -> EngineResult<Info> {
        let mut state = lock(&self.state);
        let counters = state.counters("reading counters")?;
        let link = state.card.transport().figures();
        let card = &state.card;
        let caps = card.info().clone();
        let ntt = |field| {
            let shape = caps.ntt.filter(|_| caps.has_field(field))?;
            Some(NttInfo {
                butterflies: shape.butterflies.into(),
                max_elements: 1 << shape.log_max,
                resident: false,
                in_memory: 0,
            })
        };
        // Beside the vector there is one for the first pass.
        let in_memory = |field: Field| {
            super::columns::log_most(&caps)
                .filter(|_| caps.copy && caps.card_mem_bytes > 0)
                .map_or(0, |log| (1u64 << log).min(caps.card_mem_bytes / (2 * field.element_bytes() as u64)))
        };
        Ok(Info {
            device: card.name().to_owned(),
            kind: self.nature.kind.to_owned(),
            version: format!("{}.{}", caps.version.0, caps.version.1),
            config: Some(self.nature.config.clone().unwrap_or_else(|| format!("{:#010x}", caps.config_id))),
            config_id: Some(format!("{:#010x}", caps.config_id)),
            source_hash: (!caps.source_hash.is_none()).then(|| caps.source_hash.to_string()),
            curve: caps.curves.iter().map(|c| c.name()).collect::<Vec<_>>().join(", "),
            field: caps.fields.iter().map(|f| f.name()).collect::<Vec<_>>().join(", "),
            clock_hz: Some(self.nature.clock_hz.unwrap_or(caps.clock_hz.into())),
            card_mem_bytes: Some(caps.card_mem_bytes),
            msm: caps.msm.filter(|_| caps.curve().is_some()).map(|m| MsmInfo {
                adders: m.adders.into(),
                window_bits: m.window_bits.into(),
                windows: m.windows.into(),
                multiples: 1 << m.log_multiples,
                segments: m.segments.into(),
                max_points: 1 << m.log_max_points,
            }),
            // One at most, of a card.
            ntt: [Field::Bn254Fr, Field::Bls12_381Fr, Field::Bls12_377Fr].into_iter().find_map(|field| {
                let vectors = field == Field::Bn254Fr && caps.elementwise && caps.copy && caps.card_mem_bytes > 0;
                ntt(field).map(|n| NttInfo { resident: vectors, in_memory: in_memory(field), ..n })
            }),
            goldilocks: ntt(Field::Goldilocks).map(|n| NttInfo { in_memory: in_memory(Field::Goldilocks), ..n }),
            twins: self.nature.twins.clone(),
            counters: counters
                .entries()
                .into_iter()
                .chain(link)
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }

    fn goldilocks_ntt(&self, vectors: &mut [&mut [u64]], transform: &GoldilocksTransform) -> EngineResult<Cost> {
        self.task("a transform", |state, cost| state.goldilocks(vectors, transform, cost)).map(|((), cost)| cost)
    }
}

impl<F: NttField> NttEngine<F> for CardEngine {
    fn ntt(&self, vectors: &mut [&mut [F]], transform: &Transform<F>) -> EngineResult<Cost> {
        self.task("a transform", |state, cost| state.ntt(vectors, transform, cost)).map(|((), cost)| cost)
    }
}

impl VectorEngine for CardEngine {
    fn keeps_vectors(&self, length: usize) -> EngineResult<()> {
        lock(&self.state).needs_vectors(length)
    }

    fn new_vector(&self, length: usize, values: Option<&[Fr]>) -> EngineResult<(Resident, Cost)> {
        self.make_vector(length, values)
    }

    fn read_vector(&self, vector: &Resident, out: &mut [Fr]) -> EngineResult<Cost> {
        self.task("reading a vector", |state, cost| state.read(vector, out, cost)).map(|((), cost)| cost)
    }

    fn run_steps(&self, steps: &[VectorStep<'_>]) -> EngineResult<Cost> {
        self.task("work on vectors", |state, cost| state.steps(steps, cost)).map(|((), cost)| cost)
    }

    fn msm_of_vector(&self, bases: &Resident, vector: &Resident) -> EngineResult<(G1Projective, Cost)> {
        self.task("an MSM", |state, cost| state.msm_of_vector(bases, vector, cost))
    }
}

/// What is left of vectors does not stay behind, if the card still works.
impl Drop for CardEngine {
    fn drop(&mut self) {
        if !lock(&self.freed_vectors).is_empty() {
            let _ = self.task("wiping vectors", |_, _| Ok(()));
        }
    }
}

impl<C: MsmCurve> MsmEngine<C> for CardEngine {
    fn offers(&self) -> EngineResult<()> {
        lock(&self.state).needs_msm(C::CURVE).map(drop)
    }

    fn upload(&self, points: &Arc<[Affine<C>]>) -> EngineResult<(Resident, Cost)> {
        let (set, cost) = self.task("uploading bases", |state, cost| {
            state.needs_msm(C::CURVE)?;
            let set = state.new_set(points, &self.freed);
            state.upload(&set, cost)?;
            Ok(set)
        })?;
        Ok((Arc::new(set), cost))
    }

    fn holds(&self, resident: &Resident) -> bool {
        let Some(set) = resident.downcast_ref::<Set<C>>() else { return false };
        // While another thread's task holds the card, nobody knows what will be left.
        self.state.try_lock().map_or(true, |state| state.residency.holds(set.id) || state.kept.holds(set.id))
    }

    fn msm(&self, jobs: &[MsmJob<'_, C>]) -> EngineResult<(Vec<Projective<C>>, Cost)> {
        self.task("an MSM", |state, cost| state.msm(jobs, cost))
    }
}
