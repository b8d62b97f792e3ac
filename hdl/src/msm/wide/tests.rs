use gristmill_hdl_kit::cosim::{check, random_vectors, Options};
use gristmill_hdl_kit::sim::{cycle, settle, MAX_WALKS};
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rust_hdl::prelude::Block;

use super::{Narrow, Widen};

fn bits(rng: &mut StdRng, bits: usize) -> BigUint {
    let bytes: Vec<u8> = (0..bits / 8).map(|_| rng.gen()).collect();
    BigUint::from_bytes_le(&bytes)
}

/// Words of so many bits, the first lowest, as one number.
fn joined(words: &[BigUint], bits: usize) -> BigUint {
    words.iter().rev().fold(BigUint::default(), |all, word| (all << bits) | word)
}

#[test]
fn three_words_are_two_and_two_are_three() {
    let mut rng = StdRng::seed_from_u64(1);
    let (mut widen, mut narrow) = (Widen::default(), Narrow::default());
    widen.connect_all();
    narrow.connect_all();
    let (mut narrow_in, mut wide_out, mut wide_in, mut narrow_out) = (vec![], vec![], vec![], vec![]);
    let (mut word, mut wide) = (bits(&mut rng, 256), bits(&mut rng, 384));
    for _ in 0..4000 {
        // A word that is offered stays until it is taken; so `valid` may change freely here.
        let [valid, ready, also_valid, also_ready] = [(); 4].map(|()| rng.gen::<bool>());
        widen.in_data.next = word.clone().into();
        widen.in_valid.next = valid;
        widen.out_ready.next = ready;
        narrow.in_data.next = wide.clone().into();
        narrow.in_valid.next = also_valid;
        narrow.out_ready.next = also_ready;
        settle(&mut widen, MAX_WALKS).expect("settles");
        settle(&mut narrow, MAX_WALKS).expect("settles");
        if ready && widen.out_valid.val() {
            wide_out.push(BigUint::from(widen.out_data.val()));
        }
        if valid && widen.in_ready.val() {
            narrow_in.push(std::mem::replace(&mut word, bits(&mut rng, 256)));
        }
        if also_ready && narrow.out_valid.val() {
            narrow_out.push(BigUint::from(narrow.out_data.val()));
        }
        if also_valid && narrow.in_ready.val() {
            wide_in.push(std::mem::replace(&mut wide, bits(&mut rng, 384)));
        }
        cycle(&mut widen).expect("settles");
        cycle(&mut narrow).expect("settles");
    }
    let wide_words = narrow_in.len() / 3 * 2;
    assert!(wide_words > 500 && wide_out.len() - wide_words <= 1);
    assert_eq!(joined(&narrow_in[..wide_words / 2 * 3], 256), joined(&wide_out[..wide_words], 384));
    let wide_words = wide_in.len() / 2 * 2;
    assert!(wide_words > 500 && narrow_out.len() + 1 >= wide_words / 2 * 3);
    let whole = (narrow_out.len() / 3).min(wide_words / 2);
    assert_eq!(joined(&wide_in[..2 * whole], 384), joined(&narrow_out[..3 * whole], 256));
}

#[test]
fn verilog_agrees() {
    let mut widen = Widen::default();
    widen.connect_all();
    let vectors = random_vectors::<Widen>(800, 2);
    let _ = check(&mut widen, &vectors, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut narrow = Narrow::default();
    narrow.connect_all();
    let vectors = random_vectors::<Narrow>(800, 3);
    let _ = check(&mut narrow, &vectors, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
}
