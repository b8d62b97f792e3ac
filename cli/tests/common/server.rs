//! A simulated card behind a socket, in a process of its own, ended when dropped.

use super::gristmill;
use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A running `gristmill sim`.
pub struct Server {
    child: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts one on `card.sock` in a folder and waits until it listens.
    pub fn start(folder: &Path, args: &[&str]) -> Server {
        let log = File::create(folder.join("server.log")).expect("a log");
        let mut command = gristmill(folder);
        command.args(["sim", "--socket", "card.sock"]).args(args).env("GRISTMILL_LOG", "info");
        let child = command.stdout(Stdio::null()).stderr(log).spawn().expect("the server starts");
        let mut server = Server { child, folder: folder.to_owned() };
        server.wait_for("use it with");
        server
    }

    /// The device's name.
    pub fn device(&self) -> String {
        format!("vfio-user:{}", self.folder.join("card.sock").display())
    }

    /// What it has said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("server.log")).expect("its log")
    }

    /// Waits until it says something.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let start = Instant::now();
        while !self.log().contains(text) {
            let ended = self.child.try_wait().expect("its status");
            assert!(ended.is_none(), "the server ended ({ended:?}): {}", self.log());
            assert!(start.elapsed() < Duration::from_secs(120), "no `{text}`: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it at once, as a crash would: its socket's file stays.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Whether it still runs and takes connections.
    pub fn listens(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_none()
            && UnixStream::connect(self.folder.join("card.sock")).is_ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
