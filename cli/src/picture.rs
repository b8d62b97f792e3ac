//! Small pictures for the terminal: horizontal bars of shares.

/// One bar: a label, its value, and a remark behind it.
pub struct Bar {
    /// Left of the bar.
    pub label: String,
    /// Its length, in any unit.
    pub value: f64,
    /// Right of the bar.
    pub remark: String,
}

/// Bars on a common scale, the longest `width` cells wide. Values that are not finite count as zero.
pub fn bars(bars: &[Bar], width: usize) -> String {
    let value = |b: &Bar| if b.value.is_finite() { b.value.max(0.0) } else { 0.0 };
    let longest = bars.iter().map(value).fold(0.0, f64::max);
    let label_width = bars.iter().map(|b| b.label.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for b in bars {
        let eighths = if longest > 0.0 { (value(b) / longest * width as f64 * 8.0).round() as usize } else { 0 };
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
        let drawn = format!("{}{}", "█".repeat(eighths / 8), partial);
        let line = format!("  {:label_width$}  {:width$}  {}", b.label, drawn, b.remark);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// `1234567` as `1,234,567`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(d);
    }
    out
}

/// Seconds with a unit that suits them.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s >= 100.0 => format!("{s:.0} s"),
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.1} us", s * 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_width() {
        let bar = |label: &str, value| Bar { label: label.into(), value, remark: String::new() };
        let picture = bars(&[bar("a", 8.0), bar("bb", 4.0), bar("c", 0.0), bar("d", f64::NAN)], 4);
        assert_eq!(picture, "  a   ████\n  bb  ██\n  c\n  d\n");
    }

    #[test]
    fn numbers_are_grouped() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration(123.4), "123 s");
        assert_eq!(duration(0.0125), "12.50 ms");
        assert_eq!(duration(1.25e-5), "12.5 us");
    }
}
