//! Names of fields that become names in Verilog.

use super::kernel::Found;
use super::Rule;

/// Keywords of Verilog-2005 and SystemVerilog (IEEE 1800-2017, annex B).
const KEYWORDS: &str = "accept_on alias always always_comb always_ff always_latch and assert assign assume automatic \
before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class clocking cmos \
config const constraint context continue cover covergroup coverpoint cross deassign default defparam design disable dist \
do edge else end endcase endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface endmodule \
endpackage endprimitive endprogram endproperty endsequence endspecify endtable endtask enum event eventually expect export \
extends extern final first_match for force foreach forever fork forkjoin function generate genvar global highz0 highz1 if \
iff ifnone ignore_bins illegal_bins implements implies import incdir include initial inout input inside instance int \
integer interconnect interface intersect join join_any join_none large let liblist library local localparam logic longint \
macromodule matches medium modport module nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 \
null or output package packed parameter pmos posedge primitive priority program property protected pull0 pull1 pulldown \
pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime ref reg reject_on \
release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with \
scalared sequence shortint shortreal showcancelled signed small soft solve specify specparam static string strong strong0 \
strong1 struct super supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout time timeprecision \
timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with \
untyped use uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor";

/// Keywords of C++ that are not Verilog's: a port of that name is renamed in a Verilated model.
const CPP: &str =
    "auto bool catch char delete double explicit float friend goto inline long mutable namespace operator \
private public register short sizeof switch template throw try typename using volatile";

fn becomes_verilog(s: &syn::ItemStruct) -> bool {
    s.attrs.iter().filter(|a| a.path().is_ident("derive")).any(|a| {
        let mut found = false;
        let _ = a.parse_nested_meta(|m| {
            found |= m.path.segments.last().is_some_and(|p| p.ident == "LogicBlock" || p.ident == "LogicInterface");
            Ok(())
        });
        found
    })
}

pub fn check(s: &syn::ItemStruct) -> Vec<Found> {
    if !becomes_verilog(s) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for ident in s.fields.iter().filter_map(|f| f.ident.as_ref()) {
        let name = ident.to_string();
        let name = name.trim_start_matches("r#");
        if KEYWORDS.split_whitespace().chain(CPP.split_whitespace()).any(|k| k == name) {
            found.push(Found { at: ident.span().start(), rule: Rule::Keyword, text: name.into() });
        }
    }
    found
}
