//! A hostile vfio-user server against the driver's transport.

mod ops;
mod pipe;
mod seeds;

pub use ops::Op;
pub use seeds::seeds;

use crate::reached::{Reached, goals as group};
use crate::script;
use gristmill_driver::dma::{DmaError, DmaPool};
use gristmill_driver::transport::vfio_user::wire::{Command, FLAG_ERROR, FLAG_REPLY, FLAG_TYPE};
use gristmill_driver::transport::vfio_user::{ConnectError, Unfit, VfioUser};
use gristmill_driver::transport::{Breach, Transport, TransportError};
use pipe::{Scripted, State};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

variants!(mod errors: TransportError { Gone, Timeout, Refused, Protocol, Invalid, Os } except {
    Open: "is of sockets and devices, see `unfit` for servers",
    Other: "is of simulators in the process",
    Vfio: "is of the kernel's VFIO",
    Window: "is of the kernel's VFIO",
    NoReset: "is of the kernel's VFIO",
    Serial: "is of serial ports",
});

variants!(mod breaches: Breach {
    Size, Type, WrongReply, ShortReply, UnaskedReply, RequestsBeforeReply, RequestsInWait, VersionText, Echo,
});

variants!(mod unfits: Unfit { Version, NoFiles, NotPci, NoReset, Region, NoMsix });

variants!(mod commands: Command {
    Version, DmaMap, DmaUnmap, DeviceInfo, RegionInfo, IrqInfo, SetIrqs, RegionRead, RegionWrite, DeviceReset,
});

/// The commands behind the driver's calls, by their names on the wire. The handshake has the others.
const CALLS: &[&str] = &["DmaMap", "DmaUnmap", "SetIrqs", "RegionRead", "RegionWrite", "DeviceReset"];

/// First byte of an input that is not a script: the rest is what the server sends, from the first
/// command on.
pub const RAW: u8 = 0xff;
/// Of the virtual clock.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Runs one input.
pub fn run(data: &[u8]) -> Reached {
    let mut ops: Vec<Op> = match data.split_first() {
        Some((&RAW, bytes)) => bytes.chunks(200).map(|c| Op::Raw { data: c.to_vec() }).collect(),
        _ => script::parse(data),
    };
    let calls: Vec<Op> = ops.extract_if(.., |op| op.is_call()).collect();
    let state = Arc::new(Mutex::new(State::new(VecDeque::from(ops), TIMEOUT)));
    let mut player = Player { state: state.clone(), reached: Reached::default(), broken: false };
    match VfioUser::over(Scripted(state), "scripted", TIMEOUT) {
        Ok(mut card) => calls.iter().for_each(|call| player.call(&mut card, call)),
        Err(ConnectError::Unfit(unfit)) => player.reached.note("unfit", unfits::name(&unfit)),
        Err(ConnectError::Transport(error)) => {
            player.reached.note("while connecting", errors::name(&error));
            player.note(&error);
        }
    }
    if player.state(|s| s.posted) {
        player.reached.note("sent", "without a reply");
    }
    let sent = player.state(|s| s.commands.clone());
    for command in Command::ALL.iter().filter(|c| sent.contains(&(**c as u16))) {
        player.reached.note("sent", commands::name(command));
    }
    player.reached
}

struct Player {
    state: Arc<Mutex<State>>,
    reached: Reached,
    broken: bool,
}

impl Player {
    fn state<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.state.lock().expect("one thread"))
    }

    fn note(&mut self, error: &TransportError) {
        self.reached.note("error", errors::name(error));
        if let TransportError::Protocol { problem, .. } = error {
            self.reached.note("breach", breaches::name(problem));
        }
        assert!(!error.to_string().is_empty());
    }

    fn call(&mut self, card: &mut VfioUser<Scripted>, call: &Op) {
        let (calls, messages) = self.state(|s| (s.calls, s.told.messages.len()));
        let (name, result) = match *call {
            Op::Read { offset } => {
                let value = card.read32(offset);
                if let Ok(value) = value {
                    self.was_told(offset, value);
                    let honest = self.state(|s| s.honest_so_far);
                    assert!(!honest || value == u32::from(offset), "an honest server's {offset:#x} became {value:#x}");
                }
                ("RegionRead", value.map(drop))
            }
            Op::Write { offset, value } => ("RegionWrite", card.write32(offset, value)),
            Op::ConfigRead { offset, len } => ("RegionRead", card.config_read(offset, &mut vec![0; len.into()])),
            Op::ConfigWrite { offset, len } => ("RegionWrite", card.config_write(offset, &vec![0; len.into()])),
            Op::Post { offset, value } => ("", card.post32(offset, value)),
            Op::Map {} => {
                let result = match DmaPool::new(card.iova_ranges()).allocate(card, 4096) {
                    Ok(_) => Ok(()),
                    Err(DmaError::Transport(error)) => Err(error),
                    Err(other) => panic!("{other}"),
                };
                ("DmaMap", result)
            }
            Op::Unmap { iova, len } => ("DmaUnmap", card.dma_unmap(iova, len)),
            Op::Enable {} => ("SetIrqs", card.enable_interrupt()),
            Op::Wait { milliseconds } => {
                let came = card.wait_interrupt(Duration::from_millis(milliseconds.into()));
                if let Ok(came) = came {
                    self.reached.note("wait", if came { "interrupt" } else { "timeout" });
                }
                ("", came.map(drop))
            }
            _ => ("DeviceReset", card.reset()),
        };
        let used = self.state(|s| (s.calls - calls, s.told.messages.len() - messages));
        let honest = self.state(|s| s.honest_so_far);
        if self.broken {
            assert_eq!(used, (0, 0), "a link that was given up is used again");
        }
        match result {
            Ok(()) => {
                assert!(!self.broken, "a link that was given up has answered");
                if !name.is_empty() {
                    self.reached.note("command", name);
                }
            }
            Err(error) => {
                self.note(&error);
                assert!(!self.broken || matches!(error, TransportError::Gone { .. } | TransportError::Invalid { .. }));
                assert!(!honest || matches!(error, TransportError::Invalid { .. }), "an honest server: {error}");
                use TransportError::{Gone, Protocol, Timeout};
                self.broken |= matches!(error, Gone { .. } | Protocol { .. } | Timeout { .. });
                if !name.is_empty() && matches!(error, TransportError::Refused { .. }) {
                    self.reached.note("refused", name);
                }
            }
        }
    }

    /// A value must have come in a whole reply to this very question.
    fn was_told(&self, offset: u16, value: u32) {
        let asked = [u64::from(offset).to_le_bytes(), (4u64 << 32).to_le_bytes()].concat();
        let told = self.state(|s| {
            s.told.messages.iter().any(|(header, payload)| {
                header.command == Command::RegionRead as u16
                    && header.flags & FLAG_TYPE == FLAG_REPLY
                    && header.flags & FLAG_ERROR == 0
                    && payload[..] == [&asked[..], &value.to_le_bytes()].concat()
            })
        });
        assert!(told, "register {offset:#x} reads as {value:#x}, which nobody said");
    }
}

/// What the corpus has to reach: every command answered and refused, every error, every breach.
pub fn goals() -> Vec<String> {
    let mut all = group("sent", commands::GOALS);
    all.extend(group("sent", &["without a reply"]));
    all.extend(group("command", CALLS));
    all.extend(group("refused", CALLS));
    all.extend(group("error", errors::GOALS));
    all.extend(group("while connecting", &["Gone", "Timeout", "Refused", "Protocol"]));
    all.extend(group("breach", breaches::GOALS));
    all.extend(group("unfit", unfits::GOALS));
    all.extend(group("wait", &["interrupt", "timeout"]));
    all
}
