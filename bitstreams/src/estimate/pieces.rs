//! A design cut into pieces for yosys: one module and what stands in it, down to the modules that are mapped by
//! themselves, of which only the ports are left.
//!
//! A multiplier's stage is then mapped once and not 17 times, a multiplier once and not 12, and no run is long.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Tables of more words than this go to a file of their own: yosys reads an assignment a word in quadratic time.
const LONG_TABLE: usize = 512;

/// The modules of generated Verilog, by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modules<'a>(BTreeMap<&'a str, Vec<&'a str>>);

/// What one run of yosys reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    /// Verilog.
    pub text: String,
    /// Tables as `$readmemh` reads them, by the name of their file.
    pub tables: BTreeMap<String, String>,
    /// Modules of which only ports are in the text.
    pub boxes: BTreeSet<String>,
}

impl<'a> Modules<'a> {
    /// Splits the text.
    pub fn of(verilog: &'a str) -> Self {
        let mut modules = BTreeMap::new();
        let mut lines = verilog.lines();
        while let Some(line) = lines.next() {
            let Some((name, _)) = line.strip_prefix("module ").and_then(|rest| rest.split_once('(')) else { continue };
            let mut body = vec![line];
            body.extend(lines.by_ref().take_while(|l| l.trim() != "endmodule"));
            modules.insert(name.trim(), body);
        }
        Modules(modules)
    }

    /// Modules that stand in this one, once each.
    fn inside(&self, module: &str) -> BTreeSet<&'a str> {
        // An instance begins `KIND NAME(` and its connections follow on lines of their own.
        let kinds = self.0.get(module).into_iter().flatten().filter(|l| l.ends_with('('));
        kinds
            .filter_map(|l| l.split_whitespace().next())
            .filter_map(|kind| self.0.get_key_value(kind))
            .map(|(kind, _)| *kind)
            .collect()
    }

    /// The module `top` with all in it, of which `kept` are boxes.
    pub fn piece(&self, top: &str, kept: &BTreeSet<String>) -> Piece {
        let mut piece = Piece::default();
        let mut waiting = vec![top];
        let mut seen = BTreeSet::new();
        while let Some(module) = waiting.pop() {
            let Some((&module, body)) = self.0.get_key_value(module) else { continue };
            if !seen.insert(module) {
                continue;
            }
            if module != top && kept.contains(module) {
                piece.boxes.insert(module.into());
                let ports = body[1..].iter().filter(|l| {
                    let l = l.trim_start();
                    ["input ", "output ", "inout "].iter().any(|d| l.starts_with(d))
                });
                let _ = writeln!(piece.text, "(* blackbox *)\n{}", body[0]);
                for port in ports {
                    let _ = writeln!(piece.text, "{port}");
                }
            } else {
                let table: Vec<&str> = body.iter().filter_map(|l| word(l)).collect();
                let long = table.len() > LONG_TABLE;
                let mut named = false;
                for line in body {
                    if !long || word(line).is_none() {
                        let _ = writeln!(piece.text, "{line}");
                    } else if !named {
                        named = true;
                        let _ = writeln!(piece.text, "    $readmemh(\"{module}.hex\", words);");
                    }
                }
                if long {
                    piece.tables.insert(format!("{module}.hex"), table.join("\n") + "\n");
                }
                waiting.extend(self.inside(module));
            }
            piece.text.push_str("endmodule\n\n");
        }
        piece
    }
}

/// The hexadecimal digits of a table's line `words[3] = 256'h1f;`; the words stand in the order of their addresses.
fn word(line: &str) -> Option<&str> {
    let value = line.trim().strip_prefix("words[")?.split_once("] = ")?.1;
    value.split_once("'h")?.1.strip_suffix(';')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design() -> String {
        let words: String = (0..600).map(|i| format!("    words[{i}] = 8'h{:x};\n", i % 256)).collect();
        format!(
            "module m_stage(a,r);\n    input wire a;\n    output reg [3:0] r;\n    m_ff x(\n    .a(a)\n    );\nendmodule\n\n\
             module m_ff(a);\n    input wire a;\nendmodule\n\n\
             module m_rom(a);\n    input wire a;\nreg [7:0] words [0:599];\ninitial begin\n{words}end\nendmodule\n\n\
             module top(a);\n    input wire a;\n    m_stage s0(\n    );\n    m_stage s1(\n    );\nendmodule\n"
        )
    }

    #[test]
    fn a_kept_module_is_a_box_outside_and_whole_as_its_own_piece() {
        let (text, kept) = (design(), BTreeSet::from(["m_stage".to_string()]));
        let modules = Modules::of(&text);
        let top = modules.piece("top", &kept);
        assert_eq!(top.boxes, kept);
        assert!(top.text.contains("(* blackbox *)\nmodule m_stage(a,r);\n    input wire a;\n    output reg [3:0] r;\nendmodule"));
        assert!(!top.text.contains("m_ff") && !top.text.contains("m_rom"), "{}", top.text);
        let stage = modules.piece("m_stage", &kept);
        assert!(stage.boxes.is_empty() && stage.text.contains("module m_ff(a);") && !stage.text.contains("top"));
    }

    #[test]
    fn a_long_table_goes_to_its_file_word_by_word() {
        let text = design();
        let rom = Modules::of(&text).piece("m_rom", &BTreeSet::new());
        assert!(rom.text.contains("initial begin\n    $readmemh(\"m_rom.hex\", words);\nend\n"), "{}", rom.text);
        let table: Vec<&str> = rom.tables["m_rom.hex"].lines().collect();
        assert_eq!((table.len(), table[0], table[255], table[256]), (600, "0", "ff", "0"));
    }
}
