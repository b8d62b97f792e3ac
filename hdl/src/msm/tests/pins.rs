//! The pins of either engine.

use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::Bits;

use crate::curve::{PointAdder256, PointAdder384};
use crate::msm::{Lanes256, Msm256, WideMsm};

/// A cycle's inputs; a word stands on its stream if there is one.
#[derive(Clone, Copy, Default)]
pub struct Inputs {
    pub reset: bool,
    pub start: bool,
    pub count: u64,
    pub montgomery: bool,
    pub base: Option<U<256>>,
    pub scalar: Option<U<256>>,
    pub out_ready: bool,
}

/// A cycle's outputs.
pub struct Outputs {
    pub base_ready: bool,
    pub scalar_ready: bool,
    pub word: Option<U<256>>,
    pub done: bool,
    pub ready: bool,
    pub error: Option<u32>,
    /// useful, input, bucket, empty, drain
    pub events: [u64; 5],
}

pub trait Engine: Ports {
    /// Of the pipelined adder.
    const LATENCY: usize;
    fn drive(&mut self, inputs: &Inputs);
    fn outputs(&self) -> Outputs;
    fn overflows(&self) -> bool;
}

macro_rules! engine {
    ($engine:ty, $adder:ty, $count:expr) => {
        impl Engine for $engine {
            const LATENCY: usize = <$adder>::LATENCY;

            fn drive(&mut self, inputs: &Inputs) {
                self.reset.next = inputs.reset;
                self.start.next = inputs.start;
                self.count.next = inputs.count.into();
                self.montgomery.next = inputs.montgomery;
                self.base_valid.next = inputs.base.is_some();
                self.base_data.next = inputs.base.unwrap_or(U::ZERO);
                self.scalar_valid.next = inputs.scalar.is_some();
                self.scalar_data.next = inputs.scalar.unwrap_or(U::ZERO);
                self.out_ready.next = inputs.out_ready;
            }

            fn outputs(&self) -> Outputs {
                Outputs {
                    base_ready: self.base_ready.val(),
                    scalar_ready: self.scalar_ready.val(),
                    word: self.out_valid.val().then(|| self.out_data.val()),
                    done: self.done.val(),
                    ready: self.ready.val(),
                    error: self.scalar_error.val().then(|| self.scalar_index.val().low_u64() as u32),
                    events: [
                        $count(self.ev_useful.val()),
                        $count(self.ev_stall_input.val()),
                        $count(self.ev_stall_bucket.val()),
                        $count(self.ev_stall_empty.val()),
                        $count(self.ev_stall_drain.val()),
                    ],
                }
            }

            fn overflows(&self) -> bool {
                Self::overflows(self)
            }
        }
    };
}

engine!(Msm256, PointAdder256, u64::from);
engine!(WideMsm, PointAdder384, |count: Bits<4>| -> u64 { count.into() });
engine!(Lanes256, PointAdder256, |count: Bits<4>| -> u64 { count.into() });
