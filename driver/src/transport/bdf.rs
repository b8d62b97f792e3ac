//! Addresses of PCI functions.

use std::fmt;
use std::str::FromStr;

/// Domain, bus, device and function of a PCI function, written `0000:3b:00.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bdf {
    /// Domain (segment); 0 when not written. Some bridges' domains need more than 16 bits.
    pub domain: u32,
    /// Bus.
    pub bus: u8,
    /// Device on the bus, 0 to 31.
    pub device: u8,
    /// Function, 0 to 7.
    pub function: u8,
}

impl FromStr for Bdf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hex = |what: &str, digits: &str, most: u32| {
            let plain = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            match u32::from_str_radix(digits, 16) {
                Ok(value) if plain && value <= most => Ok(value),
                _ => Err(format!("{what} {digits:?} is no hexadecimal number up to {most:x}")),
            }
        };
        let (front, function) = text.split_once('.').ok_or("no function (\".0\") in the address")?;
        let parts: Vec<&str> = front.split(':').collect();
        let (domain, bus, device) = match parts[..] {
            [bus, device] => ("0", bus, device),
            [domain, bus, device] => (domain, bus, device),
            _ => return Err("an address has a bus and a device, and perhaps a domain".into()),
        };
        Ok(Bdf {
            domain: hex("domain", domain, u32::MAX)?,
            bus: hex("bus", bus, 0xff)? as u8,
            device: hex("device", device, 0x1f)? as u8,
            function: hex("function", function, 7)? as u8,
        })
    }
}

impl fmt::Display for Bdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:02x}:{:02x}.{:x}", self.domain, self.bus, self.device, self.function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_a_round_trip() {
        for text in ["0000:3b:00.0", "10000:ff:1f.7"] {
            assert_eq!(text.parse::<Bdf>().unwrap().to_string(), text);
        }
        assert_eq!("3B:1.2".parse::<Bdf>().unwrap().to_string(), "0000:3b:01.2");
    }

    #[test]
    fn wrong_addresses_are_refused() {
        for text in [
            "",
            "3b",
            "3b:00",
            "3b:00.8",
            "3b:20.0",
            "100:00.0",
            "a:b:c:d.0",
            "+3b:00.0",
            "3b:00.",
            ":00.0",
            "3b:0x0.0",
        ] {
            assert!(text.parse::<Bdf>().is_err(), "{text:?}");
        }
    }
}
