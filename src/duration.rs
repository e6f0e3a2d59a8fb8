//! Durations as people type them: `90s`, `30m`, `2h`, `1d`, `1h30m`.

use std::time::Duration;

use crate::error::{Error, Result};

/// Reads a duration of at most a year; a number without a unit is refused, since nobody can tell what was meant.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let wrong = || {
        Error::usage(format!("`{}` is not a duration", crate::printable::text(text)))
            .hint("write it like `90s`, `30m`, `2h`, `1h30m` or `1d`")
    };
    let mut seconds = 0u64;
    let mut number = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: u64 = number.parse().map_err(|_| wrong())?;
        seconds = count.checked_mul(unit).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
        number.clear();
    }
    if !number.is_empty() || seconds == 0 || seconds > 366 * 86_400 {
        return Err(wrong());
    }
    Ok(Duration::from_secs(seconds))
}

/// Writes a duration the way [`parse_duration`] reads it, with its two largest units.
pub fn show_duration(duration: Duration) -> String {
    let mut left = duration.as_secs();
    let mut parts = Vec::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if left >= seconds {
            parts.push(format!("{}{unit}", left / seconds));
            left %= seconds;
        }
    }
    if parts.is_empty() { "0s".into() } else { parts[..parts.len().min(2)].concat() }
}
