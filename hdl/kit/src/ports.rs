//! A block's ports by index: names, widths, values as 64-bit limbs. Drives native simulation and
//! co-simulation from the same vectors.

use crate::word::{LIMBS, U};
use rust_hdl::prelude::{Bits, Block, Clock, Direction, Signal, Synth};

/// A value on a port: up to 576 bits, little-endian limbs, unused ones zero.
pub type Value = [u64; LIMBS];

/// A port's Verilog name and width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Name in the generated Verilog (`bus$addr` for a field of an interface).
    pub name: String,
    /// Bits.
    pub width: usize,
}

/// Types that can stand on a port.
pub trait Word: Synth {
    /// From little-endian limbs; extra bits are dropped.
    fn from_limbs(limbs: &[u64]) -> Self;
    /// As little-endian limbs.
    fn to_limbs(self) -> Value;
}

impl<const N: usize> Word for U<N> {
    #[inline]
    fn from_limbs(limbs: &[u64]) -> Self {
        U::from_limbs(limbs)
    }
    #[inline]
    fn to_limbs(self) -> Value {
        *self.limbs()
    }
}

impl Word for bool {
    #[inline]
    fn from_limbs(limbs: &[u64]) -> Self {
        limbs.first().is_some_and(|l| l & 1 == 1)
    }
    #[inline]
    fn to_limbs(self) -> Value {
        let mut v = [0; LIMBS];
        v[0] = self as u64;
        v
    }
}

impl<const N: usize> Word for Bits<N> {
    #[inline]
    fn from_limbs(limbs: &[u64]) -> Self {
        U::<N>::from_limbs(limbs).into()
    }
    #[inline]
    fn to_limbs(self) -> Value {
        *U::<N>::from(self).limbs()
    }
}

/// A block whose ports can be driven and read by index; implement it with [`ports!`](crate::ports!).
///
/// Indices run over inputs and outputs separately, in the order of the macro's lists. The clock is
/// not among them.
pub trait Ports: Block {
    /// Whether there is a `clock`.
    fn has_clock() -> bool
    where
        Self: Sized;
    /// Inputs, without the clock.
    fn inputs() -> Vec<Port>
    where
        Self: Sized;
    /// Outputs.
    fn outputs() -> Vec<Port>
    where
        Self: Sized;
    /// Sets input `index` for the next walk.
    ///
    /// # Panics
    /// If there is no such input (as slices do).
    fn poke(&mut self, index: usize, limbs: &[u64]);
    /// Reads output `index`.
    ///
    /// # Panics
    /// If there is no such output.
    fn peek(&self, index: usize) -> Value;
    /// Sets the clock for the next walk; nothing happens if the block has none.
    fn set_clock(&mut self, high: bool);
    /// The clock input, if there is one.
    fn clock(&mut self) -> Option<&mut Signal<rust_hdl::prelude::In, Clock>>;
    /// Whether an input other than the clock is about to change.
    fn inputs_pending(&self) -> bool;
}

/// A signal's width, by inference.
#[doc(hidden)]
pub fn width_of<T: Synth, D: Direction, B>(_: fn(&B) -> &Signal<D, T>) -> usize {
    T::BITS
}

/// Implements [`Ports`] for a block.
///
/// ```ignore
/// ports!(Adder { in: a, b; out: r });                              // with a field `clock`
/// ports!(Mux { clock: none; in: a, b, sel; out: r });              // combinational
/// ports!([const W: usize] Pipe<W> { in: a; out: bus.data, r });    // generic; fields of interfaces
/// ```
#[macro_export]
macro_rules! ports {
    (@impl [$($g:tt)*] [$t:ty] [$clk:ident]
        in: $($i0:ident $(. $i1:ident)*),* $(,)?; out: $($o0:ident $(. $o1:ident)*),* $(,)? $(;)?) => {
        impl<$($g)*> $crate::ports::Ports for $t {
            fn inputs() -> Vec<$crate::ports::Port> {
                vec![$($crate::ports::Port {
                    name: concat!(stringify!($i0) $(, "$", stringify!($i1))*).to_string(),
                    width: $crate::ports::width_of(|b: &Self| &b.$i0$(.$i1)*),
                }),*]
            }
            fn outputs() -> Vec<$crate::ports::Port> {
                vec![$($crate::ports::Port {
                    name: concat!(stringify!($o0) $(, "$", stringify!($o1))*).to_string(),
                    width: $crate::ports::width_of(|b: &Self| &b.$o0$(.$o1)*),
                }),*]
            }
            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn poke(&mut self, index: usize, limbs: &[u64]) {
                let mut n = 0;
                $(
                    if index == n {
                        self.$i0$(.$i1)*.next = $crate::ports::Word::from_limbs(limbs);
                        return;
                    }
                    n += 1;
                )*
                panic!("no input {index}: there are {n}");
            }
            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn peek(&self, index: usize) -> $crate::ports::Value {
                let mut n = 0;
                $(
                    if index == n {
                        return $crate::ports::Word::to_limbs(self.$o0$(.$o1)*.val());
                    }
                    n += 1;
                )*
                panic!("no output {index}: there are {n}");
            }
            $crate::ports!(@clock $clk);
            #[inline]
            fn inputs_pending(&self) -> bool {
                false $(|| self.$i0$(.$i1)*.next != self.$i0$(.$i1)*.val())*
            }
        }
    };
    (@clock clock) => {
        fn has_clock() -> bool {
            true
        }
        #[inline]
        fn set_clock(&mut self, high: bool) {
            self.clock.next = high.into();
        }
        #[inline]
        fn clock(
            &mut self,
        ) -> Option<&mut $crate::rust_hdl::prelude::Signal<$crate::rust_hdl::prelude::In, $crate::rust_hdl::prelude::Clock>>
        {
            Some(&mut self.clock)
        }
    };
    (@clock none) => {
        fn has_clock() -> bool {
            false
        }
        fn set_clock(&mut self, _high: bool) {}
        fn clock(
            &mut self,
        ) -> Option<&mut $crate::rust_hdl::prelude::Signal<$crate::rust_hdl::prelude::In, $crate::rust_hdl::prelude::Clock>>
        {
            None
        }
    };
    ([$($g:tt)*] $t:ty { clock: none; in: $($rest:tt)* }) => {
        $crate::ports!(@impl [$($g)*] [$t] [none] in: $($rest)*);
    };
    ([$($g:tt)*] $t:ty { in: $($rest:tt)* }) => {
        $crate::ports!(@impl [$($g)*] [$t] [clock] in: $($rest)*);
    };
    ($t:ty { clock: none; in: $($rest:tt)* }) => {
        $crate::ports!(@impl [] [$t] [none] in: $($rest)*);
    };
    ($t:ty { in: $($rest:tt)* }) => {
        $crate::ports!(@impl [] [$t] [clock] in: $($rest)*);
    };
}

/// A word as a port's value.
pub fn value(x: impl Word) -> Value {
    x.to_limbs()
}
