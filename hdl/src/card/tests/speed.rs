use super::*;
#[test]
fn speed() {
    use gristmill_hdl_kit::twin::Fidelity;
    let names: [(&str, fn() -> Card); 3] = [
        ("no engines", || Card::without_engines(&CardConfig::tiny())),
        ("tiny", || Card::new(&CardConfig::tiny(), Fidelity::Twin)),
        ("sim", || Card::new(&CardConfig::sim(), Fidelity::Twin)),
    ];
    for (name, make) in names {
        let t = std::time::Instant::now();
        let mut b = Bench::new(make(), Manner::prompt(), 1);
        println!("{name}: built in {:?}", t.elapsed());
        b.idle(10);
        b.settle(100_000);
        let t = std::time::Instant::now();
        b.idle(20000);
        println!("{name}: idle {:.0} cycles/s", 20000.0 / t.elapsed().as_secs_f64());
        let mut walks = 0;
        for _ in 0..100 { walks += gristmill_hdl_kit::sim::cycle(&mut b.pins).unwrap(); }
        println!("walks a cycle {}", walks as f64 / 100.0);
    }
}
