#![allow(dead_code,unused)]
mod naf; mod segment_sum { pub mod plan; }
use segment_sum::plan::*; use naf::*; use num_bigint::BigUint; use num_traits::One;
const ROW_BITS:usize=26; const PART_BITS:usize=34; const PRODUCT_BITS:usize=60; const GUARD_BITS:usize=8; const SLACK:usize=8;
struct SS(Plan); impl SS { fn new(r:&Request)->Self{ let p=Plan::new(r); report("sum",&p); SS(p)} fn plan(&self)->&Plan{&self.0} }
fn report(what:&str,p:&Plan){ let mut add=0; let mut reg=0; let mut chain=0; for n in &p.nodes { reg+=n.bits; if let Some(b)=&n.b { let c=n.bits.saturating_sub(n.a.shift.max(b.shift)); add+=c; chain=chain.max(c);} } println!("{what}: adder bits {add} reg bits {reg} chain {chain} outs {:?}",p.outputs.iter().map(|o|o.bits).collect::<Vec<_>>()); }
const fn half_levels(w: usize) -> usize {
    if w <= 256 {
        3
    } else {
        4
    }
}

const HALF_SLACK: usize = 8;
const OUTER_SLACK: usize = 11;
const WHOLE_SLACK: usize = 13;
fn half(w:usize,bits:usize)->Vec<usize>{ let (rows, parts) = (bits.div_ceil(ROW_BITS), bits.div_ceil(PART_BITS));
        let mut terms = Vec::new();
        for row in 0..rows {
            for part in 0..parts {
                let room = |unit: usize, i: usize| unit.min(bits - unit * i);
                let product = room(ROW_BITS, row) + room(PART_BITS, part);
                let term = Term::word(row, product, ROW_BITS * row + PART_BITS * part);
                terms.push(Term { low: PRODUCT_BITS * part, ..term });
            }
        }
        let slices = (2 * bits).div_ceil(SLICE_BITS);
        let last_bits = 2 * bits - SLICE_BITS * (slices - 1);
        let request = Request {
            inputs: [rows, 0],
            terms,
            constant: None,
            slices,
            last_bits,
            levels: half_levels(w),
            slack: HALF_SLACK,
        };
 let p=Plan::new(&request); report("half",&p); p.outputs.iter().map(|o|o.bits).collect() }
fn wide(w:usize,pbits:usize)->(Vec<usize>,BigUint){let half_ = w / 2;
        let (low, high) = (half(w,half_), half(w - half));
        let middle = half(w,half_ + 1);
        let slices = 2 * w / SLICE_BITS;
        let sum = |inputs, terms, levels, slack| {
            SS::new(&Request { inputs, terms, constant: None, slices, last_bits: SLICE_BITS, levels, slack })
        };
        let (low_bits, high_bits) = (low, high);
        let mut terms = Vec::new();
        for (k, &bits) in low_bits.iter().enumerate() {
            terms.push(Term::word(k, bits, SLICE_BITS * k));
            terms.push(Term::word(k, bits, SLICE_BITS * k + half_).minus());
        }
        for (k, &bits) in high_bits.iter().enumerate() {
            terms.push(Term::word(low_bits.len() + k, bits, SLICE_BITS * k + w));
            terms.push(Term::word(low_bits.len() + k, bits, SLICE_BITS * k + half_).minus());
        }
        let outer = sum([low_bits.len(), high_bits.len()], terms, 2, OUTER_SLACK);
        let outer_bits: Vec<_> = outer.plan().outputs.iter().map(|output| output.bits).collect();
        let terms = outer_bits.iter().enumerate().map(|(k, &bits)| Term::word(k, bits, SLICE_BITS * k));
        let of_middle = middle;
        let shifted = of_middle.iter().enumerate();
        let shifted = shifted.map(|(k, &bits)| Term::word(slices + k, bits, SLICE_BITS * k + half_));
        let whole = sum([slices, of_middle.len()], terms.chain(shifted).collect(), 1, WHOLE_SLACK);
 let bits=whole.plan().outputs.iter().map(|o|o.bits).collect(); (bits,(&outer.plan().excess+&whole.plan().excess)%(BigUint::one()<<(2*w)))}
const fn tree_levels(w: usize) -> usize {
    if w <= 256 {
        6
    } else {
        7
    }
}

/// The terms of a product of slices and a constant.
fn product(constant: &BigUint, bits: &[usize]) -> Vec<Term> {
    let mut terms = Vec::new();
    for Digit { value, position } in digits(constant) {
        for (input, &bits) in bits.iter().enumerate() {
            let multiple = value.unsigned_abs();
            let most = ((1u128 << bits) - 1) * u128::from(multiple);
            terms.push(Term {
                multiple,
                negative: value < 0,
                ..Term::word(input, (u128::BITS - most.leading_zeros()) as usize, SLICE_BITS * input + position)
            });
        }
    }
    terms
}

/// m = (t - excess) * minus_inverse mod R.
fn quotient(minus_inverse: &BigUint, bits: &[usize], excess: &BigUint) -> Request {
    let slices = bits.len();
    let width = SLICE_BITS * slices;
    let r = BigUint::one() << width;
    Request {
        inputs: [slices, 0],
        terms: product(minus_inverse, bits),
        constant: Some((&r - (excess % &r)) * minus_inverse % &r),
        slices,
        last_bits: SLICE_BITS,
        levels: tree_levels(width),
        slack: SLACK,
    }
}

/// (T + m p) / R in slices that start `GUARD_BITS` below R.
fn sum(p: &BigUint, m: &[usize], t: &[usize], excess: &BigUint) -> Request {
    let slices = m.len();
    let width = SLICE_BITS * slices;
    let base = width - GUARD_BITS;
    let mut terms = product(p, m);
    // T's slices further down are together less than a unit of the last place that is kept.
    let of_t = t.iter().enumerate().skip(slices - 1);
    terms.extend(of_t.map(|(k, &bits)| Term::word(slices + k, bits, SLICE_BITS * k)));
    // They and the constant are cut; so is what reaches below the last place.
    let (mut cut, mut cut_negative) = (2u32, 0u32);
    for term in terms.iter().filter(|term| term.position < base) {
        cut += 1;
        cut_negative += term.negative as u32;
    }
    assert!(cut < 1 << GUARD_BITS, "MontReduce: {cut} terms reach below R");
    // Cutting a positive term makes the sum smaller, cutting a negative one larger, by less than a unit: with a unit less
    // for each negative one it is too small in all cases, by less than R.
    let modulus = BigUint::one() << (2 * width);
    let constant = (&modulus - excess % &modulus) + (((BigUint::one() << GUARD_BITS) - 1u32) << base);
    let constant = constant + &modulus - (BigUint::from(cut_negative) << base);
    Request {
        inputs: [slices, 2 * slices],
        terms: terms.into_iter().filter_map(|term| term.above(base)).collect(),
        constant: Some((constant % &modulus) >> base),
        slices,
        last_bits: SLICE_BITS + GUARD_BITS,
        levels: tree_levels(width),
        slack: SLACK,
    }
}


fn main(){ for (w,p) in [(256,"30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47"),(256,"30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001"),(256,"73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001"),(384,"1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab")] {
 let p=BigUint::parse_bytes(p.as_bytes(),16).unwrap(); println!("== {w} {}",p.bits()); let (bits,excess)=wide(w,p.bits() as usize); let slices=w/64; let r=BigUint::one()<<w; let mi=&r-p.modpow(&((&r>>1)-1u32),&r);
 assert!((&mi*&p+1u32)%&r==BigUint::from(0u32));
 let q=SS::new(&quotient(&mi,&bits[..slices],&excess)); let m:Vec<_>=q.plan().outputs.iter().map(|o|o.bits).collect(); SS::new(&sum(&p,&m,&bits,&excess)); } }
