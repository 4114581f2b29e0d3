//! Days of the calendar as numbers: 0 is 1970-01-01. Proleptic Gregorian, as the host's.

/// Reads `2026-03-29`; None for anything else, such as the 30th of February.
pub fn read(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.trim().split('-').collect();
    let digits = |part: &str, size| part.len() == size && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() != 3 || !digits(parts[0], 4) || !digits(parts[1], 2) || !digits(parts[2], 2) {
        return None;
    }
    let (year, month, day) = (parts[0].parse().ok()?, parts[1].parse().ok()?, parts[2].parse().ok()?);
    if !(1971..=9998).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let found = number(year, month, day);
    (date(found) == (year, month, day)).then_some(found)
}

/// Writes `2026-03-29`.
pub fn write(day: i64) -> String {
    let (year, month, day) = date(day);
    format!("{:04}-{:02}-{:02}", year, month, day)
}

/// Returns how many days after Monday a day is.
pub fn after_monday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// Returns the first day of the month behind a day's.
pub fn next_month(day: i64) -> i64 {
    let (year, month, _) = date(day);
    if month == 12 {
        number(year + 1, 1, 1)
    } else {
        number(year, month + 1, 1)
    }
}

// Both by http://howardhinnant.github.io/date_algorithms.html.
fn number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}
