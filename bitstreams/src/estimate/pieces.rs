//! A design cut into pieces for yosys: one module and what stands in it, down to the modules that are mapped by
//! themselves, of which only the ports are left.
//!
//! A multiplier is then mapped once and not 12 times, and no run is long. What is lost: constants on the ports of a
//! module do not fold into it, and registers on both sides of a border are not packed together. So a cut goes where
//! modules are whole in themselves, not through a multiplier, whose first stage has nothing to reduce and whose last
//! has no digit.

use crate::hash;
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
    /// Its module.
    pub top: String,
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

    /// The module of which the line begins an instance: `KIND NAME(`, the connections on lines of their own.
    fn kind(&self, line: &str) -> Option<&'a str> {
        let kind = line.trim_start().strip_suffix('(')?.split_once(' ')?.0;
        self.0.get_key_value(kind).map(|(kind, _)| *kind)
    }

    /// The pieces of a design, `top` and all modules in it that are `kept`, each once: `top` first, what stands in a
    /// piece after it.
    pub fn pieces(&self, top: &str, kept: &BTreeSet<String>) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut waiting = vec![top.to_string()];
        while let Some(module) = waiting.pop() {
            if self.0.contains_key(module.as_str()) && pieces.iter().all(|p| p.top != module) {
                let piece = self.piece(&module, kept);
                waiting.extend(piece.boxes.iter().rev().cloned());
                pieces.push(piece);
            }
        }
        pieces
    }

    /// The module `top` with all in it, of which those that are kept are boxes.
    fn piece(&self, top: &str, kept: &BTreeSet<String>) -> Piece {
        let mut piece = Piece { top: top.into(), ..Piece::default() };
        let mut waiting = vec![top];
        let mut seen = BTreeSet::new();
        while let Some(module) = waiting.pop() {
            let Some((&module, body)) = self.0.get_key_value(module) else { continue };
            if !seen.insert(module) {
                continue;
            }
            if module != top && kept.contains(module) {
                piece.boxes.insert(module.into());
                piece.text.push_str("(* blackbox *)\n");
                let ports = body[1..].iter().filter(|l| {
                    let l = l.trim_start();
                    ["input ", "output ", "inout "].iter().any(|d| l.starts_with(d))
                });
                for line in body[..1].iter().chain(ports) {
                    let _ = writeln!(piece.text, "{line}");
                }
            } else {
                let words: Vec<&str> = body.iter().filter_map(|l| word(l)).collect();
                let long = words.len() > LONG_TABLE;
                let mut named = false;
                for line in body {
                    if !long || word(line).is_none() {
                        let _ = writeln!(piece.text, "{line}");
                        waiting.extend(self.kind(line));
                    } else if !named {
                        let table = words.join("\n") + "\n";
                        let file = format!("{module}-{}.hex", &hash::of(table.as_bytes())[..12]);
                        let _ = writeln!(piece.text, "    $readmemh(\"{file}\", words);");
                        piece.tables.insert(file, table);
                        named = true;
                    }
                }
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
             module m_mul(a);\n    input wire a;\n    m_stage stage$0(\n    );\n    m_stage stage$1(\n    );\n    \
             m_rom rom(\n    );\nendmodule\n\n\
             module top(a);\n    input wire a;\n    m_mul x(\n    );\n    m_mul y(\n    );\n    m_stage z(\n    );\nendmodule\n"
        )
    }

    fn kept(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| n.to_string()).collect()
    }

    #[test]
    fn each_kept_module_is_one_piece_and_a_box_in_the_others() {
        let text = design();
        let pieces = Modules::of(&text).pieces("top", &kept(&["m_stage", "m_mul"]));
        let tops: Vec<&str> = pieces.iter().map(|p| p.top.as_str()).collect();
        assert_eq!(tops, ["top", "m_mul", "m_stage"]);
        let box_of_stage =
            "(* blackbox *)\nmodule m_stage(a,r);\n    input wire a;\n    output reg [3:0] r;\nendmodule";
        let [top, mul, stage] = &pieces[..] else { panic!("three") };
        assert_eq!(top.boxes, BTreeSet::from(["m_mul".to_string(), "m_stage".to_string()]));
        assert!(top.text.contains(box_of_stage) && top.text.contains("(* blackbox *)\nmodule m_mul(a);"));
        assert!(!top.text.contains("m_ff") && !top.text.contains("m_rom"), "{}", top.text);
        assert_eq!(mul.boxes, BTreeSet::from(["m_stage".to_string()]));
        assert!(mul.text.contains(box_of_stage) && mul.text.contains("module m_rom(a);"), "{}", mul.text);
        assert!(stage.boxes.is_empty() && stage.text.contains("module m_ff(a);") && !stage.text.contains("top"));
        // Every module is whole in exactly one piece.
        for module in ["m_stage", "m_ff", "m_rom", "m_mul", "top"] {
            let whole = pieces.iter().flat_map(|p| p.text.split("endmodule")).filter(|m| {
                m.trim_start().starts_with(&format!("module {module}(")) // A box begins with its attribute.
            });
            assert_eq!(whole.count(), 1, "{module}");
        }
    }

    #[test]
    fn what_is_not_reached_is_in_no_piece() {
        let text = design() + "module m_alone(a);\nendmodule\n";
        let pieces = Modules::of(&text).pieces("m_mul", &kept(&["m_stage", "m_alone", "m_missing"]));
        assert_eq!(pieces.len(), 2);
        assert!(pieces.iter().all(|p| !p.text.contains("m_alone")));
    }

    #[test]
    fn a_long_table_goes_to_its_file_word_by_word() {
        let text = design();
        let pieces = Modules::of(&text).pieces("m_rom", &BTreeSet::new());
        let (file, table) = pieces[0].tables.first_key_value().expect("a table");
        assert!(pieces[0].text.contains(&format!("initial begin\n    $readmemh(\"{file}\", words);\nend\n")));
        assert!(file.starts_with("m_rom-") && file.ends_with(".hex"), "{file}");
        let table: Vec<&str> = table.lines().collect();
        assert_eq!((table.len(), table[0], table[255], table[256]), (600, "0", "ff", "0"));
    }
}
