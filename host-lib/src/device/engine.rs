//! The seam between [`Device`](crate::Device) and what does the work.

use crate::{
    Curve, Field, MsmCurve, NttField,
    device::{GoldilocksTransform, Transform},
    report::Cost,
};
use ark_bn254::{Fr, G1Projective};
use ark_ec::short_weierstrass::{Affine, Projective};
use gristmill_abi::command::Operation;
use serde::Serialize;
use std::{any::Any, collections::BTreeMap, sync::Arc};

/// How an engine failed at a task.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The device does not offer this; the host does it, and the report lists it as a host stage.
    #[error("not offered by this device: {0}")]
    Unsupported(String),
    /// The device or the way to it failed.
    #[error("{what}")]
    Failed {
        /// What happened, and the way out.
        what: String,
        /// The cause, if another error is it.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl EngineError {
    /// A failure with no other error behind it.
    pub fn failed(what: impl Into<String>) -> Self {
        EngineError::Failed { what: what.into(), source: None }
    }

    /// A failure caused by another error, whose text becomes part of this one's.
    pub fn because(what: impl AsRef<str>, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        EngineError::Failed { what: format!("{}: {source}", what.as_ref()), source: Some(Box::new(source)) }
    }
}

/// Result of an engine.
pub type EngineResult<T> = std::result::Result<T, EngineError>;

/// An engine's handle to resident bases; what is inside is the engine's own. Dropping the last
/// clone frees them.
pub type Resident = Arc<dyn Any + Send + Sync>;

/// One multi-scalar multiplication.
pub struct MsmJob<'a, C: MsmCurve> {
    /// What [`MsmEngine::upload`] returned.
    #[allow(dead_code)] // read by card engines
    pub resident: &'a Resident,
    /// The same bases on the host, as many as scalars.
    pub points: &'a [Affine<C>],
    /// Scalars (in memory in Montgomery form, R = 2^256).
    pub scalars: &'a [C::ScalarField],
}

/// One step of a program on resident vectors of BN254's Fr, all of one length.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code)] // read by card engines
pub enum VectorStep<'a> {
    /// Transforms a vector in place.
    Transform(&'a Resident, Transform),
    /// Element by element: `to` = a op b.
    Combine(Operation, &'a Resident, VectorOperand<'a>, &'a Resident),
}

/// The second operand of an element-wise step.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code)] // read by card engines
pub enum VectorOperand<'a> {
    /// A vector.
    Vector(&'a Resident),
    /// One element for all.
    Element(Fr),
}

/// Vectors of BN254's Fr that stay on a card. What is not offered is [`EngineError::Unsupported`]; after any other
/// error vectors may be lost, which their next use tells.
pub trait VectorEngine {
    /// Whether vectors of this length can stay there.
    fn keeps_vectors(&self, length: usize) -> EngineResult<()> {
        let _ = length;
        Err(EngineError::Unsupported("resident vectors".into()))
    }

    /// A vector of this length that holds these values, or zeros if there are none.
    fn new_vector(&self, length: usize, values: Option<&[Fr]>) -> EngineResult<(Resident, Cost)> {
        let _ = (length, values);
        Err(EngineError::Unsupported("resident vectors".into()))
    }

    /// Reads a vector back, into as many elements.
    fn read_vector(&self, vector: &Resident, out: &mut [Fr]) -> EngineResult<Cost> {
        let _ = (vector, out);
        Err(EngineError::Unsupported("resident vectors".into()))
    }

    /// Runs steps one after the other.
    fn run_steps(&self, steps: &[VectorStep<'_>]) -> EngineResult<Cost> {
        let _ = steps;
        Err(EngineError::Unsupported("resident vectors".into()))
    }

    /// MSM of resident bases with the first elements of a resident vector, as many as there are bases.
    fn msm_of_vector(&self, bases: &Resident, vector: &Resident) -> EngineResult<(G1Projective, Cost)> {
        let _ = (bases, vector);
        Err(EngineError::Unsupported("MSMs of resident vectors".into()))
    }
}

/// MSMs over one curve. An engine of another curve answers [`EngineError::Unsupported`].
pub trait MsmEngine<C: MsmCurve> {
    /// Whether the engine is for this curve at all; what is not offered is named.
    fn offers(&self) -> EngineResult<()> {
        Ok(())
    }

    /// Makes bases resident, now or at their first use. Keep a clone of the `Arc` to restore them
    /// after an eviction. They are such as a card may be given ([`MsmCurve::SUBGROUP_ONLY`]).
    fn upload(&self, points: &Arc<[Affine<C>]>) -> EngineResult<(Resident, Cost)>;

    /// Whether the card has these bases where it reaches them, without bringing them anew.
    fn holds(&self, resident: &Resident) -> bool;

    /// Multi-scalar multiplications, in one batch: the results in order, and the cost of all.
    fn msm(&self, jobs: &[MsmJob<'_, C>]) -> EngineResult<(Vec<Projective<C>>, Cost)>;
}

/// Transforms over one field of 256-bit elements. An engine of another field answers [`EngineError::Unsupported`].
pub trait NttEngine<F: NttField> {
    /// Transforms each vector in place. Lengths are powers of two. On an error the vectors hold
    /// what they held before.
    fn ntt(&self, vectors: &mut [&mut [F]], transform: &Transform<F>) -> EngineResult<Cost>;
}

/// What does the work: the CPU, or a card with its driver. Methods may be called from several
/// threads at once. Its side for one curve: [`MsmCurve::engine`], for one field: [`NttField::engine`].
pub trait Engine:
    MsmEngine<ark_bn254::g1::Config>
    + MsmEngine<ark_bls12_381::g1::Config>
    + MsmEngine<ark_bls12_377::g1::Config>
    + NttEngine<ark_bn254::Fr>
    + NttEngine<ark_bls12_381::Fr>
    + NttEngine<ark_bls12_377::Fr>
    + VectorEngine
    + Send
    + Sync
{
    /// Identity, configuration, capabilities, counters.
    fn info(&self) -> EngineResult<Info>;

    /// Transforms each vector over Goldilocks in place. Lengths are powers of two. If it is [`EngineError::Unsupported`], the vectors hold
    /// what they held before.
    fn goldilocks_ntt(&self, vectors: &mut [&mut [u64]], transform: &GoldilocksTransform) -> EngineResult<Cost> {
        let _ = (vectors, transform);
        Err(EngineError::Unsupported("transforms over goldilocks".into()))
    }
}

/// What a device is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Info {
    /// Name as opened.
    pub device: String,
    /// `cpu`, `simulator` or `card`.
    pub kind: String,
    /// Version of the card's contract, or of this library and its engine for the CPU.
    pub version: String,
    /// Name of the configuration, if it is a card.
    pub config: Option<String>,
    /// Identity of the configuration, if it is a card: `0x` and eight digits.
    pub config_id: Option<String>,
    /// sha256 of the generated Verilog that the card was built from; none if it is simulated.
    pub source_hash: Option<String>,
    /// Curve of MSMs by its name ([`Curve::name`](crate::Curve::name)); the CPU's are several, a comma between.
    pub curve: String,
    /// Field of NTTs by its name ([`Field::name`]); the CPU's are several, a comma between.
    pub field: String,
    /// Clock in Hz, if it is a card.
    pub clock_hz: Option<u64>,
    /// Card memory in bytes, if it is a card.
    pub card_mem_bytes: Option<u64>,
    /// The MSM engine, if it is a card that has one for a curve that is known.
    pub msm: Option<MsmInfo>,
    /// The NTT engine, if it is a card that has one for a curve's scalar field.
    pub ntt: Option<NttInfo>,
    /// The NTT engine, if it is a card that has one for Goldilocks.
    pub goldilocks: Option<NttInfo>,
    /// Leaves that a simulator computes by native integers.
    pub twins: Vec<String>,
    /// Performance counters by name.
    pub counters: BTreeMap<String, u64>,
}

impl Info {
    /// Whether MSMs over a curve are offered.
    pub fn has_curve(&self, curve: Curve) -> bool {
        self.curve.split(", ").any(|name| name == curve.name())
    }

    /// Whether transforms over a field are offered.
    pub fn has_field(&self, field: Field) -> bool {
        self.field.split(", ").any(|name| name == field.name())
    }
}

/// A card's MSM engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MsmInfo {
    /// Point adders.
    pub adders: u64,
    /// Window width in bits.
    pub window_bits: u64,
    /// Windows that have buckets.
    pub windows: u64,
    /// Multiples of each base that the card takes, each with its part of the scalar; at least 1.
    pub multiples: u64,
    /// Segments of a window's buckets.
    pub segments: u64,
    /// Most points in one command.
    pub max_points: u64,
}

/// A card's NTT engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NttInfo {
    /// Butterfly units.
    pub butterflies: u64,
    /// Longest vector on chip, elements.
    pub max_elements: u64,
    /// Vectors may stay in card memory between transforms and element-wise operations.
    pub resident: bool,
    /// Elements of the longest vector that the card transforms in its memory, in two passes; 0 if only what its chip holds.
    pub in_memory: u64,
}
