//! Simulated cards: each a `gristmill sim` process.

use super::tie::tie;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a card may take to power up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A card's process. Killed on drop.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Its socket.
    pub socket: PathBuf,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Starts a card and waits until its socket is there.
    pub fn start(gristmill: &Path, socket: PathBuf, arguments: &[&str]) -> Result<Self, String> {
        let mut command = Command::new(gristmill);
        command.arg("sim").arg("--socket").arg(&socket).args(arguments);
        command.env("GRISTMILL_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        tie(&mut command);
        let mut child = command.spawn().map_err(|e| format!("{}: {e}", gristmill.display()))?;
        let stderr = child.stderr.take().ok_or("the simulator has no standard error")?;
        let (log, (tell, up)) = (Arc::new(Mutex::new(String::new())), channel());
        let server = Server { child, socket, log: log.clone() };
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if line.starts_with("use it with") {
                    let _ = tell.send(());
                }
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                // Enough to see what happened; a fault a cycle would fill the memory.
                if log.len() < 1 << 16 {
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        up.recv_timeout(PATIENCE).map_err(|_| format!("no card came up: {}", server.log()))?;
        Ok(server)
    }

    /// Pulls the card out: the process ends without a word.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What it has said.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
