//! The device of a piece of code: found by what is made in it, gone when it ends.

use crate::Device;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Devices of the calls of [`on`] that have not ended.
static DEVICES: Mutex<Option<Devices>> = Mutex::new(None);

#[derive(Default)]
struct Devices {
    last: u64,
    open: HashMap<u64, Device>,
}

fn devices() -> MutexGuard<'static, Option<Devices>> {
    DEVICES.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    static CURRENT: Cell<Ticket> = const { Cell::new(Ticket(0)) };
}

/// A device by number, so that it can be copied; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl Ticket {
    /// That of the innermost [`on`] of this thread.
    pub fn current() -> Self {
        CURRENT.get()
    }

    /// The device, if its [`on`] has not ended; from any thread.
    pub fn device(self) -> Option<Device> {
        devices().as_ref()?.open.get(&self.0).cloned()
    }
}

/// Ends an [`on`], also by a panic.
struct Scope {
    ticket: Ticket,
    before: Ticket,
}

impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.set(self.before);
        if let Some(devices) = devices().as_mut() {
            devices.open.remove(&self.ticket.0);
        }
    }
}

/// Runs `work`; domains that it makes on this thread transform on the device until it ends, on whatever thread they are used then. May be nested.
pub fn on<R>(device: &Device, work: impl FnOnce() -> R) -> R {
    let ticket = {
        let mut devices = devices();
        let devices = devices.get_or_insert_default();
        devices.last += 1;
        devices.open.insert(devices.last, device.clone());
        Ticket(devices.last)
    };
    let _scope = Scope { ticket, before: CURRENT.replace(ticket) };
    work()
}
