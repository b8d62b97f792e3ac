//! Faults injected into the card, for tests of the layers above.
//!
//! A [`FaultPlan`] says which command is hit and how. Text form, for command lines:
//! `FAULT[@OPCODE][+SKIP][*TIMES]`, for example `wrong-point@msm`, `corrupt:3@ntt+2`,
//! `status:8@copy*0` (`*0`: every time). Without `@` any command is hit.

use gristmill_abi::command::{Descriptor, Opcode};
use gristmill_abi::completion::Completion;
use gristmill_abi::layout::{Curve, Space, WORD_BYTES};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// How the card misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Flips the lowest bit of one word of the result (taken modulo the result's length).
    Corrupt {
        /// Which word.
        word: u64,
    },
    /// Negates the first finite point of an MSM's result: on the curve, and wrong.
    WrongPoint,
    /// The completion is not written; the interrupt comes all the same.
    DropCompletion,
    /// The command never completes, the clock runs on. A reset cures it.
    Hang,
    /// Completes with this status code.
    Status(u8),
    /// From the fetch of the command on, every register reads as all ones.
    GarbageRegisters,
    /// From the fetch of the command on the card is gone: reads give all ones, writes vanish, no
    /// DMA, no interrupts. No reset brings it back.
    Die,
    /// The server closes the connection when the command is fetched.
    CloseSocket,
}

/// Which command is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    /// How.
    pub fault: Fault,
    /// Only commands with this opcode count.
    pub opcode: Option<Opcode>,
    /// Commands that pass first.
    pub skip: u32,
    /// How many commands are hit; 0: all.
    pub times: u32,
}

impl FaultPlan {
    /// Hits the next command.
    pub fn next(fault: Fault) -> Self {
        FaultPlan { fault, opcode: None, skip: 0, times: 1 }
    }

    /// Hits the next command with this opcode.
    pub fn on(fault: Fault, opcode: Opcode) -> Self {
        FaultPlan { opcode: Some(opcode), ..FaultPlan::next(fault) }
    }
}

/// A fault's text that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "fault {text:?}: {why}; write FAULT[@OPCODE][+SKIP][*TIMES] with FAULT one of corrupt[:WORD], wrong-point, drop, hang, status:CODE, garbage, die, close"
)]
pub struct FaultSyntax {
    text: String,
    why: String,
}

impl FromStr for FaultPlan {
    type Err = FaultSyntax;

    fn from_str(text: &str) -> Result<Self, FaultSyntax> {
        let error = |why: String| FaultSyntax { text: text.to_string(), why };
        let number =
            |s: &str| s.parse::<u32>().map_err(|_| error(format!("{s:?} is not a number from 0 to {}", u32::MAX)));
        let (rest, times) = match text.split_once('*') {
            Some((rest, n)) => (rest, number(n)?),
            None => (text, 1),
        };
        let (rest, skip) = match rest.split_once('+') {
            Some((rest, n)) => (rest, number(n)?),
            None => (rest, 0),
        };
        let (name, opcode) = match rest.split_once('@') {
            Some((name, op)) => {
                let found = Opcode::ALL.into_iter().find(|o| o.name() == op);
                (name, Some(found.ok_or_else(|| error(format!("no opcode is called {op:?}")))?))
            }
            None => (rest, None),
        };
        let (name, argument) = match name.split_once(':') {
            Some((name, n)) => (name, Some(number(n)?)),
            None => (name, None),
        };
        let fault = match (name, argument) {
            ("corrupt", word) => Fault::Corrupt { word: word.unwrap_or(0).into() },
            ("status", Some(code)) => {
                Fault::Status(u8::try_from(code).map_err(|_| error(format!("status {code} exceeds 255")))?)
            }
            ("wrong-point", None) => Fault::WrongPoint,
            ("drop", None) => Fault::DropCompletion,
            ("hang", None) => Fault::Hang,
            ("garbage", None) => Fault::GarbageRegisters,
            ("die", None) => Fault::Die,
            ("close", None) => Fault::CloseSocket,
            _ => return Err(error(format!("{name:?} is no fault, or has a wrong argument"))),
        };
        Ok(FaultPlan { fault, opcode, skip, times })
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Fault::Corrupt { word } => write!(f, "corrupt:{word}")?,
            Fault::WrongPoint => write!(f, "wrong-point")?,
            Fault::DropCompletion => write!(f, "drop")?,
            Fault::Hang => write!(f, "hang")?,
            Fault::Status(code) => write!(f, "status:{code}")?,
            Fault::GarbageRegisters => write!(f, "garbage")?,
            Fault::Die => write!(f, "die")?,
            Fault::CloseSocket => write!(f, "close")?,
        }
        if let Some(opcode) = self.opcode {
            write!(f, "@{}", opcode.name())?;
        }
        write!(f, "+{}*{}", self.skip, self.times)
    }
}

/// Words of an operand, wherever it lives.
pub trait OperandMemory {
    /// One word, `None` if it cannot be read.
    fn read_word(&mut self, space: Space, address: u64) -> Option<[u8; WORD_BYTES]>;
    /// Overwrites one word.
    fn write_word(&mut self, space: Space, address: u64, word: &[u8; WORD_BYTES]);
}

/// What becomes of a completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Write it.
    Write,
    /// Do not write it, but go on as if it had been.
    Drop,
    /// Do not write it and never go on.
    Hang,
}

#[derive(Debug)]
struct Armed {
    plan: FaultPlan,
    seen: u32,
    hit: u32,
}

impl Armed {
    /// Counts a command; true if the plan wants to hit it.
    fn wants(&mut self, opcode: u8) -> bool {
        if self.plan.opcode.is_some_and(|o| o as u8 != opcode) {
            return false;
        }
        let skipped = self.seen >= self.plan.skip;
        self.seen = self.seen.saturating_add(1);
        skipped && (self.plan.times == 0 || self.hit < self.plan.times)
    }
}

/// The faults that wait for their command, and what has become of the card.
#[derive(Debug, Default)]
pub struct Injector {
    armed: Vec<Armed>,
    garbage: bool,
    dead: bool,
    close: bool,
    hits: u64,
}

impl Injector {
    /// Arms a plan.
    pub fn arm(&mut self, plan: FaultPlan) {
        self.armed.push(Armed { plan, seen: 0, hit: 0 });
    }

    /// Disarms all and repairs the card, as a power cycle would.
    pub fn clear(&mut self) {
        *self = Injector { hits: self.hits, ..Injector::default() };
    }

    /// Commands hit so far.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Whether any plan was ever armed: without, a card need not watch its commands.
    pub fn is_idle(&self) -> bool {
        self.armed.is_empty()
    }

    /// Registers read as all ones.
    pub fn registers_are_garbage(&self) -> bool {
        self.garbage || self.dead
    }

    /// The card is gone.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Whether the connection is to be closed; asked once.
    pub fn take_close(&mut self) -> bool {
        std::mem::take(&mut self.close)
    }

    fn hit(&mut self, opcode: u8, kind: impl Fn(Fault) -> bool) -> Option<Fault> {
        // Every plan counts every command; of those that want this one, the first has it.
        let mut chosen = None;
        for armed in self.armed.iter_mut().filter(|a| kind(a.plan.fault)) {
            if armed.wants(opcode) && chosen.is_none() {
                armed.hit = armed.hit.saturating_add(1);
                chosen = Some(armed.plan);
            }
        }
        let plan = chosen?;
        tracing::warn!(fault = %plan, "fault injected");
        self.hits += 1;
        Some(plan.fault)
    }

    /// To be called when the card has fetched a command.
    pub fn at_fetch(&mut self, opcode: u8) {
        let early = |f| matches!(f, Fault::GarbageRegisters | Fault::Die | Fault::CloseSocket);
        match self.hit(opcode, early) {
            Some(Fault::GarbageRegisters) => self.garbage = true,
            Some(Fault::Die) => self.dead = true,
            Some(Fault::CloseSocket) => self.close = true,
            _ => {}
        }
    }

    /// To be called when `completion` is about to be written; may change it and the result.
    /// `msm_result_words` is the length of this card's MSM results.
    pub fn at_completion(
        &mut self,
        command: &Descriptor,
        completion: &mut Completion,
        msm_result_words: u64,
        memory: &mut dyn OperandMemory,
    ) -> Verdict {
        let late = |f| !matches!(f, Fault::GarbageRegisters | Fault::Die | Fault::CloseSocket);
        match self.hit(command.opcode, late) {
            Some(Fault::Status(code)) => completion.status = code,
            Some(Fault::DropCompletion) => return Verdict::Drop,
            Some(Fault::Hang) => return Verdict::Hang,
            Some(Fault::Corrupt { word }) => {
                let words = result_words(command, msm_result_words);
                if let Some(index) = word.checked_rem(words) {
                    let at = command.c.address.wrapping_add(index * WORD_BYTES as u64);
                    if let Some(mut bytes) = memory.read_word(command.c.space, at) {
                        bytes[0] ^= 1;
                        memory.write_word(command.c.space, at, &bytes);
                    }
                }
            }
            Some(Fault::WrongPoint) if command.opcode == Opcode::Msm as u8 => {
                negate_first_point(command, msm_result_words, memory);
            }
            _ => {}
        }
        Verdict::Write
    }
}

/// Words that a command writes.
fn result_words(command: &Descriptor, msm_result_words: u64) -> u64 {
    match Opcode::ALL.into_iter().find(|o| *o as u8 == command.opcode) {
        Some(Opcode::Copy | Opcode::Zero | Opcode::Elementwise) => command.count.into(),
        Some(Opcode::Msm) => msm_result_words,
        Some(Opcode::Ntt) => 1u64.checked_shl(command.count).unwrap_or(0),
        Some(Opcode::Nop) | None => 0,
    }
}

/// The base field's modulus, little-endian 64-bit limbs.
fn modulus(curve: Curve) -> &'static [u64] {
    match curve {
        Curve::Bn254 => &[0x3c20_8c16_d87c_fd47, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029],
        Curve::Bls12_381 => &[
            0xb9fe_ffff_ffff_aaab,
            0x1eab_fffe_b153_ffff,
            0x6730_d2a0_f6b0_f624,
            0x6477_4b84_f385_12bf,
            0x4b1b_a7b6_434b_acd7,
            0x1a01_11ea_397f_e69a,
        ],
        Curve::Bls12_377 => &[
            0x8508_c000_0000_0001,
            0x170b_5d44_3000_0000,
            0x1ef3_622f_ba09_4800,
            0x1a22_d9f3_00f5_138f,
            0xc63b_05c0_6ca1_493b,
            0x01ae_3a46_17c5_10ea,
        ],
    }
}

fn negate_first_point(command: &Descriptor, words: u64, memory: &mut dyn OperandMemory) {
    let Some(curve) = Curve::from_id(command.unit) else { return };
    // Coordinates follow each other without gaps: those of 48 bytes do not begin with a word.
    let size = curve.coordinate_bytes() as u64;
    for point in 0..words * WORD_BYTES as u64 / (3 * size) {
        let y = 3 * size * point + size;
        let (Some(old), Some(z)) = (read(command, memory, y, size), read(command, memory, y + size, size)) else {
            return;
        };
        if [&old, &z].iter().any(|c| c.iter().all(|b| *b == 0)) {
            continue;
        }
        let mut negated = Vec::with_capacity(old.len());
        let mut borrow = false;
        for (q, limb) in modulus(curve).iter().zip(old.chunks_exact(8)) {
            let limb = u64::from_le_bytes(std::array::from_fn(|k| limb[k]));
            let (d, b1) = q.overflowing_sub(limb);
            let (d, b2) = d.overflowing_sub(borrow.into());
            borrow = b1 || b2;
            negated.extend_from_slice(&d.to_le_bytes());
        }
        write(command, memory, y, &negated);
        return;
    }
}

/// Words of the result that hold its bytes `from .. from + count`.
fn words_of(from: u64, count: u64) -> std::ops::Range<u64> {
    from / WORD_BYTES as u64..(from + count).div_ceil(WORD_BYTES as u64)
}

/// Bytes of a command's result, `None` if they cannot be read.
fn read(command: &Descriptor, memory: &mut dyn OperandMemory, from: u64, count: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for word in words_of(from, count) {
        let at = command.c.address.wrapping_add(word * WORD_BYTES as u64);
        bytes.extend_from_slice(&memory.read_word(command.c.space, at)?);
    }
    let skip = (from % WORD_BYTES as u64) as usize;
    Some(bytes[skip..skip + count as usize].to_vec())
}

/// Overwrites bytes of a command's result, which can be read.
fn write(command: &Descriptor, memory: &mut dyn OperandMemory, from: u64, bytes: &[u8]) {
    for word in words_of(from, bytes.len() as u64) {
        let start = word * WORD_BYTES as u64;
        let at = command.c.address.wrapping_add(start);
        let Some(mut whole) = memory.read_word(command.c.space, at) else { return };
        for (k, byte) in whole.iter_mut().enumerate() {
            if let Some(new) = (start + k as u64).checked_sub(from).and_then(|i| bytes.get(i as usize)) {
                *byte = *new;
            }
        }
        memory.write_word(command.c.space, at, &whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_survive_a_round_trip_through_text() {
        for text in ["corrupt:3@ntt+2*1", "wrong-point@msm+0*1", "status:8+0*0", "die+7*1", "close@copy+0*2"] {
            let plan: FaultPlan = text.parse().expect(text);
            assert_eq!(plan.to_string(), text);
        }
        assert_eq!("hang".parse(), Ok(FaultPlan::next(Fault::Hang)));
        for text in ["", "frobnicate", "drop@fly", "status", "status:256", "hang+x", "hang*-1", "die:3"] {
            assert!(text.parse::<FaultPlan>().is_err(), "{text}");
        }
    }

    #[test]
    fn skip_and_times_count_matching_commands_only() {
        let copy = Opcode::Copy as u8;
        let mut injector = Injector::default();
        for plan in ["drop@copy+1*2", "hang@copy+2"] {
            injector.arm(plan.parse().expect("plan"));
        }
        let hits: Vec<_> = [copy, 0, copy, 2, copy, copy].map(|op| injector.hit(op, |_| true)).into();
        let drop = Some(Fault::DropCompletion);
        assert_eq!(hits, [None, None, drop, None, drop, Some(Fault::Hang)]);
        assert_eq!(injector.hits(), 3);
    }

    /// Host memory from address 0 on.
    struct Bytes(Vec<u8>);

    impl OperandMemory for Bytes {
        fn read_word(&mut self, _: Space, at: u64) -> Option<[u8; WORD_BYTES]> {
            self.0.get(at as usize..at as usize + WORD_BYTES)?.try_into().ok()
        }
        fn write_word(&mut self, _: Space, at: u64, word: &[u8; WORD_BYTES]) {
            self.0[at as usize..at as usize + WORD_BYTES].copy_from_slice(word);
        }
    }

    #[test]
    fn the_first_finite_point_is_negated_and_nothing_else_changes() {
        use gristmill_abi::command::Operand;
        for curve in Curve::ALL {
            let size = curve.coordinate_bytes();
            let words = 2 * curve.segment_words();
            let mut before = vec![0u8; 32 + words * WORD_BYTES];
            // Point 0 is infinity, (0 : y : 0); the others are 1, 2, 3... in each coordinate.
            let coordinate = |point: usize, c: usize| 32 + (3 * point + c) * size;
            before[coordinate(0, 1)] = 9;
            for (point, c) in (1..4).flat_map(|p| (0..3).map(move |c| (p, c))) {
                before[coordinate(point, c)] = (3 * point + c) as u8;
            }
            let command = Descriptor {
                opcode: Opcode::Msm as u8,
                flags: 0,
                id: 0,
                unit: curve as u8,
                count: 1,
                more: 0,
                rows: [0; 2],
                epoch: 0,
                a: Operand::NONE,
                b: Operand::NONE,
                c: Operand::host(32),
            };
            let mut memory = Bytes(before.clone());
            negate_first_point(&command, words as u64, &mut memory);
            let y = coordinate(1, 1)..coordinate(1, 2);
            let mut expected: Vec<u8> = modulus(curve).iter().flat_map(|l| l.to_le_bytes()).collect();
            let low = u64::from_le_bytes(std::array::from_fn(|k| expected[k]));
            let (low, borrow) = low.overflowing_sub(4);
            assert!(!borrow);
            expected[..8].copy_from_slice(&low.to_le_bytes());
            assert_eq!(memory.0[y.clone()], expected, "{}", curve.name());
            before[y.clone()].copy_from_slice(&expected);
            assert_eq!(memory.0, before, "{}", curve.name());
            // Twice is nothing.
            negate_first_point(&command, words as u64, &mut memory);
            assert_eq!(memory.0[y.start], 4);
        }
    }
}
