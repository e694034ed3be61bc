//! Hexadecimal digits, read without a branch for each: nobody can foretell a digit, so one would go wrong half of the time,
//! and every event that is read has dozens.

/// What a capital letter has besides its value.
pub(crate) const CAPITAL: u8 = 16;

/// What each byte is as a digit; above all digits where it is none. Of some of them, put together by `|`, it is known
/// whether all are digits, and whether one of them is a capital.
pub(crate) const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut digit: u8 = 0;
    while digit < 16 {
        digits[b"0123456789ABCDEF"[digit as usize] as usize] = digit | CAPITAL;
        digits[b"0123456789abcdef"[digit as usize] as usize] = digit;
        digit += 1;
    }
    digits
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_the_digit_that_it_is_elsewhere() {
        for byte in 0..=u8::MAX {
            let (known, found) = (char::from(byte).to_digit(16), DIGITS[usize::from(byte)]);
            match known {
                Some(digit) => assert_eq!(u32::from(found & 15), digit),
                None => assert_eq!(found, u8::MAX),
            }
            assert_eq!(found < CAPITAL, known.is_some() && !byte.is_ascii_uppercase(), "{byte}");
        }
    }
}
