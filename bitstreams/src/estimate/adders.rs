//! How many point adders a card holds, and which window the buckets leave room for: what is built beside what others build.
//!
//! The complete adders of both widths and their parts are measured (yosys 0.70, `docs/field-and-curve.md`); the other ways are sums of these parts,
//! and nothing of those is built.

use super::xilinx::{PARTS, Part};
use std::fmt::Write;

/// Share of a part's DSPs and LUTs that adders may take, in percent: the rest is the engine's, the card's and the router's.
const SHARE: u64 = 75;
/// An UltraRAM: words, bits.
const URAM: (u64, u64) = (4096, 72);
/// Clock of the predictions in MHz. Nothing has reached it.
const MHZ: f64 = 250.0;

/// Multipliers for words of so many bits, one product a cycle.
struct Products {
    bits: u64,
    dsps: u64,
    /// Of one, and of two that are reduced as a sum (mean of the sum and the difference).
    luts: u64,
    pair_luts: u64,
    /// LUTs of a modular sum or small multiple with what waits beside it: of the 20 in the complete adder, the mean.
    sum_luts: u64,
}

const WIDTHS: [Products; 2] = [
    Products { bits: 256, dsps: 120, luts: 25_971, pair_luts: (34_345 + 33_791) / 2, sum_luts: 25_936 / 20 },
    Products { bits: 384, dsps: 288, luts: 54_701, pair_luts: (73_430 + 72_594) / 2, sum_luts: 37_614 / 20 },
];

/// A curve: name, bits of a word of its coordinates, bits of its scalars.
const CURVES: [(&str, u64, u64); 3] = [("BN254", 256, 254), ("BLS12-381", 384, 255), ("BLS12-377", 384, 253)];

/// A way to add points.
struct Way {
    name: &'static str,
    /// Products, two of which may be reduced as one sum.
    products: u64,
    pairs: u64,
    sums: u64,
    /// Coordinates of a bucket.
    coordinates: u64,
}

/// Complete: Renes, Costello, Batina 2015/1060, algorithm 7. XYZZ: Explicit-Formulas Database, `madd-2008-s`. Batch-affine: chord
/// with Montgomery's simultaneous inversion, three products a term.
const WAYS: [Way; 3] = [
    Way { name: "complete projective", products: 12, pairs: 3, sums: 20, coordinates: 3 },
    Way { name: "XYZZ, mixed", products: 10, pairs: 1, sums: 6, coordinates: 4 },
    Way { name: "batch-affine", products: 6, pairs: 0, sums: 6, coordinates: 2 },
];

impl Way {
    fn dsps(&self, p: &Products) -> u64 {
        self.products * p.dsps
    }

    fn luts(&self, p: &Products) -> u64 {
        (self.products - 2 * self.pairs) * p.luts + self.pairs * p.pair_luts + self.sums * p.sum_luts
    }
}

/// UltraRAMs of the buckets of all windows, in two banks; and how many windows there are.
fn buckets(coordinates: u64, bits: u64, scalar_bits: u64, window: u64) -> (u64, u64) {
    let windows = scalar_bits / window + 1;
    let bank = (windows << (window - 1)).div_ceil(2);
    (2 * bank.div_ceil(URAM.0) * (coordinates * bits).div_ceil(URAM.1), windows)
}

/// The widest window whose buckets fit, its UltraRAMs and windows.
fn window(way: &Way, part: &Part, bits: u64, scalar_bits: u64) -> Option<(u64, u64, u64)> {
    (2..=16).rev().find_map(|c| {
        let (urams, windows) = buckets(way.coordinates, bits, scalar_bits, c);
        (urams <= part.has.urams).then_some((c, urams, windows))
    })
}

fn row(part: &Part, name: &str, bits: u64, scalar_bits: u64, way: &Way) -> Option<String> {
    let products = WIDTHS.iter().find(|p| p.bits == bits)?;
    let (dsps, luts) = (way.dsps(products), way.luts(products));
    let by_dsps = part.has.dsps * SHARE / 100 / dsps;
    let by_luts = part.has.luts * SHARE / 100 / luts;
    let adders = by_dsps.min(by_luts);
    let (c, urams, windows) = window(way, part, bits, scalar_bits)?;
    let limit = match by_dsps.cmp(&by_luts) {
        std::cmp::Ordering::Less => "DSP",
        std::cmp::Ordering::Greater => "LUT",
        std::cmp::Ordering::Equal => "both",
    };
    let rate = match adders {
        0 => "-".to_string(),
        n => format!("{} / {:.1}", windows.div_ceil(n), MHZ / windows.div_ceil(n) as f64),
    };
    let built = if way.name.starts_with("complete") { "built, mapped" } else { "no" };
    Some(format!(
        "| {} | {name} | {} | {built} | {dsps} | {} | {by_dsps} | {by_luts} | **{adders}** ({limit}) | {} | {c} | {windows} | {urams} | {rate} |\n",
        part.name.split(' ').next().unwrap_or_default(),
        way.name,
        luts / 1000,
        way.coordinates * bits,
    ))
}

/// The table, in Markdown.
pub fn table() -> String {
    let mut text = String::from(
        "| part | curve | addition | built | DSP | kLUT | by DSP | by LUT | adders | bits a bucket | c | W | URAM | cycles a point / M points/s |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for part in PARTS.iter().filter(|p| p.has.urams > 0) {
        for (name, bits, scalar_bits) in CURVES {
            for way in &WAYS {
                let _ = write!(text, "{}", row(part, name, bits, scalar_bits, way).unwrap_or_default());
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_shows_this_table() {
        let page = include_str!("../../../docs/pcie-cards.md");
        let table = table();
        assert_eq!(table.lines().count(), 2 + 2 * 3 * 3);
        assert!(page.contains(&table), "docs/pcie-cards.md: put this there:\n{table}");
    }

    #[test]
    fn the_sum_of_the_parts_is_the_adder_that_was_mapped() {
        // `PointAdder256` in docs/field-and-curve.md: two sums and a difference, of which the mean is taken twice here.
        let luts = WAYS[0].luts(&WIDTHS[0]);
        assert!(luts.abs_diff(283_689) < 1000, "{luts}");
        assert_eq!(WAYS[0].dsps(&WIDTHS[0]), 1_440);
        // And `PointAdder384`.
        let luts = WAYS[0].luts(&WIDTHS[1]);
        assert!(luts.abs_diff(584_438) < 1000, "{luts}");
        assert_eq!(WAYS[0].dsps(&WIDTHS[1]), 3_456);
        // A card of c = 15: 34 rows of UltraRAMs a bank, 11 beside each other.
        assert_eq!(buckets(3, 256, 254, 15), (748, 17));
        assert_eq!(buckets(3, 256, 254, 16), (1408, 16));
    }
}
