//! What each command does to the card.

use super::framing::{MAX_MESSAGE_FDS, Message};
use super::refusal::Refusal;
use super::wire::{Command, FLAG_ERROR, FLAG_NO_REPLY, FLAG_TYPE, Fields, Payload, TYPE_COMMAND};
use crate::card::{MAX_ACCESS_BYTES, SimCard};
use crate::error::SimError;
use crate::iommu::Access;
use gristmill_abi::pci;
use rustix::fd::{AsFd, OwnedFd};

/// What clients are told about the number of windows. More are taken; QEMU goes away if it is told of more.
const TOLD_WINDOWS: u32 = 65_535;
const REGIONS: u32 = 9;
const IRQ_INDICES: u32 = 5;
const MSIX_INDEX: u32 = 2;

const DEVICE_RESETTABLE: u32 = 1 << 0;
const DEVICE_PCI: u32 = 1 << 1;
const REGION_READ_WRITE: u32 = 1 << 0 | 1 << 1;
const IRQ_EVENTFD: u32 = 1 << 0;
const IRQ_MASKABLE: u32 = 1 << 1;
const IRQ_NORESIZE: u32 = 1 << 3;

const SET_DATA_NONE: u32 = 1 << 0;
const SET_DATA_BOOL: u32 = 1 << 1;
const SET_DATA_EVENTFD: u32 = 1 << 2;
const SET_MASK: u32 = 1 << 3;
const SET_UNMASK: u32 = 1 << 4;
const SET_TRIGGER: u32 = 1 << 5;

/// What became of a command.
#[derive(Debug)]
pub struct Answer {
    /// The message's id.
    pub id: u16,
    /// The command's number, known or not.
    pub command: u16,
    /// Why it was refused, if it was.
    pub refusal: Option<Refusal>,
}

/// A command that was dealt with.
#[derive(Debug)]
pub struct Handled {
    /// What to send back, unless no reply is wanted.
    pub bytes: Option<Vec<u8>>,
    pub answer: Answer,
}

/// One client's conversation.
#[derive(Debug, Default)]
pub struct Session {
    negotiated: bool,
}

impl Session {
    /// Does what a message asks; `None` if it asks nothing (a reply, to what was never asked).
    pub fn handle(&mut self, message: Message, card: &mut SimCard) -> Option<Handled> {
        let header = message.header;
        if header.flags & FLAG_TYPE != TYPE_COMMAND {
            tracing::debug!(?header, "not a command: ignored");
            return None;
        }
        let result = match message.broken {
            Some(refusal) => Err(refusal),
            None if header.flags & !(FLAG_TYPE | FLAG_NO_REPLY | FLAG_ERROR) != 0 => {
                Err(Refusal::Flags { flags: header.flags })
            }
            None => self.run(message, card),
        };
        if let Err(refusal) = &result {
            tracing::debug!(command = header.command, id = header.id, "refused: {refusal}");
        }
        let answer = result.as_deref().map_err(Refusal::errno);
        let bytes = (header.flags & FLAG_NO_REPLY == 0).then(|| header.reply(answer));
        Some(Handled { bytes, answer: Answer { id: header.id, command: header.command, refusal: result.err() } })
    }

    fn run(&mut self, message: Message, card: &mut SimCard) -> Result<Vec<u8>, Refusal> {
        let fields = Fields(&message.payload);
        let code = message.header.command;
        if !self.negotiated && code != Command::Version as u16 {
            return Err(Refusal::NotNegotiated { code });
        }
        let Some(command) = Command::from_code(code) else {
            return Err(Refusal::UnknownCommand { code });
        };
        match command {
            Command::Version => self.version(fields),
            Command::DmaMap => dma_map(fields, message.fds, card),
            Command::DmaUnmap => dma_unmap(fields, card),
            Command::DeviceGetInfo => device_info(fields),
            Command::DeviceGetRegionInfo => region_info(fields),
            Command::DeviceGetIrqInfo => irq_info(fields),
            Command::DeviceSetIrqs => set_irqs(fields, message.fds, card),
            Command::RegionRead => region_read(fields, card),
            Command::RegionWrite => region_write(fields, card),
            Command::DeviceReset => {
                fields.end()?;
                card.reset();
                Ok(Vec::new())
            }
            // No region can be accessed past the messages. DMA_READ and DMA_WRITE go the other way.
            Command::DeviceGetRegionIoFds | Command::DmaRead | Command::DmaWrite => {
                Err(Refusal::NotOffered { command })
            }
        }
    }

    fn version(&mut self, mut fields: Fields<'_>) -> Result<Vec<u8>, Refusal> {
        let (major, minor) = (fields.u16()?, fields.u16()?);
        let data = fields.rest();
        if self.negotiated {
            return Err(Refusal::VersionTwice);
        }
        if major != 0 {
            return Err(Refusal::VersionMajor { major, minor });
        }
        if let Some((nul, json)) = data.split_last() {
            let json: serde_json::Value = serde_json::from_slice(json).map_err(|_| Refusal::VersionText)?;
            if *nul != 0 || !json.is_object() {
                return Err(Refusal::VersionText);
            }
            tracing::debug!(minor, %json, "client's version");
        }
        self.negotiated = true;
        let capabilities = serde_json::json!({ "capabilities": {
            "max_msg_fds": MAX_MESSAGE_FDS,
            "max_data_xfer_size": MAX_ACCESS_BYTES,
            "pgsizes": crate::iommu::PAGE_BYTES,
            "max_dma_maps": TOLD_WINDOWS,
        }});
        Ok(Payload::default().u16(0).u16(minor.min(1)).bytes(capabilities.to_string().as_bytes()).bytes(&[0]).0)
    }
}

fn argsz(fields: &mut Fields<'_>, least: u32) -> Result<(), Refusal> {
    let argsz = fields.u32()?;
    if argsz < least { Err(Refusal::ArgSize { argsz, least }) } else { Ok(()) }
}

fn dma_map(mut f: Fields<'_>, mut fds: Vec<OwnedFd>, card: &mut SimCard) -> Result<Vec<u8>, Refusal> {
    argsz(&mut f, 32)?;
    let (flags, offset, iova, size) = (f.u32()?, f.u64()?, f.u64()?, f.u64()?);
    f.end()?;
    if flags & !3 != 0 {
        return Err(Refusal::MapFlags { flags });
    }
    if fds.len() > 1 {
        return Err(Refusal::MapFiles { given: fds.len() });
    }
    let access = Access { read: flags & 1 != 0, write: flags & 2 != 0 };
    let fd = fds.pop();
    // Another process's file can shrink at any time, whoever runs this session.
    card.bus_mut().iommu.set_trusted(false);
    card.bus_mut().iommu.map(iova, size, offset, access, fd.as_ref().map(AsFd::as_fd)).map_err(SimError::from)?;
    Ok(Vec::new())
}

fn dma_unmap(mut f: Fields<'_>, card: &mut SimCard) -> Result<Vec<u8>, Refusal> {
    const DIRTY_PAGES: u32 = 1 << 1;
    const ALL: u32 = 1 << 2;
    let echo = f.0.to_vec();
    argsz(&mut f, 24)?;
    let (flags, iova, size) = (f.u32()?, f.u64()?, f.u64()?);
    f.end()?;
    match flags {
        0 => drop(card.dma_unmap(iova, size)?),
        ALL if iova == 0 && size == 0 => card.dma_unmap_all(),
        _ if flags & DIRTY_PAGES != 0 => return Err(Refusal::DirtyPages),
        _ => return Err(Refusal::UnmapFlags { flags, iova, size }),
    }
    Ok(echo)
}

fn device_info(mut f: Fields<'_>) -> Result<Vec<u8>, Refusal> {
    argsz(&mut f, 16)?;
    let _ = (f.u32()?, f.u32()?, f.u32()?);
    f.end()?;
    Ok(Payload::default().u32(16).u32(DEVICE_RESETTABLE | DEVICE_PCI).u32(REGIONS).u32(IRQ_INDICES).0)
}

fn region_info(mut f: Fields<'_>) -> Result<Vec<u8>, Refusal> {
    argsz(&mut f, 32)?;
    let (_flags, index) = (f.u32()?, f.u32()?);
    let _ = (f.u32()?, f.u64()?, f.u64()?);
    f.end()?;
    if index >= REGIONS {
        return Err(Refusal::RegionIndex { index, count: REGIONS });
    }
    let size = SimCard::region_bytes(index);
    let flags = if size > 0 { REGION_READ_WRITE } else { 0 };
    Ok(Payload::default().u32(32).u32(flags).u32(index).u32(0).u64(size).u64(0).0)
}

fn vectors(index: u32) -> u32 {
    if index == MSIX_INDEX { pci::MSIX_VECTORS } else { 0 }
}

fn irq_info(mut f: Fields<'_>) -> Result<Vec<u8>, Refusal> {
    argsz(&mut f, 16)?;
    let (_flags, index, _count) = (f.u32()?, f.u32()?, f.u32()?);
    f.end()?;
    if index >= IRQ_INDICES {
        return Err(Refusal::IrqIndex { index, count: IRQ_INDICES });
    }
    let flags = if vectors(index) > 0 { IRQ_EVENTFD | IRQ_MASKABLE | IRQ_NORESIZE } else { 0 };
    Ok(Payload::default().u32(16).u32(flags).u32(index).u32(vectors(index)).0)
}

fn set_irqs(mut f: Fields<'_>, fds: Vec<OwnedFd>, card: &mut SimCard) -> Result<Vec<u8>, Refusal> {
    argsz(&mut f, 20)?;
    let (flags, index, start, count) = (f.u32()?, f.u32()?, f.u32()?, f.u32()?);
    let data = f.rest();
    let (kind, action) = (flags & 7, flags & 0x38);
    if flags & !0x3f != 0 || kind.count_ones() != 1 || action.count_ones() != 1 {
        return Err(Refusal::IrqFlags { flags });
    }
    if index >= IRQ_INDICES {
        return Err(Refusal::IrqIndex { index, count: IRQ_INDICES });
    }
    let vectors = vectors(index);
    let Some(end) = start.checked_add(count).filter(|end| *end <= vectors) else {
        return Err(Refusal::IrqRange { index, start, count, vectors });
    };
    let (data_bytes, most_fds) = match kind {
        SET_DATA_BOOL => (count as usize, 0),
        SET_DATA_EVENTFD => (0, count as usize),
        _ => (0, 0),
    };
    if data.len() != data_bytes {
        return Err(Refusal::IrqData { given: data.len(), wanted: data_bytes });
    }
    if fds.len() > most_fds {
        return Err(Refusal::IrqFiles { given: fds.len(), most: most_fds });
    }
    let (msix, may_leave) = card.msix_mut();
    if count == 0 {
        // "No vectors, no data, trigger" switches the index off.
        if kind != SET_DATA_NONE || action != SET_TRIGGER || start != 0 {
            return Err(Refusal::IrqNone);
        }
        for vector in 0..vectors {
            msix.route(vector, None)?;
        }
        return Ok(Vec::new());
    }
    if kind == SET_DATA_EVENTFD {
        // The descriptors given are for the first vectors; the others lose theirs.
        if action != SET_TRIGGER {
            return Err(Refusal::IrqMaskByEventfd);
        }
        let mut fds = fds.into_iter();
        for vector in start..end {
            msix.route(vector, fds.next())?;
        }
        msix.flush(may_leave);
        return Ok(Vec::new());
    }
    for (i, vector) in (start..end).enumerate() {
        if kind == SET_DATA_BOOL && data[i] == 0 {
            continue;
        }
        match action {
            SET_MASK => msix.mask(vector, true, may_leave),
            SET_UNMASK => msix.mask(vector, false, may_leave),
            _ => msix.raise(vector, may_leave),
        }?;
    }
    Ok(Vec::new())
}

fn region_read(mut f: Fields<'_>, card: &mut SimCard) -> Result<Vec<u8>, Refusal> {
    let (offset, region, count) = (f.u64()?, f.u32()?, f.u32()?);
    f.end()?;
    if u64::from(count) > MAX_ACCESS_BYTES {
        return Err(Refusal::AccessLength { count });
    }
    let mut data = vec![0; count as usize];
    card.region_read(region, offset, &mut data)?;
    Ok(Payload::default().u64(offset).u32(region).u32(count).bytes(&data).0)
}

fn region_write(mut f: Fields<'_>, card: &mut SimCard) -> Result<Vec<u8>, Refusal> {
    let (offset, region, count) = (f.u64()?, f.u32()?, f.u32()?);
    let data = f.rest();
    if data.len() != count as usize {
        return Err(Refusal::WriteLength { count, given: data.len() });
    }
    card.region_write(region, offset, data)?;
    Ok(Payload::default().u64(offset).u32(region).u32(count).0)
}
