//! Counts what a hot path must not do: allocations of this thread, register accesses, messages.

use gristmill_driver::transport::vfio_user::VfioUser;
use gristmill_driver::transport::{DmaRegion, IovaRange, Transport, TransportError};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

thread_local! {
    static COUNTING: Cell<bool> = const { Cell::new(false) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting.
pub struct Allocator;

fn count() {
    // A thread that is ending has no such cells any more; it is none that counts.
    let _ = COUNTING.try_with(|on| on.get().then(|| ALLOCATIONS.with(|n| n.set(n.get() + 1))));
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

/// Allocations of this thread while `f` runs.
pub fn allocations(f: impl FnOnce()) -> u64 {
    ALLOCATIONS.set(0);
    COUNTING.set(true);
    f();
    COUNTING.set(false);
    ALLOCATIONS.get()
}

/// Runs `f` without counting its allocations: those of a card in the test are not the driver's.
fn uncounted<R>(f: impl FnOnce() -> R) -> R {
    let on = COUNTING.replace(false);
    let result = f();
    COUNTING.set(on);
    result
}

/// What went over a transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub reads: u64,
    pub writes: u64,
    /// Calls of `wait_interrupt`.
    pub sleeps: u64,
    pub messages_sent: u64,
    pub messages_received: u64,
}

/// Reads the counters of a [`Counting`].
#[derive(Clone, Default)]
pub struct Counter(Arc<Mutex<Traffic>>);

impl Counter {
    /// What went over while `f` ran.
    pub fn during(&self, f: impl FnOnce()) -> Traffic {
        let before = *self.0.lock().unwrap();
        f();
        let after = *self.0.lock().unwrap();
        Traffic {
            reads: after.reads - before.reads,
            writes: after.writes - before.writes,
            sleeps: after.sleeps - before.sleeps,
            messages_sent: after.messages_sent - before.messages_sent,
            messages_received: after.messages_received - before.messages_received,
        }
    }
}

/// Transports that count messages.
pub trait Messages {
    /// Sent and received; zero where there are none.
    fn messages(&self) -> (u64, u64) {
        (0, 0)
    }

    /// Whether the allocations of this transport are the driver's.
    const IS_DRIVER: bool;
}

impl Messages for VfioUser {
    fn messages(&self) -> (u64, u64) {
        let m = VfioUser::messages(self);
        (m.sent, m.received)
    }

    const IS_DRIVER: bool = true;
}

/// A transport that counts what goes over it.
pub struct Counting<T> {
    inner: T,
    counter: Counter,
}

impl<T: Transport + Messages> Counting<T> {
    pub fn new(inner: T) -> (Box<Self>, Counter) {
        let counter = Counter::default();
        (Box::new(Counting { inner, counter: counter.clone() }), counter)
    }

    fn call<R>(&mut self, count: fn(&mut Traffic), f: impl FnOnce(&mut T) -> R) -> R {
        let result = if T::IS_DRIVER { f(&mut self.inner) } else { uncounted(|| f(&mut self.inner)) };
        let mut traffic = self.counter.0.lock().unwrap();
        count(&mut traffic);
        (traffic.messages_sent, traffic.messages_received) = self.inner.messages();
        result
    }
}

impl<T: Transport + Messages> Transport for Counting<T> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        self.call(|t| t.reads += 1, |i| i.read32(offset))
    }

    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.call(|t| t.writes += 1, |i| i.write32(offset, value))
    }

    fn post32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.call(|t| t.writes += 1, |i| i.post32(offset, value))
    }

    fn flush(&mut self) -> Result<(), TransportError> {
        self.call(|t| t.reads += 1, |i| i.flush())
    }

    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        self.call(|_| {}, |i| i.config_read(offset, data))
    }

    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        self.call(|_| {}, |i| i.config_write(offset, data))
    }

    fn iova_ranges(&self) -> &[IovaRange] {
        self.inner.iova_ranges()
    }

    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        self.call(|_| {}, |i| i.dma_map(region))
    }

    fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<(), TransportError> {
        self.call(|_| {}, |i| i.dma_unmap(iova, len))
    }

    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        self.call(|_| {}, |i| i.enable_interrupt())
    }

    fn interrupt_fd(&self) -> Option<BorrowedFd<'_>> {
        self.inner.interrupt_fd()
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, TransportError> {
        self.call(|t| t.sleeps += 1, |i| i.wait_interrupt(timeout))
    }

    fn spin(&mut self) -> Result<(), TransportError> {
        self.call(|_| {}, |i| i.spin())
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.call(|_| {}, |i| i.reset())
    }
}
