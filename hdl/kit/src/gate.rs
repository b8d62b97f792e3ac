//! A wrapper that settles a block on its own, and leaves it alone while nothing happens in it.
//!
//! RustHDL's kernel visits every signal of the whole tree at every walk, whether anything happens
//! there or not. `Gated<B>` stands for `B` in a parent's struct, in kernels (it dereferences to
//! `B`) and in Verilog (visitors get `B`), and saves walks that would change nothing:
//!
//! * **Settled on its own.** When an input is about to change or the clock rises, the inside is
//!   walked until nothing changes, within one walk of the parent; otherwise not at all. A clock
//!   edge costs as many walks as the block is deep, not as the whole design.
//! * **One pulse.** Inside, the clock falls one walk after it rises, as in [`cycle`](crate::sim::cycle);
//!   the falling edge outside is nothing new. (So nothing inside may react to the falling edge or
//!   to the clock's level, and a waveform shows the clock low.)
//! * **Idle.** When a whole clock cycle changed nothing inside but clocks, and no input changed
//!   since, the next edge finds the same state and inputs and changes nothing again: the clock is
//!   kept from the block until an input changes. Whether a cycle changed nothing is found by
//!   looking at all signals inside, now and then. State that no signal shows must be told by
//!   [`note_activity`](crate::sim::note_activity); the memories of this crate and twins do so. A
//!   hand-written block says that it does, or that it has none, by [`NOTED`] in its Verilog; above
//!   one that does not, the idle rule is never used.
//!
//! Every output has in every cycle the value that it has without gates. The clock must reach all
//! parts of a design by ports, as deep as data does, as it does with `clock!`. All inputs of `B`
//! must be in its `ports!` list; `connect_all` checks that.

use crate::ports::{Port, Ports, Value};
use crate::sim::{activity, note_activity, settle, MAX_WALKS};
use crate::twin::with_own_ports;
use rust_hdl::prelude::*;
use std::ops::{Deref, DerefMut};

/// A line for the Verilog of a hand-written block all of whose hidden state is told by
/// [`note_activity`](crate::sim::note_activity), or that has none.
pub const NOTED: &str = "// no hidden state goes unnoticed\n";

/// Cycles between two looks at a busy block, at most.
const PATIENCE: u32 = 64;

/// `B`, left out of native simulation while nothing happens in it.
pub struct Gated<B: Ports> {
    inner: B,
    /// Not settled inside: at first, and if it oscillates.
    awake: bool,
    /// Something was done in the last walk, so the parent must look at the outputs again.
    changed: bool,
    /// The clock stands high outside, and its edge has been dealt with; inside it is low.
    edge_done: bool,
    /// Clock edges change nothing until an input does.
    idle: bool,
    /// Rising edges until the next look, and how many to wait after one that found changes.
    wait: u32,
    patience: u32,
    /// Whether the idle rule may be used; found out at the first look.
    may_idle: Option<bool>,
}

impl<B: Ports> Gated<B> {
    /// Wraps a block.
    pub fn new(inner: B) -> Self {
        Self { inner, awake: true, changed: true, edge_done: false, idle: false, wait: 1, patience: 1, may_idle: None }
    }

    /// Must be called after state inside was changed by other means than simulation.
    pub fn wake(&mut self) {
        self.awake = true;
        self.idle = false;
    }

    /// Whether clock edges are being left out.
    pub fn is_idle(&self) -> bool {
        self.idle
    }

    /// The block.
    pub fn inner(&self) -> &B {
        &self.inner
    }

    /// Whether to look for changes at this edge.
    fn looks(&mut self) -> bool {
        if self.wait > 0 {
            self.wait -= 1;
            return false;
        }
        let inner = &self.inner;
        *self.may_idle.get_or_insert_with(|| all_noted(inner))
    }

    /// Walks the inside until it is settled.
    #[inline]
    fn settle(&mut self) {
        self.awake = settle(&mut self.inner, MAX_WALKS).is_err();
    }

    /// A whole clock cycle inside, looked at: if it changes nothing, no further one will.
    #[cold]
    fn look(&mut self, pending: bool) {
        let before = activity();
        self.inner.update_all();
        let mut quiet = !pending && !data_changed(&self.inner);
        self.inner.set_clock(false);
        self.awake = true;
        for _ in 0..MAX_WALKS {
            self.inner.update_all();
            if !self.inner.has_changed() {
                self.awake = false;
                break;
            }
            quiet = quiet && !data_changed(&self.inner);
        }
        if quiet && !self.awake && activity() == before {
            self.idle = true;
            self.patience = 1;
        } else {
            note_activity();
            self.wait = self.patience;
            self.patience = (self.patience * 2).min(PATIENCE);
        }
    }
}

impl<B: Ports + Default> Default for Gated<B> {
    fn default() -> Self {
        Self::new(B::default())
    }
}

impl<B: Ports> Deref for Gated<B> {
    type Target = B;
    #[inline(always)]
    fn deref(&self) -> &B {
        &self.inner
    }
}

impl<B: Ports> DerefMut for Gated<B> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut B {
        &mut self.inner
    }
}

impl<B: Ports> Logic for Gated<B> {
    fn update(&mut self) {}
    fn hdl(&self) -> Verilog {
        self.inner.hdl()
    }
    fn timing(&self) -> Vec<TimingInfo> {
        self.inner.timing()
    }
}

impl<B: Ports> Block for Gated<B> {
    fn connect_all(&mut self) {
        let missing = unlisted_inputs(&self.inner);
        assert!(
            missing.is_empty(),
            "ports! of {} does not list its inputs {}: a Gated block needs all of them",
            std::any::type_name::<B>(),
            missing.join(", ")
        );
        self.inner.connect_all();
    }

    #[inline]
    fn update_all(&mut self) {
        self.changed = false;
        let high = self.inner.clock().is_some_and(|c| c.next.clk);
        self.edge_done &= high;
        let rising = high && !self.edge_done;
        self.edge_done = high;
        let pending = self.inner.inputs_pending();
        if self.idle {
            if !pending {
                return;
            }
            self.idle = false;
        }
        if !(self.awake || rising || pending) {
            return;
        }
        self.changed = true;
        if !rising {
            // Settling leaves no trace that a gate around this one could see.
            note_activity();
            // Inside, the clock fell right after it rose.
            self.inner.set_clock(false);
            self.settle();
        } else if self.looks() {
            self.look(pending);
        } else {
            note_activity();
            self.inner.update_all();
            self.inner.set_clock(false);
            self.settle();
        }
    }

    #[inline]
    fn has_changed(&self) -> bool {
        self.changed || self.awake
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        self.inner.accept(name, probe);
    }
}

impl<B: Ports> Ports for Gated<B> {
    fn has_clock() -> bool {
        B::has_clock()
    }
    fn inputs() -> Vec<Port> {
        B::inputs()
    }
    fn outputs() -> Vec<Port> {
        B::outputs()
    }
    fn poke(&mut self, index: usize, limbs: &[u64]) {
        self.inner.poke(index, limbs);
    }
    fn peek(&self, index: usize) -> Value {
        self.inner.peek(index)
    }
    fn set_clock(&mut self, high: bool) {
        self.inner.set_clock(high);
    }
    fn clock(&mut self) -> Option<&mut Signal<In, Clock>> {
        self.inner.clock()
    }
    fn inputs_pending(&self) -> bool {
        self.inner.inputs_pending()
    }
}

/// Looks for a change of anything but clocks.
#[derive(Default)]
struct Data {
    changed: bool,
}

impl Probe for Data {
    fn visit_atom(&mut self, _: &str, signal: &dyn Atom) {
        if !self.changed && signal.changed() {
            self.changed = signal.descriptor().name != "clock";
        }
    }
}

fn data_changed<B: Block>(block: &B) -> bool {
    let mut data = Data::default();
    // A twin's own signals are the ones that live.
    with_own_ports(|| block.accept("block", &mut data));
    data.changed
}

/// Looks for hand-written blocks that do not say that their state shows.
#[derive(Default)]
struct Hidden {
    found: bool,
}

impl Probe for Hidden {
    fn visit_start_scope(&mut self, _: &str, node: &dyn Block) {
        self.found |= match node.hdl() {
            Verilog::Combinatorial(_) | Verilog::Empty => false,
            Verilog::Custom(text) => !text.starts_with(NOTED) && !is_dff(&text),
            Verilog::Wrapper(w) => !w.code.starts_with(NOTED),
            Verilog::Blackbox(_) => true,
        };
    }
}

/// RustHDL's DFF (and those with a reset value): `d` and `q` show all of its state.
fn is_dff(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    matches!(
        words.as_slice(),
        ["initial", "begin", "q", "=", _, "end", "always", "@(posedge", "clock)", "begin", "q", "<=", "d;", "end"]
    )
}

fn all_noted<B: Block>(block: &B) -> bool {
    let mut hidden = Hidden::default();
    block.accept("block", &mut hidden);
    !hidden.found
}

/// Inputs of the block itself, by name.
#[derive(Default)]
struct Inputs {
    depth: usize,
    space: Vec<String>,
    names: Vec<String>,
}

impl Probe for Inputs {
    fn visit_start_scope(&mut self, _: &str, _: &dyn Block) {
        self.depth += 1;
    }
    fn visit_end_scope(&mut self, _: &str, _: &dyn Block) {
        self.depth -= 1;
    }
    fn visit_start_namespace(&mut self, name: &str, _: &dyn Block) {
        self.space.push(name.into());
    }
    fn visit_end_namespace(&mut self, _: &str, _: &dyn Block) {
        self.space.pop();
    }
    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        if self.depth == 1 && matches!(signal.kind(), AtomKind::InputParameter | AtomKind::InOutParameter) {
            let path: Vec<&str> = self.space.iter().map(String::as_str).chain([name]).collect();
            self.names.push(path.join("$"));
        }
    }
}

fn unlisted_inputs<B: Ports>(block: &B) -> Vec<String> {
    let mut inputs = Inputs::default();
    block.accept("block", &mut inputs);
    let listed = B::inputs();
    inputs
        .names
        .into_iter()
        .filter(|n| !listed.iter().any(|p| p.name == *n))
        .filter(|n| !B::has_clock() || n != "clock")
        .collect()
}
