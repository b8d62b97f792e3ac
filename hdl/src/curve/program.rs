//! The serial point adder's program: which operation of an addition goes when and where.
//!
//! The adder has three multipliers, one unit for sums and a register file. An addition is 12
//! products and 27 sums (its small multiples by doubling and adding), a fixed graph; the next one
//! begins a period later, while this one still runs. So every resource is planned modulo the
//! period: each step of it holds at most one read of two registers, one pair of operands for the
//! sums, one write, and each multiplier gets new operands every `interval` steps. Operations are
//! placed one after the other, the one with the longest way to the end first, each as early as it
//! can go; then values get registers, each from its write to its last read.
//!
//! Everything here runs when the adder is built and is checked there; nothing of it is hardware.

use super::scratch::SCRATCH_WORDS;

/// Multipliers of the adder.
pub const MULTIPLIERS: usize = 3;
/// Steps (modulo the interval) at which they take operands: the shortest program for 16 digits.
const LOADS: [usize; MULTIPLIERS] = [0, 7, 12];

/// Cycles that the adder's units take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Cycles between two products of one multiplier.
    pub interval: usize,
    /// From a multiplier's operands to its result.
    pub product: usize,
    /// From the operands of a sum to its result.
    pub sum: usize,
}

/// One step: what the adder does in a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Registers read; in the next cycle they are operands.
    pub read: [usize; 2],
    /// The next operands are this multiplier's result instead.
    pub product: Option<usize>,
    /// This multiplier takes the operands of this cycle.
    pub load: Option<usize>,
    /// The sum of the operands of this cycle is a difference.
    pub subtract: bool,
    /// In the next cycle this input can be written into a register, else the sum that is ready.
    pub input: Option<usize>,
    /// The register that is written.
    pub write: Option<usize>,
    /// The sum that is ready is this coordinate of the result.
    pub output: Option<usize>,
}

/// A program.
#[derive(Clone, Debug)]
pub struct Program {
    /// The steps of one period.
    pub steps: Vec<Step>,
    /// The cycle, counted from that of the first step, in which all three results stand.
    pub cycles: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    Input(usize),
    Product(usize, usize),
    Sum(usize, usize),
    Difference(usize, usize),
}

impl Op {
    fn operands(self) -> Vec<usize> {
        match self {
            Op::Input(_) => vec![],
            Op::Product(a, b) | Op::Sum(a, b) | Op::Difference(a, b) => vec![a, b],
        }
    }
}

/// The graph: operations in an order in which operands come first.
struct Graph {
    ops: Vec<Op>,
    outputs: [usize; 3],
}

impl Graph {
    /// Renes, Costello, Batina, algorithm 7 (see `point_adder.rs`), for the constant 3b.
    fn new(b3: u32) -> Self {
        let mut g = Graph { ops: vec![], outputs: [0; 3] };
        // In the order in which the first products need them.
        let [x1, x2, y1, y2, z1, z2] = [0, 3, 1, 4, 2, 5].map(|i| g.push(Op::Input(i)));
        let (xx, yy, zz) = (g.push(Op::Product(x1, x2)), g.push(Op::Product(y1, y2)), g.push(Op::Product(z1, z2)));
        let xz = g.cross([x1, z1, x2, z2], xx, zz);
        let yz = g.cross([y1, z1, y2, z2], yy, zz);
        let xy = g.cross([x1, y1, x2, y2], xx, yy);
        let xx3 = g.times(3, xx);
        let zz_b3 = g.times(b3, zz);
        let (plus, minus) = (g.push(Op::Sum(yy, zz_b3)), g.push(Op::Difference(yy, zz_b3)));
        let xz_b3 = g.times(b3, xz);
        let products =
            [(xy, minus), (yz, xz_b3), (minus, plus), (xz_b3, xx3), (plus, yz), (xx3, xy)].map(|(a, b)| (a, b));
        let [p0, p1, p2, p3, p4, p5] = products.map(|(a, b)| g.push(Op::Product(a, b)));
        g.outputs = [Op::Difference(p0, p1), Op::Sum(p2, p3), Op::Sum(p4, p5)].map(|op| g.push(op));
        g
    }

    fn push(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.ops.len() - 1
    }

    /// (a1 + b1)(a2 + b2) - (aa + bb) = a1 b2 + a2 b1
    fn cross(&mut self, [a1, b1, a2, b2]: [usize; 4], aa: usize, bb: usize) -> usize {
        let (left, right) = (self.push(Op::Sum(a1, b1)), self.push(Op::Sum(a2, b2)));
        let product = self.push(Op::Product(left, right));
        let both = self.push(Op::Sum(aa, bb));
        self.push(Op::Difference(product, both))
    }

    /// k x by doubling and adding.
    fn times(&mut self, k: u32, x: usize) -> usize {
        let mut r = x;
        for bit in (0..k.ilog2()).rev() {
            r = self.push(Op::Sum(r, r));
            if k >> bit & 1 == 1 {
                r = self.push(Op::Sum(r, x));
            }
        }
        r
    }

    /// Operations that read operation `i`'s value.
    fn users(&self, i: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.ops.len()).filter(move |&j| self.ops[j].operands().contains(&i))
    }
}

/// Which steps of the period are taken.
struct Plan {
    timing: Timing,
    period: usize,
    /// A pair of registers is read, or a multiplier's result takes its place.
    reads: Vec<bool>,
    writes: Vec<bool>,
    loads: [Vec<bool>; MULTIPLIERS],
}

impl Plan {
    fn new(timing: Timing, period: usize) -> Self {
        let per_multiplier = period / timing.interval;
        let mut plan = Plan {
            timing,
            period,
            reads: vec![false; period],
            writes: vec![false; period],
            loads: std::array::from_fn(|_| vec![false; per_multiplier]),
        };
        // The multipliers' steps are theirs, whether they are used or not.
        for load in LOADS {
            for round in 0..per_multiplier {
                let read = load + round * timing.interval + period - 1;
                plan.take_read(read);
                plan.take_read(read + plan.product_again());
                plan.take_write(read + plan.product_again() + plan.sum_write());
            }
        }
        plan
    }

    /// From the read of a product's operands to the step that takes its two words as operands.
    fn product_again(&self) -> usize {
        1 + self.timing.product
    }

    /// From the read of a sum's operands to the step that takes its result.
    fn sum_write(&self) -> usize {
        1 + self.timing.sum
    }

    /// From an operation's step to the first in which its value can be read.
    fn latency(&self, op: Op) -> usize {
        match op {
            Op::Input(_) => 2,
            Op::Sum(..) | Op::Difference(..) => self.sum_write() + 2,
            Op::Product(..) => self.product_again() + self.sum_write() + 2,
        }
    }

    fn take_read(&mut self, t: usize) {
        let p = t % self.period;
        assert!(!self.reads[p], "two reads in step {p}");
        self.reads[p] = true;
    }

    fn take_write(&mut self, t: usize) {
        let p = t % self.period;
        assert!(!self.writes[p], "two writes in step {p}");
        self.writes[p] = true;
    }

    /// Takes the first step from `earliest` on in which the operation can go; for products also
    /// says which multiplier.
    fn place(&mut self, op: Op, output: bool, earliest: usize) -> (usize, Option<usize>) {
        for t in earliest..earliest + 4 * self.period {
            match op {
                Op::Input(_) => {
                    if !self.writes[t % self.period] {
                        self.take_write(t);
                        return (t, None);
                    }
                }
                Op::Product(..) => {
                    for (m, load) in LOADS.into_iter().enumerate() {
                        let since = t + 1 + self.period - load;
                        let round = since / self.timing.interval % self.loads[m].len();
                        if since.is_multiple_of(self.timing.interval) && !self.loads[m][round] {
                            self.loads[m][round] = true;
                            return (t, Some(m));
                        }
                    }
                }
                Op::Sum(..) | Op::Difference(..) => {
                    let write = t + self.sum_write();
                    if !self.reads[t % self.period] && (output || !self.writes[write % self.period]) {
                        self.take_read(t);
                        if !output {
                            self.take_write(write);
                        }
                        return (t, None);
                    }
                }
            }
        }
        panic!("{op:?} finds no step in a period of {}", self.period);
    }
}

impl Program {
    /// The program for a curve's constant 3b; one period has four products a multiplier.
    ///
    /// # Panics
    /// If the units' timing leaves no program with these loads and registers.
    pub fn new(b3: u32, timing: Timing) -> Self {
        let period = 4 * timing.interval;
        let graph = Graph::new(b3);
        let n = graph.ops.len();
        let mut plan = Plan::new(timing, period);
        let mut urgency = vec![0; n];
        for i in (0..n).rev() {
            urgency[i] = plan.latency(graph.ops[i]) + graph.users(i).map(|j| urgency[j]).max().unwrap_or(0);
        }
        // Placed: step and multiplier. `ready`: the first step that can read it.
        let mut placed: Vec<Option<(usize, Option<usize>)>> = vec![None; n];
        let mut ready = vec![0; n];
        for _ in 0..n {
            let next = (0..n)
                .filter(|&i| placed[i].is_none() && graph.ops[i].operands().iter().all(|&o| placed[o].is_some()))
                .max_by_key(|&i| (urgency[i], n - i));
            let Some(i) = next else { break };
            let earliest = graph.ops[i].operands().iter().map(|&o| ready[o]).max().unwrap_or(0);
            let step = plan.place(graph.ops[i], graph.outputs.contains(&i), earliest);
            placed[i] = Some(step);
            ready[i] = step.0 + plan.latency(graph.ops[i]);
        }
        let at: Vec<(usize, Option<usize>)> = placed.into_iter().flatten().collect();
        assert_eq!(at.len(), n, "the graph has a cycle");
        let registers = registers(&graph, &at, &ready, period);
        Self {
            steps: steps(&graph, &at, &registers, &plan),
            cycles: graph.outputs.iter().map(|&i| at[i].0 + plan.sum_write() + 1).max().unwrap_or(0),
        }
    }
}

/// A register for each value but the results, in no step two values in one.
fn registers(graph: &Graph, at: &[(usize, Option<usize>)], ready: &[usize], period: usize) -> Vec<usize> {
    let mut taken = vec![vec![false; period]; SCRATCH_WORDS];
    let mut values: Vec<(usize, usize, usize)> = (0..graph.ops.len())
        .filter(|i| !graph.outputs.contains(i))
        .map(|i| (i, ready[i], graph.users(i).map(|j| at[j].0).max().unwrap_or(ready[i])))
        .collect();
    values.sort_by_key(|&(_, from, _)| from % period);
    let mut registers = vec![0; graph.ops.len()];
    for (i, from, to) in values {
        assert!(to - from < period, "value {i} is needed for longer than a period");
        let free = taken.iter().position(|r| (from..=to).all(|t| !r[t % period]));
        let Some(register) = free else { panic!("more than {SCRATCH_WORDS} values at a time") };
        (from..=to).for_each(|t| taken[register][t % period] = true);
        registers[i] = register;
    }
    registers
}

fn steps(graph: &Graph, at: &[(usize, Option<usize>)], registers: &[usize], plan: &Plan) -> Vec<Step> {
    let mut steps = vec![Step::default(); plan.period];
    let step = |t: usize| t % plan.period;
    for (i, (&op, &(t, multiplier))) in graph.ops.iter().zip(at).enumerate() {
        // The step in which the operands of a sum are in their registers.
        let mut sum = None;
        match op {
            Op::Input(port) => steps[step(t)].input = Some(port),
            Op::Product(a, b) => {
                steps[step(t)].read = [registers[a], registers[b]];
                steps[step(t + 1)].load = multiplier;
                let again = t + plan.product_again();
                steps[step(again)].product = multiplier;
                sum = Some(again + 1);
            }
            Op::Sum(a, b) | Op::Difference(a, b) => {
                steps[step(t)].read = [registers[a], registers[b]];
                steps[step(t + 1)].subtract = matches!(op, Op::Difference(..));
                sum = Some(t + 1);
            }
        }
        let taken = sum.map_or(t, |s| s + plan.timing.sum);
        match graph.outputs.iter().position(|&o| o == i) {
            Some(coordinate) => steps[step(taken)].output = Some(coordinate),
            None => steps[step(taken + 1)].write = Some(registers[i]),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing { interval: 17, product: 52, sum: 4 };

    #[test]
    fn the_program_keeps_its_length_and_every_unit_busy() {
        for b3 in [9, 12] {
            let program = Program::new(b3, TIMING);
            assert_eq!((program.steps.len(), program.cycles), (68, 202), "3b = {b3}");
            let count = |f: &dyn Fn(&Step) -> bool| program.steps.iter().filter(|s| f(s)).count();
            // 12 products fill three multipliers.
            assert_eq!(count(&|s| s.load.is_some()), 12);
            assert_eq!(count(&|s| s.product.is_some()), 12);
            assert_eq!(count(&|s| s.input.is_some()), 6);
            assert_eq!(count(&|s| s.output.is_some()), 3);
            // Six inputs, twelve products, 24 sums; three more sums go out.
            assert_eq!(count(&|s| s.write.is_some()), 6 + 12 + 24);
        }
    }

    /// The program run on integers modulo a small prime, additions one period apart, against the formulas.
    #[test]
    fn the_program_computes_the_formulas_while_additions_overlap() {
        const P: u64 = 65521;
        let program = Program::new(9, TIMING);
        let period = program.steps.len();
        let inputs = |n: usize| -> [u64; 6] { std::array::from_fn(|i| ((n * 31 + i * 17 + 5) * 7919) as u64 % P) };
        let additions = 6;
        let total = period * additions + program.cycles + 1;
        let mut scratch = [0u64; SCRATCH_WORDS];
        let (mut op, mut out, mut write_data) = ([0u64; 2], [0u64; 3], 0u64);
        // Results on their way, by the cycle in which they stand.
        let mut sums = vec![0u64; total + 100];
        let mut products = vec![[0u64; MULTIPLIERS]; total + 100];
        let mut results = vec![];
        for t in 0..total {
            if t >= program.cycles && (t - program.cycles).is_multiple_of(period) {
                results.push(out);
            }
            let step = program.steps[t % period];
            let [a, b] = op;
            sums[t + TIMING.sum] = if step.subtract { (a + P - b) % P } else { (a + b) % P };
            if let Some(m) = step.load {
                products[t + TIMING.product][m] = a * b % P;
            }
            let next = match step.product {
                Some(m) => [products[t][m], 0],
                None => step.read.map(|r| scratch[r]),
            };
            if let Some(r) = step.write {
                scratch[r] = write_data;
            }
            if let Some(c) = step.output {
                out[c] = sums[t];
            }
            write_data = step.input.map_or(sums[t], |i| inputs(t / period)[i]);
            op = next;
        }
        assert!(results.len() >= additions - 1);
        for (n, result) in results.iter().enumerate() {
            let [x1, y1, z1, x2, y2, z2] = inputs(n);
            let (xx, yy, zz) = (x1 * x2 % P, y1 * y2 % P, z1 * z2 % P);
            let (xy, yz, xz) = ((x1 * y2 + x2 * y1) % P, (y1 * z2 + y2 * z1) % P, (x1 * z2 + x2 * z1) % P);
            let (xx3, zz_b3, xz_b3) = (3 * xx % P, 9 * zz % P, 9 * xz % P);
            let (plus, minus) = ((yy + zz_b3) % P, (yy + P - zz_b3) % P);
            let x3 = (xy * minus + (P - yz) * xz_b3) % P;
            assert_eq!(*result, [x3, (minus * plus + xz_b3 * xx3) % P, (plus * yz + xx3 * xy) % P], "addition {n}");
        }
    }
}
