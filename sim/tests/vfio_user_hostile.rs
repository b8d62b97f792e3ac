//! Messages that no decent client sends. After each one the stream must still be in step, or the
//! connection closed, and the next client served.

mod common;

use common::*;
use gristmill_sim::fault::{Fault, FaultPlan};
use gristmill_sim::vfio_user::{Connection, MAX_MESSAGE_BYTES, Server, Turn};
use gristmill_sim::{Options, SimCard};
use proptest::prelude::*;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use std::io::{IoSlice, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

const NO_REPLY: u32 = 1 << 4;

struct Served {
    path: PathBuf,
    stopper: gristmill_sim::vfio_user::Stopper,
    thread: Option<std::thread::JoinHandle<()>>,
    _dir: tempfile::TempDir,
}

impl Served {
    fn new(options: Options) -> Self {
        let dir = tempfile::tempdir().expect("tempdir");
        let server = Server::bind(&dir.path().join("card.sock")).expect("bind");
        let (path, stopper) = (server.path().to_path_buf(), server.stopper());
        let run = move || server.run(&mut SimCard::new(&options).expect("card")).expect("serves");
        Served { path, stopper, thread: Some(std::thread::spawn(run)), _dir: dir }
    }

    fn connect(&self) -> Raw {
        let stream = UnixStream::connect(&self.path).expect("connect");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("timeout");
        Raw { stream }
    }

    fn hello(&self) -> Raw {
        let mut raw = self.connect();
        raw.version();
        raw
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.thread.take().map(|t| t.join().is_ok());
        if !std::thread::panicking() {
            assert_eq!(ended, Some(true), "the server panicked");
        }
    }
}

struct Raw {
    stream: UnixStream,
}

#[derive(Debug, PartialEq, Eq)]
struct Reply {
    id: u16,
    command: u16,
    flags: u32,
    error: u32,
    payload: Vec<u8>,
}

fn message(id: u16, command: u16, flags: u32, payload: &[u8]) -> Vec<u8> {
    sized(id, command, flags, payload, 16 + payload.len() as u32)
}

fn sized(id: u16, command: u16, flags: u32, payload: &[u8], size: u32) -> Vec<u8> {
    let mut m = vec![];
    m.extend(id.to_le_bytes());
    m.extend(command.to_le_bytes());
    m.extend(size.to_le_bytes());
    m.extend(flags.to_le_bytes());
    m.extend(0u32.to_le_bytes());
    m.extend(payload);
    m
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn map(flags: u32, offset: u64, iova: u64, size: u64) -> Vec<u8> {
    let mut p = u32s(&[32, flags]);
    [offset, iova, size].iter().for_each(|v| p.extend(v.to_le_bytes()));
    p
}

fn access(offset: u64, region: u32, count: u32, data: &[u8]) -> Vec<u8> {
    let mut p = offset.to_le_bytes().to_vec();
    p.extend(u32s(&[region, count]));
    p.extend(data);
    p
}

impl Raw {
    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("send");
    }

    fn send_fds(&mut self, bytes: &[u8], fds: &[BorrowedFd<'_>]) {
        let mut space = vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(fds)));
        let n = rustix::net::sendmsg(&self.stream, &[IoSlice::new(bytes)], &mut control, SendFlags::empty());
        assert_eq!(n, Ok(bytes.len()));
    }

    fn receive(&mut self) -> Reply {
        let mut h = [0; 16];
        self.stream.read_exact(&mut h).expect("a reply");
        let word = |i: usize| u32::from_le_bytes([h[i], h[i + 1], h[i + 2], h[i + 3]]);
        let mut payload = vec![0; word(4) as usize - 16];
        self.stream.read_exact(&mut payload).expect("its payload");
        Reply { id: word(0) as u16, command: (word(0) >> 16) as u16, flags: word(8), error: word(12), payload }
    }

    fn ask(&mut self, command: u16, payload: &[u8]) -> Reply {
        self.send(&message(2, command, 0, payload));
        self.receive()
    }

    fn version(&mut self) {
        let mut p = vec![0, 0, 1, 0];
        p.extend(b"{\"capabilities\":{}}\0");
        let r = self.ask(1, &p);
        assert_eq!((r.id, r.command, r.flags, r.error), (2, 1, 1, 0));
        assert_eq!(r.payload.last(), Some(&0));
    }

    /// The stream is in step: a read of the first bytes of configuration space is answered.
    fn alive(&mut self) {
        self.send(&message(77, 9, 0, &access(0, 7, 4, &[])));
        let r = self.receive();
        assert_eq!((r.id, r.command, r.flags, r.error), (77, 9, 1, 0));
        assert_eq!(r.payload[16..], [0x09, 0x12, 0x75, 0x67]);
    }

    fn refused(&mut self, command: u16, payload: &[u8], errno: Errno) {
        let r = self.ask(command, payload);
        let got = (r.id, r.command, r.flags, Errno::from_raw_os_error(r.error as i32), r.payload.len());
        assert_eq!(got, (2, command, 1 | 1 << 5, errno, 0), "command {command} {payload:x?}");
        self.alive();
    }

    fn closed(&mut self) {
        // A reset is as good as an end: bytes of ours may not have been read.
        if let Ok(n) = self.stream.read(&mut [0; 1]) {
            assert_eq!(n, 0, "closed");
        }
    }
}

#[test]
fn nothing_but_version_before_version() {
    let s = Served::new(Options::protocol_only());
    let mut c = s.connect();
    for command in 2..=14 {
        let r = c.ask(command, &access(0, 7, 4, &[]));
        assert_eq!(r.error, Errno::INVAL.raw_os_error() as u32);
    }
    for bad in [
        vec![],
        vec![0, 0, 1],
        vec![1, 0, 0, 0],
        [&[0, 0, 1, 0][..], b"abcd"].concat(),
        [&[0, 0, 1, 0][..], b"abcd\0"].concat(),
        [&[0, 0, 1, 0][..], b"[1]\0"].concat(),
        [&[0, 0, 1, 0][..], &[b'['; 60_000][..], b"\0"].concat(),
    ] {
        assert_eq!(c.ask(1, &bad).error, Errno::INVAL.raw_os_error() as u32);
    }
    c.version();
    c.alive();
    c.refused(1, &[0, 0, 1, 0], Errno::INVAL);
}

#[test]
fn refusals_carry_real_errnos_and_the_stream_stays_in_step() {
    let s = Served::new(Options::protocol_only());
    let mut c = s.hello();
    c.refused(99, &[], Errno::NOSYS);
    c.refused(0, &[1, 2, 3], Errno::NOSYS);
    c.refused(6, &u32s(&[16, 0, 0, 0]), Errno::NOTSUP);
    c.refused(11, &[0; 16], Errno::NOTSUP);
    c.refused(12, &[0; 24], Errno::NOTSUP);
    // Regions: unknown, past the end, lying counts and sizes.
    c.refused(9, &access(0, 99, 8, &[]), Errno::INVAL);
    c.refused(9, &access(0, 3, 4, &[]), Errno::INVAL);
    c.refused(9, &access(0xffff, 0, 2, &[]), Errno::INVAL);
    c.refused(9, &access(u64::MAX, 0, 2, &[]), Errno::INVAL);
    c.refused(9, &access(0, 0, u32::MAX, &[]), Errno::INVAL);
    c.refused(9, &access(0, 0, 8, &[0x5a; 32]), Errno::INVAL);
    c.refused(9, &[0; 15], Errno::INVAL);
    c.refused(10, &access(0, 99, 8, &[0x41; 8]), Errno::INVAL);
    c.refused(10, &access(0, 0, u32::MAX, &[]), Errno::INVAL);
    c.refused(10, &access(0, 0, 8, &[1; 7]), Errno::INVAL);
    c.refused(10, &access(0, 0, 5000, &[1; 5000]), Errno::INVAL);
    // Information.
    c.refused(4, &u32s(&[15, 0, 0, 0]), Errno::INVAL);
    c.refused(4, &u32s(&[16, 0, 0]), Errno::INVAL);
    c.refused(5, &u32s(&[32, 0, 9, 0, 0, 0, 0, 0]), Errno::INVAL);
    c.refused(7, &u32s(&[16, 0, 5, 0]), Errno::INVAL);
    c.refused(13, &[0], Errno::INVAL);
    // Interrupts: argsz flags index start count.
    let trigger = 1 << 5;
    c.refused(8, &u32s(&[20, trigger | 1, 2, 1, 1]), Errno::INVAL);
    c.refused(8, &u32s(&[20, trigger | 1, 2, u32::MAX, 2]), Errno::INVAL);
    c.refused(8, &u32s(&[20, trigger | 1, 9, 0, 1]), Errno::INVAL);
    c.refused(8, &u32s(&[20, trigger | 1, 0, 0, 1]), Errno::INVAL);
    c.refused(8, &u32s(&[20, trigger | 3, 2, 0, 1]), Errno::INVAL);
    c.refused(8, &u32s(&[20, trigger | 1 << 3 | 1, 2, 0, 1]), Errno::INVAL);
    c.refused(8, &u32s(&[20, 1, 2, 0, 1]), Errno::INVAL);
    c.refused(8, &u32s(&[20, trigger | 2, 2, 0, 1]), Errno::INVAL);
    c.refused(8, &u32s(&[20, 1 << 3 | 4, 2, 0, 1]), Errno::NOTTY);
    // DMA windows.
    c.refused(2, &map(3, 0, 1, 4096), Errno::INVAL);
    c.refused(2, &map(0, 0, 0, 4096), Errno::INVAL);
    c.refused(2, &map(7, 0, 0, 4096), Errno::INVAL);
    c.refused(2, &map(3, 0, 0u64.wrapping_sub(4096), 8192), Errno::OVERFLOW);
    assert_eq!(c.ask(2, &map(3, 0, 0x1000, 4096)).error, 0, "without a file: kept, and faults");
    c.refused(2, &map(3, 0, 0x1000, 4096), Errno::EXIST);
    let unmap =
        |flags, iova: u64, size: u64| [u32s(&[24, flags]), [iova.to_le_bytes(), size.to_le_bytes()].concat()].concat();
    c.refused(3, &unmap(0, 0x1001, 4096), Errno::INVAL);
    c.refused(3, &unmap(2, 0x1000, 4096), Errno::NOTSUP);
    c.refused(3, &unmap(4, 0x1000, 4096), Errno::INVAL);
    c.refused(3, &unmap(8, 0, 0), Errno::INVAL);
    let all = c.ask(3, &unmap(4, 0, 0));
    assert_eq!((all.error, all.payload), (0, unmap(4, 0, 0)));
    assert_eq!(c.ask(2, &map(3, 0, 0x1000, 4096)).error, 0);
}

#[test]
fn file_descriptors_are_checked_and_belong_to_their_message() {
    let s = Served::new(Options::protocol_only());
    let mut c = s.hello();
    let file = memfd(8192);
    let big = map(3, 4096, 0x10_0000, 8192);
    c.send_fds(&message(3, 2, 0, &big), &[file.as_fd()]);
    assert_eq!(c.receive().error, Errno::INVAL.raw_os_error() as u32, "beyond the file");
    // Two messages in one write: the descriptor comes with the first.
    let both = [message(3, 2, 0, &map(3, 0, 0x10_0000, 8192)), message(4, 9, 0, &access(0, 7, 4, &[]))].concat();
    c.send_fds(&both, &[file.as_fd()]);
    assert_eq!((c.receive().error, c.receive().id), (0, 4));
    // A message before it must not take it.
    c.send(&message(5, 9, 0, &access(0, 7, 4, &[])));
    c.send_fds(&message(6, 2, 0, &map(1, 0, 0x20_0000, 4096)), &[file.as_fd()]);
    assert_eq!((c.receive().id, c.receive().error), (5, 0));
    c.send_fds(&message(7, 2, 0, &map(3, 0, 0x30_0000, 4096)), &[file.as_fd(), file.as_fd()]);
    assert_eq!(c.receive().error, Errno::INVAL.raw_os_error() as u32);
    let many: Vec<OwnedFd> = (0..40).map(|_| file.try_clone().expect("dup")).collect();
    let many: Vec<BorrowedFd<'_>> = many.iter().map(AsFd::as_fd).collect();
    c.send_fds(&message(8, 2, 0, &map(3, 0, 0x30_0000, 4096)), &many);
    assert_eq!(c.receive().error, Errno::MFILE.raw_os_error() as u32);
    // Not an eventfd; more descriptors than vectors.
    let set = u32s(&[20, 1 << 5 | 4, 2, 0, 1]);
    c.send_fds(&message(9, 8, 0, &set), &[file.as_fd()]);
    assert_eq!(c.receive().error, Errno::INVAL.raw_os_error() as u32);
    let irq = eventfd();
    c.send_fds(&message(9, 8, 0, &set), &[irq.as_fd(), irq.as_fd()]);
    assert_eq!(c.receive().error, Errno::INVAL.raw_os_error() as u32);
    // Trigger by hand: none, then by a byte, masked and unmasked.
    c.send_fds(&message(9, 8, 0, &set), &[irq.as_fd()]);
    assert_eq!(c.receive().error, 0);
    c.send(&message(9, 10, 0, &access(4, 7, 2, &6u16.to_le_bytes())));
    assert_eq!(c.receive().error, 0);
    let set = |flags, data: &[u8]| [u32s(&[20, flags, 2, 0, 1]), data.to_vec()].concat();
    assert_eq!((c.ask(8, &set(1 << 5 | 1, &[])).error, count(&irq)), (0, 1));
    assert_eq!((c.ask(8, &set(1 << 5 | 2, &[0])).error, count(&irq)), (0, 0));
    assert_eq!((c.ask(8, &set(1 << 5 | 2, &[1])).error, count(&irq)), (0, 1));
    assert_eq!(c.ask(8, &set(1 << 3 | 1, &[])).error, 0);
    assert_eq!((c.ask(8, &set(1 << 5 | 1, &[])).error, count(&irq)), (0, 0));
    assert_eq!((c.ask(8, &set(1 << 4 | 1, &[])).error, count(&irq)), (0, 1));
    assert_eq!(c.ask(8, &u32s(&[20, 1 << 5 | 1, 2, 0, 0])).error, 0);
    assert_eq!((c.ask(8, &set(1 << 5 | 1, &[])).error, count(&irq)), (0, 0), "routed no more");
    c.alive();
}

#[test]
fn split_merged_oversized_and_unanswered_messages() {
    let s = Served::new(Options::protocol_only());
    let mut c = s.hello();
    let read = message(5, 9, 0, &access(0, 7, 4, &[]));
    for cut in 1..read.len() {
        c.send(&read[..cut]);
        if cut % 7 == 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
        c.send(&read[cut..]);
        assert_eq!(c.receive().id, 5);
    }
    c.send(&read.repeat(200));
    (0..200).for_each(|_| assert_eq!(c.receive().id, 5));
    // Longer than the server takes: thrown away, answered, in step.
    let long = vec![7u8; 3 * MAX_MESSAGE_BYTES];
    c.send(&message(6, 10, 0, &long));
    let r = c.receive();
    assert_eq!((r.id, r.error), (6, Errno::MSGSIZE.raw_os_error() as u32));
    c.alive();
    // No reply wanted: none comes, whether it works or not. Replies to nothing are ignored.
    c.send(&message(7, 10, NO_REPLY, &access(4, 7, 2, &6u16.to_le_bytes())));
    c.send(&message(8, 10, NO_REPLY, &access(4, 99, 2, &6u16.to_le_bytes())));
    c.send(&message(9, 11, 1, &[1, 2, 3]));
    c.alive();
    let r = c.ask(9, &access(4, 7, 2, &[]));
    assert_eq!(r.payload[16..], 6u16.to_le_bytes());
    // Unknown flag.
    c.send(&message(9, 13, 1 << 9, &[]));
    assert_eq!(c.receive().error, Errno::INVAL.raw_os_error() as u32);
    c.alive();
}

#[test]
fn a_client_that_cannot_be_followed_is_dropped_and_the_next_one_served() {
    let s = Served::new(Options::protocol_only());
    for broken in [
        sized(2, 9, 0, &[], 15),
        sized(2, 9, 0, &[], 0),
        sized(2, 10, 0, &[1; 8], 40)[..20].to_vec(),
        sized(2, 10, 0, &[1; 8], u32::MAX),
        vec![1, 2, 3],
        vec![],
    ] {
        let mut c = s.hello();
        c.send(&broken);
        c.stream.shutdown(std::net::Shutdown::Write).expect("shutdown");
        c.closed();
        s.hello().alive();
    }
    // Half a message does not keep the server from stopping, nor a second client from waiting.
    let mut c = s.hello();
    c.send(&[1, 2, 3]);
    let mut second = s.connect();
    second.send(&message(2, 1, 0, &[0, 0, 1, 0]));
    drop(c);
    assert_eq!(second.receive().error, 0);
    second.alive();
}

#[test]
fn a_client_that_does_not_take_its_answers_is_dropped_and_one_that_has_gone_kills_nobody() {
    let answers = |leave: bool| {
        let (ours, theirs) = UnixStream::pair().expect("socketpair");
        let mut card = SimCard::new(&Options::protocol_only()).expect("card");
        let mut connection = Connection::new(theirs, Duration::from_millis(20));
        let mut client = Raw { stream: ours };
        client.send(&message(1, 1, 0, &[0, 0, 1, 0]));
        for n in 0..10_000 {
            match connection.turn(&mut card) {
                Turn::Answered(_) => client.send(&message(1, 9, 0, &access(0, 7, 4096, &[]))),
                Turn::Closed(why) => return (n, why),
                other => panic!("{other:?}"),
            }
            if leave {
                client.stream.shutdown(std::net::Shutdown::Read).expect("shutdown");
            }
        }
        panic!("10,000 answers that nobody took")
    };
    assert_eq!(answers(false).1, "does not take its answer");
    assert_eq!(answers(true), (1, "does not want its answer"));
}

#[test]
fn a_socket_in_use_or_another_file_is_not_replaced_but_a_stale_one_is() {
    let s = Served::new(Options::protocol_only());
    let error = |path: &Path| Server::bind(path).expect_err("refused").to_string();
    assert!(error(&s.path).contains("another server listens"), "{}", error(&s.path));
    let dir = tempfile::tempdir().expect("tempdir");
    let file = dir.path().join("file");
    std::fs::write(&file, b"precious").expect("write");
    assert!(error(&file).contains("another file"), "{}", error(&file));
    assert_eq!(std::fs::read(&file).expect("read"), b"precious");
    assert!(error(&dir.path().join("no/such/dir")).contains("no/such/dir"));
    let stale = dir.path().join("stale");
    drop(std::os::unix::net::UnixListener::bind(&stale).expect("bind"));
    drop(Server::bind(&stale).expect("replaced"));
    assert!(!stale.exists());
}

#[test]
fn an_injected_close_ends_the_connection_and_the_next_client_is_served() {
    use gristmill_abi::registers as reg;
    let s = Served::new(Options { faults: vec![FaultPlan::next(Fault::CloseSocket)], ..Options::protocol_only() });
    let mut c = s.hello();
    let memory = memfd(HOST_BYTES);
    c.send_fds(&message(3, 2, 0, &map(3, 0, 0, HOST_BYTES)), &[memory.as_fd()]);
    assert_eq!(c.receive().error, 0);
    assert_eq!(c.ask(10, &access(4, 7, 2, &6u16.to_le_bytes())).error, 0);
    for (register, value) in
        [(reg::CQ_BASE_LO, 0x4_0000), (reg::Q_LOG_SIZE, 4), (reg::Q_ENABLE, 1), (reg::CONTROL, 1), (reg::SQ_TAIL, 1)]
    {
        assert_eq!(c.ask(10, &access(register.into(), 0, 4, &u32::to_le_bytes(value))).error, 0);
    }
    c.closed();
    s.hello().alive();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any bytes, some of them shaped like messages: the server neither dies nor hangs.
    #[test]
    fn random_bytes(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                (0u16..16, any::<u8>(), prop::collection::vec(any::<u8>(), 0..64)).prop_map(|(command, flags, payload)| {
                    message(1, command, u32::from(flags & 0x30), &payload)
                }),
                (1u16..14, prop::collection::vec(prop_oneof![0u32..40, any::<u32>()], 0..10)).prop_map(|(command, payload)| {
                    message(1, command, NO_REPLY, &u32s(&payload))
                }),
            ],
            1..20,
        ),
        greet in any::<bool>(),
    ) {
        let s = Served::new(Options::protocol_only());
        let mut c = if greet { s.hello() } else { s.connect() };
        for piece in &pieces {
            if c.stream.write_all(piece).is_err() {
                break;
            }
        }
        drop(c);
        s.hello().alive();
    }
}
