//! The card behind the transport trait: registers, rings, resets, and all the ways to lie.

use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor};
use gristmill_abi::completion::{COMPLETION_BYTES, Completion, Status};
use gristmill_abi::{ABI_VERSION, CARD_ID, caps, registers as reg};
use gristmill_driver::transport::{DmaRegion, IovaRange, Transport, TransportError};
use std::collections::{BTreeMap, VecDeque};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Calls of the transport in one operation.
pub const FUEL: u32 = 3_000;
const RANGES: [IovaRange; 1] = [IovaRange { first: 0, last: (1 << 40) - 1 }];
/// Kinds of calls that can be made to fail.
pub const CALLS: u8 = 8;

/// How completions are changed.
#[derive(Clone, Copy, Debug)]
pub struct Tamper {
    pub what: u8,
    pub value: u32,
    pub skip: u8,
    pub times: u8,
}

/// A call that is to fail.
#[derive(Clone, Copy, Debug)]
pub struct Fail {
    pub call: u8,
    pub error: u8,
    pub after: u8,
}

/// What a reset does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resets {
    pub how: u8,
    pub looks: u8,
}

/// The card.
pub struct State {
    registers: BTreeMap<u16, u32>,
    config: [u8; 256],
    windows: BTreeMap<u64, (u64, NonNull<u8>)>,
    cq_tail: u32,
    phase: bool,
    irq: bool,
    cycles: u64,
    pub step: u64,
    pub backwards: bool,
    pub tampers: VecDeque<Tamper>,
    pub overrides: Vec<(u16, u32, u8)>,
    pub fails: Vec<Fail>,
    pub resets: Resets,
    not_ready: u32,
    pub unplugged: bool,
    pub interrupts: bool,
    pub commands_per_wait: u8,
    pub fuel: u32,
    /// Out of fuel at least once.
    pub exhausted: bool,
    /// Ids of the commands that the card was given and took, in this queue's life.
    pub fetched: VecDeque<u16>,
    /// Every completion that stands, or stood, in the ring: nothing else may be believed.
    pub written: Vec<[u8; COMPLETION_BYTES]>,
}

// SAFETY: the addresses are those of the driver's live mappings, valid in every thread; only one
// thread runs here.
unsafe impl Send for State {}

/// The transport, shared with who plays the card.
#[derive(Clone)]
pub struct Hostile(pub Arc<Mutex<State>>);

impl Hostile {
    pub fn new() -> Self {
        let registers = BTreeMap::from([
            (reg::ID, CARD_ID),
            (reg::VERSION, ABI_VERSION),
            (reg::CONFIG_ID, 0xc0ff_ee00),
            (reg::CAPS, caps::COPY | 1 << caps::QUEUES_SHIFT),
            (reg::CAP_BUS, 0x2020),
            (reg::CARD_MEM_LO, 1 << 20),
            (reg::CLOCK_HZ, 1000),
            (reg::STATUS, reg::STATUS_READY),
        ]);
        Hostile(Arc::new(Mutex::new(State {
            registers,
            config: [0; 256],
            windows: BTreeMap::new(),
            cq_tail: 0,
            phase: true,
            irq: false,
            cycles: 1,
            step: 10,
            backwards: false,
            tampers: VecDeque::new(),
            overrides: Vec::new(),
            fails: Vec::new(),
            resets: Resets::default(),
            not_ready: 0,
            unplugged: false,
            interrupts: true,
            commands_per_wait: 255,
            fuel: FUEL,
            exhausted: false,
            fetched: VecDeque::new(),
            written: Vec::new(),
        })))
    }

    pub fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.0.lock().expect("one thread"))
    }
}

impl State {
    /// From now on a good card, as after being plugged in anew.
    pub fn become_honest(&mut self) {
        self.tampers.clear();
        self.overrides.clear();
        self.fails.clear();
        (self.resets, self.not_ready, self.unplugged, self.interrupts) = (Resets::default(), 0, false, true);
        (self.step, self.backwards, self.commands_per_wait, self.fuel) = (10, false, 255, FUEL);
    }

    pub fn has_no_windows(&self) -> bool {
        self.windows.is_empty()
    }

    pub fn set_config(&mut self, at: u8, value: u16) {
        let at = usize::from(at & 0xfe);
        self.config[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    pub fn jump(&mut self, by: u32) {
        self.cycles = self.cycles.wrapping_add(u64::from(by) << 8);
    }

    pub fn get(&self, register: u16) -> u32 {
        self.registers.get(&register).copied().unwrap_or(0)
    }

    fn base(&self, low: u16) -> u64 {
        u64::from(self.get(low)) | u64::from(self.get(low + 4)) << 32
    }

    fn entries(&self) -> u32 {
        1 << self.get(reg::Q_LOG_SIZE).min(12)
    }

    /// Where an IOVA is, if `len` bytes are mapped there.
    fn host(&self, iova: u64, len: usize) -> Option<*mut u8> {
        let (base, (size, address)) = self.windows.range(..=iova).next_back()?;
        let offset = iova - base;
        // SAFETY: inside the driver's mapping, which outlives its window.
        (offset + len as u64 <= *size).then(|| unsafe { address.as_ptr().add(offset as usize) })
    }

    /// Writes into the completion ring, as far as it goes.
    pub fn scribble(&mut self, slot: u32, at: usize, data: &[u8]) {
        let entries = self.entries();
        let offset = u64::from(slot % entries) * COMPLETION_BYTES as u64 + at as u64 % COMPLETION_BYTES as u64;
        let room = u64::from(entries) * COMPLETION_BYTES as u64 - offset;
        let data = &data[..data.len().min(room as usize)];
        if let Some(to) = self.host(self.base(reg::CQ_BASE_LO).wrapping_add(offset), data.len()) {
            // SAFETY: `host` checked the bounds; nothing in Rust refers to that memory.
            unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), to, data.len()) };
        }
        // Whatever stands there now may be believed.
        for slot in 0..entries {
            let at = self.base(reg::CQ_BASE_LO).wrapping_add(u64::from(slot) * COMPLETION_BYTES as u64);
            if let Some(from) = self.host(at, COMPLETION_BYTES) {
                let mut entry = [0; COMPLETION_BYTES];
                // SAFETY: as above.
                unsafe { std::ptr::copy_nonoverlapping(from, entry.as_mut_ptr(), COMPLETION_BYTES) };
                self.written.push(entry);
            }
        }
    }

    /// Writes the next completion.
    pub fn complete(&mut self, c: Completion, due: bool) {
        let c = Completion { phase: due == self.phase, ..c };
        let entry = c.encode();
        let at = self.base(reg::CQ_BASE_LO).wrapping_add(u64::from(self.cq_tail) * COMPLETION_BYTES as u64);
        if let Some(to) = self.host(at, COMPLETION_BYTES) {
            // SAFETY: `host` checked the bounds; nothing in Rust refers to that memory.
            unsafe { std::ptr::copy_nonoverlapping(entry.as_ptr(), to, COMPLETION_BYTES) };
            self.written.push(entry);
        }
        self.cq_tail = (self.cq_tail + 1) % self.entries();
        self.phase ^= self.cq_tail == 0;
        self.irq = true;
    }

    fn tampered(&mut self, mut c: Completion) {
        let Some(tamper) = self.tampers.front_mut() else { return self.complete(c, true) };
        if tamper.skip > 0 {
            tamper.skip -= 1;
            return self.complete(c, true);
        }
        let Tamper { what, value, times, .. } = *tamper;
        match times {
            0 | 1 => drop(self.tampers.pop_front()),
            255 => {}
            _ => tamper.times -= 1,
        }
        let mut due = true;
        match what % 12 {
            0 => c.id ^= value as u16,
            1 => c.id = value as u16,
            2 => c.status = value as u8,
            3 => c.epoch ^= value,
            4 => c.sq_head ^= value as u16,
            5 => due = false,
            6 => c.cycles = u64::from(value) << 32,
            7 => c.detail = value,
            8 => c.work = u64::from(value) << 40,
            9 => return self.irq = true,
            10 => self.complete(c, true),
            _ => c.sq_head = value as u16,
        }
        self.complete(c, due);
    }

    /// Runs commands that were rung in.
    fn work(&mut self) {
        for _ in 0..self.commands_per_wait {
            let entries = self.entries();
            let head = self.get(reg::SQ_HEAD);
            let full = (self.cq_tail + 1) % entries == self.get(reg::CQ_HEAD);
            let stopped = self.get(reg::CONTROL) & reg::CONTROL_RUN == 0 || self.get(reg::Q_ENABLE) == 0;
            if stopped || head == self.get(reg::SQ_TAIL) || full {
                return;
            }
            let at = self.base(reg::SQ_BASE_LO).wrapping_add(u64::from(head) * DESCRIPTOR_BYTES as u64);
            let from = self.host(at, DESCRIPTOR_BYTES).expect("the driver's ring is mapped");
            let mut bytes = [0; DESCRIPTOR_BYTES];
            // SAFETY: `host` checked the bounds; nothing in Rust refers to that memory.
            unsafe { std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), DESCRIPTOR_BYTES) };
            let d = Descriptor::decode(&bytes).expect("the driver writes good descriptors");
            self.registers.insert(reg::SQ_HEAD, (head + 1) % entries);
            self.fetched.push_back(d.id);
            let epoch = self.get(reg::EPOCH);
            let status = if d.epoch == epoch { Status::Ok } else { Status::BadEpoch } as u8;
            let sq_head = self.get(reg::SQ_HEAD) as u16;
            let work = d.count.into();
            self.tampered(Completion { detail: 0, epoch, cycles: 10, work, sq_head, id: d.id, status, phase: true });
        }
    }

    fn reset(&mut self) {
        let Resets { how, looks } = self.resets;
        if how % 6 == 1 {
            return;
        }
        for r in [reg::SQ_TAIL, reg::SQ_HEAD, reg::CQ_HEAD, reg::CQ_TAIL, reg::Q_ENABLE, reg::CONTROL] {
            self.registers.insert(r, 0);
        }
        let epoch = self.registers.entry(reg::EPOCH).or_default();
        *epoch = match how % 6 {
            2 => *epoch,
            5 => epoch.wrapping_add(0x8000_0000 | u32::from(looks)),
            _ => epoch.wrapping_add(1),
        };
        self.not_ready = match how % 6 {
            3 => u32::MAX,
            4 => looks.into(),
            _ => 0,
        };
        (self.cq_tail, self.phase, self.irq) = (0, true, false);
        self.fetched.clear();
        self.registers.insert(reg::STATUS, reg::STATUS_READY);
    }

    fn read(&mut self, offset: u16) -> u32 {
        if self.unplugged {
            return u32::MAX;
        }
        if let Some(at) = self.overrides.iter().position(|o| o.0 == offset) {
            let (_, value, times) = &mut self.overrides[at];
            let value = *value;
            match times {
                0 | 1 => drop(self.overrides.swap_remove(at)),
                255 => {}
                _ => *times -= 1,
            }
            return value;
        }
        match offset {
            reg::CYCLES_LO => {
                let step = self.step;
                self.cycles =
                    if self.backwards { self.cycles.wrapping_sub(step) } else { self.cycles.wrapping_add(step) };
                self.cycles as u32
            }
            reg::CYCLES_HI => (self.cycles >> 32) as u32,
            reg::STATUS if self.not_ready > 0 => {
                self.not_ready = self.not_ready.saturating_sub(u32::from(self.not_ready != u32::MAX));
                reg::STATUS_RESETTING
            }
            reg::STATUS => {
                let busy = self.get(reg::SQ_HEAD) != self.get(reg::SQ_TAIL);
                self.get(reg::STATUS) | if busy { reg::STATUS_BUSY } else { 0 }
            }
            _ => self.get(offset),
        }
    }

    fn write(&mut self, offset: u16, value: u32) {
        match offset {
            _ if self.unplugged => {}
            reg::CONTROL if value & reg::CONTROL_RESET != 0 => self.reset(),
            reg::IRQ_PENDING => {}
            reg::Q_ENABLE if value == 0 => {
                (self.cq_tail, self.phase) = (0, true);
                self.registers.extend([reg::SQ_HEAD, reg::SQ_TAIL, reg::CQ_HEAD].map(|r| (r, 0)));
            }
            _ => drop(self.registers.insert(offset, value)),
        }
    }
}

impl Hostile {
    /// Whether the call fails, which it does for good once the fuel is gone.
    fn enter(&self, call: u8) -> Result<(), TransportError> {
        self.with(|s| {
            let device = || "hostile".to_owned();
            if s.fuel == 0 {
                s.exhausted = true;
                return Err(TransportError::Gone { device: device(), reason: "out of fuel".into() });
            }
            s.fuel -= 1;
            let Some(at) = s.fails.iter().position(|f| f.call % CALLS == call) else { return Ok(()) };
            if s.fails[at].after > 0 {
                s.fails[at].after -= 1;
                return Ok(());
            }
            let fail = s.fails.swap_remove(at);
            Err(match fail.error % 5 {
                0 => TransportError::Gone { device: device(), reason: "a whim".into() },
                1 => TransportError::Timeout { device: device(), what: "anything", after: Duration::from_secs(1) },
                2 => {
                    let source = std::io::Error::from_raw_os_error(13);
                    TransportError::Refused { device: device(), what: "anything".into(), source }
                }
                3 => TransportError::Invalid { device: device(), problem: "a whim".into() },
                _ => TransportError::Other { device: device(), source: "a whim".into() },
            })
        })
    }
}

impl Transport for Hostile {
    fn name(&self) -> &str {
        "hostile"
    }

    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        self.enter(0)?;
        Ok(self.with(|s| s.read(offset)))
    }

    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.enter(1)?;
        self.with(|s| s.write(offset, value));
        Ok(())
    }

    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        self.enter(2)?;
        self.with(|s| match s.unplugged {
            true => data.fill(0xff),
            false => data.copy_from_slice(&s.config[offset.into()..usize::from(offset) + data.len()]),
        });
        Ok(())
    }

    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        self.enter(2)?;
        self.with(|s| s.config[offset.into()..usize::from(offset) + data.len()].copy_from_slice(data));
        Ok(())
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        &RANGES
    }

    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        self.enter(3)?;
        self.with(|s| s.windows.insert(region.iova(), (region.size(), region.address())));
        Ok(())
    }

    fn dma_unmap(&mut self, iova: u64, _: u64) -> Result<(), TransportError> {
        // Whatever is answered, this card keeps to it: the memory behind the window goes.
        self.with(|s| s.windows.remove(&iova));
        self.enter(4)
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        self.enter(5)
    }

    fn wait_interrupt(&mut self, _: Duration) -> Result<bool, TransportError> {
        self.enter(6)?;
        Ok(self.with(|s| {
            if !s.unplugged {
                s.work();
            }
            std::mem::take(&mut s.irq) && s.interrupts
        }))
    }

    fn spin(&mut self) -> Result<(), TransportError> {
        self.wait_interrupt(Duration::ZERO).map(drop)
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.enter(7)?;
        self.with(|s| {
            if s.resets.how / 6 % 2 == 0 {
                s.resets.how = 0;
            }
            s.reset();
            s.config[4] = 0;
        });
        Ok(())
    }
}
