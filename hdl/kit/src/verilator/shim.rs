//! The C++ between a Verilated class and Rust: ports by index, plain C symbols.

use super::{Options, Trace};
use crate::ports::Port;
use std::fmt::Write;

/// Bytes of a Verilated port of that width.
fn bytes(width: usize) -> usize {
    match width {
        0..=8 => 1,
        9..=16 => 2,
        17..=32 => 4,
        33..=64 => 8,
        w => w.div_ceil(32) * 4,
    }
}

/// Verilator's C++ name for a port.
fn member(name: &str) -> String {
    name.replace("__", "___05F").replace('$', "__024")
}

pub fn text(clock: bool, inputs: &[Port], outputs: &[Port], options: &Options) -> String {
    let (include, class) = match options.trace {
        Trace::None => ("", ""),
        Trace::Vcd => ("#include \"verilated_vcd_c.h\"\n", "VerilatedVcdC"),
        Trace::Fst => ("#include \"verilated_fst_c.h\"\n", "VerilatedFstC"),
    };
    let traced = !class.is_empty();
    let mut s = format!(
        "#include \"Vtop.h\"\n#include \"verilated.h\"\n{include}#include <cstdint>\n#include <cstring>\n
#define API extern \"C\" __attribute__((visibility(\"default\")))
struct Gm {{
    VerilatedContext context;
    Vtop top;
"
    );
    if traced {
        let _ = writeln!(s, "    {class}* trace = nullptr;\n    uint64_t time = 0;");
    }
    s += "    Gm() : context{}, top{&context} {}\n    ~Gm() {\n";
    if traced {
        s += "        if (trace) { trace->close(); delete trace; }\n";
    }
    s += "        top.final();\n    }\n    void eval() {\n        top.eval();\n";
    if traced {
        s += "        if (trace) trace->dump(time++);\n";
    }
    s += "    }\n};\n";
    let set_clock = if clock { "g->top.clock = high;" } else { "(void)g; (void)high;" };
    let _ = write!(
        s,
        "API Gm* gm_new() {{ Gm* g = new Gm; {trace_on}g->top.eval(); return g; }}
API void gm_delete(Gm* g) {{ delete g; }}
API void gm_eval(Gm* g) {{ g->eval(); }}
API void gm_clock(Gm* g, int high) {{ {set_clock} }}
API void gm_cycle(Gm* g) {{ gm_clock(g, 1); g->eval(); gm_clock(g, 0); g->eval(); }}
",
        trace_on = if traced { "g->context.traceEverOn(true); " } else { "" }
    );
    if traced {
        let _ = write!(
            s,
            "API int gm_trace_open(Gm* g, const char* path) {{
    if (g->trace) {{ g->trace->close(); delete g->trace; }}
    g->trace = new {class};
    g->top.trace(g->trace, 99);
    g->trace->open(path);
    if (!g->trace->isOpen()) {{ delete g->trace; g->trace = nullptr; return 0; }}
    return 1;
}}
API void gm_trace_close(Gm* g) {{ if (g->trace) {{ g->trace->close(); delete g->trace; g->trace = nullptr; }} }}
API void gm_trace_time(Gm* g, uint64_t t) {{ g->time = t; }}
"
        );
    } else {
        s += "API int gm_trace_open(Gm*, const char*) { return 0; }\nAPI void gm_trace_close(Gm*) {}\nAPI void gm_trace_time(Gm*, uint64_t) {}\n";
    }
    s += "API void gm_poke(Gm* g, uint32_t index, const uint64_t* v) {\n    switch (index) {\n";
    for (i, p) in inputs.iter().enumerate() {
        let _ =
            writeln!(s, "    case {i}: std::memcpy((void*)&g->top.{}, v, {}); break;", member(&p.name), bytes(p.width));
    }
    s +=
        "    default: break;\n    }\n}\nAPI void gm_peek(Gm* g, uint32_t index, uint64_t* v) {\n    switch (index) {\n";
    for (i, p) in outputs.iter().enumerate() {
        let _ = writeln!(
            s,
            "    case {i}: std::memcpy(v, (const void*)&g->top.{}, {}); break;",
            member(&p.name),
            bytes(p.width)
        );
    }
    s += "    default: break;\n    }\n}\n";
    s
}
