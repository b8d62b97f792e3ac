//! The readable report.

use super::area::Row;
use super::usage::Usage;
use super::{ECP5_85, Plan};
use crate::design::Source;
use std::fmt::Write;
use std::time::Duration;

/// Modules that "too full" names for each resource.
const BIGGEST: usize = 6;

/// A time as people say it.
pub fn seconds(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..120 => format!("{s} s"),
        _ => format!("{} min {:02} s", s / 60, s % 60),
    }
}

fn percent(used: u32, available: u32) -> f64 {
    f64::from(used) * 100.0 / f64::from(available.max(1))
}

/// What is built.
pub fn head(plan: &Plan, source: &Source) -> String {
    let (board, config) = (&plan.board, &source.config);
    format!(
        "{} ({}), configuration {} (id {:08x})\nsource hash {}\nclock {} MHz from {} MHz, link {} baud\n",
        board.title,
        board.part,
        config.name,
        config.config_id(),
        source.hash_text(),
        plan.clocking.hz as f64 / 1e6,
        board.oscillator_hz as f64 / 1e6,
        board.baud
    )
}

/// One line of what is used.
pub fn usage_line(used: &Usage, available: &Usage) -> String {
    let part = |((name, used), (_, there)): ((&str, u32), (&str, u32))| {
        format!("{used} {name} ({:.0} %)", percent(used, there))
    };
    let parts: Vec<String> = used.each().into_iter().zip(available.each()).map(part).collect();
    parts.join(", ")
}

/// The table of modules, after synthesis.
pub fn modules(rows: &[Row], available: &Usage) -> String {
    let name = |row: &Row| match row.path.rsplit_once('.') {
        None if row.path.is_empty() => "(all)".to_owned(),
        None => format!("  {}", row.path),
        Some((above, last)) => format!("{}{last}", "  ".repeat(above.split('.').count() + 1)),
    };
    let width = rows.iter().map(|r| name(r).len()).max().unwrap_or(0).max(6);
    let mut out = format!("\nArea by module, after synthesis (of the part)\n{:width$}", "module");
    for (resource, _) in available.each() {
        let _ = write!(out, "  {resource:>16}");
    }
    out.push('\n');
    for row in rows {
        let _ = write!(out, "{:width$}", name(row));
        for ((_, used), (_, there)) in row.usage.each().into_iter().zip(available.each()) {
            let _ = write!(out, "  {used:>7} ({:>4.1} %)", percent(used, there));
        }
        out.push('\n');
    }
    out
}

/// After place and route: MHz reached and wanted.
pub fn placed(used: &Usage, spacers: u32, available: &Usage, mhz: (f64, f64), clock: &str, path: &str) -> String {
    let mut out = format!("\nPlaced and routed: {}\n", usage_line(used, available));
    if spacers > 0 {
        let _ = writeln!(out, "{spacers} more LUT4 are spacers: they compute nothing and keep the logic apart");
    }
    let _ = writeln!(out, "{:.2} MHz reached, {:.2} MHz wanted ({clock})", mhz.0, mhz.1);
    let _ = write!(out, "\nCritical path, nanoseconds\n{path}");
    out
}

/// The end.
pub fn tail(bitstream: &str, sha256: &str, times: &[(&str, Duration)]) -> String {
    let all: Duration = times.iter().map(|(_, time)| *time).sum();
    let parts: Vec<String> = times.iter().map(|(name, time)| format!("{name} {}", seconds(*time))).collect();
    format!("\n{bitstream}: sha256 {sha256}\ntime {}: {}\n", seconds(all), parts.join(", "))
}

/// What there is too much of, and which modules use most of it.
pub fn over(over: &[(&'static str, u32, u32)], rows: &[Row]) -> String {
    let mut out = String::new();
    for (name, used, there) in over {
        let _ = write!(out, "\n  {name}: {used} needed, {there} there, {} too many", used - there);
        let of = |row: &Row| row.usage.each().into_iter().find(|(n, _)| n == name).map_or(0, |(_, used)| used);
        // Modules beside each other: those three deep, or shallower without deeper ones.
        let mut biggest: Vec<(&Row, u32)> =
            rows.iter().map(|r| (r, of(r))).filter(|(r, n)| leaf(r, rows) && *n > 0).collect();
        biggest.sort_by_key(|(row, n)| (std::cmp::Reverse(*n), &row.path));
        for (row, n) in biggest.into_iter().take(BIGGEST) {
            let _ = write!(out, "\n    {n:>7}  {}", row.path);
        }
    }
    out
}

fn leaf(row: &Row, rows: &[Row]) -> bool {
    let depth = if row.path.is_empty() { 0 } else { row.path.split('.').count() };
    let below = |other: &Row| other.path.strip_prefix(&row.path).is_some_and(|rest| rest.starts_with('.'));
    depth == super::DEPTH || (depth > 0 && depth < super::DEPTH && !rows.iter().any(below))
}

/// The report's first lines again, for the terminal: what stands in the manifest.
pub fn summary(manifest: &crate::manifest::Manifest) -> String {
    let path = manifest.critical_path.as_ref();
    let path = path.map_or(String::new(), |(from, to)| format!("; critical path from {from} to {to}"));
    format!(
        "{}: {}, configuration {}\n{}\n{:.2} MHz reached at a clock of {} MHz{path}\nsha256 {}\n",
        manifest.board,
        manifest.part,
        manifest.configuration,
        usage_line(&manifest.used, &ECP5_85),
        manifest.fmax_mhz,
        manifest.clock_hz as f64 / 1e6,
        manifest.sha256
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(seconds(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(61)), "61 s");
        assert_eq!(seconds(Duration::from_secs(605)), "10 min 05 s");
    }

    #[test]
    fn too_full_names_resource_amount_and_modules() {
        let row = |path: &str, mult18| Row { path: path.into(), usage: Usage { mult18, ..Default::default() } };
        let rows = [
            row("", 170),
            row("card", 170),
            row("card.msm", 132),
            row("card.msm.adder", 99),
            row("card.msm.redc", 33),
            row("card.ntt", 38),
        ];
        let used = rows[0].usage;
        let text = over(&used.over(&ECP5_85), &rows);
        assert!(text.contains("MULT18X18D: 170 needed, 156 there, 14 too many"), "{text}");
        let order: Vec<&str> = text.lines().filter_map(|l| l.trim().split_once("  ")).map(|(_, name)| name).collect();
        assert_eq!(order, ["card.msm.adder", "card.ntt", "card.msm.redc"]);
    }
}
