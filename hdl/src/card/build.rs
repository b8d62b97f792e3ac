//! A card of a configuration, with its engines or without.

use super::Card;
use crate::bus::{Reader, Stage, Writer};
use crate::config::CardConfig;
use crate::curve::CurveParams;
use crate::elementwise::Elementwise;
use crate::field::Arithmetic;
use crate::msm::{Lanes256, ManyMsm, ManyMsmKind, Msm256, WideMsm};
use crate::ntt::pipelined::engine::COLUMNS_LOG;
use crate::ntt::{VectorNtt, VectorParams};
use crate::queue::{Batch, Checker, Queues, RegisterFile, Sequencer};
use gristmill_abi::command::Operation;
use gristmill_abi::identity::SourceHash;
use gristmill_abi::layout::Curve;
use gristmill_hdl_kit::gate::Gated;
use gristmill_hdl_kit::twin::Fidelity;
use rust_hdl::prelude::*;

/// The engines that a card has: none, or one MSM engine of some kind and one for transforms.
#[derive(Default)]
pub(super) struct Engines {
    msm: Vec<Gated<Msm256>>,
    lanes: Vec<Gated<ManyMsm>>,
    ntt: Vec<Gated<VectorNtt>>,
    elementwise: Vec<Gated<Elementwise>>,
}

impl Card {
    /// The card of a configuration, its big leaves simulated as `fidelity` says. Its source hash is
    /// zero: it is simulated, or its Verilog is to be hashed.
    ///
    /// # Panics
    /// If the configuration is not valid ([`CardConfig::validate`] says why).
    pub fn new(config: &CardConfig, fidelity: Fidelity) -> Self {
        Self::with_identity(config, fidelity, SourceHash::NONE)
    }

    /// As [`new`](Self::new), and shows this source hash: that of the Verilog of the card with a zero one. For hardware.
    ///
    /// # Panics
    /// If the configuration is not valid.
    pub fn with_identity(config: &CardConfig, fidelity: Fidelity, source: SourceHash) -> Self {
        check(config);
        let sizes = config.msm();
        let curve = CurveParams::of(config.curve_id());
        let vectors = VectorParams::of(config.curve_id());
        let field = VectorParams::of_field(config.field_id());
        let wings = config.butterflies.ilog2();
        let (log_max, log_seeds) = (config.ntt_log_max, config.log_seeds());
        let ntt = VectorNtt::with_wings(field, log_max, log_seeds, config.arithmetic, wings, fidelity);
        let mut engines = Engines { ntt: vec![Gated::new(ntt)], ..Engines::default() };
        if config.elementwise {
            engines.elementwise.push(Gated::new(Elementwise::new(&vectors.field, fidelity)));
        }
        match config.curve_id() {
            Curve::Bn254 if sizes.slices() => {
                let lanes = Lanes256::new(&sizes, curve, &vectors.field, fidelity);
                engines.lanes.push(Gated::new(ManyMsm::of(ManyMsmKind::Lanes(Box::new(lanes)))))
            }
            Curve::Bn254 => engines.msm.push(Gated::new(Msm256::with_arithmetic(
                &sizes,
                curve,
                &vectors.field,
                config.arithmetic,
                fidelity,
            ))),
            Curve::Bls12_381 | Curve::Bls12_377 => {
                let wide = WideMsm::new(&sizes, curve, &vectors.field, fidelity);
                engines.lanes.push(Gated::new(ManyMsm::of(ManyMsmKind::Wide(Box::new(wide)))))
            }
        }
        Self::build(config, source, engines)
    }

    /// Registers, queue and copies only: MSM and NTT are bad opcodes.
    ///
    /// # Panics
    /// If the configuration is not valid.
    pub fn without_engines(config: &CardConfig) -> Self {
        check(config);
        Self::build(config, SourceHash::NONE, Engines::default())
    }

    pub(super) fn build(config: &CardConfig, source: SourceHash, engines: Engines) -> Self {
        let Engines { msm, lanes, ntt, elementwise } = engines;
        let engines = !ntt.is_empty();
        let batches = usize::from(config.batches() && engines);
        let columns = usize::from(config.columns() && engines);
        let slow = usize::from(config.arithmetic == Arithmetic::Serial);
        let side = usize::from(config.butterflies > 1 && engines);
        // Vectors of fewer elements than two for each butterfly.
        let few = || 1..=u64::from(config.butterflies.ilog2());
        let stages = || (0..slow).map(|_| Stage::default()).collect();
        let mut card = Self {
            clock: Default::default(),
            reset: Default::default(),
            clock_hz: Default::default(),
            card_mem_bytes: Default::default(),
            s_awaddr: Default::default(),
            s_awvalid: Default::default(),
            s_awready: Default::default(),
            s_wdata: Default::default(),
            s_wstrb: Default::default(),
            s_wvalid: Default::default(),
            s_wready: Default::default(),
            s_bresp: Default::default(),
            s_bvalid: Default::default(),
            s_bready: Default::default(),
            s_araddr: Default::default(),
            s_arvalid: Default::default(),
            s_arready: Default::default(),
            s_rdata: Default::default(),
            s_rresp: Default::default(),
            s_rvalid: Default::default(),
            s_rready: Default::default(),
            h_araddr: Default::default(),
            h_arlen: Default::default(),
            h_arvalid: Default::default(),
            h_arready: Default::default(),
            h_rdata: Default::default(),
            h_rresp: Default::default(),
            h_rlast: Default::default(),
            h_rvalid: Default::default(),
            h_rready: Default::default(),
            h_awaddr: Default::default(),
            h_awlen: Default::default(),
            h_awvalid: Default::default(),
            h_awready: Default::default(),
            h_wdata: Default::default(),
            h_wlast: Default::default(),
            h_wvalid: Default::default(),
            h_wready: Default::default(),
            h_bresp: Default::default(),
            h_bvalid: Default::default(),
            h_bready: Default::default(),
            c_araddr: Default::default(),
            c_arlen: Default::default(),
            c_arvalid: Default::default(),
            c_arready: Default::default(),
            c_rdata: Default::default(),
            c_rresp: Default::default(),
            c_rlast: Default::default(),
            c_rvalid: Default::default(),
            c_rready: Default::default(),
            c_awaddr: Default::default(),
            c_awlen: Default::default(),
            c_awvalid: Default::default(),
            c_awready: Default::default(),
            c_wdata: Default::default(),
            c_wlast: Default::default(),
            c_wvalid: Default::default(),
            c_wready: Default::default(),
            c_bresp: Default::default(),
            c_bvalid: Default::default(),
            c_bready: Default::default(),
            irq: Default::default(),
            busy: Default::default(),
            slave: Default::default(),
            registers: RegisterFile::new(config, engines, source),
            queues: Gated::new(Queues::new(config.queues)),
            fetcher: Default::default(),
            descriptor: Checker::new(config, engines),
            sequencer: Sequencer::with_lanes(lanes.len().max(side)),
            reader0: match (slow, columns) {
                (0, 0) => Reader::default(),
                (0, _) => Reader::strided(config.row_words()),
                _ => Reader::paced(),
            },
            reader1: if slow == 0 { Reader::default() } else { Reader::paced() },
            writer: match (slow, columns) {
                (0, 0) => Writer::default(),
                (0, _) => Writer::strided(config.row_words()),
                _ => Writer::paced(),
            },
            host: Default::default(),
            card: Default::default(),
            beat: (0..slow).map(|_| Default::default()).collect(),
            stage_a: stages(),
            stage_b: stages(),
            stage_c: stages(),
            beat_now: Default::default(),
            a_data: Default::default(),
            a_valid: Default::default(),
            a_ready: Default::default(),
            b_data: Default::default(),
            b_valid: Default::default(),
            b_ready: Default::default(),
            c_data: Default::default(),
            c_valid: Default::default(),
            c_ready: Default::default(),
            to_card: Default::default(),
            kind: Default::default(),
            msm_ready: Default::default(),
            ntt_ready: Default::default(),
            count: Default::default(),
            len_of_two: Constant::new(1.into()),
            one_word: Constant::new(1.into()),
            no_address: Constant::new(0.into()),
            no_len: Constant::new(0.into()),
            _engines: ntt.len(),
            _narrow: msm.len(),
            _lanes: lanes.len(),
            _elementwise: elementwise.len(),
            _batches: batches,
            column_log: vec![Constant::new((32 + u64::from(COLUMNS_LOG)).into()); columns],
            _columns: columns,
            _slow: slow,
            butterflies: vec![Constant::new(u64::from(config.butterflies).into()); side],
            no_butterflies: vec![Constant::new(0u64.into()); side],
            few_log: few().map(|log| Constant::new(log.into())).collect(),
            few: few().map(|log| Constant::new((1u64 << (log - 1)).into())).collect(),
            _side: side,
            _few: config.butterflies.ilog2() as usize,
            batch: (0..batches).map(|_| Batch::new(config.row_words() as u64)).collect(),
            fused: vec![Constant::new((Operation::MulSub as u64).into()); elementwise.len()],
            operation: elementwise.iter().map(|_| Default::default()).collect(),
            reader2: elementwise.iter().map(|_| Default::default()).collect(),
            is_elementwise: elementwise.iter().map(|_| Default::default()).collect(),
            elementwise,
            msm,
            lanes,
            ntt,
        };
        card.connect_all();
        card
    }
}

fn check(config: &CardConfig) {
    if let Err(e) = config.validate() {
        panic!("{e}");
    }
}
