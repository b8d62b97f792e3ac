//! Each rule on text that it must reject, and on the idiom that it must let pass.

use super::*;

fn kernel(body: &str) -> String {
    format!("impl Logic for X {{\n#[hdl_gen]\nfn update(&mut self) {{\n{body}\n}}\n}}")
}

fn rules(body: &str) -> Vec<Rule> {
    let r = check_text(Path::new("x.rs"), &kernel(body)).unwrap();
    assert_eq!(r.kernels, 1);
    r.findings.into_iter().map(|f| f.rule).collect()
}

#[test]
fn rejected() {
    use Rule::*;
    for (rule, body) in [
        (CastOfExpression, "self.r.next = bit_cast::<9, 8>(self.a.val() + self.b.val());"),
        (CastOfExpression, "self.r.next = bit_cast::<16, 8>(self.a.val() - self.b.val());"),
        (CastOfExpression, "self.r.next = bit_cast_u::<M, N>(self.a.val() * self.b.val());"),
        (CastOfExpression, "self.r.next = bit_cast::<16, 8>(!self.a.val());"),
        (CastOfExpression, "self.r.next = bit_cast::<16, 8>(self.a.val() << 1);"),
        (CastOfExpression, "self.r.next = bit_cast::<16, 8>((self.a.val() + self.b.val()) >> 1);"),
        (CastOfExpression, "self.r.next = bit_cast::<4, 8>((self.a.val() + self.b.val()) >> 1);"),
        (CastOfExpression, "self.r.next = (self.a.val() + self.b.val()).to_bits::<16>();"),
        (CastOfExpression, "if self.x.val() { self.r.next = bit_cast::<9, 8>(self.a.val() + self.b.val()); }"),
        (CastOfExpression, "for i in 0..N { self.r[i].next = bit_cast::<9, 8>(self.a.val() + self.b.val()); }"),
        (
            CastOfExpression,
            "match self.s.val() { S::A => { self.r.next = bit_cast::<9, 8>(self.a.val() + self.b.val()); } }",
        ),
        (
            CastOfExpression,
            "if a { } else if bit_cast::<9, 8>(self.a.val() + self.b.val()) > self.c.val() { self.r.next = true; }",
        ),
        (Precedence, "self.r.next = self.a.val() & self.b.val() == self.c.val();"),
        (Precedence, "self.r.next = self.a.val() == self.b.val() | self.c.val();"),
        (Precedence, "self.r.next = self.a.val() ^ self.b.val() < self.c.val();"),
        (LiteralInComparison, "self.r.next = self.a.val() == 5;"),
        (LiteralInComparison, "if self.a.val() + 1 > 3 { self.r.next = true; }"),
        (LiteralWidens, "self.r.next = self.a.val() + 1 > self.b.val();"),
        (LiteralWidens, "self.r.next = self.b.val() == (self.a.val() - 1);"),
        (LiteralWidens, "self.r.next = (self.a.val() + 1) >> 1;"),
        (LiteralWidens, "self.r.next = (self.a.val() + 1).any();"),
        (LiteralWidens, "self.r.next = self.c.val() << (self.a.val() + 1);"),
        (LiteralWidens, "self.r.next = (self.a.val() + 1.into()) == self.b.val();"),
        (LiteralWidens, "self.r.next = (self.a.val() + bits::<8>(1)) == self.b.val();"),
        (NarrowingCast, "self.r.next = !(bit_cast::<8, 16>(self.w.val())) == self.c.val();"),
        (NarrowingCast, "self.r.next = (bit_cast::<8, 16>(self.w.val()) + self.c.val()) > self.d.val();"),
        (NarrowingCast, "self.r.next = bit_cast::<8, 16>(self.w.val()).all();"),
        (NarrowingCast, "self.r.next = (bit_cast::<8, 16>(self.w.val()) + self.c.val()) >> 1;"),
        (ToBits, "self.r.next = (self.a.val().to_bits::<9>() + self.b.val().to_bits::<9>()) > self.c.val();"),
        (ToBits, "self.r.next = (self.a.val().to_bits::<9>() + self.b.val().to_bits::<9>()).any();"),
        (SliceOfExpression, "self.r.next = (self.a.val() + self.b.val()).get_bits::<4>(0);"),
        (SliceOfExpression, "self.r.next = self.a.val().get_bits::<4>(0).get_bit(1);"),
        (SliceOfExpression, "self.r.next = bit_cast::<8, 16>(self.a.val()).get_bit(1);"),
        (IndexArithmetic, "self.r.next = self.a.val().get_bit(self.i.val().index() + self.j.val().index());"),
        (RustConstant, "self.r.next = self.a.val() + K;"),
        (RustConstant, "self.r.next = self.a.val() + Self::STEP;"),
        (RustConstant, "self.r.next = self.a.val() + config::STEP;"),
        (RustConstant, "self.r.next = self.a.val().get_bits::<4>(OFFSET);"),
        (RustField, "self.r.next = self.a.val() & self._mask;"),
        (RustField, "if self._flag { self.r.next = true; }"),
        (RustField, "self.r.next = self.a.val().get_bit(self._i);"),
        (ArrayIndex, "self.r.next = self.v[N - 1].val();"),
        (ArrayIndex, "for i in 0..4 { for j in 0..4 { self.r.next = self.a[i].b[j].val(); } }"),
        (ArrayIndex, "self.v[self._n].next = self.a.val();"),
        (ReadBeforeWrite, "for i in 0..4 { self.r.next = self.v[i].val(); self.v[i].next = self.a.val(); }"),
        (ReadBeforeWrite, "self.r.next = self.v[3].val();\nfor i in 0..4 { self.v[i].next = self.a.val(); }"),
        (SetBit, "self.r.next.set_bit(3, true);"),
    ] {
        assert!(rules(body).contains(&rule), "{rule:?} not found in {body}: {:?}", rules(body));
    }
}

#[test]
fn accepted() {
    for body in [
        "self.r.next = bit_cast::<9, 8>(self.a.val()) + bit_cast::<9, 8>(self.b.val());",
        "self.r.next = bit_cast_u::<W1, W>(self.a.val()) + bit_cast_u::<W1, W>(self.b.val());",
        "self.r.next = bit_cast::<9, 8>(self.a.val()) - bit_cast::<9, 8>(self.b.val()) > self.c.val();",
        "self.r.next = bit_cast::<4, 8>(self.a.val() + self.b.val());",
        "self.r.next = (self.a.val() & self.b.val()) == self.c.val();",
        "self.r.next = (self.a.val() == self.b.val()) | self.c.val();",
        "self.r.next = (self.a.val() + self.b.val()) >> 1;",
        "self.r.next = self.a.val() + 1;",
        "self.r.next = self.a.val() >= self.k.val();",
        "self.r.next = (self.a.val() + self.one.val()) > self.b.val();",
        "self.r.next = bit_cast::<8, 16>(self.w.val()) == self.c.val();",
        "self.r.next = bit_cast::<8, 16>(self.w.val()) + self.c.val();",
        "self.r.next = !self.a.val();",
        "self.r.next = !(self.a.val() == self.b.val()) && !self.c.val();",
        "self.r.next = self.a.val().get_bits::<4>(8);",
        "for k in 0..N { self.v[k].next = self.a.val().get_bits::<16>(k * 16); }",
        "for k in 0..self._n { self.m[k].a.next = self.a.val(); self.r.next = self.m[k].r.val(); }",
        "self.v[0].next = self.a.val(); for k in 1..N { self.v[k].next = self.v[k - 1].val(); }",
        "self.r.next = self.a.val().get_bit(self.i.val().index());",
        "self.r.next = self.a.val() << self.s.val();",
        "self.r.next = self.a.val() << 3;",
        "for k in 0..4 { self.r.next = self.a.val() << (k * 16 + 1); }",
        "self.r.next = self.a.val().to_bits::<16>();",
        "match self.state.q.val() { State::Idle => { self.state.d.next = State::S0; } _ => {} }",
        "self.state.d.next = State::A; self.f.next = 0.into(); self.g.next = bits::<4>(3);",
        "if self.a.val().any() && (self.b.val() != self.c.val()) { self.r.next = true; } else { self.r.next = false; }",
        "dff_setup!(self, clock, a, b); clock!(self, clock, c);",
    ] {
        assert_eq!(rules(body), [], "{body}");
    }
}

#[test]
fn keywords_as_names() {
    let text = "#[derive(Default, LogicBlock)] struct X { pub and: Signal<In, Bit>, pub r#type: Signal<In, Bit>, pub fine: Signal<In, Bit> }
        #[derive(LogicInterface)] struct Y { pub logic: Signal<In, Bit> }
        #[derive(Default)] struct Z { or: u8 }";
    let found: Vec<String> =
        check_text(Path::new("x.rs"), text).unwrap().findings.into_iter().map(|f| f.text).collect();
    assert_eq!(found, ["and", "type", "logic"]);
}

#[test]
fn only_kernels_are_looked_at() {
    let r = check_text(Path::new("x.rs"), "impl X { fn f(&self) -> bool { self.a + 1 > 5 } }").unwrap();
    assert_eq!(r, Report::default());
}

#[test]
fn a_finding_says_where_what_and_the_way_out() {
    let r =
        check_text(Path::new("dir/x.rs"), &kernel("self.q.next = self.a.val();\n  self.r.next = self.a.val() == 5;"))
            .unwrap();
    let s = r.to_string();
    assert!(s.starts_with("dir/x.rs:5:17: LiteralInComparison: `self.a.val() == 5`: "), "{s}");
    assert!(s.contains("Constant<>"), "{s}");
}

#[test]
fn errors_name_file_and_line() {
    let e = check_text(Path::new("x.rs"), "fn a() {}\nfn b( {").unwrap_err();
    assert!(e.to_string().starts_with("x.rs:2: "), "{e}");
    let e = check(&["/no/such/file.rs"]).unwrap_err();
    assert!(e.to_string().contains("/no/such/file.rs"), "{e}");
}

#[test]
fn folders_are_walked() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    std::fs::write(dir.path().join("sub/a.rs"), kernel("self.r.next = self.a.val() == 5;")).unwrap();
    std::fs::write(dir.path().join("b.rs"), kernel("self.r.next = self.a.val();")).unwrap();
    std::fs::write(dir.path().join("c.txt"), "not rust (").unwrap();
    let r = check(&[dir.path()]).unwrap();
    assert_eq!((r.kernels, r.findings.len()), (2, 1));
}
