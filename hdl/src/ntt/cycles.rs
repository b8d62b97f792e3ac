//! How many cycles a transform takes on a card: the engine's formulas, and what is outside of it.

use super::pipelined::Shape;
use super::{VectorNtt, VectorParams};
use crate::config::CardConfig;
use gristmill_hdl_kit::twin::Fidelity;

/// Cycles from the fetch of a command to its completion outside the engine, vectors in card memory: descriptor, first words, completion.
/// Fitted to one run, 2^13 elements on a simulated card `sim`.
pub const COMMAND: u64 = 283;
/// Cycles that a tile's load and store take beyond a word a cycle each where one channel of memory serves both and butterflies do not hide them: what is
/// left in the writer's FIFO goes out while the next tile comes. Fitted to 2^14 to 2^16 elements on a card `sim` with two and four butterflies.
const SWITCH: u64 = 90;
/// log2 of the columns of a tile, and of the most tiles of a command.
const TILE_LOG: u32 = 4;
const TILES_LOG: u32 = 8;

/// The model of a card's transforms. The engine's cycles are exact (the tests hold the formulas against it).
pub struct NttCycles {
    engine: VectorNtt,
    log_max: u32,
    columns: bool,
    /// An element is a word of the memory.
    words: bool,
}

impl NttCycles {
    /// Of a card of this configuration.
    ///
    /// # Panics
    /// If the configuration is not valid.
    pub fn new(config: &CardConfig) -> Self {
        let params = VectorParams::of_field(config.field_id());
        let (log_max, log_seeds) = (config.ntt_log_max, config.log_seeds());
        let wings = config.butterflies.ilog2();
        let engine = VectorNtt::with_wings(params, log_max, log_seeds, config.arithmetic, wings, Fidelity::Twin);
        let columns = config.columns() && config.card_mem_bytes > 0;
        let words = config.field_id().elements_per_word() == 1;
        NttCycles { engine, log_max: config.ntt_log_max, columns, words }
    }

    /// Cycles between two butterflies.
    pub fn interval(&self) -> u64 {
        self.engine.interval() as u64
    }

    /// From `start` to `done` of a transform of 2^log elements on chip, without factors; `None` if they do not fit.
    pub fn on_chip(&self, log: u32) -> Option<u64> {
        (1..=self.log_max).contains(&log).then(|| self.engine.cycles(log, false, false))
    }

    /// From the fetch of the first command of columns to the completion of the second; `None` for what fits on chip, and what is too long.
    pub fn in_memory(&self, log: u32) -> Option<u64> {
        let side = self.log_max.saturating_sub(TILE_LOG).min(TILE_LOG + TILES_LOG);
        let (rows, columns) = (log.div_ceil(2), log / 2);
        (self.columns && log > self.log_max && rows <= side).then(|| {
            let pass = |tiles_log: u32, rows: u32, factors: bool| {
                let vectors = 1u64 << (tiles_log - TILE_LOG);
                let log_n = rows + TILE_LOG;
                let shape = Shape { columns: true, vectors, ..Shape::of(log_n, factors, factors) };
                let (transfers, stages) = (2u64 << log_n, self.engine.stage_cycles(&shape));
                let switches = (transfers + SWITCH).saturating_sub(stages.max(transfers));
                self.engine.command_cycles(&shape) + COMMAND + if self.words { vectors * switches } else { 0 }
            };
            pass(columns, rows, false) + pass(rows, columns, true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a card `sim` counted them (`host-lib/tests/card/columns.rs`, `figures`): within 0.2 %, with several butterflies 0.7 %.
    #[test]
    fn a_cards_cycles_in_its_memory() {
        let sim = NttCycles::new(&CardConfig::sim());
        for (log, counted) in [(14, 123_600u64), (15, 258_776), (16, 541_408)] {
            let told = sim.in_memory(log).expect("a size");
            assert!(told.abs_diff(counted) * 500 < counted, "2^{log}: {told} for {counted}");
        }
        assert_eq!(sim.on_chip(13).map(|cycles| cycles + COMMAND), Some(69_978));
        // The channel is what several butterflies wait for.
        for (butterflies, all) in
            [(2, [(14, 74_442u64), (15, 147_806), (16, 284_086)]), (4, [(14, 68_473), (15, 136_681), (16, 267_769)])]
        {
            let card = NttCycles::new(&CardConfig { butterflies, ..CardConfig::sim() });
            for (log, counted) in all {
                let told = card.in_memory(log).expect("a size");
                println!("{butterflies} butterflies, 2^{log}: {told} for {counted}");
                assert!(
                    told.abs_diff(counted) * 150 < counted,
                    "{butterflies} butterflies, 2^{log}: {told} for {counted}"
                );
            }
        }
    }

    #[test]
    fn sizes_go_from_the_chip_to_its_memory() {
        let sim = NttCycles::new(&CardConfig::sim());
        assert_eq!(sim.on_chip(12), Some(32_831));
        assert!(sim.on_chip(13).is_some() && sim.on_chip(14).is_none() && sim.on_chip(0).is_none());
        assert!(sim.in_memory(13).is_none() && sim.in_memory(14).is_some());
        assert!(sim.in_memory(18).is_some() && sim.in_memory(19).is_none());
        let serial = NttCycles::new(&CardConfig::ecp5_85k());
        assert_eq!((serial.interval(), serial.on_chip(11)), (17, Some(261_226)));
        assert!(serial.in_memory(12).is_none());
    }
}
