//! The guest: a QEMU process without hardware virtualisation.

use super::assets::Assets;
use super::console::Line;
use super::tie::tie;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Guest memory. Below 512 MiB the kernel has no transparent huge pages.
const MEMORY: &str = "512M";
/// How long a register access may take: a card's simulation can be busy elsewhere. After it, QEMU
/// gives the card up for good.
const ACCESS_MS: u32 = 60_000;

/// A running guest. Killed on drop.
#[derive(Debug)]
pub struct Machine {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Line>,
    kernel_log: PathBuf,
    qemu_log: PathBuf,
}

/// What to boot.
#[derive(Debug)]
pub struct Guest<'a> {
    pub initramfs: &'a Path,
    /// Each card's socket, and whether another device shares its group.
    pub cards: Vec<(&'a Path, bool)>,
    pub iommu: bool,
    /// More of the kernel's command line.
    pub append: String,
}

impl Machine {
    /// Starts the guest. Its logs go to `folder`.
    pub fn start(assets: &Assets, guest: &Guest, folder: &Path) -> Result<Self, String> {
        let (kernel_log, qemu_log) = (folder.join("kernel.log"), folder.join("qemu.log"));
        let mut command = Command::new(&assets.qemu);
        command.args(["-machine", "q35,memory-backend=m", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "1"]);
        // Shared, or the cards see nothing of it.
        command.args(["-m", MEMORY, "-object", &format!("memory-backend-memfd,id=m,size={MEMORY},share=on")]);
        command.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
        command.args(["-serial", &format!("file:{}", kernel_log.display()), "-serial", "stdio"]);
        // On a busy machine the emulated timer is late, and the kernel would take it for broken.
        let mut append = String::from("console=ttyS0 quiet panic=-1 no_timer_check ");
        if let Ok(way) = std::env::var("GRISTMILL_VFIO") {
            // What the kernel does not know it hands to the first process' environment.
            append.push_str(&format!("GRISTMILL_VFIO={way} "));
        }
        if guest.iommu {
            // Without caching-mode the kernel would not tell QEMU of new mappings.
            command.args(["-device", "intel-iommu,caching-mode=on,intremap=on,aw-bits=48"]);
            append.push_str("intel_iommu=on iommu.strict=1 ");
        }
        for (i, (socket, shared)) in guest.cards.iter().enumerate() {
            command.args(["-device", &format!("pcie-root-port,id=port{i},chassis={},slot={}", i + 1, i + 1)]);
            let socket = serde_json::json!({ "type": "unix", "path": socket });
            if *shared {
                // Functions of one device that cannot be told apart by the IOMMU.
                command.args(["-device", &format!("virtio-rng-pci,bus=port{i},addr=0.0,multifunction=on")]);
            }
            let function = if *shared { "0.1" } else { "0.0" };
            let device = serde_json::json!({ "driver": "vfio-user-pci", "bus": format!("port{i}"), "addr": function,
                "socket": socket, "x-msg-timeout": ACCESS_MS });
            command.args(["-device", &device.to_string()]);
        }
        command.arg("-kernel").arg(&assets.kernel).arg("-initrd").arg(guest.initramfs);
        command.args(["-append", &format!("{append}{}", guest.append)]);
        let log = File::create(&qemu_log).map_err(|e| format!("{}: {e}", qemu_log.display()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        tie(&mut command);
        let mut child = command.spawn().map_err(|e| format!("{}: {e}", assets.qemu.display()))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (stdin, stdout) = stdin.zip(stdout).ok_or("QEMU has no standard files")?;
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stdout);
            let mut bytes = Vec::new();
            while matches!(reader.read_until(b'\n', &mut bytes), Ok(n) if n > 0) {
                if send.send(Line::parse(&String::from_utf8_lossy(&bytes))).is_err() {
                    return;
                }
                bytes.clear();
            }
        });
        Ok(Machine { child, stdin, lines, kernel_log, qemu_log })
    }

    /// The next line; an error if the guest has ended or is silent for too long.
    pub fn line(&mut self, patience: Duration) -> Result<Line, String> {
        self.lines.recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("the guest has been silent for {patience:?}"),
            RecvTimeoutError::Disconnected => format!("the guest has ended ({:?})", self.child.wait()),
        })
    }

    /// Writes a line to the guest.
    pub fn answer(&mut self, line: &str) -> Result<(), String> {
        writeln!(self.stdin, "{line}").and_then(|()| self.stdin.flush()).map_err(|e| format!("the guest's line: {e}"))
    }

    /// The ends of both logs.
    pub fn logs(&self) -> String {
        let tail = |path: &Path| {
            let text = std::fs::read(path).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(40)..].join("\n")
        };
        format!("kernel:\n{}\nQEMU:\n{}", tail(&self.kernel_log), tail(&self.qemu_log))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
