//! The serial link's blocks against their software models, the bridge against a scripted host, and
//! the whole card through the wire; each natively and under Verilator on the same vectors.

mod bench;
mod blocks;
mod bridge;
mod card;
mod host;

use super::{SerialConfig, SerialError};

#[test]
fn clocks_and_rates() {
    let link = |clock, baud| SerialConfig::for_clock(clock, baud).map(|c| c.divisor);
    assert_eq!(link(60_000_000, 3_000_000), Ok(20));
    assert_eq!(link(62_500_000, 3_000_000), Ok(21));
    assert_eq!(link(60_000_000, 115_200), Ok(521));
    assert_eq!(link(60_000_000, 20_000_000), Err(SerialError::Divisor { divisor: 3 }));
    assert_eq!(link(60_000_000, 0), Err(SerialError::Divisor { divisor: 60_000_000 }));
    assert_eq!(
        link(25_000_000, 3_000_000),
        Err(SerialError::Baud { baud: 3_000_000, clock_hz: 25_000_000, divisor: 8, off: 40 })
    );
    let short = SerialConfig { divisor: 4, retry_cycles: 10 };
    assert_eq!(short.validate(), Err(SerialError::Retry { retry_cycles: 10 }));
}

#[test]
fn sources_pass_the_check() {
    let folder = format!("{}/src/serial", env!("CARGO_MANIFEST_DIR"));
    let report = gristmill_hdl_kit::source_check::check(&[folder]).expect("readable sources");
    assert!(report.findings.is_empty(), "{report}");
    assert_eq!(report.kernels, 9);
}
