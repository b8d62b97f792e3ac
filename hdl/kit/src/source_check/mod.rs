//! Rejects RustHDL kernels that would mean one thing in simulation and another in Verilog.
//!
//! RustHDL turns a kernel's syntax into Verilog without looking at types. Rust's operators keep
//! the width of their operands; Verilog computes an expression in the width of its widest part, up
//! to the assignment, and its operators bind differently. The check parses the sources with `syn`,
//! looks at every function marked `#[hdl_gen]` and at the fields of every `LogicBlock`, and reports
//! each construct where the two can part, or from which bad Verilog comes, with a way out.
//!
//! It sees syntax, not types: widths that are const generics are unknown to it, and so is what a
//! macro expands to. Co-simulation on random and edge vectors stays necessary.

mod kernel;
mod names;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// What is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// A widening cast (or `to_bits`) of a sum, difference, product, left shift or complement.
    CastOfExpression,
    /// `a & b == c` without parentheses.
    Precedence,
    /// A bare integer literal beside a comparison.
    LiteralInComparison,
    /// A literal in arithmetic whose upper bits matter (comparison, `>>`, a reduction, a shift amount).
    LiteralWidens,
    /// A narrowing cast in arithmetic (or under `!`) whose upper bits matter.
    NarrowingCast,
    /// `to_bits` in arithmetic whose upper bits matter.
    ToBits,
    /// A slice or a bit of anything but a signal.
    SliceOfExpression,
    /// Arithmetic on `.index()` inside an index.
    IndexArithmetic,
    /// A constant of Rust read in a kernel.
    RustConstant,
    /// A field of Rust (`self._x`) read in a kernel.
    RustField,
    /// An index that is not made of literals and loop variables, or two indices.
    ArrayIndex,
    /// A Verilog keyword as a field's name.
    Keyword,
    /// An element of an array of signals read before any is written.
    ReadBeforeWrite,
    /// `set_bit`.
    SetBit,
}

impl Rule {
    /// What goes wrong.
    pub fn why(self) -> &'static str {
        match self {
            Rule::CastOfExpression => {
                "the cast of an expression keeps its carry in Verilog, in simulation it is cut off"
            }
            Rule::Precedence => "Verilog's comparisons bind tighter than & | ^, Rust's do not",
            Rule::LiteralInComparison => "a bare literal has 32 bits in Verilog and widens the comparison",
            Rule::LiteralWidens => "a literal has 32 bits in Verilog, so this does not wrap where simulation does",
            Rule::NarrowingCast => "in Verilog this is computed in the width before the narrowing cast",
            Rule::ToBits => "to_bits leaves no trace in Verilog, so this is computed in the narrow width",
            Rule::SliceOfExpression => "Verilog can slice a signal only: this emits text that does not parse",
            Rule::IndexArithmetic => "index() counts in usize in simulation, in the signal's width in Verilog",
            Rule::RustConstant => "a constant of Rust is emitted as the name of a signal that does not exist",
            Rule::RustField => "a field that starts with _ is no signal, but is emitted as one",
            Rule::ArrayIndex => "RustHDL resolves one index, made of literals and loop variables",
            Rule::Keyword => "this name is a keyword of Verilog",
            Rule::ReadBeforeWrite => {
                "simulation reads the value of the last pass here, and RustHDL's own check misses it"
            }
            Rule::SetBit => "set_bit emits Verilog that is not valid",
        }
    }

    /// What to write instead.
    pub fn way_out(self) -> &'static str {
        match self {
            Rule::CastOfExpression => "cast the operands, or assign the expression to a Local and cast that",
            Rule::Precedence => "write the parentheses",
            Rule::LiteralInComparison => "compare with a Constant<> of the signal's width",
            Rule::LiteralWidens => "take a Constant<> of the signal's width, or assign the arithmetic to a Local first",
            Rule::NarrowingCast => "assign the cast to a Local first",
            Rule::ToBits => "use bit_cast (bit_cast_u for U<N>), which says the width in Verilog, too",
            Rule::SliceOfExpression => "assign the expression to a Local and slice that",
            Rule::IndexArithmetic => "compute the index in a Local that is wide enough",
            Rule::RustConstant => "hold it in a Constant<>, or use it only in a range or a const argument",
            Rule::RustField => "hold it in a Constant<>; ranges of loops may use it as it is",
            Rule::ArrayIndex => {
                "write the number or a loop variable; put what has two indices into a module of its own"
            }
            Rule::Keyword => "choose another name",
            Rule::ReadBeforeWrite => "write all elements first (a default in a loop at the head of update())",
            Rule::SetBit => "build the word with shifts and |, or use replace_bit",
        }
    }
}

/// One construct to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The source.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// Why it is rejected.
    pub rule: Rule,
    /// The text in question, on one line.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {:?}: `{}`: {}; {}",
            self.file.display(),
            self.line,
            self.column,
            self.rule,
            self.text,
            self.rule.why(),
            self.rule.way_out()
        )
    }
}

/// A source that cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Not readable.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Not Rust.
    #[error("{}:{line}: {message}", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
}

/// What a check looked at, and what it found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Kernels (functions marked `#[hdl_gen]`) seen.
    pub kernels: usize,
    /// In the order of the sources.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Report {
    /// One line for each finding.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|x| writeln!(f, "{x}"))
    }
}

/// Checks Rust text; `file` is only the name in findings.
///
/// # Errors
/// [`SourceError::Parse`].
pub fn check_text(file: &Path, text: &str) -> Result<Report, SourceError> {
    let parsed = syn::parse_file(text).map_err(|e| SourceError::Parse {
        path: file.into(),
        line: e.span().start().line,
        message: e.to_string(),
    })?;
    let mut finder = Finder { file, report: Report::default() };
    finder.visit_file(&parsed);
    Ok(finder.report)
}

/// Checks files, and folders with all `.rs` files in them.
///
/// # Errors
/// [`SourceError`].
pub fn check(paths: &[impl AsRef<Path>]) -> Result<Report, SourceError> {
    let mut report = Report::default();
    for p in paths {
        for file in rust_files(p.as_ref())? {
            let text =
                std::fs::read_to_string(&file).map_err(|source| SourceError::Read { path: file.clone(), source })?;
            let r = check_text(&file, &text)?;
            report.kernels += r.kernels;
            report.findings.extend(r.findings);
        }
    }
    Ok(report)
}

fn rust_files(path: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let read = |source| SourceError::Read { path: path.into(), source };
    if !path.is_dir() {
        return Ok(vec![path.into()]);
    }
    let mut entries = Vec::new();
    for e in std::fs::read_dir(path).map_err(read)? {
        entries.push(e.map_err(read)?.path());
    }
    entries.sort();
    let mut files = Vec::new();
    for e in entries {
        if e.is_dir() || e.extension().is_some_and(|x| x == "rs") {
            files.extend(rust_files(&e)?);
        }
    }
    Ok(files)
}

struct Finder<'a> {
    file: &'a Path,
    report: Report,
}

impl Finder<'_> {
    fn take(&mut self, found: Vec<kernel::Found>) {
        for f in found {
            self.report.findings.push(Finding {
                file: self.file.into(),
                line: f.at.line,
                column: f.at.column + 1,
                rule: f.rule,
                text: f.text,
            });
        }
    }
}

fn is_kernel(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| a.path().segments.last().is_some_and(|s| s.ident == "hdl_gen"))
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_impl_item_fn(&mut self, f: &'ast syn::ImplItemFn) {
        if is_kernel(&f.attrs) {
            self.report.kernels += 1;
            let found = kernel::check(&f.block);
            self.take(found);
        }
        visit::visit_impl_item_fn(self, f);
    }
    fn visit_item_struct(&mut self, s: &'ast syn::ItemStruct) {
        let found = names::check(s);
        self.take(found);
        visit::visit_item_struct(self, s);
    }
}
