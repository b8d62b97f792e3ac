//! The same tasks without blocking the caller's thread. Each runs on a thread of its own, so the
//! futures work under any executor.

use super::{Bases, Device, Transform};
use crate::{Error, MsmCurve, NttField, Result};
use ark_ec::short_weierstrass::Projective;
use std::future::Future;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

impl Device {
    /// [`msm`](Device::msm) without blocking. The scalars are wiped when it is done.
    ///
    /// # Errors
    /// As [`msm`](Device::msm).
    pub fn msm_async<C: MsmCurve>(
        &self,
        bases: &Bases<C>,
        scalars: Vec<C::ScalarField>,
    ) -> impl Future<Output = Result<Projective<C>>> + use<C> {
        let (device, bases, scalars) = (self.clone(), bases.clone(), Zeroizing::new(scalars));
        spawn("msm", move || device.msm(&bases, &scalars))
    }

    /// [`ntt`](Device::ntt) without blocking: the transformed vector.
    ///
    /// # Errors
    /// As [`ntt`](Device::ntt); the vector is then wiped and dropped.
    pub fn ntt_async<F: NttField>(
        &self,
        values: Vec<F>,
        transform: Transform<F>,
    ) -> impl Future<Output = Result<Vec<F>>> + use<F> {
        let (device, mut values) = (self.clone(), Zeroizing::new(values));
        spawn("ntt", move || {
            device.ntt(&mut values, &transform)?;
            Ok(std::mem::take(&mut *values))
        })
    }
}

/// Starts the task at once, not at the first poll.
fn spawn<T: Send + 'static>(
    task: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> impl Future<Output = Result<T>> {
    let (sender, receiver) = oneshot::channel();
    // A caller that dropped the future does not want the result.
    let started = std::thread::Builder::new().name(format!("gristmill-{task}")).spawn(move || {
        let _ = sender.send(work());
    });
    async move {
        started.map_err(|e| Error::Internal(format!("no thread for the task `{task}`: {e}")))?;
        receiver.await.map_err(|_| Error::Internal(format!("the thread of the task `{task}` died")))?
    }
}
