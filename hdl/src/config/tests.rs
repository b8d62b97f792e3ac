//! Which configurations are accepted, and how they are named.

use super::*;

#[test]
fn named_configurations_are_valid_and_survive_toml() {
    for name in CardConfig::NAMES {
        let config = CardConfig::named(name).expect("named");
        config.validate().expect("valid");
        assert_eq!(config.name, name);
        let text = config.to_toml().expect("serializes");
        assert_eq!(CardConfig::from_toml(&text), Ok(config));
    }
    assert!(matches!(CardConfig::named("huge"), Err(ConfigError::UnknownName { .. })));
}

#[test]
fn derived_values() {
    let sim = CardConfig::sim();
    assert_eq!((sim.windows(), sim.buckets()), (32, 128));
    let tiny = CardConfig::tiny();
    assert_eq!((tiny.windows(), tiny.buckets()), (64, 8));
    assert_eq!(caps::Msm::decode(tiny.cap_msm()).windows, 64);
    assert_eq!(tiny.msm_result_words(), 64 * tiny.segments * 6);
    assert!((sim.predicted_seconds(500_000_000) - 2.0).abs() < 1e-12);
    let ecp5 = CardConfig::ecp5_85k();
    assert_eq!((ecp5.windows(), ecp5.buckets(), ecp5.msm_result_words()), (51, 16, 51 * 6));
}

#[test]
fn arithmetic_may_be_left_out_and_is_pipelined_then() {
    let text = CardConfig::sim().to_toml().expect("serializes");
    let without: String = text.lines().filter(|l| !l.starts_with("arithmetic")).map(|l| format!("{l}\n")).collect();
    assert_ne!(text, without);
    assert_eq!(CardConfig::from_toml(&without), Ok(CardConfig::sim()));
    let without: String = without
        .lines()
        .filter(|l| !l.starts_with("adders") && !l.starts_with("multiples"))
        .map(|l| format!("{l}\n"))
        .collect();
    assert_eq!(CardConfig::from_toml(&without), Ok(CardConfig::sim()));
    let wrong = format!("{without}arithmetic = \"parallel\"\n");
    match CardConfig::from_toml(&wrong) {
        Err(ConfigError::Parse { message }) => assert!(message.contains("serial"), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn identity_follows_the_hardware_only() {
    let sim = CardConfig::sim();
    assert_ne!(sim.config_id(), CardConfig::tiny().config_id());
    let renamed = CardConfig { name: "other".into(), clock_hz: 1, ..sim.clone() };
    assert_eq!(sim.config_id(), renamed.config_id());
    for other in [
        CardConfig { window_bits: 9, ..sim.clone() },
        CardConfig { segments: 8, ..sim.clone() },
        CardConfig { stall_depth: 32, ..sim.clone() },
        CardConfig { log_max_points: 20, ..sim.clone() },
        CardConfig { ntt_log_max: 12, ..sim.clone() },
        CardConfig { queues: 1, ..sim.clone() },
        CardConfig { card_mem_bytes: 4096, ..sim.clone() },
        CardConfig { arithmetic: Arithmetic::Serial, ..sim.clone() },
        CardConfig { curve: "bls12-381".into(), ..sim.clone() },
        CardConfig { adders: 2, ..sim.clone() },
        CardConfig { multiples: 2, ..sim.clone() },
        CardConfig { elementwise: false, ..sim.clone() },
        CardConfig { ntt_field: Some("goldilocks".into()), elementwise: false, ..sim.clone() },
    ] {
        assert_ne!(sim.config_id(), other.config_id(), "{other:?}");
    }
}

#[test]
fn field_of_vectors_may_be_left_out() {
    let sim = CardConfig::sim();
    assert!(!sim.to_toml().expect("serializes").contains("ntt_field"));
    let own = CardConfig { ntt_field: Some("bn254-fr".into()), ..sim.clone() };
    assert_eq!((own.validate(), own.config_id(), own.field_id()), (Ok(()), sim.config_id(), Field::Bn254Fr));
    for curve in ["bn254", "bls12-377"] {
        let goldilocks =
            CardConfig { curve: curve.into(), ntt_field: Some("goldilocks".into()), elementwise: false, ..sim.clone() };
        let text = goldilocks.to_toml().expect("serializes");
        assert_eq!(CardConfig::from_toml(&text), Ok(goldilocks.clone()));
        assert_eq!((goldilocks.field_id(), goldilocks.factor_block_words()), (Field::Goldilocks, 8 + 1));
    }
}

#[test]
fn bad_values_name_key_value_and_way_out() {
    let tiny = CardConfig::tiny();
    let cases = [
        ("name", CardConfig { name: String::new(), ..tiny.clone() }),
        ("curve", CardConfig { curve: "bls12-446".into(), ..tiny.clone() }),
        ("curve", CardConfig { curve: "bls12-381".into(), ..CardConfig::ecp5_85k() }),
        ("adders", CardConfig { adders: 0, ..tiny.clone() }),
        ("adders", CardConfig { adders: 8, multiples: 8, window_bits: 8, ..tiny.clone() }),
        ("multiples", CardConfig { multiples: 3, ..tiny.clone() }),
        ("multiples", CardConfig { multiples: 2, ..CardConfig::ecp5_85k() }),
        ("adders", CardConfig { adders: 9, ..tiny.clone() }),
        ("adders", CardConfig { adders: 2, ..CardConfig::ecp5_85k() }),
        ("window_bits", CardConfig { window_bits: 0, ..tiny.clone() }),
        ("window_bits", CardConfig { window_bits: 2, ..tiny.clone() }),
        ("window_bits", CardConfig { window_bits: 17, ..tiny.clone() }),
        ("segments", CardConfig { segments: 3, ..tiny.clone() }),
        ("segments", CardConfig { segments: 16, ..tiny.clone() }),
        ("segments", CardConfig { segments: 0, ..tiny.clone() }),
        ("stall_depth", CardConfig { stall_depth: 7, ..tiny.clone() }),
        ("log_max_points", CardConfig { log_max_points: 28, ..tiny.clone() }),
        ("ntt_log_max", CardConfig { ntt_log_max: 0, ..tiny.clone() }),
        ("ntt_field", CardConfig { ntt_field: Some("babybear".into()), ..tiny.clone() }),
        ("ntt_field", CardConfig { ntt_field: Some("bls12-381-fr".into()), ..tiny.clone() }),
        ("ntt_field", CardConfig { ntt_field: Some("goldilocks".into()), ..CardConfig::ecp5_85k() }),
        ("elementwise", CardConfig { ntt_field: Some("goldilocks".into()), ..tiny.clone() }),
        ("elementwise", CardConfig { elementwise: true, ..CardConfig::ecp5_85k() }),
        (
            "ntt_log_max",
            CardConfig { ntt_field: Some("goldilocks".into()), ntt_log_max: 1, elementwise: false, ..tiny.clone() },
        ),
        ("butterflies", CardConfig { butterflies: 0, ..tiny.clone() }),
        ("butterflies", CardConfig { butterflies: 3, ..tiny.clone() }),
        ("butterflies", CardConfig { butterflies: 2, ..CardConfig::ecp5_85k() }),
        ("butterflies", CardConfig { butterflies: 8, ntt_log_max: 3, ..tiny.clone() }),
        ("queues", CardConfig { queues: 0, ..tiny.clone() }),
        ("queues", CardConfig { queues: 5, ..tiny.clone() }),
        ("card_mem_bytes", CardConfig { card_mem_bytes: 100, ..tiny.clone() }),
        ("card_mem_bytes", CardConfig { card_mem_bytes: 1 << 40, ..tiny.clone() }),
        ("clock_hz", CardConfig { clock_hz: 0, ..tiny.clone() }),
    ];
    for (wanted, config) in cases {
        match config.validate() {
            Err(ConfigError::Value { key, way_out, .. }) => {
                assert_eq!(key, wanted);
                assert!(!way_out.is_empty());
            }
            other => panic!("{wanted}: {other:?}"),
        }
    }
    assert!(matches!(CardConfig::from_toml("name = 3"), Err(ConfigError::Parse { .. })));
    let extra = format!("{}\nfoo = 1\n", tiny.to_toml().expect("serializes"));
    assert!(matches!(CardConfig::from_toml(&extra), Err(ConfigError::Parse { .. })));
}
