//! A pool of DMA memory: big pieces mapped once, buffers lent from them.
//!
//! Mapping costs milliseconds (the kernel pins every page), so pieces stay mapped until
//! [`DmaPool::trim`] or the end. A buffer is scrubbed when the last holder lets it go; the
//! holders are its owner and every command in flight that names it, so memory is not lent anew
//! while the card may still write to it.

use super::memory::Memory;
use super::ranges::Ranges;
use super::{BUFFER_BYTES, DmaError, Kept, REGION_BYTES};
use crate::transport::{DmaAccess, DmaRegion, IovaRange, Transport};
use std::ptr::NonNull;
use std::sync::atomic::{Ordering, compiler_fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Longest buffer.
const MAX_BYTES: u64 = 1 << 40;

/// One mapped piece.
#[derive(Debug)]
struct Region {
    memory: Arc<Memory>,
    iova: u64,
    free: Ranges,
}

#[derive(Debug)]
struct State {
    addresses: Ranges,
    regions: Vec<Region>,
}

/// Lends [`DmaBuffer`]s that one device can reach.
#[derive(Debug)]
pub struct DmaPool {
    state: Arc<Mutex<State>>,
}

/// A part of a region while somebody holds it.
#[derive(Debug)]
struct Block {
    state: Arc<Mutex<State>>,
    memory: Arc<Memory>,
    /// Offset in the memory.
    offset: u64,
    /// Bytes asked for.
    len: u64,
    /// Bytes taken.
    taken: u64,
    iova: u64,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // The state is consistent between statements that can panic, so poison means nothing here.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DmaPool {
    /// A pool over the addresses that a transport reports. The first 2 MiB stay free, so that a
    /// stray zero address faults.
    pub fn new(ranges: &[IovaRange]) -> Self {
        let mut addresses = Ranges::new();
        for range in ranges {
            let first = range.first.max(REGION_BYTES);
            let end = range.last.saturating_add(1);
            if end > first && addresses.release(first, end - first).is_err() {
                tracing::warn!(%range, "the device reports an I/O address range twice; ignored");
            }
        }
        DmaPool { state: Arc::new(Mutex::new(State { addresses, regions: Vec::new() })) }
    }

    /// A buffer of `len` bytes of zero, aligned to a page on both sides. Maps a new piece when no
    /// mapped one has room.
    pub fn allocate(&self, transport: &mut dyn Transport, len: u64) -> Result<DmaBuffer, DmaError> {
        if len == 0 || len > MAX_BYTES {
            return Err(DmaError::Length { len });
        }
        let taken = len.next_multiple_of(BUFFER_BYTES);
        let mut state = lock(&self.state);
        if let Some(block) = self.lend(&mut state, len, taken) {
            return Ok(DmaBuffer { block: Arc::new(block) });
        }
        let size = len.next_multiple_of(REGION_BYTES);
        let memory = Memory::new(size).map_err(|source| DmaError::Memory { len: size, source })?;
        let iova = state.addresses.allocate(size, REGION_BYTES).ok_or(DmaError::NoAddresses { len: size })?;
        if let Err(error) = transport.dma_map(&region(&memory, iova)) {
            let _ = state.addresses.release(iova, size);
            return Err(error.into());
        }
        tracing::debug!(iova, size, huge = memory.is_huge(), "mapped DMA memory");
        state.regions.push(Region { memory: Arc::new(memory), iova, free: Ranges::with(0, size) });
        let block = self.lend(&mut state, len, taken).ok_or(DmaError::NoAddresses { len })?;
        Ok(DmaBuffer { block: Arc::new(block) })
    }

    fn lend(&self, state: &mut State, len: u64, taken: u64) -> Option<Block> {
        state.regions.iter_mut().find_map(|region| {
            let offset = region.free.allocate(taken, BUFFER_BYTES)?;
            let (state, memory) = (self.state.clone(), region.memory.clone());
            Some(Block { state, memory, offset, len, taken, iova: region.iova + offset })
        })
    }

    /// Unmaps and frees the pieces of which nothing is lent.
    pub fn trim(&self, transport: &mut dyn Transport) -> Result<(), DmaError> {
        let mut state = lock(&self.state);
        while let Some(at) = state.regions.iter().position(|r| r.free.free() == r.memory.len()) {
            let region = state.regions.swap_remove(at);
            // On failure the window may still be open: its addresses are not used again.
            transport.dma_unmap(region.iova, region.memory.len())?;
            let _ = state.addresses.release(region.iova, region.memory.len());
        }
        Ok(())
    }

    /// Takes a buffer from the card's reach: scrubs it, and unmaps its piece if nothing else of it is
    /// lent. Gives the bytes unmapped, 0 if other buffers keep the piece. Refused, with the buffer
    /// handed back, while a command in flight names it.
    pub fn unmap(&self, transport: &mut dyn Transport, buffer: DmaBuffer) -> Result<u64, Kept> {
        let (iova, len) = (buffer.iova(), buffer.len());
        // The owner is one holder. Nobody can add one meanwhile: that needs the owner.
        let uses = Arc::strong_count(&buffer.block) - 1;
        if uses > 0 {
            return Err(Kept { buffer, source: DmaError::InFlight { iova, len, uses } });
        }
        let memory = buffer.block.memory.clone();
        let mut state = lock(&self.state);
        let Some(at) = state.regions.iter().position(|r| Arc::ptr_eq(&r.memory, &memory)) else {
            return Ok(0); // another pool's, or of a device that is closed
        };
        let size = memory.len();
        if state.regions[at].free.free() + buffer.block.taken < size {
            return Ok(0);
        }
        let iova = state.regions[at].iova;
        if let Err(error) = transport.dma_unmap(iova, size) {
            drop(state);
            return Err(Kept { buffer, source: error.into() });
        }
        state.regions.swap_remove(at);
        let _ = state.addresses.release(iova, size);
        drop(state); // the buffer takes the lock when it is dropped
        Ok(size)
    }

    /// Bytes mapped for the device, and how many of them lie in huge pages.
    pub fn mapped(&self) -> (u64, u64) {
        let state = lock(&self.state);
        let sum = |huge_only: bool| {
            state.regions.iter().filter(|r| r.memory.is_huge() || !huge_only).map(|r| r.memory.len()).sum()
        };
        (sum(false), sum(true))
    }

    /// Takes every window back, lent or not: the last thing done to a device.
    pub(crate) fn unmap_all(&self, transport: &mut dyn Transport) {
        for region in lock(&self.state).regions.drain(..) {
            if let Err(error) = transport.dma_unmap(region.iova, region.memory.len()) {
                tracing::debug!(iova = region.iova, %error, "unmapping DMA memory");
            }
        }
    }
}

fn region(memory: &Memory, iova: u64) -> DmaRegion<'_> {
    DmaRegion {
        file: memory.file(),
        offset: 0,
        len: memory.len(),
        address: memory.address(),
        iova,
        access: DmaAccess::ReadWrite,
    }
}

impl Block {
    /// Address of a byte, checked for an access of `len` bytes.
    fn at(&self, offset: u64, len: u64) -> Result<NonNull<u8>, DmaError> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(DmaError::OutOfBounds { offset, len, size: self.len });
        }
        // SAFETY: offset + len <= self.len, and the block lies inside the mapping by construction.
        Ok(unsafe { self.memory.address().add((self.offset + offset) as usize) })
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: the block's whole pages lie inside the mapping, which `memory` keeps alive.
        unsafe { scrub(self.memory.address().add(self.offset as usize), self.taken as usize) };
        let mut state = lock(&self.state);
        let memory = &self.memory;
        // After `unmap_all` the region is not there any more, and the memory goes with the last block.
        if let Some(region) = state.regions.iter_mut().find(|r| Arc::ptr_eq(&r.memory, memory))
            && let Err(error) = region.free.release(self.offset, self.taken)
        {
            tracing::error!(%error, "DMA buffer released twice");
        }
    }
}

/// Overwrites memory with zeros in a way that the compiler keeps.
///
/// # Safety
/// `len` bytes at `address` (both multiples of 8) must be writable and used by nobody in this process.
unsafe fn scrub(address: NonNull<u8>, len: usize) {
    let words = address.cast::<u64>();
    for i in 0..len / 8 {
        // SAFETY: in bounds and aligned, see above.
        unsafe { words.add(i).write_volatile(0) };
    }
    compiler_fence(Ordering::SeqCst);
}

/// Memory shared with the card. Not `Clone`: in this process one owner reads and writes it. It is
/// scrubbed and goes back to its pool when the owner and all commands in flight that name it are
/// done with it.
#[derive(Debug)]
pub struct DmaBuffer {
    block: Arc<Block>,
}

/// A part of a [`DmaBuffer`] as an operand: it keeps the memory from being lent anew, but gives
/// no access to it.
#[derive(Clone, Debug)]
pub struct DmaSlice {
    block: Arc<Block>,
    offset: u64,
    len: u64,
}

impl DmaBuffer {
    /// Bytes.
    #[allow(clippy::len_without_is_empty)] // there is no empty buffer
    pub fn len(&self) -> u64 {
        self.block.len
    }

    /// Where the card sees it.
    pub fn iova(&self) -> u64 {
        self.block.iova
    }

    /// Copies bytes out of the buffer.
    pub fn read(&self, offset: u64, data: &mut [u8]) -> Result<(), DmaError> {
        let from = self.block.at(offset, data.len() as u64)?;
        // SAFETY: `at` checked the bounds; `data` is ordinary memory, so they do not overlap.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), data.as_mut_ptr(), data.len()) };
        Ok(())
    }

    /// Copies bytes into the buffer.
    pub fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), DmaError> {
        let to = self.block.at(offset, data.len() as u64)?;
        // SAFETY: as in `read`.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), to.as_ptr(), data.len()) };
        Ok(())
    }

    /// Reads one little-endian word that the card may be writing.
    pub fn load32(&self, offset: u64) -> Result<u32, DmaError> {
        let at = self.block.at(offset, 4)?;
        if !offset.is_multiple_of(4) {
            return Err(DmaError::OutOfBounds { offset, len: 4, size: self.block.len });
        }
        // SAFETY: in bounds, and aligned: blocks start at pages.
        Ok(u32::from_le(unsafe { at.cast::<u32>().read_volatile() }))
    }

    /// Overwrites all of it with zeros.
    pub fn scrub(&mut self) {
        // SAFETY: the block's pages lie inside the mapping, and `&mut self` is the only accessor.
        unsafe { scrub(self.block.memory.address().add(self.block.offset as usize), self.block.taken as usize) };
    }

    /// A part of it as an operand of a command.
    pub fn slice(&self, offset: u64, len: u64) -> Result<DmaSlice, DmaError> {
        self.block.at(offset, len)?;
        Ok(DmaSlice { block: self.block.clone(), offset, len })
    }

    /// All of it as an operand.
    pub fn whole(&self) -> DmaSlice {
        DmaSlice { block: self.block.clone(), offset: 0, len: self.block.len }
    }
}

impl DmaSlice {
    /// Bytes.
    #[allow(clippy::len_without_is_empty)] // a place, not a container
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Where the card sees it.
    pub fn iova(&self) -> u64 {
        self.block.iova + self.offset
    }
}

// `Block` has a raw pointer only through `Memory`'s mapping, whose address is valid in every
// thread; reads need `&DmaBuffer`, writes `&mut DmaBuffer`, and slices give no access.

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::testing::Windows;

    const RANGES: [IovaRange; 2] =
        [IovaRange { first: 0, last: 0xfedf_ffff }, IovaRange { first: 0xfef0_0000, last: (1 << 48) - 1 }];

    #[test]
    fn small_buffers_share_a_mapping_and_come_back_scrubbed() {
        let (pool, mut t) = (DmaPool::new(&RANGES), Windows::default());
        let mut a = pool.allocate(&mut t, 100).unwrap();
        let b = pool.allocate(&mut t, 5000).unwrap();
        assert_eq!(t.0.len(), 1);
        assert_ne!(a.iova(), 0);
        assert_eq!(b.iova(), a.iova() + 4096);
        a.write(0, &[0xaa; 100]).unwrap();
        assert_eq!(a.load32(96).unwrap(), 0xaaaa_aaaa);
        let iova = a.iova();
        drop(a);
        let a = pool.allocate(&mut t, 100).unwrap();
        assert_eq!(a.iova(), iova);
        let mut data = [1; 100];
        a.read(0, &mut data).unwrap();
        assert_eq!(data, [0; 100]);
    }

    #[test]
    fn a_slice_keeps_memory_from_being_lent_anew() {
        let (pool, mut t) = (DmaPool::new(&RANGES), Windows::default());
        let a = pool.allocate(&mut t, 4096).unwrap();
        let (iova, held) = (a.iova(), a.whole());
        drop(a);
        assert_ne!(pool.allocate(&mut t, 4096).unwrap().iova(), iova);
        drop(held);
        assert_eq!(pool.allocate(&mut t, 4096).unwrap().iova(), iova);
    }

    #[test]
    fn bounds_are_checked() {
        let (pool, mut t) = (DmaPool::new(&RANGES), Windows::default());
        let mut a = pool.allocate(&mut t, 100).unwrap();
        assert!(a.write(1, &[0; 100]).is_err());
        assert!(a.read(u64::MAX, &mut [0; 2]).is_err());
        assert!(a.load32(97).is_err() && a.load32(2).is_err() && a.slice(64, 37).is_err());
        assert!(matches!(pool.allocate(&mut t, 0), Err(DmaError::Length { len: 0 })));
        assert!(matches!(pool.allocate(&mut t, u64::MAX), Err(DmaError::Length { .. })));
    }

    #[test]
    fn windows_avoid_the_interrupt_range_and_addresses_can_run_out() {
        let ranges = [IovaRange { first: 0, last: (6 << 20) - 1 }, IovaRange { first: 0x1000_0000, last: 0x101f_ffff }];
        let (pool, mut t) = (DmaPool::new(&ranges), Windows::default());
        let _a = pool.allocate(&mut t, 4 << 20).unwrap();
        let _b = pool.allocate(&mut t, 2 << 20).unwrap();
        assert_eq!(t.0, [(2 << 20, 4 << 20), (0x1000_0000, 2 << 20)]);
        assert!(matches!(pool.allocate(&mut t, 1), Err(DmaError::NoAddresses { .. })));
    }

    #[test]
    fn what_is_in_flight_is_not_unmapped() {
        let (pool, mut t) = (DmaPool::new(&RANGES), Windows::default());
        let buffer = pool.allocate(&mut t, 8192).unwrap();
        let operands = [buffer.slice(0, 4096).unwrap(), buffer.slice(4096, 4096).unwrap()];
        let kept = pool.unmap(&mut t, buffer).unwrap_err();
        assert!(matches!(kept.source, DmaError::InFlight { uses: 2, len: 8192, .. }), "{kept}");
        assert_eq!(t.0.len(), 1);
        drop(operands);
        let (other, iova) = (pool.allocate(&mut t, 4096).unwrap(), kept.buffer.iova());
        // A neighbour keeps the piece.
        assert_eq!(pool.unmap(&mut t, kept.buffer).unwrap(), 0);
        assert_eq!((t.0.len(), pool.mapped().0), (1, 2 << 20));
        assert_eq!(pool.unmap(&mut t, other).unwrap(), 2 << 20);
        assert!(t.0.is_empty() && pool.mapped() == (0, 0));
        // Its addresses are free again.
        assert_eq!(pool.allocate(&mut t, 4096).unwrap().iova(), iova);
    }

    #[test]
    fn trim_unmaps_what_is_not_lent() {
        let (pool, mut t) = (DmaPool::new(&RANGES), Windows::default());
        let a = pool.allocate(&mut t, 2 << 20).unwrap();
        let b = pool.allocate(&mut t, 4 << 20).unwrap();
        drop(b);
        pool.trim(&mut t).unwrap();
        assert_eq!(t.0, [(a.iova(), 2 << 20)]);
        assert_eq!(pool.mapped().0, 2 << 20);
        pool.unmap_all(&mut t);
        assert!(t.0.is_empty());
        drop(a);
    }
}
