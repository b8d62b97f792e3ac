//! Batches: MSM and NTT commands for several vectors.
//!
//! | file | holds |
//! |---|---|
//! | [`times`] | [`Times`], words of all vectors of an operand, for the checker |
//! | [`repeat`] | [`Repeat`], starts of a reader or writer |
//! | [`runs`] | [`Runs`], starts of the engine |
//!
//! What a command means: `abi::command`. Each mover begins the next vector as soon as it is through with its own, whatever the others do: the
//! next bases and scalars are fetched while the engine still sums buckets, and its results are written while it takes them.

pub mod repeat;
pub mod runs;
pub mod times;

pub use repeat::Repeat;
pub use runs::Runs;
pub use times::Times;

use gristmill_abi::layout::WORD_BYTES;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

/// Starts of the three movers (`a`, `b`: readers; `c`: writer) and of the engine (an NTT's once, an MSM's for each vector) for a command of `more + 1` vectors, with the `start` of the sequencer.
/// A mover's `words` are those of one vector; an MSM reads `a` (bases) anew for each, an NTT `b` (factor blocks), unless it is of columns.
/// Of the engine: `ready`, `ended`, what it found of scalars. `left`: a mover will start again.
#[derive(LogicBlock)]
pub struct Batch {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub more: Signal<In, Bits<8>>,
    pub count: Signal<In, U<32>>,
    pub is_msm: Signal<In, Bit>,
    pub is_ntt: Signal<In, Bit>,
    /// The transform is of columns: the next sixteen lie beside those before, in `c` too if `scattered`.
    pub columns: Signal<In, Bit>,
    pub scattered: Signal<In, Bit>,
    pub a_address: Signal<In, U<64>>,
    pub a_words: Signal<In, U<32>>,
    pub a_busy: Signal<In, Bit>,
    pub a_failed: Signal<In, Bit>,
    pub b_address: Signal<In, U<64>>,
    pub b_words: Signal<In, U<32>>,
    pub b_busy: Signal<In, Bit>,
    pub b_failed: Signal<In, Bit>,
    pub c_address: Signal<In, U<64>>,
    pub c_words: Signal<In, U<32>>,
    pub c_busy: Signal<In, Bit>,
    pub c_failed: Signal<In, Bit>,
    pub ready: Signal<In, Bit>,
    pub ended: Signal<In, Bit>,
    pub scalar_error: Signal<In, Bit>,
    pub scalar_index: Signal<In, U<32>>,
    pub a_go: Signal<Out, Bit>,
    pub a_at: Signal<Out, U<64>>,
    pub a_error: Signal<Out, Bit>,
    pub b_go: Signal<Out, Bit>,
    pub b_at: Signal<Out, U<64>>,
    pub b_error: Signal<Out, Bit>,
    pub c_go: Signal<Out, Bit>,
    pub c_at: Signal<Out, U<64>>,
    pub c_error: Signal<Out, Bit>,
    pub left: Signal<Out, Bit>,
    pub go: Signal<Out, Bit>,
    pub done: Signal<Out, Bit>,
    pub error: Signal<Out, Bit>,
    pub index: Signal<Out, U<32>>,
    /// Bytes of a row of sixteen elements.
    sixteen: Constant<U<64>>,
    a: Repeat,
    b: Repeat,
    c: Repeat,
    runs: Runs,
}

ports!(Batch {
    in: clear, start, more, count, is_msm, is_ntt, columns, scattered, a_address, a_words, a_busy, a_failed, b_address, b_words, b_busy, b_failed,
        c_address, c_words, c_busy, c_failed, ready, ended, scalar_error, scalar_index;
    out: a_go, a_at, a_error, b_go, b_at, b_error, c_go, c_at, c_error, left, go, done, error, index
});

impl Batch {
    /// For a card on which 16 elements of a vector are so many words.
    pub fn new(row_words: u64) -> Self {
        Self {
            clock: Default::default(),
            clear: Default::default(),
            start: Default::default(),
            more: Default::default(),
            count: Default::default(),
            is_msm: Default::default(),
            is_ntt: Default::default(),
            columns: Default::default(),
            scattered: Default::default(),
            a_address: Default::default(),
            a_words: Default::default(),
            a_busy: Default::default(),
            a_failed: Default::default(),
            b_address: Default::default(),
            b_words: Default::default(),
            b_busy: Default::default(),
            b_failed: Default::default(),
            c_address: Default::default(),
            c_words: Default::default(),
            c_busy: Default::default(),
            c_failed: Default::default(),
            ready: Default::default(),
            ended: Default::default(),
            scalar_error: Default::default(),
            scalar_index: Default::default(),
            a_go: Default::default(),
            a_at: Default::default(),
            a_error: Default::default(),
            b_go: Default::default(),
            b_at: Default::default(),
            b_error: Default::default(),
            c_go: Default::default(),
            c_at: Default::default(),
            c_error: Default::default(),
            left: Default::default(),
            go: Default::default(),
            done: Default::default(),
            error: Default::default(),
            index: Default::default(),
            sixteen: Constant::new((row_words * WORD_BYTES as u64).into()),
            a: Default::default(),
            b: Default::default(),
            c: Default::default(),
            runs: Default::default(),
        }
    }
}

impl Logic for Batch {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, a, b, c, runs);
        self.a.clear.next = self.clear.val();
        self.a.start.next = self.start.val();
        self.a.more.next = self.more.val();
        self.a.address.next = self.a_address.val();
        self.a.step.next = 0.into();
        if self.is_ntt.val() {
            self.a.step.next = bit_cast_u::<64, 32>(self.a_words.val()) << 5;
        }
        if self.columns.val() {
            self.a.step.next = self.sixteen.val();
        }
        self.a.busy.next = self.a_busy.val();
        self.a.failed.next = self.a_failed.val();
        self.a_go.next = self.a.go.val();
        self.a_at.next = self.a.at.val();
        self.a_error.next = self.a.error.val();

        self.b.clear.next = self.clear.val();
        self.b.start.next = self.start.val();
        self.b.more.next = self.more.val();
        self.b.address.next = self.b_address.val();
        self.b.step.next = 0.into();
        if self.is_msm.val() || self.columns.val() {
            self.b.step.next = bit_cast_u::<64, 32>(self.b_words.val()) << 5;
        }
        self.b.busy.next = self.b_busy.val();
        self.b.failed.next = self.b_failed.val();
        self.b_go.next = self.b.go.val();
        self.b_at.next = self.b.at.val();
        self.b_error.next = self.b.error.val();

        self.c.clear.next = self.clear.val();
        self.c.start.next = self.start.val();
        self.c.more.next = self.more.val();
        self.c.address.next = self.c_address.val();
        self.c.step.next = bit_cast_u::<64, 32>(self.c_words.val()) << 5;
        if self.scattered.val() {
            self.c.step.next = self.sixteen.val();
        }
        self.c.busy.next = self.c_busy.val();
        self.c.failed.next = self.c_failed.val();
        self.c_go.next = self.c.go.val();
        self.c_at.next = self.c.at.val();
        self.c_error.next = self.c.error.val();
        self.left.next = self.a.left.val() || self.b.left.val() || self.c.left.val();

        self.runs.clear.next = self.clear.val();
        self.runs.start.next = self.start.val() && (self.is_msm.val() || self.is_ntt.val());
        // An NTT engine takes all vectors at once.
        self.runs.more.next = 0.into();
        if self.is_msm.val() {
            self.runs.more.next = self.more.val();
        }
        self.runs.count.next = self.count.val();
        self.runs.ready.next = self.ready.val();
        self.runs.ended.next = self.ended.val();
        self.runs.scalar_error.next = self.scalar_error.val();
        self.runs.scalar_index.next = self.scalar_index.val();
        self.go.next = self.runs.go.val();
        self.done.next = self.runs.done.val();
        self.error.next = self.runs.error.val();
        self.index.next = self.runs.index.val();
    }
}
