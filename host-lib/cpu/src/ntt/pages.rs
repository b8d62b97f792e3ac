//! Large pages for large memory: a fault for each 2 MiB instead of each 4 KiB, and fewer misses of the address translation.

/// Asks the system for large pages where `memory`, which is not used yet, has any whole. It may decline.
pub(super) fn large<T>(memory: &mut [T]) {
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        const PAGE: usize = 1 << 12;
        let range = memory.as_mut_ptr_range();
        let start = range.start.cast::<u8>().wrapping_add(range.start.cast::<u8>().align_offset(PAGE));
        let length = (range.end as usize).saturating_sub(start as usize) / PAGE * PAGE;
        if length >= LEAST {
            // SAFETY: whole pages inside one allocation, borrowed exclusively; the advice does not change their contents.
            // That it is not taken is no error.
            let _ = unsafe { madvise(start.cast(), length, Advice::LinuxHugepage) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory;
}

/// Shorter memory has no whole large page, or hardly one.
#[cfg(target_os = "linux")]
const LEAST: usize = 4 << 20;
