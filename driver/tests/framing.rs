//! The vfio-user client against servers that lie, stall, or go away.
#![cfg(target_os = "linux")]

use gristmill_driver::transport::Breach;
use gristmill_driver::transport::vfio_user::VfioUser;
use gristmill_driver::transport::vfio_user::wire::*;
use gristmill_driver::{Transport, TransportError};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_millis(200);

struct Server {
    path: PathBuf,
    _folder: tempfile::TempDir,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves one client by a script, then closes.
    fn new(script: impl FnOnce(&mut UnixStream) + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let thread = Some(std::thread::spawn(move || script(&mut listener.accept().unwrap().0)));
        Server { path, _folder: folder, thread }
    }

    fn connect(&self) -> Result<VfioUser, TransportError> {
        VfioUser::connect_with(&self.path, TIMEOUT)
    }

    /// Waits for the script's end, so that its assertions count.
    fn join(mut self) {
        self.thread.take().unwrap().join().unwrap();
    }
}

fn receive(s: &mut UnixStream) -> Option<(Header, Vec<u8>)> {
    let mut bytes = [0; HEADER];
    s.read_exact(&mut bytes).ok()?;
    let header = Header::decode(&bytes).unwrap();
    let mut payload = vec![0; header.size as usize - HEADER];
    s.read_exact(&mut payload).ok()?;
    Some((header, payload))
}

fn send(s: &mut UnixStream, header: Header, payload: &[u8]) {
    let _ = s.write_all(&header.encode()).and_then(|()| s.write_all(payload));
}

fn reply(to: Header, payload: &[u8]) -> Header {
    Header { flags: FLAG_REPLY, size: (HEADER + payload.len()) as u32, errno: 0, ..to }
}

fn answer(s: &mut UnixStream, to: Header, payload: &[u8]) {
    send(s, reply(to, payload), payload)
}

/// An honest reply's payload. Registers read as their offset.
fn honest(header: Header, payload: &[u8]) -> Vec<u8> {
    let index = word(payload, 8).unwrap_or(0);
    match header.command {
        1 => [&payload[..4], b"{\"capabilities\":{\"max_msg_fds\":8}}\0"].concat(),
        4 => Payload::default().word(16).word(3).word(9).word(5).0,
        5 => Payload::default().word(32).word(3).word(index).word(0).long(0x1_0000).long(0).0,
        7 => Payload::default().word(16).word(1).word(index).word(1).0,
        9 => [payload, &payload[..4]].concat(),
        10 => payload[..16].to_vec(),
        _ => Vec::new(),
    }
}

/// Answers honestly until a command of this number comes, which is returned unanswered.
fn honest_until(s: &mut UnixStream, command: u16) -> (Header, Vec<u8>) {
    loop {
        let (header, payload) = receive(s).expect("client went away early");
        if header.command == command {
            return (header, payload);
        }
        let payload = honest(header, &payload);
        answer(s, header, &payload);
    }
}

fn serve_honestly(s: &mut UnixStream) {
    while let Some((header, payload)) = receive(s) {
        let payload = honest(header, &payload);
        answer(s, header, &payload);
    }
}

/// The error that a register read gets from a server that answers it by the script; and that the
/// link is given up after it or not.
fn read_error(
    given_up: bool,
    script: impl FnOnce(&mut UnixStream, Header, Vec<u8>) + Send + 'static,
) -> TransportError {
    let server = Server::new(move |s| {
        let (header, payload) = honest_until(s, 9);
        script(s, header, payload);
        serve_honestly(s);
    });
    let mut client = server.connect().unwrap();
    let error = client.read32(0x40).expect_err("a lie was believed");
    let started = Instant::now();
    match client.read32(0x44) {
        Ok(value) => assert!(!given_up && value == 0x44, "{error}"),
        Err(TransportError::Gone { .. }) => assert!(given_up, "{error}"),
        Err(other) => panic!("{other}"),
    }
    assert!(started.elapsed() < TIMEOUT);
    drop(client);
    server.join();
    error
}

#[test]
fn an_honest_server_is_understood() {
    let server = Server::new(serve_honestly);
    let mut client = server.connect().unwrap();
    assert_eq!(client.read32(0x10).unwrap(), 0x10);
    client.write32(0x4c, 7).unwrap();
    let mut config = [0; 4];
    client.config_read(8, &mut config).unwrap();
    assert_eq!(config, [8, 0, 0, 0]);
    client.enable_interrupt().unwrap();
    client.reset().unwrap();
    assert!(!client.wait_interrupt(Duration::from_millis(5)).unwrap());
    assert!(matches!(client.config_read(0xfffe, &mut config), Err(TransportError::Invalid { .. })));
    assert!(client.name().starts_with("vfio-user:/"));
    drop(client);
    server.join();
}

#[test]
fn a_posted_write_is_one_message_without_an_answer() {
    let server = Server::new(|s| {
        let (header, payload) = honest_until(s, 10);
        assert_eq!((header.flags, header.size), (FLAG_NO_REPLY, 36));
        assert_eq!(payload, [&access(0x10c, REGION_BAR0, 4)[..], &7u32.to_le_bytes()].concat());
        serve_honestly(s);
    });
    let mut client = server.connect().unwrap();
    let before = client.messages();
    client.post32(0x10c, 7).unwrap();
    assert_eq!((client.messages().sent, client.messages().received), (before.sent + 1, before.received));
    // What comes after it is answered in order.
    client.flush().unwrap();
    assert_eq!(client.read32(0x44).unwrap(), 0x44);
    assert_eq!((client.messages().sent, client.messages().received), (before.sent + 3, before.received + 2));
    drop(client);
    server.join();
}

#[test]
fn a_posted_write_to_nobody_is_an_error_soon() {
    let server = Server::new(|s| {
        honest_until(s, 13);
    });
    let mut client = server.connect().unwrap();
    let _ = client.reset();
    server.join();
    assert!(matches!(client.post32(0x10c, 7), Err(TransportError::Gone { .. })));
}

/// A server that takes nothing: the socket fills up, and then a posted write times out too.
#[test]
fn posted_writes_do_not_wait_for_ever() {
    let (ended, wait) = std::sync::mpsc::channel::<()>();
    let server = Server::new(move |s| {
        let (header, _) = honest_until(s, 13);
        answer(s, header, &[]);
        let _ = wait.recv();
    });
    let mut client = server.connect().unwrap();
    client.reset().unwrap();
    let error = (0..1_000_000).find_map(|_| client.post32(0x10c, 7).err()).expect("an end");
    assert!(matches!(error, TransportError::Timeout { what: "region write", .. }), "{error}");
    assert!(matches!(client.post32(0x10c, 7), Err(TransportError::Gone { .. })));
    drop(ended);
    server.join();
}

#[test]
fn replies_in_pieces_are_put_together() {
    let server = Server::new(|s| {
        let (header, payload) = honest_until(s, 9);
        let payload = honest(header, &payload);
        let bytes = [&reply(header, &payload).encode()[..], &payload].concat();
        for piece in bytes.chunks(5) {
            s.write_all(piece).unwrap();
            std::thread::sleep(Duration::from_millis(2));
        }
        serve_honestly(s);
    });
    let mut client = server.connect().unwrap();
    assert_eq!(client.read32(0x40).unwrap(), 0x40);
    assert_eq!(client.read32(0x44).unwrap(), 0x44);
    drop(client);
    server.join();
}

#[test]
fn error_replies_keep_their_number_and_the_link() {
    let refuse = |errno| {
        read_error(false, move |s, header, _| {
            send(s, Header { flags: FLAG_REPLY | FLAG_ERROR, size: 16, errno, ..header }, &[]);
        })
    };
    for (sent, got) in [(13, 13), (0, 5), (1 << 31, 5), (4096, 5)] {
        let error = refuse(sent);
        let TransportError::Refused { source, what, .. } = &error else { panic!("{error}") };
        assert_eq!(source.raw_os_error(), Some(got));
        assert_eq!(what, "reading 4 bytes at 0x40 of region 0");
    }
    // One with a payload that nobody needs.
    let error = read_error(false, |s, header, _| {
        send(s, Header { flags: FLAG_REPLY | FLAG_ERROR, size: 48, errno: 22, ..header }, &[7; 32]);
    });
    assert!(matches!(error, TransportError::Refused { .. }));
}

#[test]
fn lying_replies_are_protocol_errors() {
    let protocol = |script: fn(&mut UnixStream, Header, Vec<u8>)| {
        let error = read_error(true, script);
        let TransportError::Protocol { problem, .. } = error else { panic!("{error}") };
        problem.to_string()
    };
    // Sizes.
    assert!(protocol(|s, h, _| send(s, Header { size: 15, ..reply(h, &[]) }, &[])).contains("15 bytes"));
    assert!(protocol(|s, h, _| send(s, Header { size: u32::MAX, ..reply(h, &[]) }, &[])).contains("4294967295 bytes"));
    assert!(protocol(|s, h, _| send(s, reply(h, &[]), &[])).contains("0 bytes in reply"));
    assert!(protocol(|s, h, p| answer(s, h, &p)).contains("16 bytes in reply"));
    assert!(protocol(|s, h, p| answer(s, h, &[p, vec![0; 5]].concat())).contains("not for what was asked"));
    // Identity.
    assert!(protocol(|s, h, p| answer(s, Header { id: h.id ^ 1, ..h }, &p)).contains("after"));
    assert!(protocol(|s, h, p| answer(s, Header { command: 10, ..h }, &p)).contains("after"));
    assert!(protocol(|s, h, p| send(s, Header { flags: 3, ..reply(h, &p) }, &p)).contains("message type 3"));
    // Echo.
    let other = protocol(|s, h, mut p| {
        p[0] ^= 4;
        answer(s, h, &[p, vec![0; 4]].concat());
    });
    assert!(other.contains("not for what was asked"));
}

#[test]
fn a_server_that_goes_away_is_gone() {
    for bytes in [0usize, 7, 16, 25] {
        let error = read_error(true, move |s, header, payload| {
            let payload = honest(header, &payload);
            let whole = [&reply(header, &payload).encode()[..], &payload].concat();
            s.write_all(&whole[..bytes]).unwrap();
            s.shutdown(std::net::Shutdown::Both).unwrap();
        });
        assert!(matches!(error, TransportError::Gone { .. }), "after {bytes} bytes: {error}");
    }
}

#[test]
fn silence_and_trickles_time_out() {
    let server = Server::new(|s| {
        honest_until(s, 9);
        let _ = receive(s); // nothing comes: the client has given up
    });
    let mut client = server.connect().unwrap();
    let started = Instant::now();
    assert!(matches!(client.read32(0), Err(TransportError::Timeout { what: "region read", .. })));
    assert!((TIMEOUT..5 * TIMEOUT).contains(&started.elapsed()));
    drop(client);
    server.join();

    let server = Server::new(|s| {
        let (header, _) = honest_until(s, 9);
        for byte in reply(header, &[0; 20]).encode() {
            let _ = s.write_all(&[byte]);
            std::thread::sleep(TIMEOUT / 4);
        }
    });
    let mut client = server.connect().unwrap();
    let started = Instant::now();
    assert!(matches!(client.read32(0), Err(TransportError::Timeout { .. })));
    assert!(started.elapsed() < 3 * TIMEOUT);
    drop(client);
    server.join();
}

#[test]
fn requests_of_the_server_are_refused_in_order() {
    let server = Server::new(|s| {
        let (header, payload) = honest_until(s, 9);
        let request = Header { id: 500, command: 11, size: 32, flags: 0, errno: 0 };
        send(s, request, &[0; 16]);
        let (refusal, _) = receive(s).unwrap();
        assert_eq!((refusal.id, refusal.command, refusal.flags), (500, 11, FLAG_REPLY | FLAG_ERROR));
        assert_eq!(refusal.errno as i32, libc::EOPNOTSUPP);
        let payload = honest(header, &payload);
        answer(s, header, &payload);
        // The same while the client waits for an interrupt.
        send(s, Header { flags: FLAG_NO_REPLY, ..request }, &[0; 16]);
        send(s, request, &[0; 16]);
        assert_eq!(receive(s).unwrap().0.errno as i32, libc::EOPNOTSUPP);
        serve_honestly(s);
    });
    let mut client = server.connect().unwrap();
    assert_eq!(client.read32(0x40).unwrap(), 0x40);
    assert!(!client.wait_interrupt(Duration::from_millis(50)).unwrap());
    assert_eq!(client.read32(0x44).unwrap(), 0x44);
    drop(client);
    server.join();
}

#[test]
fn a_flood_of_requests_ends() {
    let error = read_error(true, |s, _, _| {
        for _ in 0..1000 {
            send(s, Header { id: 0, command: 11, size: 16, flags: FLAG_NO_REPLY, errno: 0 }, &[]);
        }
    });
    assert!(matches!(error, TransportError::Protocol { .. }), "{error}");
}

#[test]
fn a_flood_during_a_wait_ends() {
    let server = Server::new(|s| {
        honest_until(s, 9);
        let request = Header { id: 0, command: 11, size: 16, flags: FLAG_NO_REPLY, errno: 0 };
        while s.write_all(&request.encode()).is_ok() {}
    });
    let mut client = server.connect().unwrap();
    let _ = client.read32(0);
    assert!(client.wait_interrupt(Duration::from_secs(60)).is_err());
    drop(client);
    server.join();

    let server = Server::new(|s| {
        let (header, _) = honest_until(s, 13);
        answer(s, header, &[]);
        let request = Header { id: 0, command: 11, size: 16, flags: FLAG_NO_REPLY, errno: 0 };
        while s.write_all(&request.encode()).is_ok() {}
    });
    let mut client = server.connect().unwrap();
    client.reset().unwrap();
    let started = Instant::now();
    assert!(matches!(client.wait_interrupt(Duration::from_secs(60)), Err(TransportError::Protocol { .. })));
    assert!(started.elapsed() < Duration::from_secs(5));
    drop(client);
    server.join();
}

#[test]
fn a_server_that_dies_is_noticed_while_waiting_for_an_interrupt() {
    let server = Server::new(|s| {
        honest_until(s, 13);
    });
    let mut client = server.connect().unwrap();
    let _ = client.reset();
    let started = Instant::now();
    assert!(matches!(client.wait_interrupt(Duration::from_secs(60)), Err(TransportError::Gone { .. })));
    assert!(started.elapsed() < Duration::from_secs(5));
    server.join();
}

#[test]
fn an_unasked_reply_is_a_protocol_error() {
    let server = Server::new(|s| {
        let (header, _) = honest_until(s, 13);
        answer(s, header, &[]);
        answer(s, header, &[]);
        let _ = receive(s);
    });
    let mut client = server.connect().unwrap();
    client.reset().unwrap();
    let waited = client.wait_interrupt(Duration::from_secs(60)).and_then(|_| client.read32(0));
    assert!(matches!(waited, Err(TransportError::Protocol { .. })), "{waited:?}");
    drop(client);
    server.join();
}

#[test]
fn a_message_of_no_known_type_during_a_wait_is_a_protocol_error() {
    let server = Server::new(|s| {
        let (header, _) = honest_until(s, 13);
        answer(s, header, &[]);
        send(s, Header { id: 5, command: 13, size: 16, flags: 0x129, errno: 0 }, &[]);
        assert!(receive(s).is_none(), "it was refused like a request");
    });
    let mut client = server.connect().unwrap();
    client.reset().unwrap();
    let waited = client.wait_interrupt(Duration::from_secs(60));
    assert!(matches!(waited, Err(TransportError::Protocol { problem: Breach::Type { kind: 9 }, .. })), "{waited:?}");
    assert!(matches!(client.wait_interrupt(Duration::from_secs(60)), Err(TransportError::Gone { .. })));
    drop(client);
    server.join();
}

#[test]
fn devices_that_are_no_card_are_refused() {
    let refused = |command: u16, change: fn(&mut Vec<u8>)| {
        let server = Server::new(move |s| {
            while let Some((header, payload)) = receive(s) {
                let mut payload = honest(header, &payload);
                if header.command == command {
                    change(&mut payload);
                }
                answer(s, header, &payload);
            }
        });
        let error = server.connect().err().expect("taken for a card");
        server.join();
        error.to_string()
    };
    assert!(refused(1, |p| p[0] = 1).contains("vfio-user 1.1"));
    assert!(refused(1, |p| p[2] = 9).contains("vfio-user 0.9"));
    assert!(refused(1, |p| *p = [&p[..4], b"{]\0"].concat()).contains("no JSON"));
    assert!(
        refused(1, |p| *p = [&p[..4], br#"{"capabilities":{"max_msg_fds":0}}"#].concat()).contains("takes no files")
    );
    assert!(refused(1, |p| p.truncate(3)).contains("3 bytes"));
    assert!(refused(4, |p| p[8] = 7).contains("no PCI device"));
    assert!(refused(4, |p| p[4] = 2).contains("cannot be reset"));
    assert!(refused(4, |p| p.truncate(8)).contains("8 bytes"));
    assert!(refused(5, |p| p[4] = 1).contains("flags 0x1"));
    assert!(refused(5, |p| p[18] = 0).contains("has 0 bytes"));
    assert!(refused(7, |p| p[12] = 0).contains("no MSI-X vector"));
}

#[test]
fn a_missing_server_is_an_error_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.sock");
    let message = VfioUser::connect(&path).err().unwrap().to_string();
    assert!(message.contains("start the card's server"), "{message}");
    drop(UnixListener::bind(&path).unwrap());
    let message = VfioUser::connect(&path).err().unwrap().to_string();
    assert!(message.contains("no server listens there"), "{message}");
    let long = folder.path().join("x".repeat(200));
    let message = VfioUser::connect(&long).err().unwrap().to_string();
    assert!(message.contains("107 bytes"), "{message}");
}
