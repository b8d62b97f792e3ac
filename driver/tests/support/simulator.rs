//! The protocol-only simulator behind a socket.
#![allow(dead_code)] // each test file uses its part

use gristmill_driver::*;
use gristmill_sim::fault::FaultPlan;
use gristmill_sim::vfio_user::{Server, Stopper};
use gristmill_sim::{Options as SimOptions, SimCard};
use std::thread::JoinHandle;

/// A server in a thread of its own; ended when dropped.
pub struct Simulator {
    pub name: String,
    pub stopper: Stopper,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Simulator {
    pub fn new() -> Self {
        Self::with_faults(&[])
    }

    pub fn with_faults(faults: &[FaultPlan]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::bind(&folder.path().join("card.sock")).unwrap();
        let options = SimOptions { faults: faults.to_vec(), ..SimOptions::protocol_only() };
        let mut card = SimCard::new(&options).unwrap();
        let (name, stopper) = (format!("vfio-user:{}", server.path().display()), server.stopper());
        let thread = Some(std::thread::spawn(move || server.run(&mut card).unwrap()));
        Simulator { name, stopper, thread, _folder: folder }
    }

    pub fn open(&self) -> Card {
        self.open_with(Options::default())
    }

    pub fn open_with(&self, options: Options) -> Card {
        Card::open_with(open(&self.name).unwrap(), options).unwrap()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stopper.stop();
        self.thread.take().unwrap().join().unwrap();
    }
}
