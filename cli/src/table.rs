//! Tables for the terminal.

/// Rows of equal length as columns of equal width, two spaces apart.
pub fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "long", ""], ["bbb", "é", "x"]].map(|r| r.map(str::to_owned));
        assert_eq!(super::aligned(&rows), "a    long\nbbb  é     x\n");
        assert_eq!(super::aligned::<2>(&[]), "");
    }
}
