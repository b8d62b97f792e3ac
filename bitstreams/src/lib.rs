//! From RustHDL to bitstreams. Nothing is built here yet: `bitstreams/README.md` holds the plan.
#![forbid(unsafe_code)]
