//! The kernel's reset of a function, through sysfs: for a function that this driver cannot open.

use super::bind::admissible;
use super::error::PutBack;
use super::in_use::activity;
use super::{Host, HostError, PciFunction, files};
use crate::transport::Bdf;

/// A function that the kernel has reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SysfsReset {
    /// The function.
    pub function: PciFunction,
    /// The ways that the kernel has, in the order in which it tries them, such as `flr bus`.
    pub methods: Option<String>,
}

impl Host {
    /// Resets a function that no process has open. Its configuration is kept by the kernel.
    ///
    /// # Errors
    /// No such function, not a card (without `force`), a bridge, in use, no root, no way to reset.
    pub fn reset(&self, address: Bdf, force: bool) -> Result<SysfsReset, HostError> {
        let function = PciFunction::find(self, address)?;
        admissible(&function, force)?;
        if let Some(by) = activity(self, &function) {
            return Err(HostError::InUse { address, by });
        }
        let file = function.path.join("reset");
        if !file.exists() {
            return Err(HostError::NoReset { address });
        }
        self.needs_root(&function, "resetting", format!("reset {address}"))?;
        let methods = files::line(&function.path.join("reset_method")).filter(|m| !m.is_empty());
        self.system.write(&file, "1").map_err(|source| HostError::Step {
            address,
            step: "resetting",
            file,
            source,
            put_back: PutBack::Untouched,
        })?;
        Ok(SysfsReset { function, methods })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;

    #[test]
    fn a_function_is_reset_if_nobody_has_it() {
        let tree = Tree::new();
        tree.card("0000:3b:00.0", Some("xdma"), Some(1));
        let reset = || tree.host().reset("0000:3b:00.0".parse().unwrap(), false).map_err(|e| e.to_string());
        assert!(reset().unwrap_err().contains("no way to reset"));
        tree.attribute("0000:3b:00.0", "reset", "");
        tree.attribute("0000:3b:00.0", "reset_method", "flr bus\n");
        assert_eq!(reset().unwrap().methods.as_deref(), Some("flr bus"));
        assert_eq!(tree.log(), ["reset 1"]);
        tree.fail_at(1);
        let failed = reset().unwrap_err();
        assert!(failed.contains("resetting") && failed.contains("nothing was changed"), "{failed}");
        tree.forbid_all();
        assert!(reset().unwrap_err().contains("sudo gristmill reset 0000:3b:00.0"));
        tree.card("0000:3b:00.0", Some("vfio-pci"), Some(1));
        tree.process(9, "prove", 'S', &["/dev/vfio/1"]);
        assert!(reset().unwrap_err().contains("process 9 (prove)"));
    }
}
