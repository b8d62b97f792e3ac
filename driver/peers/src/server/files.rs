//! Descriptors that a client may send.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags};

/// Pages of a memory file when it is new.
pub const PAGES: u64 = 16;
/// Kinds of descriptors: sealed and unsealed memory, the sealed memory read-only, an eventfd,
/// a full eventfd, a pipe, a folder, a huge sparse file.
pub const KINDS: u8 = 8;
/// The kind that is mapped by [`Op::Start`](super::Op::Start).
pub const SEALED: u8 = 0;
pub const UNSEALED: u8 = 1;
pub const EVENT: u8 = 3;
pub const SPARSE: u8 = 7;

/// Descriptors by kind, made when first needed.
#[derive(Debug, Default)]
pub struct Files([Option<OwnedFd>; KINDS as usize]);

fn memory(bytes: u64, seal: bool) -> OwnedFd {
    let fd = rustix::fs::memfd_create("peer", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).expect("memfd");
    rustix::fs::ftruncate(&fd, bytes).expect("ftruncate");
    if seal {
        rustix::fs::fcntl_add_seals(&fd, SealFlags::SHRINK).expect("seal");
    }
    fd
}

fn event(count: u64) -> OwnedFd {
    use rustix::event::EventfdFlags;
    let fd = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).expect("eventfd");
    if count > 0 {
        rustix::io::write(&fd, &count.to_ne_bytes()).expect("count");
    }
    fd
}

impl Files {
    /// A descriptor of a kind.
    pub fn get(&mut self, kind: u8) -> &OwnedFd {
        let kind = kind % KINDS;
        if self.0[usize::from(kind)].is_none() {
            let fd = self.make(kind);
            self.0[usize::from(kind)] = Some(fd);
        }
        self.0[usize::from(kind)].as_ref().expect("made")
    }

    /// The descriptor, if it was ever asked for.
    pub fn made(&self, kind: u8) -> Option<&OwnedFd> {
        self.0[usize::from(kind % KINDS)].as_ref()
    }

    fn make(&mut self, kind: u8) -> OwnedFd {
        match kind {
            SEALED => memory(PAGES << 12, true),
            UNSEALED => memory(PAGES << 12, false),
            2 => {
                use rustix::fd::AsRawFd;
                let path = format!("/proc/self/fd/{}", self.get(SEALED).as_fd().as_raw_fd());
                rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).expect("read-only")
            }
            EVENT => event(0),
            4 => event(u64::MAX - 1),
            5 => rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("pipe").0,
            6 => rustix::fs::open("/", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).expect("folder"),
            _ => memory(1 << 46, true),
        }
    }
}
