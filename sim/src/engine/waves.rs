//! Waveforms of a range of cycles.
//!
//! One cycle is [`PICOSECONDS`] long in the file, so the cycle's number is the time in
//! nanoseconds; inputs change at its start, the clock rises in its middle. The native engine
//! writes VCD with every signal of the card, twinned leaves by their ports; Verilator writes VCD
//! or FST with every signal of the Verilog.

use crate::error::SimError;
use gristmill_hdl::card::Card;
use gristmill_hdl_kit::twin;
use rust_hdl::core::vcd_probe::{VCDProbe, write_vcd_change, write_vcd_dump, write_vcd_header};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Length of a cycle in the file.
pub const PICOSECONDS: u64 = 1000;

/// Which cycles to write, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waves {
    /// The file; `.fst` asks Verilator for FST, anything else is VCD.
    pub file: PathBuf,
    /// First cycle.
    pub from: u64,
    /// First cycle that is not written any more.
    pub to: u64,
}

impl Waves {
    /// Cycles `from .. to` into `file`.
    pub fn new(file: impl Into<PathBuf>, from: u64, to: u64) -> Self {
        Waves { file: file.into(), from, to }
    }

    /// Whether the file's name asks for FST.
    pub fn is_fst(&self) -> bool {
        self.file.extension().is_some_and(|e| e == "fst")
    }

    /// Refuses an empty range, an unwritable file, and FST from the native engine.
    pub(crate) fn check(&self, native: bool) -> Result<(), SimError> {
        if self.from >= self.to {
            return Err(SimError::Options(format!("waves from cycle {} to {}: an empty range", self.from, self.to)));
        }
        if native && self.is_fst() {
            return Err(SimError::Options(format!(
                "waves {}: the native engine writes VCD; name the file .vcd, or use Verilator",
                self.file.display()
            )));
        }
        File::create(&self.file).map(drop).map_err(|e| SimError::io(format!("waves {}", self.file.display()), e))
    }
}

/// RustHDL's writer panics when the file system is full: this one remembers the error instead.
struct Patient {
    file: BufWriter<File>,
    error: Arc<Mutex<Option<std::io::Error>>>,
}

impl Patient {
    fn keep(&self, result: std::io::Result<()>) {
        if let Err(e) = result {
            self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
        }
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let result = self.file.write_all(bytes);
        self.keep(result);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let result = self.file.flush();
        self.keep(result);
        Ok(())
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        let result = self.file.flush();
        self.keep(result);
    }
}

/// A VCD file of all signals of a natively simulated card.
pub(super) struct NativeWaves {
    path: PathBuf,
    probe: Option<VCDProbe<Patient>>,
    error: Arc<Mutex<Option<std::io::Error>>>,
    first: bool,
}

impl NativeWaves {
    pub fn create(path: &Path, card: &Card) -> Result<Self, SimError> {
        let file = File::create(path).map_err(|e| SimError::io(format!("waves {}", path.display()), e))?;
        let error = Arc::new(Mutex::new(None));
        let writer = Patient { file: BufWriter::new(file), error: error.clone() };
        let probe = twin::with_own_ports(|| write_vcd_header(writer, card));
        let mut waves = NativeWaves { path: path.to_path_buf(), probe: Some(probe), error, first: true };
        waves.result().map(|()| waves)
    }

    fn result(&mut self) -> Result<(), SimError> {
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner).take();
        error.map_or(Ok(()), |e| Err(SimError::io(format!("waves {}", self.path.display()), e)))
    }

    /// Writes what has changed.
    pub fn sample(&mut self, card: &Card, time: u64) -> Result<(), SimError> {
        if let Some(mut probe) = self.probe.take() {
            probe.timestamp(time).map_err(|e| SimError::io("waves", e))?;
            let write = if std::mem::take(&mut self.first) { write_vcd_dump } else { write_vcd_change };
            self.probe = Some(twin::with_own_ports(|| write(probe, card)));
        }
        self.result()
    }

    pub fn finish(mut self) -> Result<(), SimError> {
        self.probe = None;
        self.result()
    }
}
