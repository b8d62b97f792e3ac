//! A card in software for tests: registers, one queue, COPY, ZERO and MSM over any of the curves, without a clock.
//! An MSM leaves segment sums as the contract has them, from buckets that arkworks adds up.

use super::words;
use crate::MsmCurve;
use crate::curve::Element;
use ark_ec::short_weierstrass::Projective;
use ark_ff::{PrimeField, Zero};
use gristmill_abi::caps::Msm;
use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor, FLAG_MONTGOMERY, Opcode, Operand};
use gristmill_abi::completion::{COMPLETION_BYTES, Completion, Status};
use gristmill_abi::layout::{Space, WORD_BYTES};
use gristmill_abi::{ABI_VERSION, CARD_ID, caps, registers as reg};
use gristmill_driver::TransportError;
use gristmill_driver::transport::{DmaRegion, IovaRange, Transport};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is done to the bytes of an MSM's result.
pub(super) type Tamper = Box<dyn FnMut(&mut Vec<u8>) + Send>;

/// What a test sees of the card after it is opened.
#[derive(Default)]
pub(super) struct Seen {
    /// Descriptors, in order.
    pub commands: Vec<Descriptor>,
    pub tamper: Option<Tamper>,
}

/// The card.
pub(super) struct Soft<C> {
    caps: Msm,
    registers: HashMap<u16, u32>,
    config: [u8; 64],
    /// Mapped memory by IOVA: length, file, offset.
    windows: BTreeMap<u64, (u64, File, u64)>,
    memory: Vec<u8>,
    cq_tail: u32,
    phase: bool,
    cycles: u32,
    pub seen: Arc<Mutex<Seen>>,
    curve: PhantomData<C>,
}

impl<C: MsmCurve> Soft<C> {
    /// Windows of 4 bits in segments of 4 buckets, commands of at most 2^`log_max_points`.
    pub fn new(log_max_points: u8, card_mem_bytes: usize) -> Self {
        let bits = C::ScalarField::MODULUS_BIT_SIZE as u8;
        let caps =
            Msm { adders: 1, window_bits: 4, windows: bits / 4 + 1, segments: 2, log_max_points, log_multiples: 0 };
        let offered = caps::COPY | caps::MSM | caps::MONTGOMERY_SCALARS | 1 << caps::QUEUES_SHIFT;
        let registers = [
            (reg::ID, CARD_ID),
            (reg::VERSION, ABI_VERSION),
            (reg::CAPS, offered),
            (reg::CAP_MSM, caps.encode()),
            (reg::CAP_CURVES, 1 << C::CURVE as u8),
            (reg::CAP_FIELDS, 1 << C::CURVE.scalar_field() as u8),
            (reg::CAP_BUS, 0x2020),
            (reg::CARD_MEM_LO, card_mem_bytes as u32),
            (reg::CLOCK_HZ, 250_000_000),
            (reg::STATUS, reg::STATUS_READY),
        ];
        Soft {
            caps,
            registers: registers.into(),
            config: [0; 64],
            windows: BTreeMap::new(),
            memory: vec![0; card_mem_bytes],
            cq_tail: 0,
            phase: true,
            cycles: 0,
            seen: Arc::default(),
            curve: PhantomData,
        }
    }

    fn get(&self, register: u16) -> u32 {
        self.registers.get(&register).copied().unwrap_or(0)
    }

    fn base(&self, low: u16) -> u64 {
        u64::from(self.get(low)) | u64::from(self.get(low + 4)) << 32
    }

    /// File and place of an IOVA.
    fn host(&self, iova: u64, len: usize) -> (&File, u64) {
        let (base, (size, file, offset)) = self.windows.range(..=iova).next_back().expect("mapped");
        assert!(iova - base + len as u64 <= *size, "inside of one window");
        (file, offset + iova - base)
    }

    fn read(&self, at: Operand, len: usize) -> Vec<u8> {
        match at.space {
            Space::Card => self.memory[at.address as usize..][..len].to_vec(),
            Space::Host => {
                let (file, place) = self.host(at.address, len);
                let mut bytes = vec![0; len];
                file.read_exact_at(&mut bytes, place).expect("read");
                bytes
            }
        }
    }

    fn write(&mut self, at: Operand, bytes: &[u8]) {
        match at.space {
            Space::Card => self.memory[at.address as usize..][..bytes.len()].copy_from_slice(bytes),
            Space::Host => {
                let (file, place) = self.host(at.address, bytes.len());
                file.write_all_at(bytes, place).expect("write");
            }
        }
    }

    /// The segment sums of an MSM.
    fn msm(&self, d: &Descriptor) -> Vec<u8> {
        let n = d.count as usize;
        let points = words::bases::<C>(&self.read(d.a, n * words::base_bytes::<C>())).expect("reduced");
        let scalars = self.read(d.b, n * WORD_BYTES);
        let (c, windows) = (u32::from(self.caps.window_bits), usize::from(self.caps.windows));
        let half = 1i64 << (c - 1);
        let mut buckets = vec![Projective::<C>::zero(); windows << (c - 1)];
        for (point, scalar) in points.iter().zip(scalars.chunks_exact(WORD_BYTES)) {
            let bytes = if d.flags & FLAG_MONTGOMERY != 0 {
                let mut canonical = vec![0; WORD_BYTES];
                C::ScalarField::from_montgomery(scalar).expect("reduced").write_canonical(&mut canonical);
                canonical
            } else {
                scalar.to_vec()
            };
            let bit = |i: usize| i64::from(bytes.get(i / 8).is_some_and(|b| b >> (i % 8) & 1 == 1));
            let mut carry = 0;
            for w in 0..windows {
                let value = (0..c as usize).map(|k| bit(w * c as usize + k) << k).sum::<i64>() + carry;
                carry = i64::from(value > half);
                let digit = value - (carry << c);
                if digit != 0 {
                    let bucket = &mut buckets[(w << (c - 1)) + digit.unsigned_abs() as usize - 1];
                    *bucket += if digit < 0 { -*point } else { *point };
                }
            }
            assert_eq!(carry, 0, "the last window has room");
        }
        let mut bytes = Vec::new();
        for segment in buckets.chunks((1 << (c - 1)) / usize::from(self.caps.segments)) {
            let (mut weighted, mut plain) = (Projective::<C>::zero(), Projective::zero());
            for bucket in segment.iter().rev() {
                plain += bucket;
                weighted += plain;
            }
            for (scale, sum) in [(5u64, weighted), (7, plain)] {
                words::put_point(&sum, C::BaseField::from(scale), &mut bytes);
            }
        }
        bytes
    }

    fn execute(&mut self, d: &Descriptor) -> Status {
        let len = d.count as usize * WORD_BYTES;
        let result = match Opcode::ALL.into_iter().find(|o| *o as u8 == d.opcode) {
            Some(Opcode::Nop) => return Status::Ok,
            Some(Opcode::Zero) => vec![0; len],
            Some(Opcode::Copy) => self.read(d.a, len),
            Some(Opcode::Msm) if d.unit != C::CURVE as u8 => return Status::BadUnit,
            Some(Opcode::Msm) if d.count == 0 || d.count > 1 << self.caps.log_max_points => return Status::BadCount,
            Some(Opcode::Msm) => {
                let mut sums = self.msm(d);
                if let Some(tamper) = &mut self.seen.lock().expect("no panic").tamper {
                    tamper(&mut sums);
                }
                sums
            }
            _ => return Status::BadOpcode,
        };
        self.write(d.c, &result);
        Status::Ok
    }

    /// Runs what was rung in; whether there was anything.
    fn work(&mut self) -> bool {
        let before = self.get(reg::SQ_HEAD);
        let entries = 1 << self.get(reg::Q_LOG_SIZE);
        while self.get(reg::Q_ENABLE) != 0 && self.get(reg::SQ_HEAD) != self.get(reg::SQ_TAIL) {
            let head = self.get(reg::SQ_HEAD);
            let at = Operand::host(self.base(reg::SQ_BASE_LO) + u64::from(head) * DESCRIPTOR_BYTES as u64);
            let bytes = self.read(at, DESCRIPTOR_BYTES);
            let d = Descriptor::decode(&bytes.try_into().expect("64 bytes")).expect("a descriptor");
            self.seen.lock().expect("no panic").commands.push(d);
            let status = self.execute(&d) as u8;
            let sq_head = (head + 1) % entries;
            self.registers.insert(reg::SQ_HEAD, sq_head);
            let (epoch, phase) = (self.get(reg::EPOCH), self.phase);
            let sq_head = sq_head as u16;
            let done = Completion { detail: 0, epoch, cycles: 10, work: 1, sq_head, id: d.id, status, phase };
            let at = self.base(reg::CQ_BASE_LO) + u64::from(self.cq_tail) * COMPLETION_BYTES as u64;
            self.write(Operand::host(at), &done.encode());
            self.cq_tail = (self.cq_tail + 1) % entries;
            self.phase ^= self.cq_tail == 0;
            self.registers.insert(reg::IRQ_PENDING, self.get(reg::IRQ_PENDING) | reg::irq_completion(0));
        }
        self.get(reg::SQ_HEAD) != before
    }

    fn stop_queue(&mut self) {
        for register in [reg::SQ_HEAD, reg::SQ_TAIL, reg::CQ_HEAD, reg::Q_ENABLE] {
            self.registers.insert(register, 0);
        }
        (self.cq_tail, self.phase) = (0, true);
    }
}

const RANGES: [IovaRange; 1] = [IovaRange { first: 0, last: (1 << 40) - 1 }];

impl<C: MsmCurve> Transport for Soft<C> {
    fn name(&self) -> &str {
        "soft"
    }

    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        self.cycles += 100;
        Ok(if offset == reg::CYCLES_LO { self.cycles } else { self.get(offset) })
    }

    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        match offset {
            reg::CONTROL if value & reg::CONTROL_RESET != 0 => {
                self.stop_queue();
                self.registers.insert(reg::IRQ_PENDING, 0);
                *self.registers.entry(reg::EPOCH).or_default() += 1;
            }
            reg::IRQ_PENDING => {
                let left = self.get(offset) & !value;
                self.registers.insert(offset, left);
            }
            reg::Q_ENABLE if value == 0 => self.stop_queue(),
            _ => {
                self.registers.insert(offset, value);
            }
        }
        Ok(())
    }

    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        data.copy_from_slice(&self.config[offset.into()..][..data.len()]);
        Ok(())
    }

    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        self.config[offset.into()..][..data.len()].copy_from_slice(data);
        Ok(())
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        &RANGES
    }

    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        let file = File::from(region.file().try_clone_to_owned().expect("dup"));
        self.windows.insert(region.iova(), (region.size(), file, region.offset()));
        Ok(())
    }

    fn dma_unmap(&mut self, iova: u64, _: u64) -> Result<(), TransportError> {
        self.windows.remove(&iova);
        Ok(())
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    fn wait_interrupt(&mut self, _: Duration) -> Result<bool, TransportError> {
        Ok(self.work())
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.write32(reg::CONTROL, reg::CONTROL_RESET)
    }
}
