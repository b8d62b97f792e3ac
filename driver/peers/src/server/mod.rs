//! Hostile clients of the vfio-user server.

mod files;
mod ops;
mod seeds;
mod stream;
mod world;

pub use ops::Op;
pub use seeds::seeds;

use crate::reached::{Reached, goals as group};
use crate::script;
use gristmill_sim::error::SimError;
use gristmill_sim::iommu::{FaultReason, IommuError};
use gristmill_sim::vfio_user::{Command, Refusal};
use world::World;

variants!(mod refusals: Refusal {
    TooLong, TooManyFiles, Flags, UnknownCommand, NotNegotiated, NotOffered, Short, Long, ArgSize, VersionTwice,
    VersionMajor, VersionText, MapFlags, MapFiles, DirtyPages, UnmapFlags, RegionIndex, IrqIndex, IrqFlags, IrqRange,
    IrqData, IrqFiles, IrqNone, IrqMaskByEventfd, AccessLength, WriteLength, Device,
});

variants!(mod device_errors: SimError { Iommu, Region, NotEventFd } except {
    Irq: "vectors are checked before the device is asked",
    Options: "is of building a card",
    Engine: "is of building a card",
    MissingTool: "is of building a card",
    Io: "needs a system without /proc, or out of memory",
});

variants!(mod window_errors: IommuError {
    Unaligned, Wraps, Overlap, NoAccess, BeyondFile, Map, TooMany, TooMuch, Partial,
});

variants!(mod faults: FaultReason { Unmapped, Permission, NoFile, File, NoBusMaster } except {
    Protocol: "is of the RTL's buses",
});

/// First byte of an input that is not a script: the rest goes to the socket as it is.
pub const RAW: u8 = 0xff;

/// Runs one input.
pub fn run(data: &[u8]) -> Reached {
    let mut world = World::new();
    match data.split_first() {
        Some((&RAW, bytes)) => world.raw(bytes),
        _ => script::parse(data).iter().for_each(|op| world.apply(op)),
    }
    world.finish()
}

/// What the corpus has to reach: every command, accepted and refused, every refusal, every fault.
pub fn goals() -> Vec<String> {
    let commands = |offered: bool| {
        let all = Command::ALL.iter().filter(move |c| {
            !offered || !matches!(c, Command::DeviceGetRegionIoFds | Command::DmaRead | Command::DmaWrite)
        });
        all.map(|c| format!("{c:?}"))
    };
    let mut all: Vec<String> = commands(true).map(|c| format!("accepted::{c}")).collect();
    all.extend(commands(false).map(|c| format!("refused::{c}")));
    all.extend(group("refusal", refusals::GOALS));
    all.extend(group("device", device_errors::GOALS));
    all.extend(group("window", window_errors::GOALS));
    all.extend(group("fault", faults::GOALS));
    let closed = ["", "inside a header", "inside a message", "a header claims a size below its own"];
    all.extend(group("closed", &closed));
    all.extend(group("closed", &["does not want its answer"]));
    all.extend(group("state", &["reply ignored", "no reply wanted", "second client", "job completed", "interrupt"]));
    all
}
