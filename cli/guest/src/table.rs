//! Which scenarios there are, and in which boot of the guest each runs.
//!
//! A line here is a test of `tests/guest.rs` and a function of `bin/init/scenarios`. They run in
//! this order, each in a process of its own; what one leaves behind in the kernel (a binding, a
//! limit) the next one finds.

/// Calls a macro with every boot and its scenarios: `boot { name = function; … }`, where the path of
/// the function is relative to `bin/init/scenarios`.
#[macro_export]
macro_rules! scenarios {
    ($make:ident) => {
        $make! {
            one_card {
                the_card_is_found_by_its_ids = bus::the_card_is_found_by_its_ids;
                gristmill_info = commands::info;
                copies_arrive = traffic::copies_arrive;
                msm_equals_the_cpus = commands::msm;
                ntt_equals_the_cpus = commands::ntt;
            }
        }
    };
}

/// What is special about a boot.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The boot's name in [`scenarios!`].
    pub name: &'static str,
    /// Arguments of `gristmill sim` for each card.
    pub cards: &'static [&'static [&'static str]],
    /// Whether the guest has an IOMMU.
    pub iommu: bool,
}

/// A card small enough that its RTL is simulated in no time.
const TINY: &[&str] = &["--config", "tiny"];

/// The boots, in the order of [`scenarios!`].
pub const SETUPS: &[Setup] = &[Setup { name: "one_card", cards: &[TINY], iommu: true }];
