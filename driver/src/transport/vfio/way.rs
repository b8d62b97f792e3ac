//! Which of the kernel's two ways to a device is taken.

use super::error::VfioError;
use super::iommufd;
use super::sysfs::Function;
use rustix::fs::{Access, access};
use std::path::Path;

/// The environment variable that chooses: `group` or `iommufd`.
pub const ENVIRONMENT: &str = "GRISTMILL_VFIO";

/// A way to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The legacy one: container and group.
    Group,
    /// iommufd and the device's own file.
    Iommufd,
}

impl Way {
    /// The way that the environment asks for, if it does.
    pub fn from_environment() -> Result<Option<Self>, VfioError> {
        match std::env::var_os(ENVIRONMENT) {
            None => Ok(None),
            Some(value) => Self::parse(&value.to_string_lossy()),
        }
    }

    fn parse(value: &str) -> Result<Option<Self>, VfioError> {
        match value {
            "" => Ok(None),
            "group" => Ok(Some(Way::Group)),
            "iommufd" => Ok(Some(Way::Iommufd)),
            _ => Err(VfioError::UnknownWay { value: value.into() }),
        }
    }

    /// The way for a function where nobody asks for one: the group, which every kernel has and
    /// which is the better tested, unless only the other may be used.
    pub(super) fn choose(dev: &Path, function: &Function) -> Self {
        let may = |path: &Path, how| access(path, how).is_ok();
        let (group, iommu) = (dev.join("vfio").join(function.group.to_string()), dev.join("iommu"));
        let Ok(cdev) = iommufd::node(dev, function) else { return Way::Group };
        let open = Access::READ_OK | Access::WRITE_OK;
        if may(&group, open) {
            Way::Group
        } else if may(&cdev, open) && may(&iommu, open) {
            Way::Iommufd
        } else if !may(&group, Access::EXISTS) && may(&cdev, Access::EXISTS) {
            // Neither may be used; the error is to name what there is.
            Way::Iommufd
        } else {
            Way::Group
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_setting_is_understood_or_refused() {
        assert_eq!(Way::parse("").unwrap(), None);
        assert_eq!(Way::parse("group").unwrap(), Some(Way::Group));
        assert_eq!(Way::parse("iommufd").unwrap(), Some(Way::Iommufd));
        let error = Way::parse("cdev").unwrap_err();
        assert!(matches!(error, VfioError::UnknownWay { .. }) && error.to_string().contains("\"cdev\""), "{error}");
    }

    #[test]
    fn what_can_be_used_is_chosen() {
        let dev = tempfile::tempdir().unwrap();
        let at = |p: &str| dev.path().join(p);
        fs::create_dir_all(at("vfio/devices")).unwrap();
        let function = |cdev: Option<&str>| Function { path: "/f".into(), group: 17, cdev: cdev.map(str::to_owned) };
        let choose = |cdev| Way::choose(dev.path(), &function(cdev));
        assert_eq!(choose(None), Way::Group); // nothing there: the group's error
        assert_eq!(choose(Some("vfio0")), Way::Group);
        fs::write(at("vfio/devices/vfio0"), "").unwrap();
        assert_eq!(choose(Some("vfio0")), Way::Iommufd); // without /dev/iommu: its error
        fs::write(at("iommu"), "").unwrap();
        assert_eq!(choose(Some("vfio0")), Way::Iommufd);
        assert_eq!(choose(None), Way::Group);
        fs::write(at("vfio/17"), "").unwrap();
        assert_eq!(choose(Some("vfio0")), Way::Group);
    }
}
