//! Where the ECP5-85K has multipliers and block RAMs: both in rows across the part, in blocks of four.

/// Columns of tiles from one block to the next.
const BLOCK: u16 = 9;
/// The first column with a block.
const FIRST: u16 = 4;
/// Blocks before the middle of the part, where two columns are for something else.
const BEFORE_MIDDLE: u16 = 7;
/// Blocks in a row.
const BLOCKS: u16 = 13;

/// Rows of tiles with multipliers.
pub const MULTIPLIER_ROWS: [u16; 3] = [10, 34, 58];
/// Rows of tiles with block RAMs.
pub const RAM_ROWS: [u16; 4] = [22, 46, 70, 82];

/// A place for one multiplier or block RAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Column of tiles.
    pub x: u16,
    /// Row of tiles.
    pub y: u16,
    /// nextpnr's name.
    pub bel: String,
}

/// Those of `MULT18X18D`, by row and column.
pub fn multipliers() -> Vec<Site> {
    sites(&MULTIPLIER_ROWS, [(0, "MULT18_0"), (1, "MULT18_1"), (4, "MULT18_4"), (5, "MULT18_5")])
}

/// Those of `DP16KD`, by row and column.
pub fn rams() -> Vec<Site> {
    sites(&RAM_ROWS, [(0, "EBR0"), (2, "EBR1"), (4, "EBR2"), (6, "EBR3")])
}

fn sites(rows: &[u16], in_block: [(u16, &str); 4]) -> Vec<Site> {
    let mut all = Vec::new();
    for &y in rows {
        for block in 0..BLOCKS {
            let first = FIRST + BLOCK * block + if block < BEFORE_MIDDLE { 0 } else { 2 };
            all.extend(in_block.map(|(dx, z)| Site { x: first + dx, y, bel: format!("X{}/Y{y}/{z}", first + dx) }));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::ECP5_85;

    #[test]
    fn as_many_as_the_part_has() {
        assert_eq!(multipliers().len(), ECP5_85.mult18 as usize);
        assert_eq!(rams().len(), ECP5_85.dp16kd as usize);
        assert_eq!(multipliers()[29], Site { x: 70, y: 10, bel: "X70/Y10/MULT18_1".into() });
        assert_eq!(rams()[207], Site { x: 120, y: 82, bel: "X120/Y82/EBR3".into() });
    }
}
