//! Eight elements in memory, a row of words each, to and from vectors that hold one word of all
//! eight. By shuffles rather than gathers: gathers are slow on AMD and where Intel's are mitigated.

use super::{Ifma, Lanes, each8};
use std::arch::x86_64::*;

/// Low and high halves of a 4 x 4 transposition, in both 256-bit halves at once.
const LOW: [u64; 8] = [0, 1, 8, 9, 4, 5, 12, 13];
const HIGH: [u64; 8] = [2, 3, 10, 11, 6, 7, 14, 15];

/// Its own inverse: rows of 4 words (elements i and i + 4 in vector i) to columns and back.
#[inline(always)]
fn transpose4(simd: Ifma, rows: [Lanes; 4]) -> [Lanes; 4] {
    let (low, high) = (simd.lanes(&LOW).0, simd.lanes(&HIGH).0);
    let [Lanes(r0), Lanes(r1), Lanes(r2), Lanes(r3)] = rows;
    // SAFETY: `simd` proves AVX-512 F.
    unsafe {
        let (a, b) = (_mm512_unpacklo_epi64(r0, r1), _mm512_unpackhi_epi64(r0, r1));
        let (c, d) = (_mm512_unpacklo_epi64(r2, r3), _mm512_unpackhi_epi64(r2, r3));
        [
            Lanes(_mm512_permutex2var_epi64(a, low, c)),
            Lanes(_mm512_permutex2var_epi64(b, low, d)),
            Lanes(_mm512_permutex2var_epi64(a, high, c)),
            Lanes(_mm512_permutex2var_epi64(b, high, d)),
        ]
    }
}

/// Words 0 to 3 of eight rows.
#[inline(always)]
fn load_rows(simd: Ifma, rows: [*const u64; 8]) -> [Lanes; 4] {
    let pair = |i: usize| {
        // SAFETY: `simd` proves AVX-512 F; each caller's rows have at least 4 words.
        unsafe {
            let low = _mm512_castsi256_si512(_mm256_loadu_si256(rows[i].cast()));
            Lanes(_mm512_inserti64x4::<1>(low, _mm256_loadu_si256(rows[i + 4].cast())))
        }
    };
    transpose4(simd, [pair(0), pair(1), pair(2), pair(3)])
}

/// Words 0 to 3 of eight rows.
#[inline(always)]
fn store_rows(simd: Ifma, words: [Lanes; 4], rows: [*mut u64; 8]) {
    for (i, pair) in transpose4(simd, words).into_iter().enumerate() {
        // SAFETY: `simd` proves AVX-512 F; each caller's rows have at least 4 words.
        unsafe {
            _mm256_storeu_si256(rows[i].cast(), _mm512_castsi512_si256(pair.0));
            _mm256_storeu_si256(rows[i + 4].cast(), _mm512_extracti64x4_epi64::<1>(pair.0));
        }
    }
}

/// Eight rows of 4 words.
#[inline(always)]
pub(crate) fn load4(simd: Ifma, rows: [&[u64; 4]; 8]) -> [Lanes; 4] {
    load_rows(simd, each8(rows, |r| r.as_ptr()))
}

/// Eight rows of 4 words.
#[inline(always)]
pub(crate) fn store4(simd: Ifma, words: [Lanes; 4], rows: [&mut [u64; 4]; 8]) {
    store_rows(simd, words, each8(rows, |r| r.as_mut_ptr()));
}

/// Eight rows of 6 words.
#[inline(always)]
pub(crate) fn load6(simd: Ifma, rows: [&[u64; 6]; 8]) -> [Lanes; 6] {
    let rows = each8(rows, |r| r.as_ptr());
    let [w0, w1, w2, w3] = load_rows(simd, rows);
    // SAFETY: `simd` proves AVX-512 F; words 4 and 5 of each row are inside it.
    unsafe {
        let tail = |i: usize| _mm_loadu_si128(rows[i].add(4).cast());
        let quad = |i: usize| {
            let v = _mm512_castsi128_si512(tail(i));
            let v = _mm512_inserti32x4::<1>(v, tail(i + 2));
            let v = _mm512_inserti32x4::<2>(v, tail(i + 4));
            _mm512_inserti32x4::<3>(v, tail(i + 6))
        };
        let (even, odd) = (quad(0), quad(1));
        let (w4, w5) = (_mm512_unpacklo_epi64(even, odd), _mm512_unpackhi_epi64(even, odd));
        [w0, w1, w2, w3, Lanes(w4), Lanes(w5)]
    }
}

/// Eight rows of 6 words.
#[inline(always)]
pub(crate) fn store6(simd: Ifma, words: [Lanes; 6], rows: [&mut [u64; 6]; 8]) {
    let rows = each8(rows, |r| r.as_mut_ptr());
    let [w0, w1, w2, w3, w4, w5] = words;
    store_rows(simd, [w0, w1, w2, w3], rows);
    // SAFETY: `simd` proves AVX-512 F; words 4 and 5 of each row are inside it.
    unsafe {
        for (first, quad) in
            [_mm512_unpacklo_epi64(w4.0, w5.0), _mm512_unpackhi_epi64(w4.0, w5.0)].into_iter().enumerate()
        {
            let put = |i: usize, v: __m128i| _mm_storeu_si128(rows[first + i].add(4).cast(), v);
            put(0, _mm512_castsi512_si128(quad));
            put(2, _mm512_extracti32x4_epi32::<1>(quad));
            put(4, _mm512_extracti32x4_epi32::<2>(quad));
            put(6, _mm512_extracti32x4_epi32::<3>(quad));
        }
    }
}
