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
                auto_finds_the_card = commands::auto_finds_the_card;
                copies_arrive = traffic::copies_arrive;
                interrupts_arrive = traffic::interrupts_arrive;
                many_commands_in_flight = traffic::many_commands_in_flight;
                several_queues_in_flight = queues::several_in_flight;
                msm_equals_the_cpus = commands::msm;
                ntt_equals_the_cpus = commands::ntt;
                groth16_proof = commands::groth16_proof;
                without_huge_pages = memory::without_huge_pages;
                with_huge_pages = memory::with_huge_pages;
                outside_the_windows = memory::outside_the_windows;
                unmapping_in_flight = memory::unmapping_in_flight;
                reset_in_the_middle = recovery::reset_in_the_middle;
                reset_by_somebody_else = recovery::reset_by_somebody_else;
                killed_in_the_middle = recovery::killed_in_the_middle;
                not_bound = obstacles::not_bound;
                opened_twice = obstacles::opened_twice;
                no_permission = obstacles::no_permission;
                too_little_locked_memory = obstacles::too_little_locked_memory;
                not_root = obstacles::not_root;
                operators_bind = operators::bound_by_the_command;
                operators_busy_card = operators::busy_card_is_left_alone;
                operators_doctor = operators::doctor_before_and_after;
                operators_reset = operators::reset_by_the_command;
                the_command_register_is_restored = while_open::the_command_register_is_restored;
                registers_that_do_not_answer = while_open::registers_that_do_not_answer;
                wrong_windows = while_open::wrong_windows;
                too_many_windows = while_open::too_many_windows;
                a_function_reset = while_open::a_function_reset;
                tasks_wait_for_interrupts = while_open::tasks_wait_for_interrupts;
                the_kernel_wants_it_back = while_open::the_kernel_wants_it_back;
                files_are_missing = missing::files;
                type1_is_missing = missing::type1;
                iommufd_or_not = missing::iommufd;
                // The last, so that it sees what all the others have done.
                the_kernel_did_not_complain = bus::the_kernel_did_not_complain;
            }
            several_cards {
                operators_list = operators::two_cards_listed;
                two_cards_in_two_processes = several::two_cards_in_two_processes;
                two_cards_in_two_threads = several::two_cards_in_two_threads;
                group_is_not_viable = obstacles::group_is_not_viable;
                pulled_out_in_the_middle = removal::pulled_out_in_the_middle;
            }
            link {
                bench_link = commands::bench_link;
            }
            no_iommu {
                no_iommu = obstacles::no_iommu;
                operators_without_iommu = operators::doctor_without_iommu;
                no_iommu_mode_is_refused = missing::the_iommu_though_allowed;
            }
        }
    };
}

/// What is special about a boot.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The boot's name in [`scenarios!`].
    pub name: &'static str,
    /// The cards, in the order of their PCI addresses.
    pub cards: &'static [CardSetup],
    /// Whether the guest has an IOMMU.
    pub iommu: bool,
}

/// A card of a boot.
#[derive(Clone, Copy, Debug)]
pub struct CardSetup {
    /// Arguments of `gristmill sim`.
    pub arguments: &'static [&'static str],
    /// Whether a device that the kernel drives is in its IOMMU group.
    pub shares_its_group: bool,
}

/// A card small enough that its RTL is simulated in no time.
const TINY: CardSetup = CardSetup { arguments: &["--config", "tiny"], shares_its_group: false };
/// A card without engines: the way to it is all that takes time.
const LINK: CardSetup = CardSetup { arguments: &["--engine", "protocol"], shares_its_group: false };
/// A card of which nothing but its place on the bus matters.
const SHARED: CardSetup = CardSetup { arguments: &["--engine", "protocol"], shares_its_group: true };

/// The boots, in the order of [`scenarios!`].
pub const SETUPS: &[Setup] = &[
    Setup { name: "one_card", cards: &[TINY], iommu: true },
    Setup { name: "several_cards", cards: &[TINY, TINY, SHARED], iommu: true },
    Setup { name: "link", cards: &[LINK], iommu: true },
    Setup { name: "no_iommu", cards: &[SHARED], iommu: false },
];
