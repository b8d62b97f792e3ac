//! `gristmill info`: what a device is and what it has counted.

use crate::args::{Info, WavesArgs};
use crate::error::CliError;
use crate::picture::grouped;
use crate::{open, output};
use gristmill::{Check, Fallback};

/// Runs the command.
pub fn run(args: &Info) -> Result<(), CliError> {
    let device = open::device(&args.device, Fallback::Never, Check::None, &WavesArgs::default())?;
    let info = device.info()?;
    if args.json {
        return output::line(serde_json::json!(info));
    }
    let mut out = String::new();
    let mut line = |name: &str, value: String| out.push_str(&format!("{name:<14} {value}\n"));
    line("device", info.device);
    line("kind", info.kind);
    line("version", info.version);
    if let Some(config) = info.config {
        line("configuration", config);
    }
    if let Some(id) = info.config_id {
        line("config id", id);
        line("source hash", info.source_hash.unwrap_or_else(|| "none: simulated, not built from a release".into()));
    }
    line("curve", info.curve);
    line("field", info.field);
    if let Some(hz) = info.clock_hz {
        line("clock", format!("{} Hz", grouped(hz)));
    }
    if let Some(bytes) = info.card_mem_bytes {
        let text =
            if bytes == 0 { "none: operands in host memory".into() } else { format!("{} bytes", grouped(bytes)) };
        line("card memory", text);
    }
    if let Some(m) = info.msm {
        let shape = format!("{} adder(s), {} windows of {} bits", m.adders, m.windows, m.window_bits);
        line("msm", format!("{shape}, {} segments each, up to {} points", m.segments, grouped(m.max_points)));
        if m.multiples > 1 {
            line("bases", format!("{} multiples of each, made when they go to the card", m.multiples));
        }
    }
    if let Some(n) = info.ntt {
        line("ntt", format!("{} butterfly unit(s), up to {} elements on chip", n.butterflies, grouped(n.max_elements)));
        if n.resident {
            line("vectors", "element-wise operations; vectors that fit on chip may stay in card memory".into());
        }
    }
    if let Some(n) = info.goldilocks {
        let shape = format!("{} butterfly unit(s), up to {} elements on chip", n.butterflies, grouped(n.max_elements));
        line("ntt", format!("goldilocks, {shape}"));
    }
    if !info.twins.is_empty() {
        line("twins", info.twins.join(", "));
    }
    for (name, value) in info.counters {
        line("counter", format!("{name:<16} {}", grouped(value)));
    }
    output::print(&out)
}
