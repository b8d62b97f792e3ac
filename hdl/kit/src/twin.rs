//! Twins: behavioural stand-ins for big feed-forward leaves in native simulation.
//!
//! A twin has the ports and the latency of its RTL. With [`Fidelity::Twin`] it computes with native
//! integers; with [`Fidelity::Rtl`] it simulates the RTL inside. Every visitor (Verilog, checks)
//! is handed the RTL in both cases, so the Verilog is the same as without a twin. Twin against RTL
//! is a test that each block must have, not a belief.
//!
//! Write one with [`twin!`](crate::twin!): the list of ports, and at construction the latency and
//! the function from inputs to outputs.

use rust_hdl::prelude::{Block, Probe};
use std::cell::RefCell;
use std::collections::VecDeque;

/// How a twinned leaf is simulated natively.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fidelity {
    /// By its behavioural model.
    #[default]
    Twin,
    /// By its RTL.
    Rtl,
}

/// A twin in use, as [`list`] reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwinInfo {
    /// Where: `top$adder$mul$3`.
    pub path: String,
    /// The twin's Rust type.
    pub name: &'static str,
    /// Cycles.
    pub latency: usize,
    /// How it is simulated.
    pub fidelity: Fidelity,
}

/// All twinned leaves under a block, in the order of the tree.
pub fn list(block: &dyn Block) -> Vec<TwinInfo> {
    let mut lister = Lister::default();
    let before = MODE.with(|m| std::mem::replace(&mut *m.borrow_mut(), Mode::Ports(Some(Vec::new()))));
    block.accept("top", &mut lister);
    let mode = MODE.with(|m| std::mem::replace(&mut *m.borrow_mut(), before));
    match mode {
        Mode::Ports(Some(found)) => {
            found.into_iter().zip(lister.twins).map(|(info, path)| TwinInfo { path, ..info }).collect()
        }
        _ => Vec::new(),
    }
}

/// Runs `f` with twins (those with [`Fidelity::Twin`]) showing visitors their own ports and no
/// inside: for waveforms of a native simulation, where the RTL inside a twin stands still.
pub fn with_own_ports<R>(f: impl FnOnce() -> R) -> R {
    let before = MODE.with(|m| std::mem::replace(&mut *m.borrow_mut(), Mode::Ports(None)));
    let r = f();
    MODE.with(|m| *m.borrow_mut() = before);
    r
}

enum Mode {
    /// Visitors see the RTL.
    Rtl,
    /// Visitors see the twin's own ports; `Some` collects what there is.
    Ports(Option<Vec<TwinInfo>>),
}

thread_local! {
    static MODE: RefCell<Mode> = const { RefCell::new(Mode::Rtl) };
}

#[derive(Default)]
struct Lister {
    path: Vec<String>,
    twins: Vec<String>,
}

impl Probe for Lister {
    fn visit_start_scope(&mut self, name: &str, _: &dyn Block) {
        self.path.push(name.into());
        let seen = MODE.with(|m| matches!(&*m.borrow(), Mode::Ports(Some(v)) if v.len() > self.twins.len()));
        if seen {
            self.twins.push(self.path.join("$"));
        }
    }
    fn visit_end_scope(&mut self, _: &str, _: &dyn Block) {
        self.path.pop();
    }
}

/// What every twin holds beside its ports: the RTL, the pipeline of results, the function.
#[doc(hidden)]
pub struct Core<Rtl, I, O> {
    pub rtl: Box<Rtl>,
    pub fidelity: Fidelity,
    latency: usize,
    ring: Vec<O>,
    at: usize,
    same: usize,
    last: Option<(I, O)>,
    compute: Box<dyn Fn(I) -> O + Send + Sync>,
    paced: Option<Paced<I, O>>,
}

/// A twin that takes operands only now and then.
struct Paced<I, O> {
    takes: Box<dyn Fn(&I) -> bool + Send + Sync>,
    /// Edges until each result under way appears, oldest first.
    due: VecDeque<(usize, O)>,
}

impl<I, O: Copy> Paced<I, O> {
    fn edge(&mut self, input: I, latency: usize, compute: &dyn Fn(I) -> O) -> Option<O> {
        if (self.takes)(&input) {
            self.due.push_back((latency, compute(input)));
        }
        if self.due.is_empty() {
            return None;
        }
        crate::sim::note_activity();
        for (edges, _) in &mut self.due {
            *edges -= 1;
        }
        match self.due.front() {
            Some((0, _)) => self.due.pop_front().map(|(_, result)| result),
            _ => None,
        }
    }
}

impl<Rtl, I: Copy + PartialEq, O: Copy + Default> Core<Rtl, I, O> {
    pub fn new(rtl: Rtl, latency: usize, fidelity: Fidelity, compute: impl Fn(I) -> O + Send + Sync + 'static) -> Self {
        assert!(latency > 0, "a twin stands for clocked RTL: its latency is at least 1");
        Self {
            rtl: Box::new(rtl),
            fidelity,
            latency,
            ring: vec![O::default(); latency - 1],
            at: 0,
            same: 0,
            last: None,
            compute: Box::new(compute),
            paced: None,
        }
    }

    /// Takes operands only at the edges at which `takes` holds of the inputs.
    pub fn paced(mut self, takes: impl Fn(&I) -> bool + Send + Sync + 'static) -> Self {
        self.paced = Some(Paced { takes: Box::new(takes), due: VecDeque::new() });
        self
    }

    pub fn latency(&self) -> usize {
        self.latency
    }

    /// A rising edge: takes the operands, gives the result that appears now; `None` if the result
    /// is the one that stands there already.
    #[inline]
    pub fn edge(&mut self, input: I) -> Option<O> {
        if let Some(paced) = &mut self.paced {
            return paced.edge(input, self.latency, &self.compute);
        }
        let result = match self.last {
            Some((last, result)) if last == input => {
                if self.same >= self.latency {
                    return None;
                }
                self.same += 1;
                result
            }
            _ => {
                self.same = 1;
                let result = (self.compute)(input);
                self.last = Some((input, result));
                result
            }
        };
        crate::sim::note_activity();
        if self.ring.is_empty() {
            return Some(result);
        }
        let out = std::mem::replace(&mut self.ring[self.at], result);
        self.at += 1;
        if self.at == self.ring.len() {
            self.at = 0;
        }
        Some(out)
    }

    /// Whether a visitor gets the twin's own ports; notes the twin if a list is being made.
    pub fn shows_own_ports(&self, name: &'static str) -> bool {
        MODE.with(|m| match &mut *m.borrow_mut() {
            Mode::Rtl => false,
            Mode::Ports(list) => {
                if let Some(list) = list {
                    list.push(TwinInfo { path: String::new(), name, latency: self.latency, fidelity: self.fidelity });
                    return true;
                }
                self.fidelity == Fidelity::Twin
            }
        })
    }
}

/// Defines a twin of a feed-forward RTL block of fixed latency.
///
/// ```ignore
/// twin! {
///     /// a * b / R mod p.
///     pub struct MontMul[const W: usize][W] for MontMulRtl<W> { in a: U<W>, b: U<W>; out r: U<W> }
/// }
/// twin! { pub struct Square for SquareRtl { in a: U<64>; out r: U<64> } }
///
/// let rtl = SquareRtl::new();
/// let latency = rtl.latency();
/// let square = Square::twin(rtl, latency, Fidelity::Twin, |(a,)| (a * a,));
/// ```
///
/// The RTL must have the same ports and a `clock`, and no other ports. The struct gets `twin(rtl,
/// latency, fidelity, compute)` (private to the module; wrap it in a `new` of your own),
/// `latency()`, `fidelity()`, `rtl()`, and implements `Block` and `Ports`. Until `latency` edges have passed its
/// outputs are zero, which the RTL's need not be: compare from then on.
///
/// `twin_when(rtl, latency, fidelity, takes, compute)` makes a twin of a block that takes operands only
/// at edges at which `takes` holds of its inputs, and whose result stands `latency` later: compare then.
#[macro_export]
macro_rules! twin {
    ($(#[$m:meta])* $vis:vis struct $name:ident for $rtl:ty { $($ports:tt)* }) => {
        $crate::twin!($(#[$m])* $vis struct $name[][] for $rtl { $($ports)* });
    };
    ($(#[$m:meta])* $vis:vis struct $name:ident[$($g:tt)*][$($u:tt)*] for $rtl:ty {
        in $($i:ident: $it:ty),+ $(,)?; out $($o:ident: $ot:ty),+ $(,)? $(;)?
    }) => {
        $(#[$m])*
        $vis struct $name<$($g)*> {
            pub clock: $crate::rust_hdl::prelude::Signal<$crate::rust_hdl::prelude::In, $crate::rust_hdl::prelude::Clock>,
            $(pub $i: $crate::rust_hdl::prelude::Signal<$crate::rust_hdl::prelude::In, $it>,)+
            $(pub $o: $crate::rust_hdl::prelude::Signal<$crate::rust_hdl::prelude::Out, $ot>,)+
            core: $crate::twin::Core<$rtl, ($($it,)+), ($($ot,)+)>,
        }

        #[allow(dead_code)]
        impl<$($g)*> $name<$($u)*> {
            /// `compute` maps the operands of one cycle to the results that appear `latency` cycles later.
            fn twin(
                rtl: $rtl,
                latency: usize,
                fidelity: $crate::twin::Fidelity,
                compute: impl Fn(($($it,)+)) -> ($($ot,)+) + Send + Sync + 'static,
            ) -> Self {
                Self {
                    clock: Default::default(),
                    $($i: Default::default(),)+
                    $($o: Default::default(),)+
                    core: $crate::twin::Core::new(rtl, latency, fidelity, compute),
                }
            }

            /// As `twin`, for a block that takes operands at the edges at which `takes` holds.
            fn twin_when(
                rtl: $rtl,
                latency: usize,
                fidelity: $crate::twin::Fidelity,
                takes: impl Fn(&($($it,)+)) -> bool + Send + Sync + 'static,
                compute: impl Fn(($($it,)+)) -> ($($ot,)+) + Send + Sync + 'static,
            ) -> Self {
                let mut twin = Self::twin(rtl, latency, fidelity, compute);
                twin.core = twin.core.paced(takes);
                twin
            }

            /// Cycles from operands to results.
            pub fn latency(&self) -> usize {
                self.core.latency()
            }

            /// How native simulation runs it.
            pub fn fidelity(&self) -> $crate::twin::Fidelity {
                self.core.fidelity
            }

            /// The RTL.
            pub fn rtl(&self) -> &$rtl {
                &self.core.rtl
            }
        }

        impl<$($g)*> $crate::rust_hdl::prelude::Logic for $name<$($u)*> {
            #[inline]
            fn update(&mut self) {
                match self.core.fidelity {
                    $crate::twin::Fidelity::Twin => {
                        if self.clock.pos_edge() {
                            if let Some(($($o,)+)) = self.core.edge(($(self.$i.val(),)+)) {
                                $(self.$o.next = $o;)+
                            }
                        }
                    }
                    $crate::twin::Fidelity::Rtl => {
                        let rtl = &mut *self.core.rtl;
                        rtl.clock.next = self.clock.val();
                        $(rtl.$i.next = self.$i.val();)+
                        $(self.$o.next = rtl.$o.val();)+
                    }
                }
            }
            fn connect(&mut self) {
                $($crate::rust_hdl::prelude::Logic::connect(&mut self.$o);)+
            }
            fn hdl(&self) -> $crate::rust_hdl::prelude::Verilog {
                $crate::rust_hdl::prelude::Logic::hdl(&*self.core.rtl)
            }
            fn timing(&self) -> Vec<$crate::rust_hdl::prelude::TimingInfo> {
                $crate::rust_hdl::prelude::Logic::timing(&*self.core.rtl)
            }
        }

        impl<$($g)*> $crate::rust_hdl::prelude::Block for $name<$($u)*> {
            fn connect_all(&mut self) {
                use $crate::rust_hdl::prelude::{Atom, Block, Logic};
                self.connect();
                // A visitor sees the RTL's ports: they count as driven where the twin's are.
                if self.clock.connected() {
                    self.core.rtl.clock.connect();
                }
                $(if self.$i.connected() {
                    self.core.rtl.$i.connect();
                })+
                self.core.rtl.connect_all();
            }
            #[inline]
            fn update_all(&mut self) {
                use $crate::rust_hdl::prelude::{Block, Logic};
                self.update();
                self.clock.update_all();
                $(self.$i.update_all();)+
                $(self.$o.update_all();)+
                if self.core.fidelity == $crate::twin::Fidelity::Rtl {
                    self.core.rtl.update_all();
                }
            }
            #[inline]
            fn has_changed(&self) -> bool {
                self.clock.changed
                    $(|| self.$i.changed)+
                    $(|| self.$o.changed)+
                    || (self.core.fidelity == $crate::twin::Fidelity::Rtl
                        && $crate::rust_hdl::prelude::Block::has_changed(&*self.core.rtl))
            }
            fn accept(&self, name: &str, probe: &mut dyn $crate::rust_hdl::prelude::Probe) {
                if self.core.shows_own_ports(stringify!($name)) {
                    probe.visit_start_scope(name, self);
                    $crate::rust_hdl::prelude::Block::accept(&self.clock, "clock", probe);
                    $($crate::rust_hdl::prelude::Block::accept(&self.$i, stringify!($i), probe);)+
                    $($crate::rust_hdl::prelude::Block::accept(&self.$o, stringify!($o), probe);)+
                    probe.visit_end_scope(name, self);
                } else {
                    $crate::rust_hdl::prelude::Block::accept(&*self.core.rtl, name, probe);
                }
            }
        }

        $crate::ports!([$($g)*] $name<$($u)*> { in: $($i),+; out: $($o),+ });
    };
}
