//! The boards: what `boards/BOARD/` says, and the clock and divisors that follow.

use crate::error::Error;
use crate::hash;
use crate::pll::Pll;
use serde::Deserialize;

/// A board's files, compiled in: the command works wherever it is installed.
struct Files {
    name: &'static str,
    board: &'static str,
    pins: &'static str,
    top: &'static str,
}

macro_rules! files {
    ($name:literal) => {
        Files {
            name: $name,
            board: include_str!(concat!("../boards/", $name, "/board.toml")),
            pins: include_str!(concat!("../boards/", $name, "/pins.lpf")),
            top: include_str!(concat!("../boards/", $name, "/top.v")),
        }
    };
}

const ALL: [Files; 2] = [files!("ulx3s-85f"), files!("ecpix5-85f")];

/// PLL and reset, the same on every board.
pub const CLOCK_V: &str = include_str!("../boards/common/clock.v");

/// How far the UART may be off the wanted rate: a receiver that samples in the middle of a bit stands 5 % over
/// ten bits, and the other side has its own error.
const MOST_BAUD_ERROR: f64 = 0.01;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: String,
    title: String,
    part: String,
    device: String,
    package: String,
    speed: u32,
    oscillator_hz: u64,
    clock_hz: u64,
    baud: u32,
    seed: u32,
    loader: String,
    usb: String,
    usb_interface: u32,
}

/// A board.
#[derive(Clone, Debug)]
pub struct Board {
    /// As `--board` names it.
    pub name: String,
    /// For people.
    pub title: String,
    /// The part's full name.
    pub part: String,
    /// nextpnr-ecp5's name of the part.
    pub device: String,
    /// nextpnr-ecp5's name of the package.
    pub package: String,
    /// Speed grade.
    pub speed: u32,
    /// The oscillator on the board.
    pub oscillator_hz: u64,
    /// The card's clock unless told otherwise.
    pub clock_hz: u64,
    /// The link's rate.
    pub baud: u32,
    /// The placement's seed unless told otherwise: one by which the small card was routed.
    pub seed: u32,
    /// openFPGALoader's name of the board.
    pub loader: String,
    /// USB vendor and product of the serial port, as `vvvv:pppp`.
    pub usb: String,
    /// USB interface of the serial port.
    pub usb_interface: u32,
    /// Pins, as nextpnr reads them.
    pub pins: &'static str,
    /// The top module `board`.
    pub top: &'static str,
    /// sha256 of all the files that the bitstream depends on.
    pub hash: String,
}

/// A board at a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clocking {
    /// The card's clock.
    pub hz: u64,
    /// What makes it.
    pub pll: Pll,
    /// Clock cycles of one bit on the link.
    pub divisor: u32,
}

impl Board {
    /// The names.
    pub fn names() -> Vec<&'static str> {
        ALL.iter().map(|files| files.name).collect()
    }

    /// The board of that name.
    ///
    /// # Errors
    /// [`Error::UnknownBoard`] lists those there are.
    pub fn named(name: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownBoard { name: name.into(), known: Self::names().join(", ") };
        let files = ALL.iter().find(|files| files.name == name).ok_or_else(unknown)?;
        let wrong = |message: String| Error::Board { board: name.into(), message };
        let d: Description = toml::from_str(files.board).map_err(|e| wrong(format!("board.toml: {e}")))?;
        if d.name != files.name {
            return Err(wrong(format!("board.toml calls it {}", d.name)));
        }
        let all = [files.board, files.pins, files.top, CLOCK_V].join("\0");
        Ok(Board {
            name: d.name,
            title: d.title,
            part: d.part,
            device: d.device,
            package: d.package,
            speed: d.speed,
            oscillator_hz: d.oscillator_hz,
            clock_hz: d.clock_hz,
            baud: d.baud,
            seed: d.seed,
            loader: d.loader,
            usb: d.usb,
            usb_interface: d.usb_interface,
            pins: files.pins,
            top: files.top,
            hash: hash::of(all.as_bytes()),
        })
    }

    /// PLL and UART divisor for a clock.
    ///
    /// # Errors
    /// [`Error::Board`] if the PLL cannot make that clock (it names the nearest that it can) or the UART's
    /// rate does not follow from it.
    pub fn clocking(&self, hz: u64) -> Result<Clocking, Error> {
        let wrong = |message: String| Error::Board { board: self.name.clone(), message };
        let mhz = |hz: u64| hz as f64 / 1e6;
        let Some(pll) = Pll::exact(self.oscillator_hz, hz) else {
            let near = Pll::nearest(self.oscillator_hz, hz).map_or(String::new(), |n| format!("; try {}", mhz(n)));
            let from = mhz(self.oscillator_hz);
            return Err(wrong(format!("its PLL cannot make exactly {} MHz of {from} MHz{near}", mhz(hz))));
        };
        let baud = u64::from(self.baud);
        let divisor = (hz + baud / 2) / baud;
        let error = (hz as f64 / divisor.max(1) as f64 / baud as f64 - 1.0).abs();
        if divisor < 4 || error > MOST_BAUD_ERROR {
            return Err(wrong(format!(
                "{} MHz gives no UART clock for {baud} baud ({:.1} % off): take a multiple of {} MHz",
                mhz(hz),
                error * 100.0,
                mhz(baud)
            )));
        }
        let divisor = u32::try_from(divisor).map_err(|_| wrong(format!("{} MHz is too fast", mhz(hz))))?;
        Ok(Clocking { hz, pll, divisor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_board_is_complete() {
        for name in Board::names() {
            let board = Board::named(name).unwrap_or_else(|e| panic!("{e}"));
            let clocking = board.clocking(board.clock_hz).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(u64::from(clocking.divisor) * u64::from(board.baud), board.clock_hz, "{name}: inexact rate");
            assert!(
                board.pins.contains(&format!("FREQUENCY PORT \"oscillator\" {} MHZ", board.oscillator_hz / 1_000_000))
            );
            assert_eq!(board.hash.len(), 64);
        }
        assert!(matches!(Board::named("vu9p"), Err(Error::UnknownBoard { .. })));
    }

    /// Ports of the top module and pins of the constraints are the same set, each pin used once.
    #[test]
    fn every_port_has_its_pin() {
        for name in Board::names() {
            let board = Board::named(name).expect("there");
            let header = board.top.split_once(");").expect("module header").0;
            let mut ports = BTreeSet::new();
            for line in header.lines().map(str::trim).filter(|l| l.starts_with("input") || l.starts_with("output")) {
                let port = line.trim_end_matches(',').rsplit(' ').next().expect("name");
                match line.split_once('[').and_then(|(_, r)| r.split_once(":0]")).map(|(n, _)| n.parse::<u32>()) {
                    Some(Ok(top)) => ports.extend((0..=top).map(|i| format!("{port}[{i}]"))),
                    _ => assert!(ports.insert(port.to_owned()), "{name}: {port} twice"),
                }
            }
            let quoted = |line: &str, n: usize| line.split('"').nth(n).map(str::to_owned);
            let located: Vec<&str> = board.pins.lines().filter(|l| l.starts_with("LOCATE")).collect();
            let comps: BTreeSet<String> = located.iter().filter_map(|l| quoted(l, 1)).collect();
            let sites: BTreeSet<String> = located.iter().filter_map(|l| quoted(l, 3)).collect();
            assert_eq!(comps, ports, "{name}");
            assert_eq!(sites.len(), located.len(), "{name}: a pin is used twice");
            let buffers = board.pins.lines().filter(|l| l.starts_with("IOBUF")).filter_map(|l| quoted(l, 1));
            assert_eq!(buffers.collect::<BTreeSet<_>>(), ports, "{name}: IOBUF");
        }
    }

    #[test]
    fn impossible_clocks_are_refused_with_a_way_out() {
        let board = Board::named("ulx3s-85f").expect("there");
        let error = board.clocking(66_000_001).expect_err("no such divisors").to_string();
        assert!(error.contains("try 6"), "{error}");
        // 50 MHz / 3 Mbaud = 16.67: 2 % off.
        let error = board.clocking(50_000_000).expect_err("no such rate").to_string();
        assert!(error.contains("multiple of 3 MHz"), "{error}");
        assert_eq!(board.clocking(75_000_000).expect("fine").divisor, 25);
        assert!(board.clocking(0).is_err());
    }
}
