//! The same card behind a vfio-user socket, and what happens when the other side goes away.

use crate::support::{options, rng, sum, terms, transformed, values};
use gristmill::{Device, Error, ErrorKind, Fallback, Options, Transform};
use gristmill_hdl::config::CardConfig;
use gristmill_sim::vfio_user::{Server, Stopper};
use gristmill_sim::{Options as SimOptions, SimCard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A server in a thread of its own; ended when dropped.
struct Remote {
    name: String,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Remote {
    fn new(faults: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::bind(&folder.path().join("card.sock")).unwrap();
        let faults = faults.iter().map(|f| f.parse().unwrap()).collect();
        let (name, stopper) = (format!("vfio-user:{}", server.path().display()), server.stopper());
        let thread = std::thread::spawn(move || {
            let mut card = SimCard::new(&SimOptions { faults, ..SimOptions::native(CardConfig::tiny()) }).unwrap();
            server.run(&mut card).unwrap();
        });
        Remote { name, stopper, thread: Some(thread), _folder: folder }
    }

    fn open(&self, fallback: Fallback) -> Device {
        Device::open(&self.name, &Options { config: None, faults: vec![], fallback, ..options(&[]) }).unwrap()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.stopper.stop();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn works(device: &Device, seed: u64) {
    let rng = &mut rng(seed);
    let (points, scalars) = terms(20, rng);
    let bases = device.upload_bases(&points).unwrap();
    assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars));
    let input = values(128, rng);
    let mut found = input.clone();
    let t = Transform::FORWARD.on_coset(input[0]);
    device.ntt(&mut found, &t).unwrap();
    assert_eq!(found, transformed(&input, &t));
    let report = device.report();
    assert!(report.fallbacks == 0 && report.cycles > 0, "{report:?}");
}

#[test]
fn tasks_over_a_socket_and_a_second_client_after_the_first() {
    let remote = Remote::new(&[]);
    works(&remote.open(Fallback::Never), 71);
    works(&remote.open(Fallback::Never), 72);
}

#[test]
fn a_connection_that_closes_in_a_task() {
    let (points, scalars) = terms(5, &mut rng(73));
    for fallback in [Fallback::Never, Fallback::Auto] {
        let remote = Remote::new(&["close@msm"]);
        let device = remote.open(fallback);
        let bases = device.upload_bases(&points).unwrap();
        let start = Instant::now();
        match (fallback, device.msm(&bases, &scalars)) {
            (Fallback::Never, Err(Error::DeviceFailed { .. })) => {
                // The link is given up; the error stays an error.
                assert!(matches!(device.msm(&bases, &scalars), Err(Error::DeviceFailed { .. })));
                assert_eq!(device.report().fallbacks, 0);
            }
            (Fallback::Auto, Ok(found)) => {
                assert_eq!(found, sum(&points, &scalars));
                assert_eq!(device.report().fallbacks, 1);
                let mut values = values(8, &mut rng(74));
                device.ntt(&mut values, &Transform::FORWARD).unwrap();
                assert_eq!(device.report().fallbacks, 2);
            }
            (_, other) => panic!("{fallback:?}: {other:?}"),
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
        drop(device);
        // Opening it again helps.
        works(&remote.open(Fallback::Never), 75);
    }
}

#[test]
fn a_server_that_is_stopped_in_a_task() {
    let (points, scalars) = terms(5, &mut rng(76));
    for fallback in [Fallback::Never, Fallback::Auto] {
        // The command hangs, so it is under way when the server stops.
        let remote = Remote::new(&["hang@msm*0"]);
        let device = Device::open(&remote.name, &Options { fallback, ..Options::default() }).unwrap();
        let bases = device.upload_bases(&points).unwrap();
        let start = Instant::now();
        let result = std::thread::scope(|scope| {
            let task = scope.spawn(|| device.msm(&bases, &scalars));
            std::thread::sleep(Duration::from_millis(300));
            remote.stopper.stop();
            task.join().unwrap()
        });
        match fallback {
            Fallback::Never => assert!(matches!(result, Err(Error::DeviceFailed { .. })), "{result:?}"),
            Fallback::Auto => {
                assert_eq!(result.unwrap(), sum(&points, &scalars));
                assert_eq!(device.report().fallbacks, 1);
            }
        }
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    }
}

#[test]
fn sockets_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("vfio-user:{}", folder.path().join("absent.sock").display());
    let error = Device::open(&name, &Options::default()).unwrap_err();
    assert!(matches!(error, Error::DeviceUnavailable { .. }) && error.kind() == ErrorKind::Device, "{error:?}");
    assert!(error.to_string().contains("absent.sock"), "{error}");
    let config = Options { config: Some("tiny".into()), ..Options::default() };
    let error = Device::open(&name, &config).unwrap_err();
    assert!(error.to_string().contains("configuration"), "{error}");
}
