//! The card's blocks as Verilog, each out of context, with those of its modules that are counted by themselves.

use super::EstimateError;
use gristmill_hdl::card::Card;
use gristmill_hdl::config::CardConfig;
use gristmill_hdl::curve::{BLS12_381, BN254, PointAdder256, PointAdder384};
use gristmill_hdl::field::{BLS12_381_FQ, BN254_FQ, BN254_FR, MontMul256, MontMul384, MontMulSerial256};
use gristmill_hdl::ntt::Butterfly;
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::verilog::{TOP, try_generate};
use std::collections::{BTreeMap, BTreeSet};

/// A block's Verilog; its top module is [`TOP`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name in tables and files.
    pub name: String,
    /// The text.
    pub verilog: String,
    /// Modules that synthesis keeps whole, by the Verilog name, with the fields whose instances they are.
    pub kept: BTreeMap<String, Vec<String>>,
    /// Modules that synthesis leaves out, as boxes with ports: counted elsewhere.
    pub boxes: BTreeSet<String>,
}

/// Fields whose modules are kept: the engines, what is big in them, and what stands in them many times.
const KEPT: [&str; 25] = [
    "msm",
    "lanes",
    "ntt",
    "elementwise",
    "adder",
    "serial",
    "unit",
    "wing",
    "banks",
    "memory_0",
    "piece",
    "multiplier",
    "mul_xx",
    "mul_x3",
    "mul_y3",
    "stage",
    "pair",
    "buckets",
    "chains",
    "tracker",
    "recoder",
    "redc",
    "twiddles",
    "bank_0",
    "factors",
];

impl Source {
    /// The same block with only these fields' modules kept whole.
    pub fn keeping(mut self, fields: &[&str]) -> Self {
        self.kept.retain(|_, of| of.iter().any(|f| fields.contains(&f.as_str())));
        self
    }

    /// The same block with these fields' modules not kept whole.
    pub fn flattening(mut self, fields: &[&str]) -> Self {
        self.kept.retain(|_, of| of.iter().all(|f| !fields.contains(&f.as_str())));
        self
    }

    /// The same block with these fields' modules left out.
    pub fn boxing(mut self, fields: &[&str]) -> Self {
        self = self.keeping(fields);
        self.boxes = std::mem::take(&mut self.kept).into_keys().collect();
        self
    }
}

/// Verilog of a block, of which big modules stay whole.
///
/// # Errors
/// [`EstimateError::Block`] if RustHDL's checks refuse it.
pub fn source<B: Ports>(name: &str, mut block: B) -> Result<Source, EstimateError> {
    block.connect_all();
    let refused = |reason: String| EstimateError::Block { block: name.into(), reason };
    let design = try_generate(&block).map_err(|e| refused(e.to_string()))?;
    let mut kept = BTreeMap::new();
    for module in design.modules() {
        let fields: Vec<String> = module.fields.iter().filter(|f| KEPT.contains(&f.as_str())).cloned().collect();
        if module.name != TOP && !fields.is_empty() {
            kept.insert(module.name.clone(), fields);
        }
    }
    Ok(Source { name: name.into(), verilog: design.text(), kept, boxes: BTreeSet::new() })
}

/// The pipelined multiplier of BN254's base field: one product a cycle.
///
/// # Errors
/// As [`source`].
pub fn mont_mul() -> Result<Source, EstimateError> {
    source("MontMul256", MontMul256::new(&BN254_FQ, Fidelity::Rtl))
}

/// The same of its scalar field, in the NTT.
///
/// # Errors
/// As [`source`].
pub fn mont_mul_scalar() -> Result<Source, EstimateError> {
    source("MontMul256 scalar", MontMul256::new(&BN254_FR, Fidelity::Rtl))
}

/// The pipelined multiplier of BLS12-381's base field.
///
/// # Errors
/// As [`source`].
pub fn mont_mul_384() -> Result<Source, EstimateError> {
    source("MontMul384", MontMul384::new(&BLS12_381_FQ, Fidelity::Rtl))
}

/// The digit-serial multiplier: one product in 17 cycles.
///
/// # Errors
/// As [`source`].
pub fn mont_mul_serial() -> Result<Source, EstimateError> {
    source("MontMulSerial256", MontMulSerial256::new(&BN254_FQ))
}

/// The complete point adder: one addition a cycle.
///
/// # Errors
/// As [`source`].
pub fn point_adder() -> Result<Source, EstimateError> {
    source("PointAdder256", PointAdder256::new(&BN254, Fidelity::Rtl))
}

/// The same of BLS12-381.
///
/// # Errors
/// As [`source`].
pub fn point_adder_384() -> Result<Source, EstimateError> {
    source("PointAdder384", PointAdder384::new(&BLS12_381, Fidelity::Rtl))
}

/// The butterfly: one a cycle.
///
/// # Errors
/// As [`source`].
pub fn butterfly() -> Result<Source, EstimateError> {
    source("Butterfly", Butterfly::new(&BN254_FR, Fidelity::Rtl))
}

/// A whole card.
///
/// # Errors
/// As [`source`].
pub fn card(config: &CardConfig) -> Result<Source, EstimateError> {
    source(&format!("card {}", config.name), Card::new(config, Fidelity::Rtl))
}

/// A card without engines.
///
/// # Errors
/// As [`source`].
pub fn bare_card(config: &CardConfig) -> Result<Source, EstimateError> {
    source(&format!("bare card {}", config.name), Card::without_engines(config))
}
