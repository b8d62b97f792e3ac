//! A slice of a type that turns out to be another by name.

/// Whether T is F. (A type with lifetimes would be found equal whatever they are; the bound leaves out such an F.)
fn is<F: 'static, T>() -> bool {
    typeid::of::<T>() == typeid::of::<F>()
}

/// The slice, if T is F.
pub(super) fn elements<F: 'static, T>(values: &[T]) -> Option<&[F]> {
    // SAFETY: T is F.
    is::<F, T>().then(|| unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) })
}

/// The slice, if T is F.
pub(super) fn elements_mut<F: 'static, T>(values: &mut [T]) -> Option<&mut [F]> {
    // SAFETY: T is F, and the borrow is the only one.
    is::<F, T>().then(|| unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fr;

    #[test]
    fn only_the_very_type() {
        assert_eq!(elements::<Fr, _>(&[Fr::from(1u64)]), Some(&[Fr::from(1u64)][..]));
        assert!(elements::<Fr, _>(&[[0u64; 4]]).is_none());
        assert!(elements::<Fr, _>(&[ark_bls12_381::Fr::from(1u64)]).is_none());
        let text = String::from("borrowed");
        assert!(elements::<Fr, _>(&[text.as_str()]).is_none());
        let mut values = [Fr::from(3u64)];
        if let Some(same) = elements_mut::<Fr, _>(&mut values) {
            same[0] = Fr::from(4u64);
        }
        assert_eq!((values, elements_mut::<Fr, _>(&mut [1u8]).is_none()), ([Fr::from(4u64)], true));
    }
}
