//! Lenient deserialization, compatible with pydantic's lax mode, which IOPaint uses: numbers in strings,
//! booleans as words or numbers, integers as floats.
//!
//! Each function is for serde's `deserialize_with`. All reject null.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

/// Deserializes an integer, a float without a fraction, or either in a string. Values beyond the range of
/// `i64` saturate.
///
/// # Errors
/// The value is none of these.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    as_integer(&value).ok_or_else(|| D::Error::custom("must be an integer"))
}

/// Deserializes a finite number, or one in a string.
///
/// # Errors
/// The value is none of these.
pub fn float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    as_float(&value).ok_or_else(|| D::Error::custom("must be a number"))
}

/// Deserializes a boolean, 0 or 1, or one of the words true, false, yes, no, on, off, t, f, y and n in any
/// case.
///
/// # Errors
/// The value is none of these.
pub fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(deserializer)?;
    as_boolean(&value).ok_or_else(|| D::Error::custom("must be true or false"))
}

fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| integral(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| integral(text.parse().ok()?))
        }
        _ => None,
    }
}

/// Converts a float without a fraction; saturates.
fn integral(number: f64) -> Option<i64> {
    (number.is_finite() && number.fract() == 0.0).then_some(number as i64)
}

fn as_float(value: &Value) -> Option<f64> {
    let number: f64 = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn as_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) if number.as_f64() == Some(0.0) => Some(false),
        Value::Number(number) if number.as_f64() == Some(1.0) => Some(true),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "t" | "y" | "1" => Some(true),
            "false" | "no" | "off" | "f" | "n" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!(7), Some(7))]
    #[case(json!(7.0), Some(7))]
    #[case(json!("7"), Some(7))]
    #[case(json!(" 7.0 "), Some(7))]
    #[case(json!(-1), Some(-1))]
    #[case(json!(1e30), Some(i64::MAX))]
    #[case(json!("99999999999999999999"), Some(i64::MAX))]
    #[case(json!(u64::MAX), Some(i64::MAX))]
    #[case(json!(7.5), None)]
    #[case(json!("seven"), None)]
    #[case(json!("inf"), None)]
    #[case(json!(""), None)]
    #[case(json!(null), None)]
    #[case(json!([7]), None)]
    fn integers_from_floats_and_strings(#[case] value: Value, #[case] expected: Option<i64>) {
        assert_eq!(integer(value).ok(), expected);
    }

    #[rstest]
    #[case(json!(0.5), Some(0.5))]
    #[case(json!(1), Some(1.0))]
    #[case(json!("0.5"), Some(0.5))]
    #[case(json!("nan"), None)]
    #[case(json!("1e999"), None)]
    #[case(json!(true), None)]
    #[case(json!(null), None)]
    fn floats_from_strings(#[case] value: Value, #[case] expected: Option<f64>) {
        assert_eq!(float(value).ok(), expected);
    }

    #[rstest]
    #[case(json!(true), Some(true))]
    #[case(json!(0), Some(false))]
    #[case(json!(1.0), Some(true))]
    #[case(json!("False"), Some(false))]
    #[case(json!("yes"), Some(true))]
    #[case(json!("off"), Some(false))]
    #[case(json!(2), None)]
    #[case(json!("maybe"), None)]
    #[case(json!(null), None)]
    fn booleans_from_numbers_and_words(#[case] value: Value, #[case] expected: Option<bool>) {
        assert_eq!(boolean(value).ok(), expected);
    }
}
