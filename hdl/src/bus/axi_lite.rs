//! AXI4-Lite slave: one write and one read at a time, to a register file.

use gristmill_hdl_kit::ports;
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    aw_full: Bit,
    aw: Bits<16>,
    w_full: Bit,
    w: Bits<32>,
    strobes: Bits<4>,
    b_full: Bit,
    ar_full: Bit,
    ar: Bits<16>,
    r_full: Bit,
    r: Bits<32>,
}

/// AXI4-Lite slave (32-bit).
///
/// A write reaches the register file as `write_valid` for one cycle, when its address and its data
/// are there; one whose strobes are not all set is answered and dropped. The response is up in
/// the cycle in which the register file shows the effect. A read holds `read_valid` until
/// `read_done`. Responses are always OKAY: what is not there reads as zero. The slave has no reset:
/// a transaction under way ends even when the card is reset by it.
#[derive(LogicBlock, Default)]
pub struct AxiLiteSlave {
    pub clock: Signal<In, Clock>,
    pub awaddr: Signal<In, Bits<16>>,
    pub awvalid: Signal<In, Bit>,
    pub awready: Signal<Out, Bit>,
    pub wdata: Signal<In, Bits<32>>,
    pub wstrb: Signal<In, Bits<4>>,
    pub wvalid: Signal<In, Bit>,
    pub wready: Signal<Out, Bit>,
    pub bvalid: Signal<Out, Bit>,
    pub bready: Signal<In, Bit>,
    pub araddr: Signal<In, Bits<16>>,
    pub arvalid: Signal<In, Bit>,
    pub arready: Signal<Out, Bit>,
    pub rdata: Signal<Out, Bits<32>>,
    pub rvalid: Signal<Out, Bit>,
    pub rready: Signal<In, Bit>,
    pub write_valid: Signal<Out, Bit>,
    pub write_address: Signal<Out, Bits<16>>,
    pub write_data: Signal<Out, Bits<32>>,
    pub read_valid: Signal<Out, Bit>,
    pub read_address: Signal<Out, Bits<16>>,
    pub read_data: Signal<In, Bits<32>>,
    pub read_done: Signal<In, Bit>,
    s: DFF<State>,
    strobes: Signal<Local, Bits<4>>,
    write: Signal<Local, Bit>,
}

ports!(AxiLiteSlave {
    in: awaddr, awvalid, wdata, wstrb, wvalid, bready, araddr, arvalid, rready, read_data, read_done;
    out: awready, wready, bvalid, arready, rdata, rvalid, write_valid, write_address, write_data, read_valid,
         read_address
});

impl Logic for AxiLiteSlave {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.awready.next = !self.s.q.val().aw_full;
        self.wready.next = !self.s.q.val().w_full;
        self.bvalid.next = self.s.q.val().b_full;
        self.arready.next = (!self.s.q.val().ar_full) && (!self.s.q.val().r_full);
        self.rvalid.next = self.s.q.val().r_full;
        self.rdata.next = self.s.q.val().r;
        self.strobes.next = self.s.q.val().strobes;
        self.write.next = self.s.q.val().aw_full && self.s.q.val().w_full && (!self.s.q.val().b_full);
        self.write_valid.next = self.write.val() && self.strobes.val().all();
        self.write_address.next = self.s.q.val().aw;
        self.write_data.next = self.s.q.val().w;
        self.read_valid.next = self.s.q.val().ar_full;
        self.read_address.next = self.s.q.val().ar;
        if self.awvalid.val() && (!self.s.q.val().aw_full) {
            self.s.d.next.aw_full = true;
            self.s.d.next.aw = self.awaddr.val();
        }
        if self.wvalid.val() && (!self.s.q.val().w_full) {
            self.s.d.next.w_full = true;
            self.s.d.next.w = self.wdata.val();
            self.s.d.next.strobes = self.wstrb.val();
        }
        if self.bready.val() && self.s.q.val().b_full {
            self.s.d.next.b_full = false;
        }
        if self.write.val() {
            self.s.d.next.aw_full = false;
            self.s.d.next.w_full = false;
            self.s.d.next.b_full = true;
        }
        if self.arready.val() && self.arvalid.val() {
            self.s.d.next.ar_full = true;
            self.s.d.next.ar = self.araddr.val();
        }
        if self.s.q.val().ar_full && self.read_done.val() {
            self.s.d.next.ar_full = false;
            self.s.d.next.r_full = true;
            self.s.d.next.r = self.read_data.val();
        }
        if self.rready.val() && self.s.q.val().r_full {
            self.s.d.next.r_full = false;
        }
    }
}
