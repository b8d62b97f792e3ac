//! The shared library behind a model. All `unsafe` of this crate is here.

use super::VerilatorError;
use crate::ports::Value;
use libloading::{Library, Symbol};
use std::ffi::{c_char, c_int, c_void, CString};
use std::path::Path;

type Handle = *mut c_void;

/// An instance of a Verilated design.
pub struct Instance {
    handle: Handle,
    delete: unsafe extern "C" fn(Handle),
    eval: unsafe extern "C" fn(Handle),
    clock: unsafe extern "C" fn(Handle, c_int),
    cycle: unsafe extern "C" fn(Handle),
    poke: unsafe extern "C" fn(Handle, u32, *const u64),
    peek: unsafe extern "C" fn(Handle, u32, *mut u64),
    trace_open: unsafe extern "C" fn(Handle, *const c_char) -> c_int,
    trace_close: unsafe extern "C" fn(Handle),
    trace_time: unsafe extern "C" fn(Handle, u64),
    // Dropped after the handle is deleted: its code is in here.
    _library: Library,
}

// SAFETY: an instance owns its Verilated context and shares nothing with other instances; the
// generated code has no thread-affine state. It may move to another thread, but not be shared.
unsafe impl Send for Instance {}

fn symbol<T: Copy>(library: &Library, name: &str, path: &Path) -> Result<T, VerilatorError> {
    // SAFETY: the library was made from our shim, where each of these symbols has the type that
    // `load` asks for.
    let s: Result<Symbol<T>, _> = unsafe { library.get(name.as_bytes()) };
    s.map(|s| *s).map_err(|source| VerilatorError::Load { path: path.into(), source })
}

impl Instance {
    /// Loads the library and makes an instance, already evaluated once with all inputs low.
    pub fn load(path: &Path) -> Result<Self, VerilatorError> {
        // SAFETY: the library was built by us, in a folder of this user alone; its initialisers
        // are those of the C++ run-time library and of Verilator's.
        let library =
            unsafe { Library::new(path) }.map_err(|source| VerilatorError::Load { path: path.into(), source })?;
        let new: unsafe extern "C" fn() -> Handle = symbol(&library, "gm_new", path)?;
        let this = Self {
            delete: symbol(&library, "gm_delete", path)?,
            eval: symbol(&library, "gm_eval", path)?,
            clock: symbol(&library, "gm_clock", path)?,
            cycle: symbol(&library, "gm_cycle", path)?,
            poke: symbol(&library, "gm_poke", path)?,
            peek: symbol(&library, "gm_peek", path)?,
            trace_open: symbol(&library, "gm_trace_open", path)?,
            trace_close: symbol(&library, "gm_trace_close", path)?,
            trace_time: symbol(&library, "gm_trace_time", path)?,
            // SAFETY: gm_new takes nothing and returns an owned object, deleted in `drop`.
            handle: unsafe { new() },
            _library: library,
        };
        Ok(this)
    }

    pub fn eval(&mut self) {
        // SAFETY: the handle is live and `&mut self` excludes other users.
        unsafe { (self.eval)(self.handle) }
    }

    pub fn clock(&mut self, high: bool) {
        // SAFETY: as in `eval`.
        unsafe { (self.clock)(self.handle, high as c_int) }
    }

    pub fn cycle(&mut self) {
        // SAFETY: as in `eval`.
        unsafe { (self.cycle)(self.handle) }
    }

    pub fn poke(&mut self, index: usize, value: &Value) {
        // SAFETY: as in `eval`; the shim reads at most the port's bytes, rounded up to 32 bits,
        // and no port is wider than `Value` (checked when the model was built).
        unsafe { (self.poke)(self.handle, index as u32, value.as_ptr()) }
    }

    pub fn peek(&self, index: usize) -> Value {
        let mut v = Value::default();
        // SAFETY: the handle is live; the shim only reads the model, and writes at most the port's
        // bytes into `v` (widths checked when the model was built).
        unsafe { (self.peek)(self.handle, index as u32, v.as_mut_ptr()) }
        v
    }

    /// False if the file cannot be opened or the model has no tracing.
    pub fn trace_open(&mut self, path: &CString) -> bool {
        // SAFETY: as in `eval`; the string ends with a zero and outlives the call.
        unsafe { (self.trace_open)(self.handle, path.as_ptr()) != 0 }
    }

    pub fn trace_close(&mut self) {
        // SAFETY: as in `eval`.
        unsafe { (self.trace_close)(self.handle) }
    }

    pub fn trace_time(&mut self, time: u64) {
        // SAFETY: as in `eval`.
        unsafe { (self.trace_time)(self.handle, time) }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: made by gm_new, deleted once, while the library is still loaded.
        unsafe { (self.delete)(self.handle) }
    }
}
