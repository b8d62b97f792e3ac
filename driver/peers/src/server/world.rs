//! The card, its server, and the client that plays against them.

use super::files::{self, Files};
use super::ops::{Op, twisted};
use super::stream::{Sent, Stream};
use crate::reached::Reached;
use gristmill_abi::command::{DESCRIPTOR_BYTES, Descriptor, Operand};
use gristmill_abi::completion::COMPLETION_BYTES;
use gristmill_abi::{pci, registers as reg};
use gristmill_sim::error::SimError;
use gristmill_sim::iommu::Limits;
use gristmill_sim::vfio_user::{Answer, Connection, Refusal, Turn};
use gristmill_sim::{Options, SimCard};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use std::collections::BTreeMap;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Most descriptors that are sent with one message.
const MAX_FILES: u8 = 20;
/// Where [`Op::Start`] maps the sealed file, as a page.
const BASE: u8 = 0x10;
/// Offset of the completion ring in it.
const CQ: u64 = 0x1000;

/// A pair of sockets, with the server on one end.
struct Client {
    ours: UnixStream,
    connection: Connection,
    stream: Stream,
    /// We have closed one direction.
    shut: bool,
}

/// Card, client, and what is known of them.
pub struct World {
    card: SimCard,
    client: Option<Client>,
    files: Files,
    /// Windows that the server has accepted: address and size.
    windows: BTreeMap<u64, u64>,
    /// Pages of the memory files that a window ever let the card write, or that we wrote.
    touched: [bool; files::PAGES as usize],
    pieces: usize,
    turns: bool,
    tail: u16,
    log: u8,
    next_id: u16,
    reached: Reached,
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn u64s(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// A card whose limits are near.
fn card() -> SimCard {
    let mut card = SimCard::new(&Options::protocol_only()).expect("card");
    card.limit_dma(Limits { windows: 256, mappings: 8, ..Limits::default() });
    card
}

fn connect() -> Client {
    let (ours, theirs) = UnixStream::pair().expect("socketpair");
    ours.set_nonblocking(true).expect("nonblocking");
    let connection = Connection::new(theirs, Duration::from_millis(1));
    Client { ours, connection, stream: Stream::default(), shut: false }
}

impl World {
    pub fn new() -> Self {
        World {
            card: card(),
            client: Some(connect()),
            files: Files::default(),
            windows: BTreeMap::new(),
            touched: [false; files::PAGES as usize],
            pieces: 0,
            turns: false,
            tail: 0,
            log: 4,
            next_id: 0,
            reached: Reached::default(),
        }
    }

    /// Bytes as they are, in two pieces.
    pub fn raw(&mut self, bytes: &[u8]) {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        for part in [first, second] {
            self.transmit(part, &[]);
            self.pump();
        }
    }

    // ---- sending

    fn transmit(&mut self, bytes: &[u8], fds: &[(u8, u8)]) {
        let kinds: Vec<u8> = fds.iter().flat_map(|&(n, kind)| (0..n.min(MAX_FILES)).map(move |_| kind)).collect();
        for kind in &kinds {
            self.files.get(*kind);
        }
        let mut sent = 0;
        while sent < bytes.len() {
            let Some(client) = &mut self.client else { return };
            let piece = if self.pieces == 0 { bytes.len() - sent } else { self.pieces.min(bytes.len() - sent) };
            let part = &bytes[sent..sent + piece];
            let borrowed: Vec<BorrowedFd<'_>> =
                kinds.iter().filter(|_| sent == 0).filter_map(|k| self.files.made(*k)).map(AsFd::as_fd).collect();
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FILES as usize))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            if !borrowed.is_empty() {
                control.push(SendAncillaryMessage::ScmRights(&borrowed));
            }
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match rustix::net::sendmsg(&client.ours, &[IoSlice::new(part)], &mut control, flags) {
                Ok(n) => {
                    client.stream.push(&part[..n]);
                    sent += n;
                }
                Err(Errno::AGAIN) => self.pump(),
                // We or the server have closed.
                Err(_) => return,
            }
            if self.turns {
                self.pump();
            }
        }
    }

    fn message(&mut self, command: u16, flags: u32, lie: u32, payload: &[u8], fds: &[(u8, u8)]) {
        self.next_id = self.next_id.wrapping_add(1);
        let size = (16 + payload.len() as u32).wrapping_add(lie);
        let head = [u32::from(self.next_id) | u32::from(command) << 16, size, flags, 0];
        let bytes = [u32s(&head), payload.to_vec()].concat();
        self.transmit(&bytes, fds);
    }

    fn access(&mut self, command: u16, region: u32, offset: u64, count: u32, data: &[u8]) {
        let payload = [u64s(&[offset]), u32s(&[region, count]), data.to_vec()].concat();
        self.message(command, 0, 0, &payload, &[]);
    }

    fn register(&mut self, offset: u16, value: u32) {
        self.access(10, 0, offset.into(), 4, &value.to_le_bytes());
    }

    fn map(&mut self, flags: u32, offset: u64, iova: u64, size: u64, fds: &[(u8, u8)]) {
        let payload = [u32s(&[32, flags]), u64s(&[offset, iova, size])].concat();
        self.message(2, 0, 0, &payload, fds);
    }

    // ---- operations

    pub fn apply(&mut self, op: &Op) {
        match *op {
            Op::Bytes { ref data } => self.transmit(data, &[]),
            Op::Message { command, flags, lie, files, kind, ref payload } => {
                self.message(command.into(), flags, lie, payload, &[(files, kind)]);
            }
            Op::Version { major, minor, text } => {
                let text: &[u8] = match text % 6 {
                    0 => b"",
                    1 => b"{\"capabilities\":{}}\0",
                    2 => b"{\"capabilities\":{\"max_msg_fds\":0,\"max_data_xfer_size\":-1}}\0",
                    3 => b"{\"capabilities\":{}}",
                    4 => b"[[[[[[[[[[\0",
                    _ => b"7\0",
                };
                let head = [major.to_le_bytes(), minor.to_le_bytes()].concat();
                self.message(1, 0, 0, &[&head[..], text].concat(), &[]);
            }
            Op::Map { flags, offset, iova, size, twist, files, kind } => {
                // One of the three is twisted.
                let twists = [(twist & 3) == 1, (twist & 3) == 2, (twist & 3) == 3];
                let [offset, iova, size] = [(offset, twists[0]), (iova, twists[1]), (size, twists[2])]
                    .map(|(pages, odd)| twisted(pages, if odd { twist >> 2 } else { 0 }));
                self.map(flags, offset, iova, size, &[(files, kind)]);
            }
            Op::Unmap { flags, iova, size, twist } => {
                let (iova, size) = match twist & 1 {
                    0 => (twisted(iova, twist >> 1), twisted(size, 0)),
                    _ => (twisted(iova, 0), twisted(size, twist >> 1)),
                };
                self.message(3, 0, 0, &[u32s(&[24, flags]), u64s(&[iova, size])].concat(), &[]);
            }
            Op::Info { command, argsz, index, words } => {
                let command = [4, 5, 6, 7][usize::from(command % 4)];
                let mut payload = u32s(&[argsz.into(), 0, index.into()]);
                payload.resize(4 * usize::from(words % 12), 0);
                self.message(command, 0, 0, &payload, &[]);
            }
            Op::SetIrqs { flags, index, start, count, ref data, files, kind } => {
                let payload = [u32s(&[20, flags, index.into(), start, count]), data.clone()].concat();
                self.message(8, 0, 0, &payload, &[(files, kind)]);
            }
            Op::Read { region, offset, count } => self.access(9, region.into(), offset, count, &[]),
            Op::Write { region, offset, lie, ref data } => {
                let count = (data.len() as u32).wrapping_add(lie);
                self.access(10, region.into(), offset, count, data);
            }
            Op::Reset { extra } => self.message(13, 0, 0, if extra { &[0] } else { &[] }, &[]),
            Op::Register { index, value } => {
                let registers = reg::REGISTERS;
                self.register(registers[usize::from(index) % registers.len()].offset, value);
            }
            Op::Start { log, master } => self.start(log, master),
            Op::Job { opcode, unit, count, epoch, from, to, spaces } => {
                self.job(opcode, unit, count, epoch, from, to, spaces)
            }
            Op::Step { times } => {
                for _ in 0..times % 16 {
                    self.card.step(1);
                }
            }
            Op::Resize { kind, pages } => {
                // The sparse file stays huge, and nothing here makes a file that takes real room.
                let fd = self.files.get(kind % 2);
                let _ = rustix::fs::ftruncate(fd, u64::from(pages) << 12);
            }
            Op::Pieces { bytes, turns } => (self.pieces, self.turns) = (bytes.into(), turns),
            Op::Leave { how } => self.leave(how),
            Op::Long { command, kilobytes, files } => {
                let payload = vec![0; usize::from(kilobytes) << 10];
                self.message(command.into(), 0, 0, &payload, &[(files, files::SEALED)]);
            }
            Op::Poke { page, at, ref data } => {
                let page = u64::from(page) % files::PAGES;
                self.touched[page as usize] = true;
                let len = data.len().min(64);
                let _ = rustix::io::pwrite(self.files.get(files::SEALED), &data[..len], (page << 12) + u64::from(at));
            }
            Op::Windows { iova, gap, count, kind } => {
                for i in 0..u64::from(count) {
                    let at = u64::from(iova) + i * (u64::from(gap % 4) + 1);
                    self.map(3, (i % files::PAGES) << 12, at << 12, 4096, &[(1, kind)]);
                }
            }
        }
        self.pump();
    }

    fn start(&mut self, log: u8, master: bool) {
        self.log = log % 6;
        self.tail = 0;
        self.message(1, 0, 0, &[0, 0, 1, 0], &[]);
        self.access(10, 7, 4, 2, &if master { 6u16 } else { 2 }.to_le_bytes());
        let base = u64::from(BASE) << 12;
        self.map(3, 0, base, files::PAGES << 12, &[(1, files::SEALED)]);
        self.message(8, 0, 0, &u32s(&[20, 1 << 5 | 1 << 2, 2, 0, 1]), &[(1, files::EVENT)]);
        for (register, value) in [
            (reg::SQ_BASE_LO, base as u32),
            (reg::CQ_BASE_LO, (base + CQ) as u32),
            (reg::Q_LOG_SIZE, self.log.into()),
            (reg::Q_ENABLE, 1),
            (reg::IRQ_ENABLE, 3),
            (reg::CONTROL, reg::CONTROL_RUN),
        ] {
            self.register(register, value);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn job(&mut self, opcode: u8, unit: u8, count: u16, epoch: u8, from: u8, to: u8, spaces: u8) {
        self.pump();
        let operand = |page: u8, bit: u8| {
            let address = (u64::from(page) << 12) + if spaces >> (bit + 4) & 1 == 1 { 4 } else { 0 };
            if spaces >> bit & 1 == 1 { Operand::card(address) } else { Operand::host(address) }
        };
        let d = Descriptor {
            opcode,
            flags: spaces >> 6 & 1,
            id: self.tail,
            unit,
            count: count.into(),
            more: 0,
            rows: [0; 2],
            epoch: self.card.read32(reg::EPOCH).wrapping_add(epoch.into()),
            a: if spaces & 4 == 0 { operand(from, 0) } else { Operand::NONE },
            b: Operand::NONE,
            c: if spaces & 8 == 0 { operand(to, 1) } else { Operand::NONE },
        };
        let slots = 1u16 << self.log;
        let at = u64::from(self.tail % slots) * DESCRIPTOR_BYTES as u64;
        self.touched[0] = true;
        let _ = rustix::io::pwrite(self.files.get(files::SEALED), &d.encode(), at);
        self.tail = self.tail.wrapping_add(1);
        self.register(reg::SQ_TAIL, (self.tail % slots).into());
    }

    fn leave(&mut self, how: u8) {
        if let Some(client) = &mut self.client {
            use std::net::Shutdown::{Read, Write};
            client.shut = true;
            match how % 3 {
                0 => {}
                1 => drop(client.ours.shutdown(Write)),
                _ => {
                    // Not to be answered: the server must survive that it cannot.
                    let _ = client.ours.shutdown(Read);
                    self.message(9, 0, 0, &[u64s(&[0]), u32s(&[7, 4])].concat(), &[]);
                }
            }
        }
        self.pump();
        self.next_client();
    }

    fn next_client(&mut self) {
        if let Some(Client { ours, mut connection, .. }) = self.client.take() {
            // However it left, the server comes to see the end.
            drop(ours);
            let end = (0..1000).find_map(|_| match connection.turn(&mut self.card) {
                Turn::Closed(why) => Some(why),
                _ => None,
            });
            self.reached.note("closed", end.expect("a connection that never ends"));
        }
        self.note_faults();
        self.card.clean();
        assert_eq!(self.card.dma_windows(), (0, 0), "a client's windows outlive it");
        self.windows.clear();
        self.client = Some(connect());
        self.reached.note("state", "second client");
    }

    // ---- the server's turns

    fn pump(&mut self) {
        // A message of one byte a piece is no reason for more turns than there are messages.
        for _ in 0..100_000 {
            let Some(client) = &mut self.client else { return };
            let turn = client.connection.turn(&mut self.card);
            self.card.step(1);
            match turn {
                Turn::Idle => {
                    let left = client.stream.whole.len();
                    assert!(left == 0, "the server waits though {left} messages are whole");
                    return;
                }
                Turn::Ignored => {
                    let sent = client.stream.whole.pop_front().expect("a message that nobody sent");
                    assert!(!sent.is_command(), "ignored: {sent:?}");
                    self.reached.note("state", "reply ignored");
                }
                Turn::Answered(answer) => {
                    let sent = client.stream.whole.pop_front().expect("an answer to nothing");
                    self.check(sent, answer);
                }
                Turn::Closed(why) => {
                    assert!(client.shut || client.stream.hopeless, "closed on a client that did nothing: {why:?}");
                    self.reached.note("closed", why);
                    self.client = None;
                    return self.next_client();
                }
            }
        }
        panic!("turns without end");
    }

    fn check(&mut self, sent: Sent, answer: Answer) {
        assert!(sent.is_command());
        assert_eq!((answer.id, answer.command), (sent.id, sent.command));
        let name = gristmill_sim::vfio_user::Command::from_code(sent.command).map(|c| format!("{c:?}"));
        let group = if answer.refusal.is_some() { "refused" } else { "accepted" };
        name.iter().for_each(|name| self.reached.note(group, name));
        match &answer.refusal {
            Some(refusal) => self.note_refusal(refusal),
            None => self.accepted(&sent),
        }
        assert_eq!(self.card.dma_windows().0, self.windows.len(), "windows do not match what was accepted");
        if !sent.wants_reply() {
            self.reached.note("state", "no reply wanted");
            return;
        }
        let Some(client) = &mut self.client else { return };
        let mut head = [0; 16];
        if receive(&client.ours, &mut head).is_none() && client.shut {
            return;
        }
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        assert_eq!(word(0), u32::from(sent.id) | u32::from(sent.command) << 16, "a reply to another command");
        let errno = answer.refusal.as_ref().map_or(0, |r| r.errno().raw_os_error() as u32);
        let flags = if errno == 0 { 1 } else { 0x21 };
        assert_eq!((word(8), word(12)), (flags, errno), "{:?}", answer.refusal);
        assert!(errno != 0 || answer.refusal.is_none(), "a refusal without a number: {:?}", answer.refusal);
        assert!(errno == 0 || word(4) == 16, "a refusal with a payload");
        let mut payload = vec![0; word(4) as usize - 16];
        receive(&client.ours, &mut payload).expect("the reply's payload");
    }

    fn note_refusal(&mut self, refusal: &Refusal) {
        self.reached.note("refusal", super::refusals::name(refusal));
        if let Refusal::Device(error) = refusal {
            self.reached.note("device", super::device_errors::name(error));
            if let SimError::Iommu(error) = error {
                self.reached.note("window", super::window_errors::name(error));
            }
        }
    }

    /// Follows the window table.
    fn accepted(&mut self, sent: &Sent) {
        let long =
            |at: usize| sent.payload.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
        let flags = long(0) >> 32;
        match sent.command {
            2 => {
                let (offset, iova, size) = (long(8), long(16), long(24));
                assert!(size > 0 && (iova | size | offset) & 0xfff == 0, "an odd window was taken");
                let last = iova.checked_add(size - 1).expect("a window that wraps was taken");
                let below = self.windows.range(..=last).next_back();
                assert!(below.is_none_or(|(at, len)| at + (len - 1) < iova), "windows overlap");
                self.windows.insert(iova, size);
                if flags & 2 != 0 {
                    let pages = offset >> 12..(offset + size) >> 12;
                    (0..files::PAGES).filter(|p| pages.contains(p)).for_each(|p| self.touched[p as usize] = true);
                }
            }
            3 if flags == 4 => self.windows.clear(),
            3 => {
                let (iova, size) = (long(8), long(16));
                self.windows.retain(|at, _| *at < iova || *at > iova + (size - 1));
            }
            _ => {}
        }
    }

    fn note_faults(&mut self) {
        for fault in self.card.dma_faults().0 {
            self.reached.note("fault", super::faults::name(&fault.reason));
        }
    }

    // ---- the end

    /// Whatever was done: the next client is served, finds nothing of this one, and no memory was
    /// written that no window let the card write.
    pub fn finish(mut self) -> Reached {
        self.pump();
        let mut phase = [0; COMPLETION_BYTES];
        if let Some(fd) = self.files.made(files::SEALED)
            && rustix::io::pread(fd, &mut phase, CQ).is_ok()
            && phase[31] & 1 == 1
        {
            self.reached.note("state", "job completed");
        }
        if let Some(fd) = self.files.made(files::EVENT)
            && rustix::io::read(fd, &mut [0; 8]).is_ok()
        {
            self.reached.note("state", "interrupt");
        }
        self.next_client();
        (self.pieces, self.turns) = (0, false);
        self.message(1, 0, 0, &[0, 0, 1, 0], &[]);
        self.pump();
        let mut id = [0; 2];
        self.card.config_read(0, &mut id).expect("inside");
        assert_eq!(id, pci::VENDOR_ID.to_le_bytes());
        let mut memory = self.card.memory().get(0, 1 << 14).expect("card memory").iter();
        assert!(memory.all(|b| *b == 0), "card memory outlives its client");
        for kind in [files::SEALED, files::UNSEALED] {
            let Some(fd) = self.files.made(kind) else { continue };
            for page in (0..files::PAGES).filter(|p| !self.touched[*p as usize]) {
                let mut bytes = [0; 4096];
                let n = rustix::io::pread(fd, &mut bytes, page << 12).expect("pread");
                assert!(bytes[..n].iter().all(|b| *b == 0), "page {page} was written through no window");
            }
        }
        self.reached
    }
}

/// All the bytes, which have been sent already; `None` if there are none at all.
fn receive(socket: &UnixStream, into: &mut [u8]) -> Option<()> {
    let mut have = 0;
    while have < into.len() {
        match rustix::io::read(socket, &mut into[have..]) {
            Ok(n) if n > 0 => have += n,
            other => {
                assert_eq!(have, 0, "half a reply: {other:?}");
                return None;
            }
        }
    }
    Some(())
}
