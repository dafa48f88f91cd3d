//! Numbers as a person reads them.

/// `12 400`: thousands apart by a narrow gap.
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// A length of time in the two largest units: `8 s`, `1 min 20 s`, `2 h 5 min`.
pub fn duration(secs: f64) -> String {
    let whole = secs.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) if seconds == 0 => format!("{minutes} min"),
        (0, _) => format!("{minutes} min {seconds} s"),
        (_, 0) => format!("{hours} h"),
        _ => format!("{hours} h {minutes} min"),
    }
}

/// A position in a clip: `00:03.42`, from an hour on `1:02:03.45`.
pub fn clock(secs: f64) -> String {
    let hundredths = (secs.max(0.0) * 100.0).floor() as u64;
    let (hours, minutes) = (hundredths / 360_000, hundredths / 6000 % 60);
    let secs = format!("{:02}.{:02}", hundredths / 100 % 60, hundredths % 100);
    if hours == 0 {
        format!("{minutes:02}:{secs}")
    } else {
        format!("{hours}:{minutes:02}:{secs}")
    }
}

#[cfg(test)]
mod tests {
    use super::{clock, count, duration};

    #[test]
    fn numbers_read_as_a_person_writes_them() {
        assert_eq!(count(7), "7");
        assert_eq!(count(12_400).replace('\u{a0}', " "), "12 400");
        assert_eq!(duration(8.4), "8 s");
        assert_eq!(duration(80.0), "1 min 20 s");
        assert_eq!(duration(7_500.0), "2 h 5 min");
        assert_eq!(clock(3.429), "00:03.42");
        assert_eq!(clock(605.0), "10:05.00");
        assert_eq!(clock(7_199.99), "1:59:59.99");
    }
}
