//! An AXI4 memory that answers as slowly and as irregularly as it may, and checks the master.

use crate::card::pins::Value;
use rand::rngs::StdRng;
use rand::Rng;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

/// The card's side of one AXI4 port in one cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Master {
    pub araddr: u64,
    pub arlen: u64,
    pub arvalid: bool,
    pub rready: bool,
    pub awaddr: u64,
    pub awlen: u64,
    pub awvalid: bool,
    pub wdata: Value,
    pub wlast: bool,
    pub wvalid: bool,
    pub bready: bool,
}

/// The memory's side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slave {
    pub arready: bool,
    pub rdata: Value,
    pub rresp: u64,
    pub rlast: bool,
    pub rvalid: bool,
    pub awready: bool,
    pub wready: bool,
    pub bresp: u64,
    pub bvalid: bool,
}

struct Burst {
    address: u64,
    beats: u64,
    done: u64,
    due: u64,
}

/// How a memory behaves.
#[derive(Clone)]
pub struct Manner {
    /// Cycles from a request to its first answer.
    pub latency: Range<u64>,
    /// Percent of cycles in which a channel pauses.
    pub pause: u32,
}

impl Manner {
    pub fn prompt() -> Self {
        Manner { latency: 1..2, pause: 0 }
    }
    pub fn rough() -> Self {
        Manner { latency: 1..60, pause: 35 }
    }
}

/// The memory: words by address, faults by range.
pub struct Memory {
    pub words: HashMap<u64, Value>,
    pub read_faults: Vec<Range<u64>>,
    pub write_faults: Vec<Range<u64>>,
    /// Breaks the last flag of every burst.
    pub breaks_last: bool,
    pub manner: Manner,
    pub most_reads: usize,
    pub beats_read: u64,
    pub beats_written: u64,
    reads: VecDeque<Burst>,
    addresses: VecDeque<(u64, u64)>,
    data: VecDeque<(Value, bool)>,
    responses: VecDeque<(u64, u64)>,
    writes_open: u64,
    r_up: bool,
    b_up: bool,
    last: Option<(Master, Slave)>,
}

impl Memory {
    pub fn new(manner: Manner) -> Self {
        Memory {
            words: HashMap::new(),
            read_faults: vec![],
            write_faults: vec![],
            breaks_last: false,
            manner,
            most_reads: 0,
            beats_read: 0,
            beats_written: 0,
            reads: VecDeque::new(),
            addresses: VecDeque::new(),
            data: VecDeque::new(),
            responses: VecDeque::new(),
            writes_open: 0,
            r_up: false,
            b_up: false,
            last: None,
        }
    }

    pub fn word(&self, address: u64) -> Value {
        self.words.get(&address).copied().unwrap_or_default()
    }

    /// Bursts begun and not answered to the end.
    pub fn open(&self) -> u64 {
        self.reads.len() as u64 + self.writes_open
    }

    fn faulty(ranges: &[Range<u64>], address: u64) -> bool {
        ranges.iter().any(|r| r.contains(&address))
    }

    /// What the memory shows in this cycle.
    pub fn show(&mut self, now: u64, rng: &mut StdRng) -> Slave {
        let pause = self.manner.pause;
        let mut go = || rng.gen_range(0..100) >= pause;
        let mut s = Slave { arready: go() && self.reads.len() < 64, awready: go(), wready: go(), ..Slave::default() };
        if let Some(burst) = self.reads.front() {
            if self.r_up || (burst.due <= now && go()) {
                let address = burst.address + 32 * burst.done;
                s.rvalid = true;
                s.rlast = (burst.done + 1 == burst.beats) != self.breaks_last;
                let fault = Self::faulty(&self.read_faults, address);
                s.rresp = if fault { 2 } else { 0 };
                // What an error response carries must not matter.
                s.rdata = if fault { [!0; 4] } else { self.word(address) };
            }
        }
        if let Some((due, response)) = self.responses.front() {
            if self.b_up || (*due <= now && go()) {
                s.bvalid = true;
                s.bresp = *response;
            }
        }
        s
    }

    /// The clock edge at the end of the cycle.
    pub fn edge(&mut self, now: u64, m: &Master, s: &Slave, rng: &mut StdRng) {
        if let Some((m0, s0)) = self.last {
            if m0.arvalid && !s0.arready {
                assert!(m.arvalid && (m.araddr, m.arlen) == (m0.araddr, m0.arlen), "AR withdrawn or changed");
            }
            if m0.awvalid && !s0.awready {
                assert!(m.awvalid && (m.awaddr, m.awlen) == (m0.awaddr, m0.awlen), "AW withdrawn or changed");
            }
            if m0.wvalid && !s0.wready {
                assert!(m.wvalid && (m.wdata, m.wlast) == (m0.wdata, m0.wlast), "W withdrawn or changed");
            }
        }
        self.last = Some((*m, *s));
        let due = now + rng.gen_range(self.manner.latency.clone());
        let check = |address: u64, len: u64| {
            assert_eq!(address % 32, 0, "burst at {address:#x}");
            assert!(len < 16, "burst of {} beats", len + 1);
            assert!(address % 4096 + 32 * (len + 1) <= 4096, "burst at {address:#x} crosses 4 KiB");
        };
        if m.arvalid && s.arready {
            check(m.araddr, m.arlen);
            self.reads.push_back(Burst { address: m.araddr, beats: m.arlen + 1, done: 0, due });
            self.most_reads = self.most_reads.max(self.reads.len());
        }
        self.r_up = s.rvalid;
        if s.rvalid && m.rready {
            self.r_up = false;
            self.beats_read += 1;
            let burst = self.reads.front_mut().expect("a beat belongs to a burst");
            burst.done += 1;
            if burst.done == burst.beats {
                self.reads.pop_front();
            }
        }
        if m.awvalid && s.awready {
            check(m.awaddr, m.awlen);
            self.addresses.push_back((m.awaddr, m.awlen + 1));
            self.writes_open += 1;
        }
        if m.wvalid && s.wready {
            self.beats_written += 1;
            self.data.push_back((m.wdata, m.wlast));
        }
        self.b_up = s.bvalid;
        if s.bvalid && m.bready {
            self.b_up = false;
            self.responses.pop_front();
            self.writes_open -= 1;
        }
        while self.addresses.front().is_some_and(|(_, beats)| self.data.len() as u64 >= *beats) {
            let (address, beats) = self.addresses.pop_front().expect("checked");
            let mut response = 0;
            for i in 0..beats {
                let (word, last) = self.data.pop_front().expect("checked");
                assert_eq!(last, i + 1 == beats, "last flag of beat {i} of {beats} at {address:#x}");
                if Self::faulty(&self.write_faults, address + 32 * i) {
                    response = 2;
                } else {
                    self.words.insert(address + 32 * i, word);
                }
            }
            self.responses.push_back((due, response));
        }
    }
}
