//! Spacers: tables that compute nothing and hold their place, so that logic is spread over the part.
//!
//! nextpnr's placer puts cells as close as they fit; where every table of a tile is used, its wires do not
//! suffice, and the router does not end. Three of four rows have places for five tables a tile instead of
//! eight. The fourth stays whole: carry chains run along it, and memories of tables stand there.

use super::cells;
use super::floorplan::sites::{MULTIPLIER_ROWS, RAM_ROWS};
use crate::flow::{ECP5_85, tables};
use serde_json::{Value, json};

/// Rows and columns of the ECP5-85K's logic tiles, but for those of [`MULTIPLIER_ROWS`] and [`RAM_ROWS`].
const ROWS: std::ops::RangeInclusive<u16> = 2..=93;
const COLUMNS: std::ops::RangeInclusive<u16> = 2..=124;
/// Tables of a tile that spacers take: two pairs stay whole, since the first of a pair chooses between the two.
const TAKEN: [&str; 3] = ["SLICEC.K1", "SLICED.K0", "SLICED.K1"];
/// Of so many rows one has none.
const OF_ROWS: u16 = 4;
/// Tables that the design uses, in hundredths of the part, for which there are spacers: less needs none, more leaves no place for any.
const WORTH_IT: std::ops::RangeInclusive<u32> = 25..=62;
/// How their names begin: no module or signal of a board is called so.
const PREFIX: &str = "spacer_x";

/// Adds spacers to module `top` if its size asks for them; says how many.
///
/// # Errors
/// What is wrong with the netlist.
pub fn spread(netlist: &mut Value, top: &str) -> Result<usize, String> {
    let cells = cells(netlist, top)?;
    let used: u32 = cells.values().filter_map(|c| c["type"].as_str()).map(tables).sum();
    if !WORTH_IT.contains(&(100 * used / ECP5_85.lut4)) {
        return Ok(0);
    }
    let rows = ROWS.filter(|y| y % OF_ROWS != 0 && !MULTIPLIER_ROWS.contains(y) && !RAM_ROWS.contains(y));
    let before = cells.len();
    for (y, x) in rows.flat_map(|y| COLUMNS.map(move |x| (y, x))) {
        for table in TAKEN {
            cells.insert(format!("{PREFIX}{x}_y{y}_{}", table.replace('.', "_").to_lowercase()), spacer(x, y, table));
        }
    }
    Ok(cells.len() - before)
}

/// Whether a cell is one of these, by its name.
pub fn is_spacer(cell: &str) -> bool {
    cell.starts_with(PREFIX)
}

fn spacer(x: u16, y: u16, table: &str) -> Value {
    json!({
        "hide_name": 0,
        "type": "LUT4",
        "parameters": { "INIT": "0000000000000000" },
        "attributes": { "BEL": format!("X{x}/Y{y}/{table}") },
        "port_directions": { "A": "input", "B": "input", "C": "input", "D": "input", "Z": "output" },
        "connections": { "A": ["0"], "B": ["0"], "C": ["0"], "D": ["0"], "Z": [] },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    const TABLES: usize = ECP5_85.lut4 as usize;

    fn netlist(tables: usize) -> Value {
        let cells: Map<String, Value> = (0..tables).map(|i| (format!("l{i}"), json!({ "type": "LUT4" }))).collect();
        json!({ "modules": { "board": { "cells": cells } } })
    }

    #[test]
    fn three_of_four_rows_have_three_spacers_a_tile() {
        let mut netlist = netlist(TABLES / 2);
        let added = spread(&mut netlist, "board").expect("a netlist");
        // 92 rows without every fourth and without the seven of multipliers and block RAMs; 123 columns.
        assert_eq!(added, (92 - 23 - 7) * 123 * 3);
        assert_eq!(netlist["modules"]["board"]["cells"].as_object().expect("cells").len(), TABLES / 2 + added);
        assert!(TABLES * *WORTH_IT.end() as usize / 100 + added < TABLES * 9 / 10);
        let one = &netlist["modules"]["board"]["cells"]["spacer_x2_y5_sliced_k1"];
        assert_eq!(one["attributes"]["BEL"], "X2/Y5/SLICED.K1");
        let cells = netlist["modules"]["board"]["cells"].as_object().expect("cells");
        assert_eq!(cells.keys().filter(|name| is_spacer(name)).count(), added);
    }

    #[test]
    fn small_and_full_designs_get_none() {
        for tables in [TABLES / 5, TABLES * 2 / 3] {
            assert_eq!(spread(&mut netlist(tables), "board"), Ok(0));
        }
        assert!(spread(&mut json!({}), "board").expect_err("no modules").contains("board"));
    }
}
