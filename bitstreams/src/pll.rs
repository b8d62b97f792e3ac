//! Divisors of the ECP5's PLL, EHXPLLL.
//!
//! CLKOP is the feedback and nothing else, CLKOS the card's clock: so the phase detector runs at or near
//! the oscillator's frequency, within the range that Lattice states (FPGA-DS-02012, "sysCLOCK PLL Timing").
//! With CLKOP as both, 25 MHz to 60 MHz would need a phase detector at 5 MHz.

/// Phase detector, Hz.
const DETECTOR: std::ops::RangeInclusive<u64> = 10_000_000..=400_000_000;
/// Voltage-controlled oscillator, Hz.
const OSCILLATOR: std::ops::RangeInclusive<u64> = 400_000_000..=800_000_000;
/// Every divisor.
const DIVISOR: std::ops::RangeInclusive<u64> = 1..=128;

/// Parameters of EHXPLLL: CLKOS = input / `input_div` * `feedback_div` / `output_div`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pll {
    /// CLKI_DIV.
    pub input_div: u64,
    /// CLKOP_DIV; CLKFB_DIV is 1.
    pub feedback_div: u64,
    /// CLKOS_DIV.
    pub output_div: u64,
}

impl Pll {
    /// Divisors that make exactly `output` Hz of `input` Hz, the oscillator nearest to its range's middle.
    pub fn exact(input: u64, output: u64) -> Option<Self> {
        let middle = (OSCILLATOR.start() + OSCILLATOR.end()) / 2;
        all(input).filter(|pll| pll.is_exactly(input, output)).min_by_key(|pll| {
            let vco = input * pll.feedback_div / pll.input_div;
            // The fastest phase detector first: it follows the crystal closest.
            (pll.input_div, vco.abs_diff(middle))
        })
    }

    /// The reachable whole number of Hz nearest to `output`.
    pub fn nearest(input: u64, output: u64) -> Option<u64> {
        all(input).filter_map(|pll| pll.hz(input)).min_by_key(|hz| (hz.abs_diff(output), *hz))
    }

    /// CLKOS, if it is a whole number of Hz.
    pub fn hz(&self, input: u64) -> Option<u64> {
        let (over, under) = (input * self.feedback_div, self.input_div * self.output_div);
        over.is_multiple_of(under).then(|| over / under)
    }

    fn is_exactly(&self, input: u64, output: u64) -> bool {
        input * self.feedback_div == output * self.input_div * self.output_div
    }
}

/// All settings within the ranges.
fn all(input: u64) -> impl Iterator<Item = Pll> {
    let inputs = DIVISOR.filter(move |i| DETECTOR.contains(&(input / i)) && input.is_multiple_of(*i));
    let feedbacks = inputs.flat_map(move |i| DIVISOR.map(move |f| (i, f)));
    let in_range = feedbacks.filter(move |(i, f)| OSCILLATOR.contains(&(input / i * f)));
    in_range.flat_map(|(i, f)| DIVISOR.map(move |o| Pll { input_div: i, feedback_div: f, output_div: o }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boards_clocks() {
        // 600 MHz within, phase detectors at the oscillators' own 25 and 100 MHz.
        assert_eq!(Pll::exact(25_000_000, 60_000_000), Some(Pll { input_div: 1, feedback_div: 24, output_div: 10 }));
        assert_eq!(Pll::exact(100_000_000, 60_000_000), Some(Pll { input_div: 1, feedback_div: 6, output_div: 10 }));
        assert_eq!(Pll::exact(25_000_000, 75_000_000), Some(Pll { input_div: 1, feedback_div: 24, output_div: 8 }));
    }

    #[test]
    fn every_setting_is_in_range_and_makes_what_it_says() {
        for (input, output) in [(25, 50), (25, 60), (25, 75), (25, 65), (100, 60), (100, 72), (12, 48)] {
            let (input, output) = (input * 1_000_000, output * 1_000_000);
            let pll = Pll::exact(input, output).unwrap_or_else(|| panic!("{input} to {output}"));
            assert_eq!(pll.hz(input), Some(output));
            assert!(DETECTOR.contains(&(input / pll.input_div)), "{pll:?}");
            assert!(OSCILLATOR.contains(&(input / pll.input_div * pll.feedback_div)), "{pll:?}");
            assert!([pll.input_div, pll.feedback_div, pll.output_div].iter().all(|d| DIVISOR.contains(d)), "{pll:?}");
        }
    }

    #[test]
    fn what_cannot_be_made_has_a_neighbour() {
        assert_eq!(Pll::exact(25_000_000, 66_000_001), None);
        let near = Pll::nearest(25_000_000, 66_000_001).expect("some clock");
        assert!(near.abs_diff(66_000_001) < 1_000_000, "{near}");
        assert!(Pll::exact(25_000_000, near).is_some());
        assert_eq!(Pll::exact(0, 60_000_000), None);
    }
}
