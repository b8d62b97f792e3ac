//! Parts of the kernel's VFIO that are taken away, so that the card cannot be opened: each absence
//! is an error of its own.

use super::{Outcome, ensure};
use crate::system;
use gristmill_driver::transport::vfio::{Vfio, VfioError, Way};
use gristmill_driver::transport::{Bdf, TransportError};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// A file under another name until this is dropped.
struct Hidden {
    path: PathBuf,
    away: PathBuf,
}

impl Hidden {
    fn new(path: &str) -> Result<Self, Box<dyn Error>> {
        let (path, away) = (PathBuf::from(path), PathBuf::from(format!("{path}.away")));
        fs::rename(&path, &away)?;
        Ok(Hidden { path, away })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = fs::rename(&self.away, &self.path);
    }
}

/// Address of the first card.
pub fn first() -> Result<(String, Bdf), Box<dyn Error>> {
    let card = system::cards()?.first().ok_or("there is no card on the bus")?.clone();
    let bdf = card.parse()?;
    Ok((card, bdf))
}

/// Why the card cannot be opened, which must be VFIO's.
pub fn refusal(way: Option<Way>) -> Result<VfioError, Box<dyn Error>> {
    match Vfio::open_by(first()?.1, way) {
        Err(TransportError::Vfio { source, .. }) => {
            println!("{source}");
            Ok(source)
        }
        Err(other) => Err(other.into()),
        Ok(_) => Err("it could be opened".into()),
    }
}

/// The files of VFIO are not there.
pub fn files() -> Outcome {
    let (card, _) = first()?;
    {
        let _away = Hidden::new("/dev/vfio/vfio")?;
        let error = refusal(Some(Way::Group))?;
        ensure!(matches!(&error, VfioError::NoModule { path } if path.ends_with("vfio/vfio")), "{error:?}");
    }
    {
        let _away = Hidden::new(&format!("/dev/vfio/{}", system::group(&card)?))?;
        let error = refusal(Some(Way::Group))?;
        ensure!(matches!(error, VfioError::NoNode { .. }), "{error:?}");
    }
    Vfio::open_by(first()?.1, Some(Way::Group))?;
    Ok(())
}

/// The module behind the container is not there.
pub fn type1() -> Outcome {
    if !Path::new("/sys/module/vfio_iommu_type1/holders").exists() {
        println!("SKIPPED: this kernel has vfio_iommu_type1 built in, so it cannot be taken away");
        return Ok(());
    }
    rustix::system::delete_module(c"vfio_iommu_type1", 0)?;
    let error = refusal(Some(Way::Group));
    system::load_modules("/modules")?;
    let error = error?;
    ensure!(matches!(error, VfioError::NoType1), "{error:?}");
    Vfio::open_by(first()?.1, Some(Way::Group))?;
    Ok(())
}

/// A kernel without iommufd says so, one with it opens the card that way.
pub fn iommufd() -> Outcome {
    if Path::new("/dev/iommu").exists() {
        let transport = Vfio::open_by(first()?.1, Some(Way::Iommufd))?;
        ensure!(transport.way() == Way::Iommufd, "it was opened by {:?}", transport.way());
        println!("opened through iommufd");
        return Ok(());
    }
    let error = refusal(Some(Way::Iommufd))?;
    ensure!(matches!(error, VfioError::NoIommufd { .. }), "{error:?}");
    Ok(())
}

/// Without an IOMMU the kernel can be told to give the card away nevertheless; this driver refuses.
pub fn the_iommu_though_allowed() -> Outcome {
    const SETTING: &str = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
    if !Path::new(SETTING).exists() {
        println!("SKIPPED: this kernel is built without VFIO's no-IOMMU mode");
        return Ok(());
    }
    let (card, _) = first()?;
    system::write(SETTING, "Y")?;
    let error = system::bind(&card, "vfio-pci").map_err(Into::into).and_then(|()| refusal(None));
    system::unbind(&card)?;
    system::write(SETTING, "N")?;
    let error = error?;
    ensure!(matches!(error, VfioError::NoIommuMode { .. }), "{error:?}");
    Ok(())
}
