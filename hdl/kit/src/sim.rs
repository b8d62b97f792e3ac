//! Driving RustHDL's native simulation: one clock cycle at a time, with an error when a circuit
//! does not settle.
//!
//! A *walk* is one `update_all` over the tree. Clock and data travel one level of hierarchy per
//! walk, so a cycle takes a few walks per level.

use crate::ports::Ports;
use rust_hdl::prelude::Block;
use std::cell::Cell;

/// Walks that [`settle`] tries by default; far above what any sound circuit needs.
pub const MAX_WALKS: usize = 200;

/// A circuit that kept changing: a combinational loop, or an update that toggles a signal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the circuit did not settle within {walks} walks: look for a combinational loop \
     (rust_hdl's check_logic_loops, or Verilator's UNOPTFLAT warning), or allow more walks"
)]
pub struct NotSettled {
    /// Walks done.
    pub walks: usize,
}

/// Propagates until nothing changes; returns the number of walks.
///
/// # Errors
/// [`NotSettled`] after `max_walks` walks.
pub fn settle<B: Block>(block: &mut B, max_walks: usize) -> Result<usize, NotSettled> {
    for walks in 1..=max_walks {
        block.update_all();
        if !block.has_changed() {
            return Ok(walks);
        }
    }
    Err(NotSettled { walks: max_walks })
}

/// One clock cycle: settles the inputs, then a rising edge, then a falling edge right behind it
/// (one walk later), and settles. Returns the number of walks.
///
/// The falling edge follows the rising one down the hierarchy, so every level sees the clock high
/// for exactly one walk. That saves half of the walks and is exact for logic that uses only
/// `pos_edge()`. Use [`cycle_two_phase`] if something reacts to the falling edge or to the clock's level.
///
/// # Errors
/// [`NotSettled`] if the circuit oscillates.
pub fn cycle<B: Ports>(block: &mut B) -> Result<usize, NotSettled> {
    let before = settle(block, MAX_WALKS)?;
    block.set_clock(true);
    block.update_all();
    block.set_clock(false);
    Ok(before + 1 + settle(block, MAX_WALKS)?)
}

/// One clock cycle with the clock held high until the circuit has settled: slower than [`cycle`],
/// right for any circuit.
///
/// # Errors
/// [`NotSettled`] if the circuit oscillates.
pub fn cycle_two_phase<B: Ports>(block: &mut B) -> Result<usize, NotSettled> {
    let mut walks = settle(block, MAX_WALKS)?;
    for level in [true, false] {
        block.set_clock(level);
        walks += settle(block, MAX_WALKS)?;
    }
    Ok(walks)
}

thread_local! {
    static ACTIVITY: Cell<u64> = const { Cell::new(0) };
}

/// A hand-written primitive with state that no signal shows (a RAM's words, a ring's position)
/// calls this at each clock edge that changes such state.
#[inline(always)]
pub fn note_activity() {
    ACTIVITY.with(|a| a.set(a.get().wrapping_add(1)));
}

/// Calls of [`note_activity`] on this thread so far (wrapping).
#[inline(always)]
pub fn activity() -> u64 {
    ACTIVITY.with(Cell::get)
}
