//! The body of one kernel.
//!
//! Verilog evaluates an expression in one width, the largest of its operands', from the assignment
//! or comparison down to the leaves. `Info` says, bottom-up, what of an expression could show a
//! difference there: `overflows` (bits above Rust's width may be set), `literal` and `narrowed`
//! (a leaf is wider than Rust's width), `to_bits` (a leaf is narrower), `shifted` (overflowing bits
//! come down by `>>`).

use super::Rule;
use proc_macro2::LineColumn;
use std::collections::HashSet;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, Lit, Member, Pat, Stmt, UnOp};

/// A finding without its file.
pub struct Found {
    pub at: LineColumn,
    pub rule: Rule,
    pub text: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct Info {
    overflows: bool,
    literal: bool,
    narrowed: bool,
    to_bits: bool,
    shifted: bool,
}

impl Info {
    fn or(self, o: Info) -> Info {
        Info {
            overflows: self.overflows | o.overflows,
            literal: self.literal | o.literal,
            narrowed: self.narrowed | o.narrowed,
            to_bits: self.to_bits | o.to_bits,
            shifted: self.shifted | o.shifted,
        }
    }
}

#[derive(Default)]
struct Kernel {
    found: Vec<Found>,
    loops: Vec<String>,
    /// Arrays of signals (`v[]`, `m[].a`) with an element written so far.
    written: HashSet<String>,
    /// Arrays of which an element is read before that.
    read_first: Vec<(String, LineColumn, String)>,
}

pub fn check(block: &syn::Block) -> Vec<Found> {
    let mut k = Kernel::default();
    k.block(block);
    for (name, at, text) in std::mem::take(&mut k.read_first) {
        if k.written.contains(&name) {
            k.found.push(Found { at, rule: Rule::ReadBeforeWrite, text });
        }
    }
    k.found.sort_by_key(|f| (f.at.line, f.at.column));
    k.found
}

fn text(x: &impl quote::ToTokens) -> String {
    let s = x.to_token_stream().to_string();
    // Token streams print with a space everywhere.
    [(" . ", "."), (" (", "("), ("( ", "("), (" )", ")"), (" :: ", "::"), (" [", "["), ("[ ", "["), (" ]", "]")]
        .iter()
        .chain(&[("< ", "<"), (" >(", ">("), ("! ", "!"), ("self.", "self."), (" ,", ",")])
        .fold(s, |s, (a, b)| s.replace(a, b))
}

fn peel(mut e: &Expr) -> &Expr {
    loop {
        e = match e {
            Expr::Paren(p) => &p.expr,
            Expr::Group(g) => &g.expr,
            _ => return e,
        }
    }
}

fn is_comparison(op: &BinOp) -> bool {
    matches!(op, BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_))
}

fn is_int(e: &Expr) -> bool {
    matches!(peel(e), Expr::Lit(l) if matches!(l.lit, Lit::Int(_)))
}

/// `self.a.b[i].c` as `a.b[].c`; `None` for anything else.
fn signal_path(e: &Expr) -> Option<String> {
    match e {
        Expr::Path(p) if p.path.is_ident("self") => Some(String::new()),
        Expr::Field(f) => {
            let base = signal_path(&f.base)?;
            let Member::Named(n) = &f.member else { return None };
            Some(if base.is_empty() { n.to_string() } else { format!("{base}.{n}") })
        }
        Expr::Index(i) => Some(format!("{}[]", signal_path(&i.expr)?)),
        _ => None,
    }
}

/// Widths in `bit_cast::<M, N>`: `Less` if it narrows, `None` if unknown.
fn cast_order(f: &syn::ExprPath) -> Option<std::cmp::Ordering> {
    let syn::PathArguments::AngleBracketed(a) = &f.path.segments.last()?.arguments else { return None };
    let width = |i: usize| match a.args.get(i)? {
        syn::GenericArgument::Const(Expr::Lit(l)) => match &l.lit {
            Lit::Int(n) => n.base10_parse::<usize>().ok(),
            _ => None,
        },
        _ => None,
    };
    Some(width(0)?.cmp(&width(1)?))
}

impl Kernel {
    fn report(&mut self, rule: Rule, e: &(impl Spanned + quote::ToTokens)) {
        self.found.push(Found { at: e.span().start(), rule, text: text(e) });
    }

    fn block(&mut self, b: &syn::Block) {
        for s in &b.stmts {
            if let Stmt::Expr(e, _) = s {
                self.statement(e);
            }
        }
    }

    fn statement(&mut self, e: &Expr) {
        match e {
            Expr::Assign(a) => {
                let info = self.value(&a.right);
                if info.shifted && (info.literal || info.narrowed) {
                    self.wide(info, &a.right);
                }
                self.target(&a.left);
            }
            Expr::If(i) => {
                self.own_width(&i.cond);
                self.block(&i.then_branch);
                if let Some((_, e)) = &i.else_branch {
                    self.statement(e);
                }
            }
            Expr::Block(b) => self.block(&b.block),
            Expr::Match(m) => {
                self.own_width(&m.expr);
                for arm in &m.arms {
                    self.statement(&arm.body);
                }
            }
            Expr::ForLoop(f) => {
                // A range may use constants and fields of Rust.
                if let Pat::Ident(p) = &*f.pat {
                    self.loops.push(p.ident.to_string());
                }
                self.block(&f.body);
                if matches!(&*f.pat, Pat::Ident(_)) {
                    self.loops.pop();
                }
            }
            Expr::MethodCall(m) if m.method == "set_bit" => self.report(Rule::SetBit, m),
            _ => {}
        }
    }

    /// Left of an assignment.
    fn target(&mut self, e: &Expr) {
        self.indices(e);
        // `x.next` or `x.next.field`.
        let Expr::Field(f) = e else { return };
        let signal = match &*f.base {
            Expr::Field(g) if matches!(&g.member, Member::Named(n) if n == "next") => &g.base,
            _ => &f.base,
        };
        if let Some(path) = signal_path(signal) {
            if path.contains("[]") {
                self.written.insert(path);
            }
        }
    }

    /// An expression that Verilog evaluates in its own width, and whose upper bits count.
    fn own_width(&mut self, e: &Expr) {
        let info = self.value(e);
        self.exact(info, e);
    }

    /// Reports if upper bits that count may differ.
    fn exact(&mut self, info: Info, e: &Expr) {
        if info.overflows || info.shifted {
            self.wide(info, e);
        }
    }

    fn wide(&mut self, info: Info, e: &Expr) {
        if info.literal {
            self.report(Rule::LiteralWidens, e);
        } else if info.narrowed {
            self.report(Rule::NarrowingCast, e);
        } else if info.to_bits {
            self.report(Rule::ToBits, e);
        }
    }

    fn value(&mut self, e: &Expr) -> Info {
        match e {
            Expr::Paren(p) => self.value(&p.expr),
            Expr::Group(g) => self.value(&g.expr),
            Expr::Lit(l) => Info { literal: matches!(l.lit, Lit::Int(_)), ..Info::default() },
            Expr::Unary(u) => {
                let info = self.value(&u.expr);
                Info { overflows: info.overflows | matches!(u.op, UnOp::Not(_) | UnOp::Neg(_)), ..info }
            }
            Expr::Binary(b) => self.binary(b),
            Expr::Call(c) => self.call(c),
            Expr::MethodCall(m) => self.method(m),
            Expr::Path(p) => {
                self.path(p);
                Info::default()
            }
            Expr::Field(_) | Expr::Index(_) => {
                self.indices(e);
                Info::default()
            }
            _ => Info::default(),
        }
    }

    fn binary(&mut self, b: &syn::ExprBinary) -> Info {
        if is_comparison(&b.op) {
            for side in [&b.left, &b.right] {
                if matches!(&**side, Expr::Binary(x) if matches!(x.op, BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_)))
                {
                    self.report(Rule::Precedence, b);
                }
            }
            if is_int(&b.left) || is_int(&b.right) {
                self.report(Rule::LiteralInComparison, b);
                self.value(&b.left);
                self.value(&b.right);
            } else {
                let info = self.value(&b.left).or(self.value(&b.right));
                let found = self.found.len();
                self.exact(info, &Expr::Binary(b.clone()));
                debug_assert!(self.found.len() <= found + 1);
            }
            return Info::default();
        }
        match b.op {
            BinOp::And(_) | BinOp::Or(_) => {
                self.own_width(&b.left);
                self.own_width(&b.right);
                Info::default()
            }
            BinOp::Shl(_) | BinOp::Shr(_) => {
                let left = self.value(&b.left);
                if !self.is_loop_index(&b.right) {
                    self.own_width(&b.right);
                }
                match b.op {
                    BinOp::Shl(_) => Info { overflows: true, ..left },
                    _ => Info { shifted: left.shifted | left.overflows, ..left },
                }
            }
            BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_) => {
                Info { overflows: true, ..self.value(&b.left).or(self.value(&b.right)) }
            }
            _ => self.value(&b.left).or(self.value(&b.right)),
        }
    }

    fn call(&mut self, c: &syn::ExprCall) -> Info {
        let Expr::Path(f) = &*c.func else { return Info::default() };
        let name = f.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let first = f.path.segments.first().map(|s| s.ident.to_string()).unwrap_or_default();
        let Some(arg) = c.args.first() else { return Info::default() };
        let info = self.value(arg);
        if name == "bits" || first == "Bits" || first == "U" {
            return Info { literal: true, ..Info::default() };
        }
        if !name.starts_with("bit_cast") {
            // $signed, $unsigned: in their own width.
            self.exact(info, arg);
            return Info::default();
        }
        let order = cast_order(f);
        let widens = order.is_none_or(|o| o.is_gt());
        if info.shifted || (info.overflows && widens) {
            self.report(Rule::CastOfExpression, c);
        }
        Info { narrowed: info.narrowed || order.is_some_and(|o| o.is_lt()), literal: info.literal, ..Info::default() }
    }

    fn method(&mut self, m: &syn::ExprMethodCall) -> Info {
        match m.method.to_string().as_str() {
            "val" => {
                self.read(m);
                Info::default()
            }
            "into" | "index" => self.value(&m.receiver),
            "to_bits" => {
                let info = self.value(&m.receiver);
                if info.overflows || info.shifted {
                    self.report(Rule::CastOfExpression, m);
                }
                Info { to_bits: true, literal: info.literal, narrowed: info.narrowed, ..Info::default() }
            }
            "get_bits" | "get_bit" => {
                // (x) becomes (x)[i] in Verilog: parentheses, too, are no signal.
                let plain = matches!(&*m.receiver, Expr::MethodCall(r) if r.method == "val");
                if !plain {
                    self.report(Rule::SliceOfExpression, m);
                }
                self.value(&m.receiver);
                if let Some(index) = m.args.first() {
                    if arithmetic_on_index(index) {
                        self.report(Rule::IndexArithmetic, index);
                    } else {
                        self.slice_index(index);
                    }
                }
                Info::default()
            }
            "any" | "all" | "xor" => {
                let info = self.value(&m.receiver);
                if m.method == "all" && (info.literal || info.narrowed || info.to_bits) {
                    self.wide(info, &m.receiver);
                } else {
                    self.exact(info, &m.receiver);
                }
                Info::default()
            }
            "replace_bit" => {
                let info = self.value(&m.receiver);
                for a in &m.args {
                    self.value(a);
                }
                Info { overflows: true, literal: true, ..info }
            }
            "set_bit" => {
                self.report(Rule::SetBit, m);
                Info::default()
            }
            _ => {
                self.value(&m.receiver);
                Info::default()
            }
        }
    }

    /// The offset of a slice: numbers and loop variables, or a signal's `index()`.
    fn slice_index(&mut self, e: &Expr) {
        match e {
            Expr::Paren(p) => self.slice_index(&p.expr),
            Expr::Binary(b) => {
                self.slice_index(&b.left);
                self.slice_index(&b.right);
            }
            Expr::Lit(_) => {}
            Expr::Path(p) => self.path(p),
            _ => self.own_width(e),
        }
    }

    fn path(&mut self, p: &syn::ExprPath) {
        let segments: Vec<String> = p.path.segments.iter().map(|s| s.ident.to_string()).collect();
        let constant = match segments.as_slice() {
            [one] => one != "self" && !self.loops.contains(one),
            [first, .., last] => first == "Self" || looks_constant(last),
            [] => false,
        };
        if constant {
            self.report(Rule::RustConstant, p);
        }
    }

    /// `x.val()`: looks at the path, and notes reads of arrays.
    fn read(&mut self, m: &syn::ExprMethodCall) {
        self.indices(&m.receiver);
        if let Some(path) = signal_path(&m.receiver) {
            if path.contains("[]") && !self.written.contains(&path) {
                self.read_first.push((path, m.span().start(), text(m)));
            }
        }
    }

    /// Fields and indices along a path.
    fn indices(&mut self, e: &Expr) {
        let mut count = 0;
        let mut at = e;
        loop {
            match at {
                Expr::Field(f) => {
                    if matches!(&f.member, Member::Named(n) if n.to_string().starts_with('_')) {
                        self.report(Rule::RustField, f);
                    }
                    at = &f.base;
                }
                Expr::Index(i) => {
                    count += 1;
                    if !self.is_loop_index(&i.index) || count > 1 {
                        self.report(Rule::ArrayIndex, i);
                    }
                    at = &i.expr;
                }
                Expr::Paren(p) => at = &p.expr,
                Expr::MethodCall(m) => at = &m.receiver,
                _ => return,
            }
        }
    }

    fn is_loop_index(&self, e: &Expr) -> bool {
        match e {
            Expr::Paren(p) => self.is_loop_index(&p.expr),
            Expr::Lit(l) => matches!(l.lit, Lit::Int(_)),
            Expr::Binary(b) => self.is_loop_index(&b.left) && self.is_loop_index(&b.right),
            Expr::Path(p) => p.path.get_ident().is_some_and(|i| self.loops.contains(&i.to_string())),
            _ => false,
        }
    }
}

/// `MAX_LEN`, not `State::Idle` or `State::S0`.
fn looks_constant(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    letters > 1 && !name.chars().any(|c| c.is_lowercase())
}

/// A sum, difference or product with an operand `x.index()`.
fn arithmetic_on_index(e: &Expr) -> bool {
    fn indexes(e: &Expr) -> bool {
        match e {
            Expr::Paren(p) => indexes(&p.expr),
            Expr::Binary(b) => indexes(&b.left) || indexes(&b.right),
            Expr::MethodCall(m) => m.method == "index",
            _ => false,
        }
    }
    matches!(peel(e), Expr::Binary(_)) && indexes(e)
}
