//! An AXI4 slave in front of a memory, with latency and bandwidth.
//!
//! * A read burst's first beat comes `read_latency` cycles after its address was taken, later beats one
//!   a cycle while the bandwidth lasts; bursts come in order. A memory takes `outstanding` read
//!   addresses before it stops taking more.
//! * Write data is taken before or after its address (up to 32 beats ahead), reaches the memory at
//!   the memory's bandwidth, and is answered `write_latency` cycles after its last beat.
//! * Reads and writes have `bytes_per_cycle` each (a full-duplex link), or share them (DRAM).
//!
//! Refresh, banks, row misses and arbitration are not modelled; latency is constant.

use crate::engine::{Inputs, Outputs};
use std::collections::VecDeque;

/// Most beats in a burst of the card.
pub const BURST_BEATS: u64 = 16;
/// Bytes of a beat.
pub const BEAT: usize = 32;
const OKAY: u64 = 0;
const SLVERR: u64 = 2;
const WRITE_DATA_AHEAD: usize = 32;
const WRITE_ADDRESSES: usize = 8;

/// How a memory behaves in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Cycles from a read's address to its first beat.
    pub read_latency: u32,
    /// Cycles from a write's last beat to its response.
    pub write_latency: u32,
    /// Bytes a cycle, 1 to 32 (32: a beat every cycle).
    pub bytes_per_cycle: u32,
    /// Read bursts in flight.
    pub outstanding: u32,
    /// Reads and writes share the bandwidth.
    pub shared: bool,
}

impl Timing {
    /// Host memory over PCIe, seen at 250 MHz: reads take 200 cycles (0.8 us), writes are posted,
    /// 8 GB/s each way.
    pub const HOST: Timing =
        Timing { read_latency: 200, write_latency: 20, bytes_per_cycle: 32, outstanding: 32, shared: false };
    /// One DDR4 channel's worth: 40 cycles, a beat a cycle for reads and writes together.
    pub const DRAM: Timing =
        Timing { read_latency: 40, write_latency: 10, bytes_per_cycle: 32, outstanding: 32, shared: true };

    pub(crate) fn check(&self, name: &str) -> Result<(), crate::SimError> {
        let bad = |what: String| Err(crate::SimError::Options(format!("{name}: {what}")));
        if !(1..=32).contains(&self.bytes_per_cycle) {
            return bad(format!("{} bytes a cycle; choose 1 to 32", self.bytes_per_cycle));
        }
        if !(1..=1024).contains(&self.outstanding) {
            return bad(format!("{} bursts in flight; choose 1 to 1024", self.outstanding));
        }
        let latency = self.read_latency.max(self.write_latency);
        if latency > 100_000 {
            return bad(format!("a latency of {latency} cycles; choose at most 100000"));
        }
        Ok(())
    }
}

/// A memory behind a slave. `None` is answered SLVERR.
pub(super) trait Memory {
    fn read(&mut self, address: u64) -> Option<[u8; BEAT]>;
    /// Writes a beat; `alone` if it is a burst of its own. `Some(false)`: it is never answered.
    fn write(&mut self, address: u64, data: &[u8; BEAT], alone: bool) -> Option<bool>;
    /// A burst that no card may issue.
    fn refuse(&mut self, address: u64, write: bool, why: &str);
}

/// The card's outputs towards one memory, in one cycle.
pub(super) struct Pins {
    araddr: u64,
    arlen: u64,
    arvalid: bool,
    rready: bool,
    awaddr: u64,
    awlen: u64,
    awvalid: bool,
    wdata: [u64; 4],
    wlast: bool,
    wvalid: bool,
    bready: bool,
}

/// Views of the pins by channel.
pub(super) trait PinGroups {
    fn host_pins(&self) -> Pins;
    fn card_pins(&self) -> Pins;
}

macro_rules! group {
    ($o:ident, $($field:ident = $pin:ident),*) => { Pins { $($field: $o.$pin),* } };
}

impl PinGroups for Outputs {
    fn host_pins(&self) -> Pins {
        group!(
            self,
            araddr = h_araddr,
            arlen = h_arlen,
            arvalid = h_arvalid,
            rready = h_rready,
            awaddr = h_awaddr,
            awlen = h_awlen,
            awvalid = h_awvalid,
            wdata = h_wdata,
            wlast = h_wlast,
            wvalid = h_wvalid,
            bready = h_bready
        )
    }

    fn card_pins(&self) -> Pins {
        group!(
            self,
            araddr = c_araddr,
            arlen = c_arlen,
            arvalid = c_arvalid,
            rready = c_rready,
            awaddr = c_awaddr,
            awlen = c_awlen,
            awvalid = c_awvalid,
            wdata = c_wdata,
            wlast = c_wlast,
            wvalid = c_wvalid,
            bready = c_bready
        )
    }
}

#[derive(Debug)]
struct Burst {
    address: u64,
    beats: u64,
    done: u64,
    ready_at: u64,
    bad: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Beat {
    data: [u64; 4],
    resp: u64,
    last: bool,
}

/// The slave.
#[derive(Debug)]
pub(super) struct AxiSlave {
    timing: Timing,
    now: u64,
    reads: VecDeque<Burst>,
    read_beat: Option<Beat>,
    writes: VecDeque<Burst>,
    write_data: VecDeque<([u64; 4], bool)>,
    answers: VecDeque<(u64, u64)>,
    answer: Option<u64>,
    /// Write bursts whose answers an injected fault holds back.
    withheld: u32,
    read_credit: u32,
    write_credit: u32,
}

impl AxiSlave {
    pub fn new(timing: Timing) -> Self {
        AxiSlave {
            timing,
            now: 0,
            reads: VecDeque::new(),
            read_beat: None,
            writes: VecDeque::new(),
            write_data: VecDeque::new(),
            answers: VecDeque::new(),
            answer: None,
            withheld: 0,
            read_credit: 0,
            write_credit: 0,
        }
    }

    /// No transaction is under way.
    pub fn is_idle(&self) -> bool {
        self.reads.is_empty()
            && self.read_beat.is_none()
            && self.writes.is_empty()
            && self.write_data.is_empty()
            && self.answers.is_empty()
            && self.answer.is_none()
            && self.withheld == 0
    }

    /// Answers what an injected fault had held back.
    pub fn release(&mut self) {
        for _ in 0..std::mem::take(&mut self.withheld) {
            self.answers.push_back((self.now, OKAY));
        }
    }

    fn ar_ready(&self) -> bool {
        self.reads.len() < self.timing.outstanding as usize
    }

    fn aw_ready(&self) -> bool {
        self.writes.len() < WRITE_ADDRESSES
    }

    fn w_ready(&self) -> bool {
        self.write_data.len() < WRITE_DATA_AHEAD
    }

    /// Puts this cycle's signals at the host memory's pins.
    pub fn drive_host(&self, i: &mut Inputs) {
        let beat = self.read_beat.unwrap_or_default();
        (i.h_arready, i.h_awready, i.h_wready) = (self.ar_ready(), self.aw_ready(), self.w_ready());
        (i.h_rvalid, i.h_rdata, i.h_rresp, i.h_rlast) = (self.read_beat.is_some(), beat.data, beat.resp, beat.last);
        (i.h_bvalid, i.h_bresp) = (self.answer.is_some(), self.answer.unwrap_or(OKAY));
    }

    /// Puts this cycle's signals at the card memory's pins.
    pub fn drive_card(&self, i: &mut Inputs) {
        let beat = self.read_beat.unwrap_or_default();
        (i.c_arready, i.c_awready, i.c_wready) = (self.ar_ready(), self.aw_ready(), self.w_ready());
        (i.c_rvalid, i.c_rdata, i.c_rresp, i.c_rlast) = (self.read_beat.is_some(), beat.data, beat.resp, beat.last);
        (i.c_bvalid, i.c_bresp) = (self.answer.is_some(), self.answer.unwrap_or(OKAY));
    }

    /// The clock edge: takes the handshakes of the cycle that ends with it (the card's pins as they
    /// stood in it) and prepares the next cycle.
    pub fn edge(&mut self, p: &Pins, memory: &mut dyn Memory) {
        let (ar, aw, w) = (self.ar_ready(), self.aw_ready(), self.w_ready());
        self.now += 1;
        if p.rready {
            self.read_beat = None;
        }
        if p.bready {
            self.answer = None;
        }
        if p.arvalid && ar {
            let burst = self.burst(p.araddr, p.arlen, false, memory);
            self.reads.push_back(burst);
        }
        if p.awvalid && aw {
            let burst = self.burst(p.awaddr, p.awlen, true, memory);
            self.writes.push_back(burst);
        }
        if p.wvalid && w {
            self.write_data.push_back((p.wdata, p.wlast));
        }
        self.earn();
        self.next_read_beat(memory);
        self.next_write_beat(memory);
        if self.answer.is_none() && self.answers.front().is_some_and(|(at, _)| *at <= self.now) {
            self.answer = self.answers.pop_front().map(|(_, resp)| resp);
        }
    }

    fn burst(&self, address: u64, len: u64, write: bool, memory: &mut dyn Memory) -> Burst {
        let beats = len + 1;
        let why = if !address.is_multiple_of(BEAT as u64) {
            Some("is not a multiple of 32")
        } else if beats > BURST_BEATS {
            Some("has more than 16 beats")
        } else if address % 4096 + beats * BEAT as u64 > 4096 {
            Some("crosses a 4 KiB boundary")
        } else {
            None
        };
        if let Some(why) = why {
            memory.refuse(address, write, why);
        }
        Burst { address, beats, done: 0, ready_at: self.now + u64::from(self.timing.read_latency), bad: why.is_some() }
    }

    fn earn(&mut self) {
        let earned = |credit: u32| (credit + self.timing.bytes_per_cycle).min(2 * BEAT as u32 - 1);
        self.read_credit = earned(self.read_credit);
        self.write_credit = earned(self.write_credit);
    }

    fn pay(&mut self, write: bool) -> bool {
        let cost = BEAT as u32;
        let credit = if write && !self.timing.shared { &mut self.write_credit } else { &mut self.read_credit };
        let paid = *credit >= cost;
        *credit -= if paid { cost } else { 0 };
        paid
    }

    fn next_read_beat(&mut self, memory: &mut dyn Memory) {
        let due = self.reads.front().is_some_and(|b| b.ready_at <= self.now);
        if self.read_beat.is_some() || !due || !self.pay(false) {
            return;
        }
        let Some(burst) = self.reads.front_mut() else { return };
        let data = if burst.bad { None } else { memory.read(burst.address + burst.done * BEAT as u64) };
        burst.done += 1;
        let last = burst.done == burst.beats;
        let resp = if data.is_some() { OKAY } else { SLVERR };
        self.read_beat = Some(Beat { data: limbs(&data.unwrap_or_default()), resp, last });
        if last {
            self.reads.pop_front();
        }
    }

    fn next_write_beat(&mut self, memory: &mut dyn Memory) {
        if self.writes.is_empty() || self.write_data.is_empty() || !self.pay(true) {
            return;
        }
        let (Some(burst), Some((data, last))) = (self.writes.front_mut(), self.write_data.pop_front()) else { return };
        let address = burst.address.wrapping_add(burst.done * BEAT as u64);
        burst.done += 1;
        if last != (burst.done == burst.beats) {
            memory.refuse(address, true, "has its last beat in the wrong place");
            burst.bad = true;
        }
        let mut answered = true;
        if !burst.bad {
            match memory.write(address, &bytes(&data), burst.beats == 1) {
                Some(answer) => answered = answer,
                None => burst.bad = true,
            }
        }
        if burst.done == burst.beats {
            let resp = if burst.bad { SLVERR } else { OKAY };
            self.writes.pop_front();
            match answered {
                true => self.answers.push_back((self.now + u64::from(self.timing.write_latency), resp)),
                false => self.withheld += 1,
            }
        }
    }
}

fn limbs(bytes: &[u8; BEAT]) -> [u64; 4] {
    std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|k| bytes[8 * i + k])))
}

fn bytes(limbs: &[u64; 4]) -> [u8; BEAT] {
    std::array::from_fn(|i| limbs[i / 8].to_le_bytes()[i % 8])
}

#[cfg(test)]
#[path = "axi_tests.rs"]
mod tests;
