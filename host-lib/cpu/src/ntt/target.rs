//! Memory that tasks share, each with columns or tiles of its own.

use std::marker::PhantomData;

/// A slice of which each task has elements of its own.
pub(super) struct Target<'a, F> {
    start: *mut F,
    length: usize,
    lifetime: PhantomData<&'a mut [F]>,
}

// SAFETY: elements are plain data; `one` and `eight` demand that no two tasks ask for the same ones.
unsafe impl<F: Send> Sync for Target<'_, F> {}

impl<'a, F> Target<'a, F> {
    pub fn new(values: &'a mut [F]) -> Self {
        Target { start: values.as_mut_ptr(), length: values.len(), lifetime: PhantomData }
    }

    /// Of an element, which need not exist.
    #[inline(always)]
    pub fn address(&self, index: usize) -> *const F {
        self.start.wrapping_add(index)
    }

    /// # Safety
    /// No other reference to this element is alive.
    #[allow(clippy::mut_from_ref)]
    #[inline(always)]
    pub unsafe fn one(&self, index: usize) -> &mut F {
        assert!(index < self.length);
        // SAFETY: inside the slice that the target was made of; alone by the caller's promise.
        unsafe { &mut *self.start.add(index) }
    }

    /// # Safety
    /// No other reference to these elements is alive.
    #[allow(clippy::mut_from_ref)]
    #[inline(always)]
    pub unsafe fn eight(&self, first: usize) -> &mut [F; 8] {
        assert!(first + 8 <= self.length);
        // SAFETY: inside the slice that the target was made of; alone by the caller's promise.
        unsafe { &mut *self.start.add(first).cast() }
    }
}
