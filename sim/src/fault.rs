//! Faults injected into the card, for tests of the layers above.
//!
//! A [`FaultPlan`] says which command is hit and how. Text form, for command lines:
//! `FAULT[@OPCODE][+SKIP][*TIMES]`, for example `wrong-point@msm`, `corrupt:3@ntt+2`,
//! `status:8@copy*0` (`*0`: every time). Without `@` any command is hit.

use gristmill_abi::command::{Descriptor, Opcode};
use gristmill_abi::completion::Completion;
use gristmill_abi::layout::{Curve, PROJECTIVE_WORDS, Space, WORD_BYTES};
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
        Some(Opcode::Copy | Opcode::Zero) => command.count.into(),
        Some(Opcode::Msm) => msm_result_words,
        Some(Opcode::Ntt) => 1u64.checked_shl(command.count).unwrap_or(0),
        Some(Opcode::Nop) | None => 0,
    }
}

/// BN254's base field modulus, little-endian 64-bit limbs.
const BN254_Q: [u64; 4] = [0x3c20_8c16_d87c_fd47, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];

fn negate_first_point(command: &Descriptor, words: u64, memory: &mut dyn OperandMemory) {
    if command.unit != Curve::Bn254 as u8 {
        return;
    }
    let space = command.c.space;
    for point in 0..words / PROJECTIVE_WORDS as u64 {
        let at =
            |word: u64| command.c.address.wrapping_add((point * PROJECTIVE_WORDS as u64 + word) * WORD_BYTES as u64);
        let (Some(y), Some(z)) = (memory.read_word(space, at(1)), memory.read_word(space, at(2))) else { return };
        if y == [0; WORD_BYTES] || z == [0; WORD_BYTES] {
            continue;
        }
        let mut negated = [0; WORD_BYTES];
        let mut borrow = false;
        for (i, q) in BN254_Q.iter().enumerate() {
            let limb = u64::from_le_bytes(std::array::from_fn(|k| y[8 * i + k]));
            let (d, b1) = q.overflowing_sub(limb);
            let (d, b2) = d.overflowing_sub(borrow.into());
            borrow = b1 || b2;
            negated[8 * i..8 * i + 8].copy_from_slice(&d.to_le_bytes());
        }
        memory.write_word(space, at(1), &negated);
        return;
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
}
