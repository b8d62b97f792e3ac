//! A card in software, scripted to misbehave: registers, rings and copies, no clock but a counter.
#![allow(dead_code)] // each test file uses its part

use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor, Opcode};
use gristmill_abi::completion::{COMPLETION_BYTES, Completion, Status};
use gristmill_abi::layout::Space;
use gristmill_abi::{ABI_VERSION, CARD_ID, caps, registers as reg};
use gristmill_driver::transport::{DmaRegion, IovaRange, Transport, TransportError};
use memmap2::{MmapOptions, MmapRaw};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the card does to a completion: it may change it, hold it back (empty), or write several.
pub type Script = Box<dyn FnMut(Completion) -> Vec<Completion> + Send>;

/// A queue's completion ring: index and phase of the next entry.
#[derive(Clone, Copy)]
struct Rings {
    cq_tail: u32,
    phase: bool,
}

const FRESH: Rings = Rings { cq_tail: 0, phase: true };

pub struct State {
    pub registers: HashMap<u16, u32>,
    pub config: [u8; 256],
    windows: BTreeMap<u64, (u64, MmapRaw)>,
    pub memory: Vec<u8>,
    rings: [Rings; reg::MAX_QUEUES as usize],
    /// The queue served last.
    last: u32,
    irq: bool,
    pub cycles: u64,
    /// Cycles that go by in one wait.
    pub cycles_per_wait: u64,
    /// Register writes, in order.
    pub writes: Vec<(u16, u32)>,
    pub commands: Vec<Descriptor>,
    /// At most so many commands run in one wait.
    pub commands_per_wait: usize,
    pub unplugged: bool,
    pub reset_works: bool,
    pub function_resets: usize,
    pub interrupts: bool,
    pub script: Option<Script>,
    /// Registers that change by themselves: at this cycle, which, to what.
    pub later: Vec<(u64, u16, u32)>,
    /// The script is only for this queue's completions.
    pub scripted: Option<u32>,
    /// Whether it works while the driver watches the ring, or only while it sleeps.
    pub works_when_watched: bool,
    /// Posted writes arrive only before the next access that is not posted, or after a piece of work.
    pub posts_late: bool,
    posted: Vec<(u16, u32)>,
    /// Sleeps that no interrupt ended.
    pub slept_in_vain: usize,
}

#[derive(Clone)]
pub struct Fake(pub Arc<Mutex<State>>);

impl Fake {
    pub fn new() -> Self {
        let mut registers = HashMap::new();
        registers.insert(reg::ID, CARD_ID);
        registers.insert(reg::VERSION, ABI_VERSION);
        registers.insert(reg::CONFIG_ID, 0xc0ff_ee00);
        registers.insert(reg::CAPS, caps::COPY | 1 << caps::QUEUES_SHIFT);
        registers.insert(reg::CAP_BUS, 0x2020);
        registers.insert(reg::CARD_MEM_LO, 1 << 20);
        registers.insert(reg::CLOCK_HZ, 1000);
        registers.insert(reg::STATUS, reg::STATUS_READY);
        Fake(Arc::new(Mutex::new(State {
            registers,
            config: [0; 256],
            windows: BTreeMap::new(),
            memory: vec![0; 1 << 20],
            rings: [FRESH; reg::MAX_QUEUES as usize],
            last: 0,
            irq: false,
            cycles: 0,
            cycles_per_wait: 100,
            writes: Vec::new(),
            commands: Vec::new(),
            commands_per_wait: usize::MAX,
            unplugged: false,
            reset_works: true,
            function_resets: 0,
            interrupts: true,
            script: None,
            later: Vec::new(),
            scripted: None,
            works_when_watched: true,
            posts_late: false,
            posted: Vec::new(),
            slept_in_vain: 0,
        })))
    }

    /// With so many queues.
    pub fn with_queues(queues: u32) -> Self {
        let fake = Self::new();
        fake.set(reg::CAPS, caps::COPY | queues << caps::QUEUES_SHIFT);
        fake
    }

    pub fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.0.lock().unwrap())
    }

    pub fn set(&self, register: u16, value: u32) {
        self.with(|s| s.registers.insert(register, value));
    }

    pub fn script(&self, script: impl FnMut(Completion) -> Vec<Completion> + Send + 'static) {
        self.with(|s| s.script = Some(Box::new(script)));
    }

    pub fn writes_to(&self, register: u16) -> Vec<u32> {
        self.with(|s| s.writes.iter().filter(|w| w.0 == register).map(|w| w.1).collect())
    }
}

impl State {
    fn get(&self, register: u16) -> u32 {
        self.registers.get(&register).copied().unwrap_or(0)
    }

    fn base(&self, low: u16) -> u64 {
        u64::from(self.get(low)) | u64::from(self.get(low + 4)) << 32
    }

    /// Where an IOVA is, if `len` bytes are mapped there.
    fn host(&self, iova: u64, len: usize) -> Option<*mut u8> {
        let (base, (size, map)) = self.windows.range(..=iova).next_back()?;
        let offset = iova - base;
        // SAFETY: inside the mapping.
        (offset + len as u64 <= *size).then(|| unsafe { map.as_mut_ptr().add(offset as usize) })
    }

    pub fn read_host(&self, iova: u64, len: usize) -> Option<Vec<u8>> {
        let from = self.host(iova, len)?;
        let mut data = vec![0; len];
        // SAFETY: `host` checked the bounds.
        unsafe { std::ptr::copy_nonoverlapping(from, data.as_mut_ptr(), len) };
        Some(data)
    }

    fn write_host(&mut self, iova: u64, data: &[u8]) -> bool {
        let Some(to) = self.host(iova, data.len()) else { return false };
        // SAFETY: `host` checked the bounds.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), to, data.len()) };
        true
    }

    fn execute(&mut self, d: &Descriptor) -> Status {
        if d.epoch != self.get(reg::EPOCH) {
            return Status::BadEpoch;
        }
        let len = d.count as usize * 32;
        let data = match Opcode::ALL.into_iter().find(|o| *o as u8 == d.opcode) {
            Some(Opcode::Nop) => return Status::Ok,
            Some(Opcode::Zero) => vec![0; len],
            Some(Opcode::Copy) => match d.a.space {
                Space::Host => match self.read_host(d.a.address, len) {
                    Some(data) => data,
                    None => return Status::HostReadFault,
                },
                Space::Card => match self.memory.get(d.a.address as usize..d.a.address as usize + len) {
                    Some(data) => data.to_vec(),
                    None => return Status::BadRange,
                },
            },
            _ => return Status::BadOpcode,
        };
        match d.c.space {
            Space::Host if self.write_host(d.c.address, &data) => Status::Ok,
            Space::Host => Status::HostWriteFault,
            Space::Card => match self.memory.get_mut(d.c.address as usize..d.c.address as usize + len) {
                Some(to) => {
                    to.copy_from_slice(&data);
                    Status::Ok
                }
                None => Status::BadRange,
            },
        }
    }

    /// Writes an entry of queue 0's completion ring, with the phase that it is due.
    pub fn complete(&mut self, c: Completion) {
        self.complete_on(0, c);
    }

    pub fn complete_on(&mut self, queue: u32, c: Completion) {
        let entries = 1 << self.get(reg::of_queue(queue, reg::Q_LOG_SIZE));
        let mut rings = self.rings[queue as usize];
        let c = Completion { phase: c.phase == rings.phase, ..c };
        let base = self.base(reg::of_queue(queue, reg::CQ_BASE_LO));
        self.write_host(base + u64::from(rings.cq_tail) * COMPLETION_BYTES as u64, &c.encode());
        rings.cq_tail = (rings.cq_tail + 1) % entries;
        rings.phase ^= rings.cq_tail == 0;
        self.rings[queue as usize] = rings;
        // The interrupt is the edge of "a pending bit is set and enabled".
        let (pending, enabled) = (self.get(reg::IRQ_PENDING), self.get(reg::IRQ_ENABLE));
        self.irq |= pending & enabled == 0 && enabled & reg::irq_completion(queue) != 0;
        self.registers.insert(reg::IRQ_PENDING, pending | reg::irq_completion(queue));
    }

    /// The next queue with work, and room for its completion.
    fn next_queue(&self) -> Option<u32> {
        let n = caps::queues(self.get(reg::CAPS)).min(reg::MAX_QUEUES);
        let order = (1..=n).map(|k| (self.last + k) % n);
        order.into_iter().find(|q| {
            let get = |register| self.get(reg::of_queue(*q, register));
            let full = (self.rings[*q as usize].cq_tail + 1) % (1 << get(reg::Q_LOG_SIZE)) == get(reg::CQ_HEAD);
            let alive = get(reg::Q_ENABLE) != 0 && get(reg::Q_STATUS) & reg::Q_STATUS_ERROR == 0;
            alive && get(reg::SQ_HEAD) != get(reg::SQ_TAIL) && !full
        })
    }

    /// Runs commands that were rung in.
    fn work(&mut self) {
        for _ in 0..self.commands_per_wait {
            if self.get(reg::CONTROL) & reg::CONTROL_RUN == 0 {
                return;
            }
            let Some(queue) = self.next_queue() else { return };
            self.last = queue;
            let sq_head = reg::of_queue(queue, reg::SQ_HEAD);
            let entries = 1u32 << self.get(reg::of_queue(queue, reg::Q_LOG_SIZE));
            let head = self.get(sq_head);
            let base = self.base(reg::of_queue(queue, reg::SQ_BASE_LO));
            let at = base + u64::from(head) * DESCRIPTOR_BYTES as u64;
            let bytes = self.read_host(at, DESCRIPTOR_BYTES).expect("ring is mapped");
            let d = Descriptor::decode(&bytes.try_into().unwrap()).expect("descriptor");
            self.registers.insert(sq_head, (head + 1) % entries);
            self.commands.push(d);
            let status = self.execute(&d) as u8;
            let (epoch, sq_head) = (self.get(reg::EPOCH), self.get(sq_head) as u16);
            // `phase: true` stands for "as it is due".
            let c = Completion {
                detail: 0,
                epoch,
                cycles: 10,
                work: d.count.into(),
                sq_head,
                id: d.id,
                status,
                phase: true,
            };
            let mut script = self.script.take();
            let due = self.scripted.is_none_or(|q| q == queue);
            let all = script.as_mut().filter(|_| due).map_or(vec![c], |s| s(c));
            self.script = self.script.take().or(script);
            all.into_iter().for_each(|c| self.complete_on(queue, c));
        }
    }

    fn pass_time(&mut self) {
        self.cycles += self.cycles_per_wait;
        let now = self.cycles;
        let due = self.later.extract_if(.., |(at, ..)| *at <= now);
        self.registers.extend(due.map(|(_, register, value)| (register, value)));
        if !self.unplugged {
            self.work();
        }
    }

    /// Posted writes reach the card.
    fn arrive(&mut self) {
        for (offset, value) in std::mem::take(&mut self.posted) {
            self.write(offset, value);
        }
    }

    fn write(&mut self, offset: u16, value: u32) {
        self.writes.push((offset, value));
        match offset {
            _ if self.unplugged => {}
            reg::CONTROL if value & reg::CONTROL_RESET != 0 => {
                if self.reset_works {
                    self.reset()
                }
            }
            reg::IRQ_PENDING => {
                let left = self.get(offset) & !value;
                self.registers.insert(offset, left);
            }
            _ if reg::queue_of(offset).is_some_and(|(_, r)| r == reg::Q_ENABLE) && value == 0 => {
                let queue = (offset - reg::Q_ENABLE) / reg::QUEUE_STRIDE;
                self.rings[usize::from(queue)] = FRESH;
                let all = [reg::SQ_HEAD, reg::SQ_TAIL, reg::CQ_HEAD, reg::Q_ENABLE];
                self.registers.extend(all.map(|r| (reg::of_queue(queue.into(), r), 0)));
                // Enabling ends an error; this card does it here already.
                let status = reg::of_queue(queue.into(), reg::Q_STATUS);
                let left = self.get(status) & !reg::Q_STATUS_ERROR;
                self.registers.insert(status, left);
            }
            _ => {
                self.registers.insert(offset, value);
            }
        }
    }

    fn reset(&mut self) {
        let rings = [reg::SQ_TAIL, reg::SQ_HEAD, reg::CQ_HEAD, reg::CQ_TAIL, reg::Q_ENABLE];
        let rings = rings.into_iter().flat_map(|r| (0..reg::MAX_QUEUES).map(move |q| reg::of_queue(q, r)));
        for r in rings.chain([reg::CONTROL, reg::IRQ_PENDING, reg::IRQ_ENABLE]) {
            self.registers.insert(r, 0);
        }
        self.registers.insert(reg::STATUS, reg::STATUS_READY);
        *self.registers.entry(reg::EPOCH).or_default() += 1;
        (self.rings, self.irq) = ([FRESH; reg::MAX_QUEUES as usize], false);
    }
}

const RANGES: [IovaRange; 1] = [IovaRange { first: 0, last: (1 << 40) - 1 }];

impl Transport for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        Ok(self.with(|s| {
            s.arrive();
            match offset {
                _ if s.unplugged => u32::MAX,
                reg::CYCLES_LO => s.cycles as u32,
                reg::CYCLES_HI => (s.cycles >> 32) as u32,
                offset => s.get(offset),
            }
        }))
    }

    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.with(|s| {
            s.arrive();
            s.write(offset, value);
        });
        Ok(())
    }

    fn post32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.with(|s| match s.posts_late {
            true => s.posted.push((offset, value)),
            false => s.write(offset, value),
        });
        Ok(())
    }

    fn flush(&mut self) -> Result<(), TransportError> {
        self.with(State::arrive);
        Ok(())
    }

    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        self.with(|s| match s.unplugged {
            true => data.fill(0xff),
            false => data.copy_from_slice(&s.config[offset as usize..offset as usize + data.len()]),
        });
        Ok(())
    }

    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        self.with(|s| s.config[offset as usize..offset as usize + data.len()].copy_from_slice(data));
        Ok(())
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        &RANGES
    }

    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        let file = File::from(region.file().try_clone_to_owned().unwrap());
        let map = MmapOptions::new().offset(region.offset()).len(region.size() as usize).map_raw(&file).unwrap();
        self.with(|s| s.windows.insert(region.iova(), (region.size(), map)));
        Ok(())
    }

    fn dma_unmap(&mut self, iova: u64, _: u64) -> Result<(), TransportError> {
        self.with(|s| s.windows.remove(&iova));
        Ok(())
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    fn wait_interrupt(&mut self, _: Duration) -> Result<bool, TransportError> {
        Ok(self.with(|s| {
            s.pass_time();
            if s.posts_late {
                s.arrive();
                if !s.irq {
                    s.pass_time();
                }
            }
            let woken = std::mem::take(&mut s.irq) && s.interrupts;
            s.slept_in_vain += usize::from(!woken);
            woken
        }))
    }

    /// The card works while the driver watches, too.
    fn spin(&mut self) -> Result<(), TransportError> {
        self.with(|s| {
            if s.works_when_watched {
                s.pass_time()
            }
        });
        Ok(())
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.with(|s| {
            s.reset();
            s.config[4] = 0;
            s.function_resets += 1;
        });
        Ok(())
    }
}
