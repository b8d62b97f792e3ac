//! What blocks of the card would be made of on parts whose own tools are not here: yosys' mapping to the
//! primitives of Xilinx's families, and to a library of standard cells.
//!
//! | file | holds |
//! |---|---|
//! | [`asic`] | standard cells: area, and the clock by OpenSTA |
//! | [`blocks`] | the blocks, as Verilog out of context |
//! | [`pieces`] | a design cut so that each distinct module is mapped once |
//! | [`cards`] | a design mapped piece by piece, and its table |
//! | [`yosys`] | a run of yosys with some modules kept whole, and its counts |
//! | [`xilinx`] | families, parts, and what a mapped primitive costs |
//!
//! Nothing here places or routes: a mapping says what a design is made of, not how fast it runs nor whether
//! its wires find a way.

pub mod adders;
pub mod asic;
pub mod blocks;
pub mod cards;
pub mod pieces;
pub mod xilinx;
pub mod yosys;

/// What goes wrong while an estimate is made.
#[derive(Debug, thiserror::Error)]
pub enum EstimateError {
    /// No yosys.
    #[error(
        "cannot run `{tool}`: {reason}; name a yosys of 0.40 or newer in {variable}, or unset it: then the pinned one is \
         taken (`gristmill build --tools-only` installs it)",
        variable = yosys::VARIABLE
    )]
    Tool {
        /// What was tried.
        tool: String,
        /// Why it did not start.
        reason: String,
    },
    /// A run of yosys failed.
    #[error("yosys on `{block}`: {reason}; its log is {log}")]
    Run {
        /// The block.
        block: String,
        /// Exit status or what was wrong with its report.
        reason: String,
        /// Where to look.
        log: String,
    },
    /// OpenSTA did not answer.
    #[error("OpenSTA (`{tool}`) on `{block}`: {reason}; Debian's package is `opensta`")]
    Timing {
        /// What was run.
        tool: String,
        /// The block.
        block: String,
        /// What it said.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// RustHDL refuses a block.
    #[error("block `{block}`: {reason}")]
    Block {
        /// The block.
        block: String,
        /// Why.
        reason: String,
    },
    /// A mapped cell that has no price.
    #[error("the mapping of `{block}` holds a cell `{cell}` that the table does not know: add it to estimate::xilinx")]
    Cell {
        /// The module.
        block: String,
        /// The cell's type.
        cell: String,
    },
}
