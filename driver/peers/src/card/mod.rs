//! A hostile card behind the transport trait.

mod hostile;
mod ops;
mod seeds;

pub use ops::Op;
pub use seeds::seeds;

use crate::reached::{Reached, goals as group};
use crate::script;
use gristmill_abi::completion::{Completion, Status};
use gristmill_abi::registers as reg;
use gristmill_driver::card::{Batch, Wait};
use gristmill_driver::queue::QueueError;
use gristmill_driver::{Card, Command, DmaBuffer, Done, Error, Limits, Options, Place, ScalarForm, Ticket};
use hostile::{FUEL, Fail, Hostile, Resets, Tamper};
use std::time::Duration;

variants!(mod errors: Error {
    Transport, Dma, Queue, Gone, NotACard, Version, Capability, TimedOut, Stalled, QueueStopped, ResetFailed, Command,
    NotOffered, NoQueue, ShortOperand, BadCount, RingFull, Stale, UnknownTicket, RingSize,
} except {
    Name: "is of opening by name",
    Async: "is of tokio",
});

variants!(mod queue_errors: QueueError {
    Unexpected, UnknownId, Duplicate, OutOfOrder, Early, BadStatus, WrongEpoch, BadHead,
});

/// Far away.
const HOUR: Duration = Duration::from_secs(3600);

/// Runs one input.
pub fn run(data: &[u8]) -> Reached {
    let ops: Vec<Op> = script::parse(data);
    let mut player = Player::new();
    ops.iter().for_each(|op| player.apply(op));
    player.finish()
}

struct Player {
    hostile: Hostile,
    options: Options,
    card: Option<Card>,
    tickets: Vec<(Ticket, u8)>,
    buffers: Vec<DmaBuffer>,
    /// Opening failed: there is nothing more to do.
    over: bool,
    reached: Reached,
}

fn limits(bits: u8) -> Limits {
    let time = |bit: u8| if bits & bit != 0 { Duration::ZERO } else { HOUR };
    let least_cycles = (bits & 8 != 0).then_some(100);
    Limits { least_cycles, stall: time(1), wall: time(2), slice: time(4) }
}

impl Player {
    fn new() -> Self {
        Player {
            hostile: Hostile::new(),
            options: Options { log_ring: 2, limits: limits(0xf), ..Options::default() },
            card: None,
            tickets: Vec::new(),
            buffers: Vec::new(),
            over: false,
            reached: Reached::default(),
        }
    }

    fn apply(&mut self, op: &Op) {
        let hostile = self.hostile.clone();
        hostile.with(|s| s.fuel = FUEL);
        match *op {
            Op::Open { log, limits: bits, watch } => {
                if self.card.is_none() && !self.over {
                    let wait = if watch { Wait::BUSY } else { Wait::Interrupt };
                    // Small rings, and some that cannot be.
                    let log_ring = if log == 0 { 0 } else { u32::from(log % 5) + 1 };
                    let queues = if bits & 0x10 != 0 { 2 } else { 1 };
                    self.options = Options { log_ring, queues, limits: limits(bits), wait };
                    self.open();
                }
            }
            Op::Tamper { what, value, skip, times } => {
                hostile.with(|s| s.tampers.push_back(Tamper { what, value, skip, times }));
            }
            Op::Scribble { slot, at, ref data } => hostile.with(|s| s.scribble(slot.into(), at.into(), data)),
            Op::Forge { id, status, epoch, head, due } => hostile.with(|s| {
                let epoch = s.get(reg::EPOCH).wrapping_add(epoch.into());
                let c = Completion { detail: 0, epoch, cycles: 1, work: 1, sq_head: head, id, status, phase: due };
                s.complete(c, due);
            }),
            Op::Register { index, value, times } => {
                let offset = reg::REGISTERS[usize::from(index) % reg::REGISTERS.len()].offset;
                hostile.with(|s| s.overrides.push((offset, value, times)));
            }
            Op::Ones { on } => hostile.with(|s| s.unplugged = on),
            Op::Cycles { step, backwards, jump } => hostile.with(|s| {
                (s.step, s.backwards) = (step.into(), backwards);
                s.jump(jump);
            }),
            Op::Resets { how, looks } => hostile.with(|s| s.resets = Resets { how, looks }),
            Op::Fail { call, error, after } => hostile.with(|s| s.fails.push(Fail { call, error, after })),
            Op::Work { interrupts, commands } => {
                hostile.with(|s| (s.interrupts, s.commands_per_wait) = (interrupts, commands));
            }
            Op::Config { at, value } => hostile.with(|s| s.set_config(at, value)),
            _ => {
                if self.card.is_none() && !self.over {
                    self.open();
                }
                if let Some(mut card) = self.card.take() {
                    self.drive(&mut card, op);
                    self.card = Some(card);
                }
            }
        }
        self.bounded();
    }

    /// Where the driver's time is over, it ends by itself. (`stall` alone does not bound a card that
    /// counts on and calls itself busy: its cycles do, and those are many.)
    fn bounded(&self) {
        let limits = &self.options.limits;
        let near = limits.slice.is_zero() && limits.wall.is_zero();
        assert!(!near || !self.hostile.with(|s| s.exhausted), "the driver goes on though its limits are over");
    }

    fn open(&mut self) {
        match Card::open_with(Box::new(self.hostile.clone()), self.options) {
            Ok(card) => self.card = Some(card),
            Err(error) => {
                self.over = true;
                self.reached.note("opening", errors::name(&error));
                self.note(&error);
            }
        }
    }

    fn note(&mut self, error: &Error) {
        self.reached.note("error", errors::name(error));
        match error {
            Error::Queue { source, .. } => self.reached.note("queue", queue_errors::name(source)),
            Error::Command { status, .. } => self.reached.note("status", status.name()),
            Error::Stalled { problem, .. } => self.reached.note("stalled", problem),
            _ => {}
        }
        assert!(!error.to_string().is_empty());
    }

    fn command(&mut self, card: &mut Card, kind: u8) -> Command {
        let host = |this: &mut Self, card: &mut Card| {
            if this.buffers.is_empty() {
                this.buffers.extend(card.allocate(4096));
            }
            this.buffers.first().map_or(Place::Iova(0), Place::from)
        };
        let at = Place::Card;
        let (bn254, field) = (gristmill_abi::layout::Curve::Bn254, gristmill_abi::layout::Field::ALL[0]);
        match kind % 10 {
            0 => Command::nop(),
            1 => Command::copy(at(0), at(64), 2),
            2 => Command::zero(at(0), 3),
            3 => Command::copy(host(self, card), at(0), 1 << 20),
            4 => Command::msm(bn254, 5, at(0), at(512), ScalarForm::Montgomery, at(1024)),
            5 => Command::ntt(field, 40, at(0), at(0)).inverse(),
            6 => Command::ntt(field, 41, at(0), at(0)),
            7 => Command::copy(host(self, card), at(0), 4),
            8 => Command::ntt(field, 3, at(0), at(0)).factors(true, true, at(0)),
            _ => Command::nop().budget(0),
        }
    }

    fn opcode(kind: u8) -> u8 {
        [0, 1, 4, 1, 2, 3, 3, 1, 3, 0][usize::from(kind % 10)]
    }

    fn drive(&mut self, card: &mut Card, op: &Op) {
        match *op {
            Op::Submit { kind, count } => {
                let commands: Vec<Command> = (0..count % 32).map(|_| self.command(card, kind)).collect();
                match card.submit_all(commands) {
                    Ok(tickets) => self.tickets.extend(tickets.map(|t| (t, Self::opcode(kind)))),
                    Err(error) => self.note(&error),
                }
            }
            Op::Batch { kind, count } => {
                let commands: Vec<Command> = (0..count % 32).map(|_| self.command(card, kind)).collect();
                let mut batch: Batch<'_> = card.batch();
                for command in commands {
                    match batch.push(command) {
                        Ok(ticket) => self.tickets.push((ticket, Self::opcode(kind))),
                        Err(error) => {
                            self.note(&error);
                            break;
                        }
                    }
                }
            }
            Op::TrySubmit { kind } => {
                let command = self.command(card, kind);
                match card.try_submit(command) {
                    Ok(ticket) => self.tickets.push((ticket, Self::opcode(kind))),
                    Err(error) => self.note(&error),
                }
            }
            Op::Wait { ticket } => {
                if let Some((ticket, opcode)) = self.pick(ticket) {
                    let result = card.wait(ticket);
                    self.ended(ticket, Some(opcode), result);
                }
            }
            Op::TryWait { ticket } => {
                if let Some((ticket, opcode)) = self.pick(ticket) {
                    match card.try_wait(ticket) {
                        Ok(Some(result)) => self.ended(ticket, Some(opcode), result),
                        Ok(None) => {}
                        Err(error) => self.note(&error),
                    }
                }
            }
            Op::WaitAny {} => match card.wait_any() {
                Ok((ticket, result)) => self.ended(ticket, None, result),
                Err(error) => self.note(&error),
            },
            Op::Reset {} => self.noted(card.reset()),
            Op::Counters {} => {
                let result = card.counters().and_then(|c| Ok((c, card.cycles()?, card.clock_hz()?)));
                self.noted(result.map(drop));
            }
            Op::Doctor {} => self.noted(card.doctor().map(drop)),
            Op::Memory { pages, keep } => {
                // A page or some; seldom more than one region holds.
                let pages = if pages & 0xf000 == 0xf000 { 700 } else { u64::from(pages % 64) };
                if keep {
                    match card.allocate(pages << 12) {
                        Ok(buffer) => self.buffers.push(buffer),
                        Err(error) => self.note(&error),
                    }
                } else {
                    self.buffers.clear();
                    self.noted(card.trim());
                }
            }
            Op::Queue { index } => {
                let submitted = card.queue(index.into()).and_then(|mut queue| queue.submit(Command::nop()));
                self.noted(submitted.map(drop));
            }
            Op::InterruptCame {} => card.interrupt_came(),
            _ => {}
        }
    }

    fn pick(&self, ticket: u8) -> Option<(Ticket, u8)> {
        self.tickets.get(usize::from(ticket) % self.tickets.len().max(1)).copied()
    }

    fn noted(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.note(&error);
        }
    }

    /// A result must be what stood in the ring, and comes once.
    fn ended(&mut self, ticket: Ticket, opcode: Option<u8>, result: Result<Done, Error>) {
        let (status, done) = match result {
            Ok(done) => {
                assert_eq!(done.status, Status::Ok);
                (Status::Ok, Some(done))
            }
            Err(Error::Command { opcode: was, status, detail }) => {
                self.note(&Error::Command { opcode: was, status, detail });
                assert!(opcode.is_none_or(|o| o == was), "a command changed its opcode");
                (status, None)
            }
            Err(error) => return self.note(&error),
        };
        self.reached.note("status", status.name());
        let told = self.hostile.with(|s| {
            s.written
                .iter()
                .map(Completion::decode)
                .any(|c| c.status == status as u8 && done.is_none_or(|d| (d.cycles, d.work) == (c.cycles, c.work)))
        });
        assert!(told, "a result that no completion told");
        assert!(done.is_none_or(|d| opcode.is_none_or(|o| o == d.opcode)), "a command changed its opcode");
        if let Some(at) = self.tickets.iter().position(|t| t.0 == ticket) {
            self.tickets.remove(at);
        } else {
            assert!(opcode.is_none(), "a result came twice");
        }
    }

    /// Once the card behaves again, a reset brings it back.
    fn finish(mut self) -> Reached {
        self.hostile.with(|s| s.become_honest());
        let Some(mut card) = self.card.take() else { return self.reached };
        let limits = self.options.limits;
        let reset = card.reset();
        // Without time there is no waiting: then only what it fails with matters.
        let patient = !limits.stall.is_zero() && !limits.wall.is_zero();
        match reset.and_then(|()| card.run(Command::nop())) {
            Ok(_) => self.reached.note("state", "recovered"),
            Err(error) if patient => panic!("a good card was not brought back: {error}"),
            Err(error) => assert!(matches!(error, Error::Stalled { .. } | Error::TimedOut { .. }), "{error}"),
        }
        drop(card);
        assert!(self.hostile.with(|s| s.has_no_windows()), "a closed card keeps windows");
        self.reached
    }
}

/// What the corpus has to reach: every error, every wrong completion, every status.
pub fn goals() -> Vec<String> {
    let mut all = group("error", errors::GOALS);
    all.extend(group("queue", queue_errors::GOALS));
    all.extend(Status::ALL.iter().map(|(status, ..)| format!("status::{}", status.name())));
    all.extend(group("opening", &["Gone", "NotACard", "Version", "Capability", "ResetFailed", "RingSize", "Dma"]));
    all.extend(group("stalled", &["its cycle counter stands still", "the limit for one command"]));
    all.push("state::recovered".into());
    all
}
