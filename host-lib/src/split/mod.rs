//! Tasks larger than a card takes, cut into tasks that it takes. Pure functions: what does the
//! small tasks is the caller's closure.

mod msm;
mod ntt;

pub use msm::{msm, parts};
pub use ntt::{Kernel, Sequence, SmallNtt, ntt};
