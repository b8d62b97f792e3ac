//! Reference model of the group: affine chord and tangent with their cases, on big integers.
//!
//! Nothing here knows the complete formulas that the RTL and its twin compute.

use num_bigint::BigUint;
use num_traits::{One, Zero};

use super::CurveParams;
use crate::field::model::Model as Field;
use crate::field::params::from_limbs;

/// A point; coordinates canonical and reduced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Affine {
    /// The neutral element.
    Infinity,
    /// (x, y) on the curve.
    Point(BigUint, BigUint),
}

/// A homogeneous projective point in Montgomery form, as on the adder's ports: x = X/Z, y = Y/Z,
/// infinity has Z = 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projective {
    /// X, Montgomery form, reduced.
    pub x: BigUint,
    /// Y, Montgomery form, reduced.
    pub y: BigUint,
    /// Z, Montgomery form, reduced.
    pub z: BigUint,
}

/// A curve with its field.
#[derive(Clone, Debug)]
pub struct Model {
    /// The field of the coordinates.
    pub field: Field,
    b: BigUint,
    generator: Affine,
}

impl Model {
    /// The model of a curve.
    pub fn new(params: &CurveParams) -> Self {
        let (x, y) = &params.generator;
        Self {
            field: Field::new(&params.field),
            b: params.b.into(),
            generator: Affine::Point(from_limbs(x), from_limbs(y)),
        }
    }

    /// A generator of the group.
    pub fn generator(&self) -> Affine {
        self.generator.clone()
    }

    /// Whether a point satisfies the equation.
    pub fn is_on_curve(&self, point: &Affine) -> bool {
        match point {
            Affine::Infinity => true,
            Affine::Point(x, y) => {
                let f = &self.field;
                f.mul(y, y) == f.add(&f.mul(x, &f.mul(x, x)), &self.b)
            }
        }
    }

    /// -P.
    pub fn neg(&self, point: &Affine) -> Affine {
        match point {
            Affine::Infinity => Affine::Infinity,
            Affine::Point(x, y) => Affine::Point(x.clone(), self.field.neg(y)),
        }
    }

    /// P + Q by chord, tangent, and the cases of infinity.
    pub fn add(&self, a: &Affine, b: &Affine) -> Affine {
        let (Affine::Point(x1, y1), Affine::Point(x2, y2)) = (a, b) else {
            return if matches!(a, Affine::Infinity) { b.clone() } else { a.clone() };
        };
        let f = &self.field;
        let (rise, run) = if x1 != x2 {
            (f.sub(y2, y1), f.sub(x2, x1))
        } else if y1 == y2 {
            (f.mul_small(3, &f.mul(x1, x1)), f.mul_small(2, y1))
        } else {
            return Affine::Infinity;
        };
        // A tangent at y = 0 has no slope: that is a point of order two, twice of which is infinity.
        let Some(inverse) = f.inverse(&run) else { return Affine::Infinity };
        let slope = f.mul(&rise, &inverse);
        let x = f.sub(&f.sub(&f.mul(&slope, &slope), x1), x2);
        let y = f.sub(&f.mul(&slope, &f.sub(x1, &x)), y1);
        Affine::Point(x, y)
    }

    /// k * P by double and add.
    pub fn mul(&self, k: &BigUint, point: &Affine) -> Affine {
        let mut sum = Affine::Infinity;
        for bit in (0..k.bits()).rev() {
            sum = self.add(&sum, &sum);
            if k.bit(bit) {
                sum = self.add(&sum, point);
            }
        }
        sum
    }

    /// To the projective, Montgomery form of the ports, scaled by `z` (canonical, not 0).
    /// Infinity becomes 0 : z : 0.
    pub fn to_projective(&self, point: &Affine, z: &BigUint) -> Projective {
        let f = &self.field;
        let form = |a: &BigUint| f.to_montgomery(&f.mul(a, z));
        match point {
            Affine::Infinity => Projective { x: BigUint::zero(), y: form(&BigUint::one()), z: BigUint::zero() },
            Affine::Point(x, y) => Projective { x: form(x), y: form(y), z: form(&BigUint::one()) },
        }
    }

    /// From the form of the ports; `None` for what is no point (0 : 0 : 0, off the curve, or
    /// X not 0 at infinity).
    pub fn to_affine(&self, point: &Projective) -> Option<Affine> {
        let f = &self.field;
        let (x, y, z) = (f.to_canonical(&point.x), f.to_canonical(&point.y), f.to_canonical(&point.z));
        let affine = match f.inverse(&z) {
            None if x.is_zero() && !y.is_zero() => Affine::Infinity,
            None => return None,
            Some(inverse) => Affine::Point(f.mul(&x, &inverse), f.mul(&y, &inverse)),
        };
        self.is_on_curve(&affine).then_some(affine)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BLS12_381, BN254};
    use super::*;
    use crate::field::{BLS12_381_FR, BN254_FR};
    use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
    use ark_ff::PrimeField;

    #[test]
    fn generators_have_the_groups_order() {
        for (curve, order) in [(BN254, BN254_FR), (BLS12_381, BLS12_381_FR)] {
            let model = Model::new(&curve);
            let g = model.generator();
            assert!(model.is_on_curve(&g), "{}", curve.name);
            assert_eq!(model.mul(&order.prime(), &g), Affine::Infinity, "{}", curve.name);
            assert_eq!(model.mul(&(order.prime() - 1u32), &g), model.neg(&g), "{}", curve.name);
        }
    }

    #[test]
    fn agrees_with_arkworks() {
        let model = Model::new(&BN254);
        let g = ark_bn254::G1Projective::generator();
        for k in [1u64, 2, 3, 5, 1000, u64::MAX] {
            let theirs = (g * ark_bn254::Fr::from(k)).into_affine();
            let (x, y) = theirs.xy().expect("not infinity");
            let ours = model.mul(&k.into(), &model.generator());
            assert_eq!(ours, Affine::Point(x.into_bigint().into(), y.into_bigint().into()));
        }
    }

    #[test]
    fn forms_round_trip() {
        let model = Model::new(&BLS12_381);
        let z = BigUint::from(123456789u64);
        for point in [model.generator(), Affine::Infinity, model.mul(&77u32.into(), &model.generator())] {
            assert_eq!(model.to_affine(&model.to_projective(&point, &z)), Some(point));
        }
        let zero = BigUint::zero();
        assert_eq!(model.to_affine(&Projective { x: zero.clone(), y: zero.clone(), z: zero }), None);
    }
}
