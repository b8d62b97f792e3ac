//! Building, caching and loading Verilated models. Needs the tools, like all co-simulation.

use gristmill_hdl_kit::cosim::skipped;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::verilator::{available, cache_folder, Model, Options, Trace, VerilatorError};
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;
use std::process::Command;

#[derive(LogicBlock, Default)]
struct Multiply {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<100>>,
    pub r: Signal<Out, U<100>>,
    hold: DFF<U<100>>,
}
impl Logic for Multiply {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, hold);
        self.hold.d.next = self.a.val() * self.a.val();
        self.r.next = self.hold.q.val();
    }
}

#[derive(LogicBlock)]
struct Powers {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<100>>,
    pub r: Signal<Out, U<100>>,
    square: Vec<Multiply>,
}
impl Default for Powers {
    fn default() -> Self {
        let mut p = Self {
            clock: Default::default(),
            a: Default::default(),
            r: Default::default(),
            square: (0..4).map(|_| Multiply::default()).collect(),
        };
        p.connect_all();
        p
    }
}
impl Logic for Powers {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..4 {
            self.square[i].clock.next = self.clock.val();
        }
        self.square[0].a.next = self.a.val();
        for i in 1..4 {
            self.square[i].a.next = self.square[i - 1].r.val();
        }
        self.r.next = self.square[3].r.val();
    }
}
ports!(Powers { in: a; out: r });

fn sixteenth_power(model: &mut Model) {
    for a in [3u64, 5, 11, 4711] {
        model.poke(0, &[a]);
        for _ in 0..4 {
            model.cycle();
        }
        let a = U::<100>::from(a);
        let p = |x: U<100>| x * x;
        assert_eq!(model.peek(0), *p(p(p(p(a)))).limbs());
    }
}

#[test]
fn flat_hierarchical_and_optimised_models_agree() {
    if skipped() {
        return;
    }
    for options in
        [Options::default(), Options::fast(), Options { hierarchical: vec!["square".into()], ..Options::default() }]
    {
        let mut model = Model::build(&Powers::default(), &options).unwrap();
        assert_eq!((model.input("a"), model.output("r"), model.input("clock")), (Some(0), Some(0), None));
        sixteenth_power(&mut model);
    }
}

#[test]
fn instances_are_independent_and_may_move_to_threads() {
    if skipped() {
        return;
    }
    let mut a = Model::build(&Powers::default(), &Options::default()).unwrap();
    let mut b = Model::build(&Powers::default(), &Options::default()).unwrap();
    a.poke(0, &[2]);
    b.poke(0, &[3]);
    for _ in 0..4 {
        a.cycle();
        b.cycle();
    }
    assert_eq!((a.peek(0)[0], b.peek(0)[0]), (1 << 16, 43046721));
    std::thread::spawn(move || sixteenth_power(&mut b)).join().unwrap();
    sixteenth_power(&mut a);
}

#[test]
fn inputs_are_cut_to_their_width() {
    if skipped() {
        return;
    }
    let mut m = Model::build(&Powers::default(), &Options::default()).unwrap();
    m.poke(0, &[1, u64::MAX << 36, 77]);
    for _ in 0..4 {
        m.cycle();
    }
    assert_eq!(m.peek(0)[..2], [1, 0]);
}

#[test]
fn unknown_hierarchical_block_is_an_error_that_lists_the_others() {
    if skipped() {
        return;
    }
    let options = Options { hierarchical: vec!["cube".into()], ..Options::default() };
    let e = Model::build(&Powers::default(), &options).err().unwrap();
    assert!(e.to_string().contains("\"cube\"") && e.to_string().contains("square"), "{e}");
}

#[test]
fn waveforms() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (trace, name) in [(Trace::Vcd, "w.vcd"), (Trace::Fst, "w.fst")] {
        let mut m = Model::build(&Powers::default(), &Options { trace, ..Options::default() }).unwrap();
        let file = dir.path().join(name);
        assert!(matches!(m.trace_open(&dir.path().join("no/w")), Err(VerilatorError::Waveform { .. })));
        m.trace_open(&file).unwrap();
        sixteenth_power(&mut m);
        m.trace_close();
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.len() > 200, "{name} has {} bytes", bytes.len());
        if trace == Trace::Vcd {
            assert!(String::from_utf8_lossy(&bytes).contains("$enddefinitions"));
        }
    }
    let mut plain = Model::build(&Powers::default(), &Options::default()).unwrap();
    assert!(matches!(plain.trace_open(&dir.path().join("x")), Err(VerilatorError::NotTraced)));
}

#[test]
fn a_latch_is_refused() {
    if skipped() {
        return;
    }
    let verilog =
        "module top(a, r);\ninput wire [7:0] a;\noutput reg [7:0] r;\nalways @(*) if (a[0]) r = a;\nendmodule\n";
    let port = |name: &str| ports::Port { name: name.into(), width: 8 };
    let e = Model::from_verilog(verilog, false, vec![port("a")], vec![port("r")], &Options::default()).err().unwrap();
    assert!(matches!(&e, VerilatorError::Failed { dir, .. } if dir.join("top.v").exists()), "{e}");
    assert!(e.to_string().contains("LATCH"), "{e}");
}

/// Runs one ignored test of this file in a process of its own.
fn child(test: &str, env: &[(&str, &str)]) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--test-threads", "1"])
        .envs(env.iter().copied())
        .spawn()
        .unwrap()
}

#[test]
fn without_the_tools_the_error_says_what_to_install() {
    assert!(child("child_without_tools", &[("PATH", "/nowhere")]).wait().unwrap().success());
}

#[test]
#[ignore = "run by without_the_tools_the_error_says_what_to_install"]
fn child_without_tools() {
    assert!(!available());
    let e = Model::build(&Powers::default(), &Options::default()).err().unwrap();
    assert!(e.is_missing_tool());
    assert!(e.to_string().contains("apt-get install --no-install-recommends verilator g++ make"), "{e}");
}

#[test]
fn processes_that_build_the_same_at_once_do_not_disturb_each_other() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("cache");
    // The run-time library is big; take it from the usual cache.
    sixteenth_power(&mut Model::build(&Powers::default(), &Options::default()).unwrap());
    for e in std::fs::read_dir(cache_folder()).unwrap().map(|e| e.unwrap()) {
        // (Beside the folder of a library lies its lock, while the cache is young.)
        if e.file_name().to_string_lossy().starts_with("runtime-") && e.path().is_dir() {
            let to = cache.join(e.file_name());
            std::fs::create_dir_all(&to).unwrap();
            for f in std::fs::read_dir(e.path()).unwrap().map(|f| f.unwrap()) {
                std::fs::copy(f.path(), to.join(f.file_name())).unwrap();
            }
        }
    }
    let env = [("GRISTMILL_CACHE", cache.to_str().unwrap())];
    let children: Vec<_> = (0..2).map(|_| child("child_builds", &env)).collect();
    for mut c in children {
        assert!(c.wait().unwrap().success());
    }
    let mut names: Vec<String> =
        std::fs::read_dir(&cache).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names.retain(|n| !n.starts_with("runtime-") && !n.ends_with(".lock"));
    assert!(names.len() == 1 && names[0].starts_with("model-"), "{names:?}");
}

#[test]
#[ignore = "run by processes_that_build_the_same_at_once_do_not_disturb_each_other"]
fn child_builds() {
    sixteenth_power(&mut Model::build(&Powers::default(), &Options::default()).unwrap());
}

#[test]
fn a_cache_that_others_may_write_is_refused() {
    if skipped() {
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let env = [("GRISTMILL_CACHE", dir.path().to_str().unwrap())];
    assert!(child("child_in_open_cache", &env).wait().unwrap().success());
}

#[test]
#[ignore = "run by a_cache_that_others_may_write_is_refused"]
fn child_in_open_cache() {
    let e = Model::build(&Powers::default(), &Options::default()).err().unwrap();
    assert!(matches!(e, VerilatorError::ForeignCache { .. }), "{e}");
}
