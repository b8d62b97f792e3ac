//! A report as text.

use crate::picture::{duration, grouped};
use gristmill::{Place, Report};
use std::fmt::Write;

/// The report's lines.
pub fn text(r: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "proved on {} in {}; the proof is valid", r.device, duration(r.seconds));
    for s in &r.stages {
        let place = if s.place == Place::Device { "device" } else { "host" };
        let cycles = if s.cycles > 0 { format!("{:>12} cycles", grouped(s.cycles)) } else { String::new() };
        let _ =
            writeln!(out, "{}", format!("  {:<34} {place:<6} {:>10} {cycles}", s.name, duration(s.seconds)).trim_end());
    }
    if r.cycles > 0 {
        let _ = write!(out, "  cycles {}", grouped(r.cycles));
        if let Some(hz) = r.clock_hz {
            let at = hz as f64 / 1e6;
            let _ = write!(out, " = {} at {at:.0} MHz (predicted)", duration(r.cycles as f64 / hz as f64));
        }
        out.push('\n');
        let _ = write!(out, "  useful additions {}", grouped(r.useful_additions));
        if let Some(share) = r.adder_use {
            let _ = write!(out, ", adder use {:.1} %", share * 100.0);
        }
        let _ = writeln!(out, ", butterflies {}", grouped(r.butterflies));
        let _ = writeln!(
            out,
            "  stalls: input {}, bucket in flight {}, nothing to add {}, drain {}",
            grouped(r.stalls.input),
            grouped(r.stalls.bucket),
            grouped(r.stalls.empty),
            grouped(r.stalls.drain)
        );
        let _ = writeln!(
            out,
            "  bytes: host memory {} read, {} written; card memory {} read, {} written",
            grouped(r.bytes.host_read),
            grouped(r.bytes.host_write),
            grouped(r.bytes.card_read),
            grouped(r.bytes.card_write)
        );
    }
    for c in &r.choices {
        let place = if c.place == Place::Device { "card" } else { "cpu" };
        let card = c.card_seconds.map_or("not offered".into(), duration);
        let cpu = duration(c.cpu_seconds);
        let _ = writeln!(out, "  chosen {place:<4} {} x {:<30} modelled: cpu {cpu}, card {card}", c.calls, c.stage);
    }
    let _ = writeln!(out, "  fall-backs {}", r.fallbacks);
    for reason in &r.fallback_reasons {
        let _ = writeln!(out, "    {reason}");
    }
    if !r.twins.is_empty() {
        let _ = writeln!(out, "  twins (native integers instead of their RTL): {}", r.twins.join(", "));
    }
    out
}
