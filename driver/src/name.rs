//! Device names: `vfio:BDF`, `vfio-user:SOCKET` and `serial:PORT[@BAUD]`.

use crate::error::Error;
use crate::transport::{Bdf, Transport};
use gristmill_abi::serial::DEFAULT_BAUD;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

const EXPECTED: &str = "vfio:BUS:DEVICE.FUNCTION (such as vfio:0000:3b:00.0), vfio-user:SOCKET, or serial:PORT[@BAUD] \
                        (such as serial:/dev/ttyUSB0@3000000)";
/// Speeds of a serial port that are no slip of the pen. (Simulated boards may be very slow.)
const BAUDS: std::ops::RangeInclusive<u32> = 50..=50_000_000;

/// The name of a device that this driver reaches by itself. (Simulators in the process have names
/// of the library's.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceName {
    /// A card in a PCIe slot, through the kernel's VFIO.
    Vfio(Bdf),
    /// A card behind a Unix socket.
    VfioUser(PathBuf),
    /// A board on a serial port.
    Serial {
        /// The port's path.
        path: PathBuf,
        /// Bits a second.
        baud: u32,
    },
}

/// `PORT[@BAUD]`. A path with an @ in it needs the speed behind it.
fn serial(text: &str) -> Result<DeviceName, String> {
    let (path, baud) = match text.rsplit_once('@') {
        None => (text, DEFAULT_BAUD),
        Some((path, baud)) => {
            let number = baud.parse().ok().filter(|b| BAUDS.contains(b));
            let expected = || format!("`{baud}` is no speed, {} to {} baud", BAUDS.start(), BAUDS.end());
            (path, number.ok_or_else(expected)?)
        }
    };
    match path {
        "" => Err("the port's path is missing".into()),
        path => Ok(DeviceName::Serial { path: path.into(), baud }),
    }
}

impl FromStr for DeviceName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let bad = |problem: String| Error::Name { name: name.into(), problem, expected: EXPECTED };
        match name.split_once(':') {
            Some(("vfio", bdf)) => bdf.parse().map(DeviceName::Vfio).map_err(bad),
            Some(("vfio-user", "")) => Err(bad("the socket's path is missing".into())),
            Some(("vfio-user", path)) => Ok(DeviceName::VfioUser(path.into())),
            Some(("serial", port)) => serial(port).map_err(bad),
            _ => Err(bad("the kind of device is unknown".into())),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceName::Vfio(bdf) => write!(f, "vfio:{bdf}"),
            DeviceName::VfioUser(path) => write!(f, "vfio-user:{}", path.display()),
            DeviceName::Serial { path, baud } => write!(f, "serial:{}@{baud}", path.display()),
        }
    }
}

/// Opens the way to a device by its name.
pub fn open(name: &str) -> Result<Box<dyn Transport>, Error> {
    let parsed: DeviceName = name.parse()?;
    match parsed {
        #[cfg(target_os = "linux")]
        DeviceName::VfioUser(path) => Ok(Box::new(crate::transport::vfio_user::VfioUser::connect(&path)?)),
        #[cfg(target_os = "linux")]
        DeviceName::Serial { path, baud } => Ok(Box::new(crate::transport::serial::Serial::open(&path, baud)?)),
        #[cfg(all(target_os = "linux", feature = "vfio"))]
        DeviceName::Vfio(bdf) => Ok(Box::new(crate::transport::vfio::Vfio::open(bdf)?)),
        #[allow(unreachable_patterns)] // reachable without the feature, and elsewhere
        _ => Err(Error::Name {
            name: name.into(),
            problem: "this build has no such transport".into(),
            expected: "another device, or build the driver on Linux with its feature `vfio`",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_understood() {
        for name in ["vfio:0000:3b:00.0", "vfio-user:/run/card.sock", "vfio-user:a:b"] {
            assert_eq!(name.parse::<DeviceName>().unwrap().to_string(), name);
        }
        for (name, shown) in [
            ("serial:/dev/ttyUSB0", "serial:/dev/ttyUSB0@3000000"),
            ("serial:/dev/ttyUSB0@115200", "serial:/dev/ttyUSB0@115200"),
            ("serial:/dev/a@b@9600", "serial:/dev/a@b@9600"),
        ] {
            let parsed: DeviceName = name.parse().unwrap();
            assert_eq!((parsed.to_string(), shown.parse::<DeviceName>().unwrap()), (shown.into(), parsed));
        }
        assert_eq!("vfio:3b:00.1".parse::<DeviceName>().unwrap().to_string(), "vfio:0000:3b:00.1");
    }

    #[test]
    fn bad_names_say_what_would_be_good() {
        for name in [
            "",
            "card",
            "vfio",
            "vfio:",
            "vfio:zz:00.0",
            "vfio-user:",
            "pci:1",
            "serial:",
            "serial:@9600",
            "serial:/dev/ttyUSB0@",
            "serial:/dev/ttyUSB0@fast",
            "serial:a@49",
        ] {
            let message = name.parse::<DeviceName>().unwrap_err().to_string();
            assert!(message.contains("vfio-user:SOCKET") && message.contains(&format!("{name:?}")), "{message}");
        }
    }
}
