//! Which code does the arithmetic: chosen once, at run time.

use std::sync::OnceLock;

/// Name of the environment variable that forces an engine: `ifma`, `portable` or `auto`.
pub const VARIABLE: &str = "GRISTMILL_CPU";

/// What computes. All give identical results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// AVX-512 IFMA, eight elements at a time (x86-64).
    Ifma,
    /// arkworks' 64-bit multiplication under the same algorithms; any processor.
    Portable,
}

/// The environment forces an engine that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// No such name.
    #[error("{VARIABLE}={0}: no such engine; set it to ifma, portable or auto, or unset it")]
    Unknown(String),
    /// The processor lacks the instructions.
    #[error("{VARIABLE}=ifma: this processor has no AVX-512 IFMA; set it to portable or auto, or unset it")]
    NoIfma,
}

impl Engine {
    /// The fastest that this processor runs.
    pub fn best() -> Self {
        if Engine::Ifma.is_available() { Engine::Ifma } else { Engine::Portable }
    }

    /// The engines that tests run on. Says which is left out, past the test harness' capture.
    #[cfg(test)]
    pub(crate) fn tested() -> impl Iterator<Item = Engine> {
        use std::io::Write;
        if !Engine::Ifma.is_available() {
            let way_out = "run the tests on a processor that has it (Intel since Ice Lake, AMD since Zen 4)";
            let _ = writeln!(std::io::stderr(), "SKIPPED: the engine `ifma`: no AVX-512 IFMA here; {way_out}");
        }
        [Engine::Ifma, Engine::Portable].into_iter().filter(|e| e.is_available())
    }

    /// Whether this processor runs it.
    pub fn is_available(self) -> bool {
        match self {
            Engine::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Engine::Ifma => crate::simd::Ifma::new().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            Engine::Ifma => false,
        }
    }

    /// By name, as in the environment variable.
    ///
    /// # Errors
    /// [`EngineError`] for other names, and for `ifma` where the processor has none.
    pub fn named(name: &str) -> Result<Self, EngineError> {
        match name {
            "auto" | "" => Ok(Engine::best()),
            "portable" => Ok(Engine::Portable),
            "ifma" if Engine::Ifma.is_available() => Ok(Engine::Ifma),
            "ifma" => Err(EngineError::NoIfma),
            other => Err(EngineError::Unknown(other.into())),
        }
    }

    /// What [`VARIABLE`] says, read once; the fastest where it says nothing.
    ///
    /// # Errors
    /// As [`named`](Self::named).
    pub fn chosen() -> Result<Self, EngineError> {
        static CHOSEN: OnceLock<Result<Engine, EngineError>> = OnceLock::new();
        let read = || Engine::named(&std::env::var_os(VARIABLE).unwrap_or_default().to_string_lossy());
        CHOSEN.get_or_init(read).clone()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Ifma => "ifma",
            Engine::Portable => "portable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_variable() {
        assert_eq!(Engine::named("portable"), Ok(Engine::Portable));
        assert_eq!(Engine::named("auto"), Ok(Engine::best()));
        assert_eq!(Engine::named(""), Ok(Engine::best()));
        let error = Engine::named("avx9").unwrap_err();
        assert!(error.to_string().starts_with("GRISTMILL_CPU=avx9: no such engine"), "{error}");
        let ifma = if Engine::Ifma.is_available() { Ok(Engine::Ifma) } else { Err(EngineError::NoIfma) };
        assert_eq!(Engine::named("ifma"), ifma);
    }
}
