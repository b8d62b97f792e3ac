//! MSMs on a card: bases made resident, jobs cut into commands, segment sums combined.
//!
//! All commands of a batch go into the queue in order with one doorbell, as far as staging memory
//! reaches: the copy that makes a base set resident runs before the MSM that needs it, and after
//! the MSMs whose bases it displaces.

use super::combine;
use super::engine::{Set, State, failed};
use super::multiples::multiples;
use super::words::{self, base_bytes};
use crate::MsmCurve;
use crate::curve::Element;
use crate::device::commands::{canonical_scalars, command_points};
use crate::device::engine::{EngineError, EngineResult, MsmJob, Resident};
use crate::report::Cost;
use ark_bn254::g1::Config as Bn254;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::{PrimeField, Zero};
use gristmill_abi::caps::Msm;
use gristmill_abi::command::MAX_VECTORS;
use gristmill_abi::layout::{Curve, WORD_BYTES};
use gristmill_driver::{Command, DmaBuffer, Place, ScalarForm};
use std::ops::Range;
use std::time::Instant;

/// Most bytes of host memory staged before the card is waited for.
const STAGING_BYTES: u64 = 64 << 20;
/// Bases and multiples of them that are copied at once, so that buffers stay small.
const CHUNK_POINTS: usize = 1 << 18;

/// Where commands find a base set.
#[derive(Clone, Copy, Debug)]
enum Home {
    /// In card memory, from this byte on.
    Card(u64),
    /// In host memory that the card reaches.
    Host,
    /// It is brought into host memory for each command.
    Nowhere,
}

/// Commands prepared and not yet submitted.
#[derive(Default)]
struct Batch {
    commands: Vec<Command>,
    /// Of each MSM command, in order.
    results: Vec<Awaited>,
    staged: u64,
}

/// Segment sums that a command will write.
struct Awaited {
    /// Its place among the batch's commands.
    command: usize,
    /// The jobs whose vectors it has.
    jobs: Range<usize>,
    sums: DmaBuffer,
}

fn set<C: MsmCurve>(resident: &Resident) -> EngineResult<&Set<C>> {
    resident
        .downcast_ref()
        .ok_or_else(|| EngineError::failed("these bases belong to another kind of device; upload them to this one"))
}

impl State {
    /// Refuses what this card does not offer.
    pub(super) fn needs_msm(&self, curve: Curve) -> EngineResult<Msm> {
        let info = self.card.info();
        let why = match info.msm {
            Some(msm) if info.has_curve(curve) && info.montgomery_scalars => return Ok(msm),
            None => "the card has no MSM engine".into(),
            Some(_) if info.has_curve(curve) => "the card takes no scalars in Montgomery form".into(),
            Some(_) => format!("the card's curve is {}", info.curve().map_or("unknown", Curve::name)),
        };
        Err(EngineError::Unsupported(format!("multi-scalar multiplication over {}: {why}", curve.name())))
    }

    /// Makes a base set resident, if it could fit at all.
    pub(super) fn upload<C: MsmCurve>(&mut self, set: &Set<C>, cost: &mut Cost) -> EngineResult<()> {
        let mut batch = Batch::default();
        self.make_resident(set, &mut batch, &mut [], cost)?;
        self.flush::<C>(&mut batch, &mut [], cost)
    }

    /// Where commands find the set: in card memory if it fits there, else in host memory; what brings
    /// it there is done, or in the batch. `sums` is for results of the batch that come meanwhile.
    fn make_resident<C: MsmCurve>(
        &mut self,
        set: &Set<C>,
        batch: &mut Batch,
        sums: &mut [Projective<C>],
        cost: &mut Cost,
    ) -> EngineResult<Home> {
        let bytes = (set.points.len() * self.entry_bytes::<C>()) as u64;
        if bytes == 0 {
            return Ok(Home::Nowhere);
        }
        if !self.card.info().copy || !self.residency.fits(bytes) {
            return self.keep_on_host(set, batch, sums, cost);
        }
        if let Some(address) = self.residency.touch(set.id) {
            return Ok(Home::Card(address));
        }
        let Some(room) = self.residency.place(set.id, bytes, &[]) else { return Ok(Home::Nowhere) };
        if !room.evicted.is_empty() {
            tracing::debug!(sets = room.evicted.len(), "evicted base sets from card memory");
        }
        let points = self.chunk_points();
        for (i, chunk) in set.points.chunks(points).enumerate() {
            let staged = self.stage_bases(chunk, batch)?;
            let to = room.address + (i * points * self.entry_bytes::<C>()) as u64;
            batch.commands.push(Command::copy_to_card(staged.whole(), to));
            // `staged` is kept by the command.
            if batch.staged >= STAGING_BYTES {
                self.flush(batch, sums, cost)?;
            }
        }
        Ok(Home::Card(room.address))
    }

    /// Keeps a base set in host memory that the card reaches, if there is enough of it.
    fn keep_on_host<C: MsmCurve>(
        &mut self,
        set: &Set<C>,
        batch: &mut Batch,
        sums: &mut [Projective<C>],
        cost: &mut Cost,
    ) -> EngineResult<Home> {
        let bytes = (set.points.len() * self.entry_bytes::<C>()) as u64;
        if self.kept.touch(set.id) {
            return Ok(Home::Host);
        }
        if !self.kept.fits(bytes) {
            return Ok(Home::Nowhere);
        }
        let evicted = self.kept.make_room(set.id, bytes);
        if evicted > 0 {
            tracing::debug!(sets = evicted, "evicted base sets from host memory");
            // Their memory is free when the commands that name it have ended.
            self.flush(batch, sums, cost)?;
            self.card.trim().map_err(|e| failed("freeing DMA memory", e))?;
        }
        let mut buffer = match self.card.allocate(bytes) {
            Ok(buffer) => buffer,
            Err(error) => {
                tracing::warn!(bytes, %error, "bases are not kept for the card: each MSM brings them anew");
                self.kept.remove(set.id);
                return Ok(Home::Nowhere);
            }
        };
        let mut words = Vec::new();
        let points = self.chunk_points();
        for (i, chunk) in set.points.chunks(points).enumerate() {
            words.clear();
            self.put_entries(chunk, &mut words);
            let offset = (i * points * self.entry_bytes::<C>()) as u64;
            buffer.write(offset, &words).map_err(|e| failed("filling DMA memory", e.into()))?;
        }
        self.kept.put(set.id, buffer);
        Ok(Home::Host)
    }

    /// The `count` bases from `first` on, as an operand.
    fn bases<C: MsmCurve>(
        &mut self,
        home: Home,
        set: &Set<C>,
        first: usize,
        count: usize,
        batch: &mut Batch,
    ) -> EngineResult<Place> {
        let entry = self.entry_bytes::<C>();
        let (offset, bytes) = ((first * entry) as u64, (count * entry) as u64);
        let place = match home {
            Home::Card(address) => Some(Place::Card(address + offset)),
            // Not kept any more if memory ran out meanwhile.
            Home::Host => self.kept.part(set.id, offset, bytes),
            Home::Nowhere => None,
        };
        match place {
            Some(place) => Ok(place),
            None => Ok(Place::from(&self.stage_bases(&set.points[first..first + count], batch)?)),
        }
    }

    /// log2 of the multiples that the card takes of each base.
    fn log_multiples(&self) -> u8 {
        self.card.info().msm.map_or(0, |m| m.log_multiples)
    }

    /// Bytes of a base with its multiples.
    fn entry_bytes<C: MsmCurve>(&self) -> usize {
        base_bytes::<C>() << self.log_multiples()
    }

    /// Bases that are copied at once.
    fn chunk_points(&self) -> usize {
        CHUNK_POINTS >> self.log_multiples()
    }

    /// Appends bases, each with the multiples that the card takes.
    fn put_entries<C: MsmCurve>(&self, points: &[Affine<C>], bytes: &mut Vec<u8>) {
        match self.card.info().msm {
            Some(msm) if msm.log_multiples > 0 => words::put_bases(&multiples(&msm, points), bytes),
            _ => words::put_bases(points, bytes),
        }
    }

    fn stage_bases<C: MsmCurve>(&mut self, points: &[Affine<C>], batch: &mut Batch) -> EngineResult<DmaBuffer> {
        let mut bytes = Vec::new();
        self.put_entries(points, &mut bytes);
        self.stage(&bytes, batch)
    }

    /// Copies bytes into DMA memory.
    fn stage(&mut self, bytes: &[u8], batch: &mut Batch) -> EngineResult<DmaBuffer> {
        let mut buffer = self.allocate(bytes.len() as u64)?;
        buffer.write(0, bytes).map_err(|e| failed("filling DMA memory", e.into()))?;
        batch.staged += bytes.len() as u64;
        Ok(buffer)
    }

    pub(super) fn msm<C: MsmCurve>(
        &mut self,
        jobs: &[MsmJob<'_, C>],
        cost: &mut Cost,
    ) -> EngineResult<Vec<Projective<C>>> {
        let caps = self.needs_msm(C::CURVE)?;
        let mut sums = vec![Projective::zero(); jobs.len()];
        let mut batch = Batch::default();
        let mut next = 0;
        while let Some(job) = jobs.get(next) {
            let j = next;
            next += 1;
            let set = set::<C>(job.resident)?;
            if job.scalars.is_empty() {
                continue;
            }
            let home = self.make_resident(set, &mut batch, &mut sums, cost)?;
            let kept = !matches!(home, Home::Nowhere);
            let chunk = command_points(caps.window_bits.into(), 1 << caps.log_max_points, kept);
            let vectors = self.alike(&caps, &jobs[j..], chunk)?;
            if vectors > 1 {
                next = j + vectors;
                let bases = self.bases(home, set, 0, job.scalars.len(), &mut batch)?;
                let all: Vec<&[C::ScalarField]> = jobs[j..next].iter().map(|job| job.scalars).collect();
                let (place, form) = self.stage_scalars(&caps, &all, &mut batch)?;
                self.push_msm::<C>(&caps, j..next, job.scalars.len(), bases, place, form, &mut batch)?;
                if batch.staged >= STAGING_BYTES {
                    self.flush(&mut batch, &mut sums, cost)?;
                }
                continue;
            }
            for (i, scalars) in job.scalars.chunks(chunk).enumerate() {
                let first = i * chunk;
                let bases = self.bases(home, set, first, scalars.len(), &mut batch)?;
                let (place, form) = self.stage_scalars(&caps, &[scalars], &mut batch)?;
                self.push_msm::<C>(&caps, j..j + 1, scalars.len(), bases, place, form, &mut batch)?;
                if batch.staged >= STAGING_BYTES {
                    self.flush(&mut batch, &mut sums, cost)?;
                }
            }
        }
        self.flush(&mut batch, &mut sums, cost)?;
        Ok(sums)
    }

    /// The sum over a vector in card memory: the first elements, as many as there are bases.
    pub(super) fn msm_of_vector(
        &mut self,
        bases: &Resident,
        vector: &Resident,
        cost: &mut Cost,
    ) -> EngineResult<Projective<Bn254>> {
        let caps = self.needs_msm(Bn254::CURVE)?;
        let set = set::<Bn254>(bases)?;
        let (address, length) = self.scalars(vector)?;
        let count = set.points.len();
        if count > length {
            return Err(EngineError::failed(format!("an MSM over {count} bases of a vector of {length} elements")));
        }
        let mut sums = [Projective::zero()];
        let mut batch = Batch::default();
        let home = self.make_resident(set, &mut batch, &mut sums, cost)?;
        let chunk = command_points(caps.window_bits.into(), 1 << caps.log_max_points, true);
        for first in (0..count).step_by(chunk) {
            let points = chunk.min(count - first);
            let bases = self.bases(home, set, first, points, &mut batch)?;
            let scalars = Place::Card(address + (first * WORD_BYTES) as u64);
            self.push_msm::<Bn254>(&caps, 0..1, points, bases, scalars, ScalarForm::Montgomery, &mut batch)?;
            if batch.staged >= STAGING_BYTES {
                self.flush(&mut batch, &mut sums, cost)?;
            }
        }
        self.flush(&mut batch, &mut sums, cost)?;
        let [sum] = sums;
        Ok(sum)
    }

    /// How many of these jobs, from the first on, can be vectors of one command: over the same bases, each in a command of its own, scalars in the same form.
    fn alike<C: MsmCurve>(&self, caps: &Msm, jobs: &[MsmJob<'_, C>], chunk: usize) -> EngineResult<usize> {
        let [first, rest @ ..] = jobs else { return Ok(0) };
        let length = first.scalars.len();
        if !self.card.info().batches || length > chunk {
            return Ok(1);
        }
        let form = |job: &MsmJob<'_, C>| canonical_scalars(caps.window_bits.into(), job.scalars);
        let (id, canonical) = (set::<C>(first.resident)?.id, form(first));
        let most = (STAGING_BYTES as usize / (length * WORD_BYTES)).clamp(1, MAX_VECTORS as usize);
        let mut count = 1;
        for job in rest.iter().take(most - 1) {
            if set::<C>(job.resident)?.id != id || job.scalars.len() != length || form(job) != canonical {
                break;
            }
            count += 1;
        }
        Ok(count)
    }

    /// Brings vectors of scalars, one behind the other, into memory that the card reaches, in the form that suits the first.
    fn stage_scalars<F: Element + PrimeField>(
        &mut self,
        caps: &Msm,
        vectors: &[&[F]],
        batch: &mut Batch,
    ) -> EngineResult<(Place, ScalarForm)> {
        let length: usize = vectors.iter().map(|scalars| scalars.len()).sum();
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(length * WORD_BYTES));
        let canonical = vectors.first().is_some_and(|first| canonical_scalars(caps.window_bits.into(), first));
        for scalars in vectors {
            match canonical {
                true => words::put_canonical(scalars, &mut bytes),
                false => words::put_elements(scalars, &mut bytes),
            }
        }
        let form = if canonical { ScalarForm::Canonical } else { ScalarForm::Montgomery };
        Ok((Place::from(&self.stage(&bytes, batch)?), form))
    }

    #[allow(clippy::too_many_arguments)]
    fn push_msm<C: MsmCurve>(
        &mut self,
        caps: &Msm,
        jobs: Range<usize>,
        points: usize,
        bases: Place,
        scalars: Place,
        form: ScalarForm,
        batch: &mut Batch,
    ) -> EngineResult<()> {
        let vectors = jobs.len();
        let size = (vectors * combine::result_bytes::<C>(caps)) as u64;
        let sums = self.allocate(size)?;
        batch.staged += size;
        let command = batch.commands.len();
        let msm = Command::msm(C::CURVE, points as u32, bases, scalars, form, &sums).vectors(vectors as u32);
        batch.commands.push(msm);
        batch.results.push(Awaited { command, jobs, sums });
        Ok(())
    }

    /// Submits what is prepared, waits for it, and adds the results to the jobs' sums.
    fn flush<C: MsmCurve>(
        &mut self,
        batch: &mut Batch,
        sums: &mut [Projective<C>],
        cost: &mut Cost,
    ) -> EngineResult<()> {
        let Batch { commands, results, .. } = std::mem::take(batch);
        if commands.is_empty() {
            return Ok(());
        }
        let tickets = self.card.submit_all(commands).map_err(|e| failed("submitting commands", e))?;
        let caps = match results.is_empty() {
            true => None,
            false => Some(self.needs_msm(C::CURVE)?),
        };
        let (mut results, mut seconds) = (results.into_iter().peekable(), 0.0);
        for (command, ticket) in tickets.into_iter().enumerate() {
            cost.cycles += self.card.wait(ticket).map_err(|e| failed("the card", e))?.cycles;
            // The sums of one command are combined while the card works at the next.
            if let (Some(caps), Some(done)) = (&caps, results.next_if(|result| result.command == command)) {
                let start = Instant::now();
                let mut bytes = vec![0; combine::result_bytes::<C>(caps)];
                for (vector, job) in done.jobs.enumerate() {
                    let at = (vector * bytes.len()) as u64;
                    done.sums.read(at, &mut bytes).map_err(|e| failed("reading results", e.into()))?;
                    sums[job] += combine::combine::<C>(caps, &bytes).map_err(|e| {
                        let which = e.element;
                        EngineError::failed(format!(
                            "coordinate {which} of the card's segment sums is not below the modulus"
                        ))
                    })?;
                }
                seconds += start.elapsed().as_secs_f64();
            }
        }
        if caps.is_some() {
            cost.host_parts.push(("combine segment sums".into(), seconds));
        }
        Ok(())
    }
}
