//! Numbers of any make beside each other: 2, 2u and 2.0 are one number.

use std::cmp::Ordering;

use super::Value;
use super::run::DoubtKind;
use super::tree::Sign;

#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(i128),
    Broken(f64),
}

/// `None` only where one of them is no number at all.
pub(super) fn compare_numbers(one: Number, two: Number) -> Option<Ordering> {
    match (one, two) {
        (Number::Whole(one), Number::Whole(two)) => Some(one.cmp(&two)),
        (Number::Broken(one), Number::Broken(two)) => one.partial_cmp(&two),
        (Number::Whole(one), Number::Broken(two)) => compare_mixed(one, two),
        (Number::Broken(one), Number::Whole(two)) => compare_mixed(two, one).map(Ordering::reverse),
    }
}

/// Without making the whole one broken, which would round it.
fn compare_mixed(whole: i128, broken: f64) -> Option<Ordering> {
    const BEYOND: f64 = 1e30;
    if broken.is_nan() {
        return None;
    }
    if broken.abs() >= BEYOND {
        return Some(if broken > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    let floor = broken.floor();
    let rest = if broken > floor { Ordering::Less } else { Ordering::Equal };
    Some(whole.cmp(&(floor as i128)).then(rest))
}

/// Numbers of one make give one of that make; a broken one makes the result broken.
pub(super) fn reckon(sign: Sign, one: &Value<'_>, two: &Value<'_>) -> Option<Result<Value<'static>, DoubtKind>> {
    let (left, right) = (one.number()?, two.number()?);
    let broken = |number: Number| match number {
        Number::Whole(number) => number as f64,
        Number::Broken(number) => number,
    };
    let (Number::Whole(a), Number::Whole(b)) = (left, right) else {
        let (a, b) = (broken(left), broken(right));
        return Some(Ok(Value::Double(match sign {
            Sign::Plus => a + b,
            Sign::Minus => a - b,
            Sign::Times => a * b,
            Sign::Divided => a / b,
            _ => return None,
        })));
    };
    if matches!(sign, Sign::Divided | Sign::Rest) && b == 0 {
        return Some(Err(DoubtKind::ByNought));
    }
    let whole = match sign {
        Sign::Plus => a + b,
        Sign::Minus => a - b,
        Sign::Times => a.checked_mul(b).unwrap_or(i128::MAX),
        Sign::Divided => a / b,
        Sign::Rest => a % b,
        _ => return None,
    };
    let is_unsigned = matches!((one, two), (Value::Uint(_), Value::Uint(_)));
    let made = if is_unsigned {
        u64::try_from(whole).ok().map(Value::Uint)
    } else {
        i64::try_from(whole).ok().map(Value::Int)
    };
    Some(made.ok_or(DoubtKind::TooLarge))
}
