//! The Verilog of a plan.

use gristmill_hdl_kit::gate::NOTED;
use std::fmt::Write;

use super::plan::{Node, Operand, Plan, Source, SUM_BITS};

/// The body of the module, whose ports are `clock`, `x$i`, `z$i` and `y$k`.
pub fn text(plan: &Plan) -> String {
    let mut wires = String::new();
    let mut clocked = String::new();
    let mut word_bits = vec![0; plan.words.len()];
    for piece in plan.nodes.iter().flat_map(|node| std::iter::once(&node.a).chain(&node.b)).flat_map(pieces) {
        word_bits[piece.word] = word_bits[piece.word].max(piece.low + piece.bits);
    }
    for (i, ((input, multiple), bits)) in plan.words.iter().zip(&word_bits).enumerate() {
        if *bits == 0 {
            continue; // all its terms lie beyond the sum
        }
        let top = bits - 1;
        let x = match input.checked_sub(plan.first) {
            None => format!("x${input}"),
            Some(input) => format!("z${input}"),
        };
        if !plan.multiples {
            let _ = writeln!(wires, "wire [{top}:0] m{i} = {x}[{top}:0];");
            continue;
        }
        let value = match multiple {
            1 => x,
            3 => format!("{x} + {{{x}, 1'd0}}"),
            5 => format!("{x} + {{{x}, 2'd0}}"),
            7 => format!("{{{x}, 3'd0}} - {x}"),
            other => unreachable!("no term has the multiple {other}"),
        };
        let _ = writeln!(wires, "reg [{top}:0] m{i} = {bits}'d0;");
        let _ = writeln!(clocked, "    m{i} <= {value};");
    }
    for (i, node) in plan.nodes.iter().enumerate() {
        let value = sum(i, node, &mut wires);
        let _ = writeln!(wires, "reg [{}:0] r{i} = {}'d0;", node.bits - 1, node.bits);
        let _ = writeln!(clocked, "    r{i} <= {value};");
    }
    let mut outputs = String::new();
    for (k, output) in plan.outputs.iter().enumerate() {
        let _ = match output.node {
            None => writeln!(outputs, "initial y${k} = {SUM_BITS}'d0;"),
            Some((node, shift)) => {
                let high =
                    if output.bits < SUM_BITS { format!("{}'d0, ", SUM_BITS - output.bits) } else { String::new() };
                let low = if shift > 0 { format!(", {shift}'d0") } else { String::new() };
                writeln!(outputs, "always @(*) y${k} = {{{high}r{node}{low}}};")
            }
        };
    }
    format!("{NOTED}{wires}always @(posedge clock) begin\n{clocked}end\n{outputs}")
}

fn pieces(operand: &Operand) -> &[super::plan::Piece] {
    match &operand.source {
        Source::Pieces(pieces) => pieces,
        _ => &[],
    }
}

/// A wire with an operand's bits, inverted where it is.
fn wire(name: &str, operand: &Operand, wires: &mut String) {
    let source = match &operand.source {
        Source::Node(node) => format!("r{node}"),
        Source::Constant(value) => format!("{}'h{value:x}", operand.bits),
        Source::Pieces(pieces) => {
            let (mut parts, mut at) = (Vec::new(), 0);
            for piece in pieces {
                if piece.at > at {
                    parts.push(format!("{}'d0", piece.at - at));
                }
                parts.push(format!("m{}[{}:{}]", piece.word, piece.low + piece.bits - 1, piece.low));
                at = piece.at + piece.bits;
            }
            parts.reverse();
            format!("{{{}}}", parts.join(", "))
        }
    };
    let not = if operand.inverted { "~" } else { "" };
    let _ = writeln!(wires, "wire [{}:0] {name} = {not}{source};", operand.bits - 1);
}

/// What register i takes. Bits below the higher operand's lowest one are no part of the addition.
fn sum(i: usize, node: &Node, wires: &mut String) -> String {
    let (a, b) = (format!("a{i}"), format!("b{i}"));
    wire(&a, &node.a, wires);
    let Some(second) = &node.b else { return a };
    wire(&b, second, wires);
    let low = node.a.shift.max(second.shift);
    let part = |name: &str, operand: &Operand| match low - operand.shift {
        0 => name.to_string(),
        cut if cut < operand.bits => format!("{name}[{}:{cut}]", operand.bits - 1),
        _ => String::new(),
    };
    let (high_a, high_b) = (part(&a, &node.a), part(&b, second));
    if low == 0 {
        return format!("{high_a} + {high_b}");
    }
    let sum = match (high_a.as_str(), high_b.as_str()) {
        ("", high) | (high, "") => high.to_string(),
        (high_a, high_b) => format!("{high_a} + {high_b}"),
    };
    let _ = writeln!(wires, "wire [{}:0] s{i} = {sum};", node.bits - low - 1);
    // The lower one's bits, and a gap if the operands do not meet.
    let (name, lower) = if node.a.shift < second.shift { (&a, &node.a) } else { (&b, second) };
    match lower.bits.cmp(&low) {
        std::cmp::Ordering::Less => format!("{{s{i}, {}'d0, {name}}}", low - lower.bits),
        std::cmp::Ordering::Equal => format!("{{s{i}, {name}}}"),
        std::cmp::Ordering::Greater => format!("{{s{i}, {name}[{}:0]}}", low - 1),
    }
}
