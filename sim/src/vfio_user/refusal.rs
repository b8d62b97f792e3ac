//! Why a message is refused. The wire carries the errno only; the words go to the log.

use super::framing::{MAX_MESSAGE_BYTES, MAX_MESSAGE_FDS};
use super::wire::Command;
use crate::card::MAX_ACCESS_BYTES;
use crate::error::SimError;
use rustix::io::Errno;
use thiserror::Error;

/// A message that is answered with an error. The stream stays in step after each of them.
#[derive(Debug, Error)]
#[allow(missing_docs)] // the fields are what the messages show
pub enum Refusal {
    #[error("a message of {size} bytes; at most {MAX_MESSAGE_BYTES} are taken")]
    TooLong { size: u32 },
    #[error("more than {MAX_MESSAGE_FDS} file descriptors with one message")]
    TooManyFiles,
    #[error("flags {flags:#x} have bits that the protocol does not know")]
    Flags { flags: u32 },
    #[error("command {code} does not exist")]
    UnknownCommand { code: u16 },
    #[error("command {code} before the version was agreed; send Version first")]
    NotNegotiated { code: u16 },
    #[error("{command:?} is not offered")]
    NotOffered { command: Command },
    #[error("the payload ends inside a field")]
    Short,
    #[error("{extra} bytes too many in the payload")]
    Long { extra: usize },
    #[error("argsz is {argsz}, the command needs at least {least}")]
    ArgSize { argsz: u32, least: u32 },
    #[error("the version was agreed before; open a new connection to negotiate again")]
    VersionTwice,
    #[error("version {major}.{minor}; this server speaks 0.1")]
    VersionMajor { major: u16, minor: u16 },
    #[error("the version's text is no JSON object that ends with a zero byte")]
    VersionText,
    #[error("DMA map flags {flags:#x}; only read (1) and write (2) exist")]
    MapFlags { flags: u32 },
    #[error("{given} file descriptors with one DMA window; give one, or none")]
    MapFiles { given: usize },
    #[error("dirty pages are not tracked; unmap without their flag")]
    DirtyPages,
    #[error("DMA unmap flags {flags:#x} with IOVA {iova:#x} and size {size:#x}; \"all\" is flag 4 with zeros")]
    UnmapFlags { flags: u32, iova: u64, size: u64 },
    #[error("region {index}; there are {count}")]
    RegionIndex { index: u32, count: u32 },
    #[error("interrupt index {index}; there are {count}")]
    IrqIndex { index: u32, count: u32 },
    #[error("interrupt flags {flags:#x}; one kind of data and one action are to be given")]
    IrqFlags { flags: u32 },
    #[error("interrupt vectors {start}+{count} of index {index}, which has {vectors}")]
    IrqRange { index: u32, start: u32, count: u32, vectors: u32 },
    #[error("{given} bytes of interrupt data, {wanted} belong to these flags and this count")]
    IrqData { given: usize, wanted: usize },
    #[error("{given} file descriptors with an interrupt command, at most {most} belong to it")]
    IrqFiles { given: usize, most: usize },
    #[error("no vectors: only \"no data, trigger, start 0\" means something, and switches the index off")]
    IrqNone,
    #[error("eventfds for masking or unmasking are not offered")]
    IrqMaskByEventfd,
    #[error("an access of {count} bytes; at most {MAX_ACCESS_BYTES} in one")]
    AccessLength { count: u32 },
    #[error("a write of {count} bytes that brings {given}")]
    WriteLength { count: u32, given: usize },
    #[error(transparent)]
    Device(#[from] SimError),
}

impl Refusal {
    /// The number on the wire.
    pub fn errno(&self) -> Errno {
        match self {
            Refusal::TooLong { .. } => Errno::MSGSIZE,
            Refusal::TooManyFiles => Errno::MFILE,
            Refusal::UnknownCommand { .. } => Errno::NOSYS,
            Refusal::NotOffered { .. } | Refusal::DirtyPages => Errno::NOTSUP,
            Refusal::IrqMaskByEventfd => Errno::NOTTY,
            Refusal::Device(e) => e.errno(),
            _ => Errno::INVAL,
        }
    }
}
