//! Binding and back, with failures at every step.

use super::super::testing::Tree;
use super::*;

const CARD: &str = "0000:3b:00.0";

fn at() -> Bdf {
    CARD.parse().unwrap()
}

fn bind(tree: &Tree, user: Option<&str>) -> Result<Bound, String> {
    tree.host().bind(at(), user, false).map_err(|e| e.to_string())
}

fn unbind(tree: &Tree) -> Result<Unbound, String> {
    tree.host().unbind(at(), false).map_err(|e| e.to_string())
}

/// A card on its native driver in a group of its own.
fn on_xdma() -> Tree {
    let tree = Tree::new();
    tree.card(CARD, Some("xdma"), Some(17));
    tree.native(CARD, "xdma");
    tree
}

#[test]
fn to_vfio_and_back() {
    let tree = on_xdma();
    let before = tree.snapshot();
    let bound = bind(&tree, Some("1000")).unwrap();
    assert!(bound.function.is_on_vfio());
    assert_eq!((bound.was.as_deref(), bound.file.as_str(), bound.uid), (Some("xdma"), "/dev/vfio/17", Some(1000)));
    let steps =
        ["driver_override vfio-pci", "unbind 0000:3b:00.0", "drivers_probe 0000:3b:00.0", "settle", "chown 1000 17"];
    assert_eq!(tree.log(), steps);
    assert_eq!(tree.owner("vfio/17"), Some(1000));
    let unbound = unbind(&tree).unwrap();
    assert_eq!((unbound.function.driver.as_deref(), unbound.already), (Some("xdma"), false));
    assert_eq!(tree.log(), ["unbind 0000:3b:00.0", "driver_override", "drivers_probe 0000:3b:00.0"]);
    assert_eq!(tree.snapshot(), before);
}

#[test]
fn what_is_done_is_not_done_again() {
    let tree = Tree::new();
    tree.card(CARD, None, Some(17));
    bind(&tree, None).unwrap();
    tree.log();
    let again = bind(&tree, None).unwrap();
    assert_eq!((again.was.as_deref(), tree.log().len()), (Some("vfio-pci"), 0));
    bind(&tree, Some("1000")).unwrap();
    assert_eq!(tree.log(), ["settle", "chown 1000 17"]);
    // Giving it to the same user again is no change, and needs no rights.
    tree.forbid_all();
    bind(&tree, Some("1000")).unwrap();
    assert_eq!(tree.log().len(), 0);
    let other = bind(&tree, Some("1001")).unwrap_err();
    assert!(other.contains("sudo gristmill bind 0000:3b:00.0 --user 1001"), "{other}");
}

#[test]
fn unbinding_twice_and_after_half_an_unbind() {
    let tree = Tree::new();
    tree.card(CARD, Some("vfio-pci"), Some(17));
    tree.attribute(CARD, "driver_override", "vfio-pci\n");
    assert_eq!(unbind(&tree).unwrap().function.driver, None);
    tree.log();
    assert!(unbind(&tree).unwrap().already && tree.log().is_empty());
    tree.attribute(CARD, "driver_override", "vfio-pci\n");
    assert!(!unbind(&tree).unwrap().already);
    assert_eq!(tree.log(), ["driver_override", "drivers_probe 0000:3b:00.0"]);
    // An order that is not ours stays.
    tree.attribute(CARD, "driver_override", "none\n");
    assert!(unbind(&tree).unwrap().already && tree.log().is_empty());
}

#[test]
fn every_step_of_binding_may_fail() {
    for unbound in [false, true] {
        let mut failed = 0;
        for step in 1.. {
            let tree = on_xdma();
            if unbound {
                tree.card(CARD, None, Some(17));
            }
            let before = tree.snapshot();
            tree.fail_at(step);
            let Err(error) = bind(&tree, Some("1000")) else { break };
            let whole = if step == 1 { "nothing was changed" } else { "everything was put back" };
            assert!(error.contains(whole) && error.contains("Input/output error"), "{step}: {error}");
            assert_eq!(tree.snapshot(), before, "step {step}");
            failed += 1;
        }
        assert_eq!(failed, if unbound { 3 } else { 4 });
    }
}

#[test]
fn every_step_of_unbinding_may_fail() {
    let mut failed = 0;
    for step in 1.. {
        let tree = on_xdma();
        bind(&tree, None).unwrap();
        let before = tree.snapshot();
        tree.fail_at(step);
        let Err(error) = unbind(&tree) else { break };
        let whole = if step == 1 { "nothing was changed" } else { "everything was put back" };
        assert!(error.contains(whole), "{step}: {error}");
        assert_eq!(tree.snapshot(), before, "step {step}");
        failed += 1;
    }
    assert_eq!(failed, 3);
}

#[test]
fn steps_that_the_kernel_takes_without_effect() {
    for (step, now) in [(2, "bound to xdma"), (3, "without a driver")] {
        let tree = on_xdma();
        let before = tree.snapshot();
        tree.ignore_at(step);
        let error = bind(&tree, None).unwrap_err();
        assert!(error.contains("did not bind it to vfio-pci") && error.contains(now), "{error}");
        assert!(error.contains("everything was put back"), "{error}");
        assert_eq!(tree.snapshot(), before, "step {step}");
    }
    // vfio-pci takes it again by its ids.
    let tree = Tree::new();
    tree.card(CARD, Some("vfio-pci"), Some(17));
    tree.vfio_file("17");
    tree.native(CARD, "vfio-pci");
    let error = unbind(&tree).unwrap_err();
    assert!(error.contains("did not leave it"), "{error}");
}

#[test]
fn what_cannot_be_put_back_is_said() {
    let tree = on_xdma();
    tree.fail_from(3, 100);
    let error = bind(&tree, None).unwrap_err();
    assert!(error.contains("NOT everything could be put back") && error.contains("its driver was xdma"), "{error}");
}

#[test]
fn what_is_refused_is_refused_untouched() {
    let refused = |tree: &Tree, user: Option<&str>, words: &[&str]| {
        let before = tree.snapshot();
        let error = bind(tree, user).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{word}: {error}");
        }
        assert_eq!((tree.log().len(), tree.snapshot()), (0, before));
    };
    let tree = Tree::new();
    tree.card("0000:3c:00.0", None, Some(1));
    refused(&tree, None, &["no PCI function 0000:3b:00.0", "gristmill list"]);
    tree.card(CARD, None, None);
    refused(&tree, None, &["no IOMMU group", "intel_iommu=on"]);
    refused(&tree, Some("nobody-here"), &["no user \"nobody-here\""]);
    tree.function(CARD, "0x10ee", "0x9038", None, Some(17));
    refused(&tree, None, &["10ee:9038", "no Gristmill card", "--force"]);
    assert!(tree.host().bind(at(), None, true).unwrap().function.is_on_vfio());
    let tree = on_xdma();
    tree.attribute(CARD, "class", "0x060400");
    refused(&tree, None, &["is a bridge"]);
    assert!(tree.host().bind(at(), None, true).is_err());
    let tree = on_xdma();
    tree.function("0000:3b:00.1", "0x8086", "0x1", Some("nvme"), Some(17));
    tree.function("0000:3b:00.2", "0x8086", "0x1", None, Some(17));
    tree.function("0000:3a:00.0", "0x8086", "0x1", Some("pcieport"), Some(17));
    refused(&tree, None, &["group 17", "0000:3b:00.1 (nvme);"]);
    let tree = on_xdma();
    tree.attribute(CARD, "net/eth0/flags", "0x1003");
    refused(&tree, None, &["in use", "eth0 is up"]);
    let tree = on_xdma();
    tree.forbid_all();
    refused(&tree, Some("1000"), &["needs root", "sudo gristmill bind 0000:3b:00.0 --user 1000"]);
}

#[test]
fn unbinding_is_refused_where_it_would_hurt() {
    let tree = on_xdma();
    let error = unbind(&tree).unwrap_err();
    assert!(error.contains("bound to xdma, not to vfio-pci"), "{error}");
    bind(&tree, None).unwrap();
    tree.process(31, "prove", 'S', &["/dev/vfio/17"]);
    tree.log();
    let error = unbind(&tree).unwrap_err();
    assert!(error.contains("process 31 (prove) has it open") && tree.log().is_empty(), "{error}");
    tree.remove("proc/31");
    tree.forbid_all();
    assert!(unbind(&tree).unwrap_err().contains("sudo gristmill unbind 0000:3b:00.0"));
    assert!(tree.log().is_empty());
    tree.function(CARD, "0x10ee", "0x1", Some("vfio-pci"), Some(17));
    assert!(unbind(&tree).unwrap_err().contains("--force"));
}

#[test]
fn the_module_is_loaded_if_need_be() {
    let tree = on_xdma();
    tree.unload(None);
    bind(&tree, None).unwrap();
    assert_eq!(tree.log()[0], "modprobe vfio-pci");
    let tree = on_xdma();
    tree.unload(Some("FATAL: Module vfio-pci not found"));
    let before = tree.snapshot();
    let error = bind(&tree, None).unwrap_err();
    assert!(error.contains("Module vfio-pci not found") && error.contains("modprobe vfio-pci"), "{error}");
    assert_eq!((tree.log(), tree.snapshot()), (vec!["modprobe vfio-pci".to_owned()], before));
}

#[test]
fn an_owner_survives_a_failed_unbind() {
    let tree = on_xdma();
    bind(&tree, Some("1000")).unwrap();
    tree.fail_at(2);
    assert!(unbind(&tree).unwrap_err().contains("everything was put back"));
    assert_eq!(tree.owner("vfio/17"), Some(1000));
}
