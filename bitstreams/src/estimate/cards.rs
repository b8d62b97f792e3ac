//! A design mapped piece by piece to a family's primitives, and the table of what it takes.

use super::EstimateError;
use super::blocks::Source;
use super::pieces::{Modules, Piece};
use super::xilinx::{Family, Part, Use, thousands};
use super::yosys::{Mapped, Run, Yosys};
use crate::hash;
use gristmill_hdl_kit::verilog::TOP;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

/// A design whose pieces are mapped.
#[derive(Debug, Clone)]
pub struct Design {
    /// Its family.
    pub family: Family,
    /// The pieces, the top first.
    pub order: Vec<String>,
    /// Cells of each, other pieces that stand in it by their names.
    pub mapped: Mapped,
    /// What it was made from.
    source: Source,
}

/// What yosys is to do with a piece.
pub fn run(piece: &Piece, family: Family) -> Run {
    // The hash: pieces of several designs lie in one folder, and equal ones are mapped once.
    let stem = format!("{}-{}-{}", family.name(), piece.top, &hash::of(piece.text.as_bytes())[..12]);
    let file = format!("{stem}.v");
    let mut files = piece.tables.clone();
    files.insert(file.clone(), piece.text.clone());
    Run {
        block: piece.top.clone(),
        script: family.script(&file, &piece.top),
        top: piece.top.clone(),
        stem,
        files,
        stat: "",
    }
}

impl Design {
    /// Maps the pieces of a design one after the other; `say` hears which, and how long it took.
    ///
    /// # Errors
    /// As [`Yosys::run`]; [`EstimateError::Block`] for a design without modules.
    pub fn map(
        yosys: &Yosys,
        source: Source,
        family: Family,
        folder: &Path,
        say: &mut dyn FnMut(&str),
    ) -> Result<Self, EstimateError> {
        let kept = source.kept.keys().cloned().collect();
        let pieces = Modules::of(&source.verilog).pieces(TOP, &kept);
        let mut mapped = Mapped::default();
        for piece in &pieces {
            let started = Instant::now();
            let found = yosys.run(&run(piece, family), folder)?;
            say(&format!("{} on {}: {}: {} s", source.name, family.name(), piece.top, started.elapsed().as_secs()));
            // Whatever yosys did not flatten is named in the report as well.
            for (module, cells) in found.modules {
                if module == piece.top || !piece.boxes.contains(&module) {
                    mapped.modules.insert(module, cells);
                }
            }
        }
        if pieces.is_empty() {
            return Err(EstimateError::Block { block: source.name, reason: "it has no module `top`".into() });
        }
        Ok(Design { family, order: pieces.into_iter().map(|p| p.top).collect(), mapped, source })
    }

    /// How often a piece stands in the design.
    pub fn stands(&self, module: &str) -> u64 {
        if self.order.first().is_some_and(|top| top == module) {
            return 1;
        }
        let mut times = 0;
        for outer in &self.order {
            if let Some(n) = self.mapped.modules.get(outer).and_then(|cells| cells.get(module)) {
                times += n * self.stands(outer);
            }
        }
        times
    }

    /// The fields whose instances a piece is.
    pub fn fields(&self, module: &str) -> &[String] {
        self.source.kept.get(module).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a piece stands in another directly.
    pub fn is_in(&self, module: &str, outer: &str) -> bool {
        self.mapped.modules.get(outer).is_some_and(|cells| cells.contains_key(module))
    }

    /// The whole design.
    ///
    /// # Errors
    /// As [`Use::of`].
    pub fn all(&self) -> Result<Use, EstimateError> {
        Use::of_module(&self.mapped, TOP)
    }

    /// The kept module whose instances have this field's name, with all in it; the biggest if there are several.
    ///
    /// # Errors
    /// As [`Use::of`]; [`EstimateError::Block`] if there is none.
    pub fn of(&self, field: &str) -> Result<Use, EstimateError> {
        let mut biggest: Option<Use> = None;
        for (module, fields) in &self.source.kept {
            if fields.iter().any(|f| f == field) && self.mapped.modules.contains_key(module) {
                let used = Use::of_module(&self.mapped, module)?;
                if biggest.is_none_or(|b| (b.dsps, b.luts) < (used.dsps, used.luts)) {
                    biggest = Some(used);
                }
            }
        }
        biggest.ok_or_else(|| EstimateError::Block {
            block: self.source.name.clone(),
            reason: format!("no module of a field `{field}` is a piece"),
        })
    }

    /// A table: each piece without those inside, how often it stands, and the sum. A piece that only holds others has no
    /// row.
    ///
    /// # Errors
    /// As [`Use::of`].
    pub fn table(&self, what: impl Fn(&Self, &str) -> String) -> Result<String, EstimateError> {
        let mut text = format!(
            "| module | what | times | LUT | FF | CARRY4 | {} | BRAM36 | URAM |\n|---|---|---|---|---|---|---|---|---|\n",
            self.family.dsp()
        );
        for module in &self.order {
            let own = Use::own(&self.mapped, module)?;
            if own != Use::default() {
                let (what, times) = (what(self, module), self.stands(module));
                let _ = writeln!(text, "| `{module}` | {what} | {times} | {} |", own.cells());
            }
        }
        let _ = writeln!(text, "| | **sum** | | {} |", self.all()?.cells());
        Ok(text)
    }
}

/// A row of shares of a part, and whether it fits.
pub fn share(part: &Part, what: &str, used: Use) -> String {
    let lacking = used.lacking(part);
    let fits = if lacking.is_empty() { "yes".to_string() } else { format!("**no**: {lacking}") };
    format!("| {} | {what} | {} | {} | {fits} |\n", part.name, thousands(used.dsps), used.percent(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::xilinx::PARTS;
    use crate::estimate::yosys::Cells;
    use std::collections::{BTreeMap, BTreeSet};

    fn design() -> Design {
        let cells = |list: &[(&str, u64)]| -> Cells { list.iter().map(|(c, n)| (c.to_string(), *n)).collect() };
        let modules = BTreeMap::from([
            ("top".to_string(), cells(&[("LUT6", 5), ("m_adder", 1), ("m_mul", 1)])),
            ("m_adder".to_string(), cells(&[("FDRE", 7), ("m_mul", 12)])),
            ("m_mul".to_string(), cells(&[("LUT2", 3), ("m_stage", 15), ("DSP48E2", 31)])),
            ("m_stage".to_string(), cells(&[("DSP48E2", 31), ("CARRY4", 2)])),
        ]);
        let kept = ["m_adder", "m_mul", "m_stage"].map(|m| (m.to_string(), vec![m[2..].to_string()]));
        Design {
            family: Family::Xcup,
            order: ["top", "m_adder", "m_mul", "m_stage"].map(String::from).into(),
            mapped: Mapped { modules, areas: BTreeMap::new() },
            source: Source { name: "x".into(), verilog: String::new(), kept: kept.into(), boxes: BTreeSet::new() },
        }
    }

    #[test]
    fn pieces_are_counted_as_often_as_they_stand() {
        let d = design();
        assert_eq!(["top", "m_adder", "m_mul", "m_stage"].map(|m| d.stands(m)), [1, 1, 13, 195]);
        let all = d.all().expect("known cells");
        assert_eq!((all.luts, all.registers, all.dsps, all.carries), (5 + 13 * 3, 7, 13 * 16 * 31, 195 * 2));
        let rows = d.order.iter().map(|m| Use::own(&d.mapped, m).expect("known").times(d.stands(m)));
        assert_eq!(rows.fold(Use::default(), Use::plus), all, "the table's rows add up to its sum");
        assert_eq!(d.of("adder").expect("there").dsps, 12 * 16 * 31);
        assert!(matches!(d.of("redc"), Err(EstimateError::Block { .. })));
    }

    #[test]
    fn the_table_says_what_stands_how_often() {
        let text = design().table(|d, m| format!("the {}", d.fields(m).join(""))).expect("known cells");
        assert!(text.contains("| `m_stage` | the stage | 195 | 0 | 0 | 2 | 31 | 0 | 0 |\n"), "{text}");
        assert!(design().is_in("m_mul", "m_adder") && !design().is_in("m_stage", "m_adder"));
        assert!(text.contains("| | **sum** | | 44 | 7 | 390 | 6,448 | 0 | 0 |\n"), "{text}");
    }

    #[test]
    fn a_part_that_is_too_small_is_said_to_be() {
        let used = Use { dsps: 6_841, luts: 1, ..Use::default() };
        assert!(share(&PARTS[0], "x", used).ends_with("| **no**: DSP 6841 of 6840 |\n"));
        assert!(share(&PARTS[1], "x", used).ends_with("| yes |\n"));
    }
}
