//! A slice of a type that turns out to be BN254's Fr.

use ark_bn254::Fr;

/// Whether T is Fr. (A type with lifetimes would be found equal whatever they are; Fr has none.)
fn is_fr<T>() -> bool {
    typeid::of::<T>() == typeid::of::<Fr>()
}

/// The slice, if T is Fr.
pub(super) fn elements<T>(values: &[T]) -> Option<&[Fr]> {
    // SAFETY: T is Fr.
    is_fr::<T>().then(|| unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) })
}

/// The slice, if T is Fr.
pub(super) fn elements_mut<T>(values: &mut [T]) -> Option<&mut [Fr]> {
    // SAFETY: T is Fr, and the borrow is the only one.
    is_fr::<T>().then(|| unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_type() {
        assert_eq!(elements(&[Fr::from(1u64)]), Some(&[Fr::from(1u64)][..]));
        assert!(elements(&[[0u64; 4]]).is_none() && elements(&[ark_bls12_381::Fr::from(1u64)]).is_none());
        let text = String::from("borrowed");
        assert!(elements(&[text.as_str()]).is_none());
        let mut values = [Fr::from(3u64)];
        if let Some(same) = elements_mut(&mut values) {
            same[0] = Fr::from(4u64);
        }
        assert_eq!((values, elements_mut(&mut [1u8]).is_none()), ([Fr::from(4u64)], true));
    }
}
