//! A wrapper that keeps a sleeping block out of native simulation.
//!
//! RustHDL's kernel visits every signal of the whole tree at every walk, whether anything happens
//! there or not. `Gated<B>` stands for `B` in a parent's struct, in kernels (it dereferences to
//! `B`) and in Verilog (visitors get `B`), and leaves out walks that would change nothing:
//!
//! * **settled**: the last walk changed nothing inside, and no input is about to change. Then the
//!   next walk changes nothing either; RustHDL's own `simulate` stops by the same argument.
//! * **idle**: a whole clock cycle changed nothing inside but clocks, and no input changed since.
//!   Then the next clock edge finds the same state and inputs, and changes nothing again; so the
//!   clock is kept from the block until an input changes. Whether a cycle changed nothing is found
//!   by looking at all signals inside, now and then. State that no signal shows must be told by
//!   [`note_activity`](crate::sim::note_activity); blocks of this crate and twins do so. A
//!   hand-written block says that it does (or that it has none) by [`NOTED`] in its Verilog; below
//!   one that does not, the idle rule is never used.
//!
//! The results are the same in every cycle, only earlier. All inputs of `B` must be in its
//! `ports!` list; `connect_all` checks that.

use crate::ports::{Port, Ports, Value};
use crate::sim::activity;
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
    /// The last walk changed something, or there was none yet.
    awake: bool,
    /// Clock edges change nothing until an input does.
    idle: bool,
    /// While idle: the clock stands high, and its edge was not passed on.
    missed: bool,
    /// Woken while the clock stood high: it stays low inside until it falls outside.
    hold: bool,
    /// A cycle is being watched for changes.
    watching: bool,
    /// Rising edges until the next watch, and how many to wait after a failed one.
    wait: u32,
    patience: u32,
    /// Whether the idle rule may be used; found out at the first watch.
    may_idle: Option<bool>,
}

impl<B: Ports> Gated<B> {
    /// Wraps a block.
    pub fn new(inner: B) -> Self {
        Self {
            inner,
            awake: true,
            idle: false,
            missed: false,
            hold: false,
            watching: false,
            wait: 1,
            patience: 1,
            may_idle: None,
        }
    }

    /// Must be called after state inside was changed by other means than simulation.
    pub fn wake(&mut self) {
        self.hold |= self.idle && self.missed;
        self.missed = false;
        self.awake = true;
        self.idle = false;
        self.watching = false;
    }

    /// Whether clock edges are being left out.
    pub fn is_idle(&self) -> bool {
        self.idle
    }

    /// The block.
    pub fn inner(&self) -> &B {
        &self.inner
    }

    fn busy(&mut self) {
        self.watching = false;
        self.wait = self.patience;
        self.patience = (self.patience * 2).min(PATIENCE);
    }

    fn watch(&mut self) -> bool {
        if self.wait > 0 {
            self.wait -= 1;
            return false;
        }
        let inner = &self.inner;
        *self.may_idle.get_or_insert_with(|| B::has_clock() && all_noted(inner))
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

/// The clock's next and present level.
#[inline(always)]
fn levels<B: Ports>(inner: &mut B) -> (bool, bool) {
    inner.clock().map_or((false, false), |c| (c.next.clk, c.val().clk))
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
        let (next, now) = levels(&mut self.inner);
        let pending = self.inner.inputs_pending();
        if self.idle {
            if !pending {
                self.missed = next;
                return;
            }
            self.idle = false;
            // An edge that came before this input is over; one that comes with it is not.
            self.hold = self.missed;
            self.missed = false;
        }
        let mut clock_pending = next != now;
        if self.hold {
            if next {
                self.inner.set_clock(false);
                clock_pending = now;
            } else {
                self.hold = false;
            }
        }
        if !(self.awake || clock_pending || pending) {
            return;
        }
        if clock_pending && next && self.watch() {
            self.watching = true;
        }
        if !self.watching {
            self.inner.update_all();
            self.awake = self.inner.has_changed();
            return;
        }
        let before = activity();
        self.inner.update_all();
        self.awake = self.inner.has_changed();
        if pending || activity() != before || (self.awake && data_changed(&self.inner)) {
            self.busy();
        } else if !self.awake && !levels(&mut self.inner).1 {
            self.watching = false;
            self.idle = true;
            self.missed = false;
            self.patience = 1;
            self.wait = 0;
        }
    }

    #[inline]
    fn has_changed(&self) -> bool {
        self.awake && !self.idle
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
        .filter(|n| !(B::has_clock() && n == "clock") && !listed.iter().any(|p| p.name == *n))
        .collect()
}
