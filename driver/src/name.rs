//! Device names: `vfio:BDF` and `vfio-user:SOCKET`.

use crate::error::Error;
use crate::transport::{Bdf, Transport};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

const EXPECTED: &str = "vfio:BUS:DEVICE.FUNCTION (such as vfio:0000:3b:00.0) or vfio-user:SOCKET";

/// The name of a device that this driver reaches by itself. (Simulators in the process have names
/// of the library's.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceName {
    /// A card in a PCIe slot, through the kernel's VFIO.
    Vfio(Bdf),
    /// A card behind a Unix socket.
    VfioUser(PathBuf),
}

impl FromStr for DeviceName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let bad = |problem: String| Error::Name { name: name.into(), problem, expected: EXPECTED };
        match name.split_once(':') {
            Some(("vfio", bdf)) => bdf.parse().map(DeviceName::Vfio).map_err(bad),
            Some(("vfio-user", "")) => Err(bad("the socket's path is missing".into())),
            Some(("vfio-user", path)) => Ok(DeviceName::VfioUser(path.into())),
            _ => Err(bad("the kind of device is unknown".into())),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceName::Vfio(bdf) => write!(f, "vfio:{bdf}"),
            DeviceName::VfioUser(path) => write!(f, "vfio-user:{}", path.display()),
        }
    }
}

/// Opens the way to a device by its name.
pub fn open(name: &str) -> Result<Box<dyn Transport>, Error> {
    let parsed: DeviceName = name.parse()?;
    match parsed {
        #[cfg(target_os = "linux")]
        DeviceName::VfioUser(path) => Ok(Box::new(crate::transport::vfio_user::VfioUser::connect(&path)?)),
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
        assert_eq!("vfio:3b:00.1".parse::<DeviceName>().unwrap().to_string(), "vfio:0000:3b:00.1");
    }

    #[test]
    fn bad_names_say_what_would_be_good() {
        for name in ["", "card", "vfio", "vfio:", "vfio:zz:00.0", "vfio-user:", "pci:1"] {
            let message = name.parse::<DeviceName>().unwrap_err().to_string();
            assert!(message.contains("vfio-user:SOCKET") && message.contains(&format!("{name:?}")), "{message}");
        }
    }
}
