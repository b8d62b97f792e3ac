//! The pins of the card as plain Rust values, for simulators.
//!
//! ```text
//! let mut card = Card::new(&CardConfig::sim(), Fidelity::Twin);
//! let mut outputs = sample(&card);
//! loop {
//!     let inputs = memories_and_host(&outputs);   // what stands at the pins in this cycle
//!     outputs = step(&mut card, &inputs)?;        // after the clock edge
//! }
//! ```
//!
//! A Verilated card is driven by the same structs: [`Inputs::values`] and [`Outputs::from_values`]
//! follow the order of [`INPUTS`] and [`OUTPUTS`].
//!
//! A memory behind the AXI4 masters must take the data of a burst before its address: the card
//! offers both at once, as AXI asks of a master.

use super::Card;
use gristmill_hdl_kit::sim::{cycle, NotSettled};
use gristmill_hdl_kit::word::U;

/// A pin's value: four little-endian 64-bit limbs, unused bits zero.
pub type Value = [u64; 4];

/// A Rust type that stands for a pin.
trait Pin: Copy + Default {
    fn to_value(self) -> Value;
    fn from_value(value: &Value) -> Self;
}

impl Pin for bool {
    fn to_value(self) -> Value {
        [u64::from(self), 0, 0, 0]
    }
    fn from_value(value: &Value) -> Self {
        value[0] & 1 == 1
    }
}

impl Pin for u64 {
    fn to_value(self) -> Value {
        [self, 0, 0, 0]
    }
    fn from_value(value: &Value) -> Self {
        value[0]
    }
}

impl Pin for Value {
    fn to_value(self) -> Value {
        self
    }
    fn from_value(value: &Value) -> Self {
        *value
    }
}

macro_rules! pins {
    ($(#[$doc:meta])* $name:ident $list:ident { $($pin:ident: $t:ty = $width:literal),* $(,)? }) => {
        $(#[$doc])*
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name { $(pub $pin: $t),* }

        /// Name and width of each pin, in the order of the struct's fields.
        pub const $list: &[(&str, usize)] = &[$((stringify!($pin), $width)),*];

        impl $name {
            /// The values of the pins.
            pub fn values(&self) -> [Value; $list.len()] {
                [$(self.$pin.to_value()),*]
            }

            /// From the values of the pins.
            pub fn from_values(values: &[Value; $list.len()]) -> Self {
                let mut values = values.iter();
                // One value for each field: the array has as many.
                Self { $($pin: values.next().map(Pin::from_value).unwrap_or_default()),* }
            }
        }
    };
}

pins! {
    /// What stands at the card's inputs in one cycle.
    Inputs INPUTS {
        reset: bool = 1,
        clock_hz: u64 = 32,
        card_mem_bytes: u64 = 40,
        s_awaddr: u64 = 16,
        s_awvalid: bool = 1,
        s_wdata: u64 = 32,
        s_wstrb: u64 = 4,
        s_wvalid: bool = 1,
        s_bready: bool = 1,
        s_araddr: u64 = 16,
        s_arvalid: bool = 1,
        s_rready: bool = 1,
        h_arready: bool = 1,
        h_rdata: Value = 256,
        h_rresp: u64 = 2,
        h_rlast: bool = 1,
        h_rvalid: bool = 1,
        h_awready: bool = 1,
        h_wready: bool = 1,
        h_bresp: u64 = 2,
        h_bvalid: bool = 1,
        c_arready: bool = 1,
        c_rdata: Value = 256,
        c_rresp: u64 = 2,
        c_rlast: bool = 1,
        c_rvalid: bool = 1,
        c_awready: bool = 1,
        c_wready: bool = 1,
        c_bresp: u64 = 2,
        c_bvalid: bool = 1,
    }
}

pins! {
    /// What the card's outputs show in one cycle.
    Outputs OUTPUTS {
        s_awready: bool = 1,
        s_wready: bool = 1,
        s_bresp: u64 = 2,
        s_bvalid: bool = 1,
        s_arready: bool = 1,
        s_rdata: u64 = 32,
        s_rresp: u64 = 2,
        s_rvalid: bool = 1,
        h_araddr: u64 = 64,
        h_arlen: u64 = 8,
        h_arvalid: bool = 1,
        h_rready: bool = 1,
        h_awaddr: u64 = 64,
        h_awlen: u64 = 8,
        h_awvalid: bool = 1,
        h_wdata: Value = 256,
        h_wlast: bool = 1,
        h_wvalid: bool = 1,
        h_bready: bool = 1,
        c_araddr: u64 = 64,
        c_arlen: u64 = 8,
        c_arvalid: bool = 1,
        c_rready: bool = 1,
        c_awaddr: u64 = 64,
        c_awlen: u64 = 8,
        c_awvalid: bool = 1,
        c_wdata: Value = 256,
        c_wlast: bool = 1,
        c_wvalid: bool = 1,
        c_bready: bool = 1,
        irq: bool = 1,
        busy: bool = 1,
    }
}

/// Puts the inputs at the pins, for the next walk.
pub fn drive(card: &mut Card, i: &Inputs) {
    card.reset.next = i.reset;
    card.clock_hz.next = (i.clock_hz & 0xffff_ffff).into();
    card.card_mem_bytes.next = U::from(i.card_mem_bytes);
    card.s_awaddr.next = (i.s_awaddr & 0xffff).into();
    card.s_awvalid.next = i.s_awvalid;
    card.s_wdata.next = (i.s_wdata & 0xffff_ffff).into();
    card.s_wstrb.next = (i.s_wstrb & 0xf).into();
    card.s_wvalid.next = i.s_wvalid;
    card.s_bready.next = i.s_bready;
    card.s_araddr.next = (i.s_araddr & 0xffff).into();
    card.s_arvalid.next = i.s_arvalid;
    card.s_rready.next = i.s_rready;
    card.h_arready.next = i.h_arready;
    card.h_rdata.next = U::from_limbs(&i.h_rdata);
    card.h_rresp.next = (i.h_rresp & 3).into();
    card.h_rlast.next = i.h_rlast;
    card.h_rvalid.next = i.h_rvalid;
    card.h_awready.next = i.h_awready;
    card.h_wready.next = i.h_wready;
    card.h_bresp.next = (i.h_bresp & 3).into();
    card.h_bvalid.next = i.h_bvalid;
    card.c_arready.next = i.c_arready;
    card.c_rdata.next = U::from_limbs(&i.c_rdata);
    card.c_rresp.next = (i.c_rresp & 3).into();
    card.c_rlast.next = i.c_rlast;
    card.c_rvalid.next = i.c_rvalid;
    card.c_awready.next = i.c_awready;
    card.c_wready.next = i.c_wready;
    card.c_bresp.next = (i.c_bresp & 3).into();
    card.c_bvalid.next = i.c_bvalid;
}

/// Reads the outputs.
pub fn sample(card: &Card) -> Outputs {
    fn wide(word: U<256>) -> Value {
        let l = word.limbs();
        [l[0], l[1], l[2], l[3]]
    }
    Outputs {
        s_awready: card.s_awready.val(),
        s_wready: card.s_wready.val(),
        s_bresp: card.s_bresp.val().into(),
        s_bvalid: card.s_bvalid.val(),
        s_arready: card.s_arready.val(),
        s_rdata: card.s_rdata.val().into(),
        s_rresp: card.s_rresp.val().into(),
        s_rvalid: card.s_rvalid.val(),
        h_araddr: card.h_araddr.val().low_u64(),
        h_arlen: card.h_arlen.val().into(),
        h_arvalid: card.h_arvalid.val(),
        h_rready: card.h_rready.val(),
        h_awaddr: card.h_awaddr.val().low_u64(),
        h_awlen: card.h_awlen.val().into(),
        h_awvalid: card.h_awvalid.val(),
        h_wdata: wide(card.h_wdata.val()),
        h_wlast: card.h_wlast.val(),
        h_wvalid: card.h_wvalid.val(),
        h_bready: card.h_bready.val(),
        c_araddr: card.c_araddr.val().low_u64(),
        c_arlen: card.c_arlen.val().into(),
        c_arvalid: card.c_arvalid.val(),
        c_rready: card.c_rready.val(),
        c_awaddr: card.c_awaddr.val().low_u64(),
        c_awlen: card.c_awlen.val().into(),
        c_awvalid: card.c_awvalid.val(),
        c_wdata: wide(card.c_wdata.val()),
        c_wlast: card.c_wlast.val(),
        c_wvalid: card.c_wvalid.val(),
        c_bready: card.c_bready.val(),
        irq: card.irq.val(),
        busy: card.busy.val(),
    }
}

/// One clock cycle with these inputs; the outputs after its edge.
///
/// # Errors
/// [`NotSettled`] if the card oscillates, which would be a fault of its RTL.
pub fn step(card: &mut Card, inputs: &Inputs) -> Result<Outputs, NotSettled> {
    drive(card, inputs);
    cycle(card)?;
    Ok(sample(card))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gristmill_hdl_kit::ports::Ports;

    #[test]
    fn lists_agree_with_the_card() {
        let pins = |ports: Vec<gristmill_hdl_kit::ports::Port>| -> Vec<(String, usize)> {
            ports.into_iter().map(|p| (p.name, p.width)).collect()
        };
        let list = |pins: &[(&str, usize)]| -> Vec<(String, usize)> {
            pins.iter().map(|(name, width)| (name.to_string(), *width)).collect()
        };
        assert_eq!(pins(Card::inputs()), list(INPUTS));
        assert_eq!(pins(Card::outputs()), list(OUTPUTS));
    }

    #[test]
    fn values_survive_a_round_trip() {
        let inputs = Inputs { s_awaddr: 0x40, h_rdata: [1, 2, 3, 4], c_bvalid: true, ..Inputs::default() };
        assert_eq!(Inputs::from_values(&inputs.values()), inputs);
        let outputs = Outputs { c_wdata: [9, 8, 7, 6], busy: true, s_rdata: 5, ..Outputs::default() };
        assert_eq!(Outputs::from_values(&outputs.values()), outputs);
    }
}
