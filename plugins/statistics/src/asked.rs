//! What a report is asked for: its days and its filters, read from an address and checked.

use crate::days;
use crate::json::Json;

pub const MOST_DAYS: i64 = 3_660;
const USUAL_DAYS: i64 = 30;

/// What tickets are counted by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    Category,
    Group,
    Assignee,
    Priority,
}

pub const EVERY_BY: [By; 4] = [By::Category, By::Group, By::Assignee, By::Priority];

impl By {
    /// Returns its name in addresses and texts.
    pub fn name(self) -> &'static str {
        match self {
            By::Category => "category",
            By::Group => "group",
            By::Assignee => "assignee",
            By::Priority => "priority",
        }
    }
}

/// One report: both days are in it.
#[derive(Clone)]
pub struct Asked {
    pub from: i64,
    pub to: i64,
    pub by: By,
    /// In the order of `EVERY_BY`.
    pub only: [Option<i64>; 4],
}

/// What cannot be asked: the field, what was found, and the text that says what is expected.
pub struct Problem {
    pub field: &'static str,
    pub found: String,
    pub expected: &'static str,
}

impl Asked {
    /// Returns the report of the last days, today included, without filters.
    pub fn last(days: i64, today: i64) -> Asked {
        Asked { from: today - days + 1, to: today, by: By::Category, only: [None; 4] }
    }

    /// Reads an address; `zone` is the server's.
    pub fn read(args: &Json, today: i64, zone: &str) -> Result<Asked, Problem> {
        let said = |field: &str| args.text(field).trim().to_owned();
        let wrong = |field, found: &str, expected| Problem {
            field,
            found: found.chars().take(80).collect(),
            expected,
        };
        let wanted = said("zone");
        if !wanted.is_empty() && wanted != zone {
            return Err(wrong("zone", &wanted, "expected_zone"));
        }
        let day = |field| match said(field).as_str() {
            "" => Ok(None),
            text => match days::read(text) {
                Some(found) => Ok(Some(found)),
                None => Err(wrong(field, text, "expected_day")),
            },
        };
        let (from, to) = (day("from")?, day("to")?);
        let to = to.unwrap_or(today.max(from.unwrap_or(today)));
        let asked = Asked {
            from: from.unwrap_or(to - USUAL_DAYS + 1),
            to,
            by: match said("by").as_str() {
                "" => By::Category,
                name => *EVERY_BY
                    .iter()
                    .find(|by| by.name() == name)
                    .ok_or_else(|| wrong("by", name, "expected_by"))?,
            },
            only: {
                let mut only = [None; 4];
                for (place, by) in only.iter_mut().zip(EVERY_BY) {
                    let text = said(by.name());
                    if !text.is_empty() {
                        let number = text.parse::<u32>();
                        let number = number.map_err(|_| wrong(by.name(), &text, "expected_number"));
                        *place = Some(i64::from(number?));
                    }
                }
                only
            },
        };
        if asked.from > asked.to {
            let found = format!("{} – {}", days::write(asked.from), days::write(asked.to));
            return Err(wrong("from", &found, "expected_order"));
        }
        if asked.to - asked.from >= MOST_DAYS {
            return Err(wrong("from", &days::write(asked.from), "expected_span"));
        }
        Ok(asked)
    }

    /// Returns how many days it is about.
    pub fn days(&self) -> i64 {
        self.to - self.from + 1
    }

    /// Returns its address behind `?`, with `by` in the place of its own.
    pub fn query(&self, by: By) -> String {
        let mut query =
            format!("from={}&to={}&by={}", days::write(self.from), days::write(self.to), by.name());
        for (only, filter) in self.only.iter().zip(EVERY_BY) {
            if let Some(number) = only {
                query += &format!("&{}={}", filter.name(), number);
            }
        }
        query
    }

    /// Returns the first day of each bar of a chart, at most 62 and mostly a day, a week or a
    /// month.
    pub fn starts(&self) -> Vec<i64> {
        let next: fn(i64) -> i64 = match self.days() {
            0..=62 => |day| day + 1,
            63..=420 => |day| day + 7 - days::after_monday(day),
            421..=1_800 => days::next_month,
            _ => |day| days::next_month(days::next_month(days::next_month(day))),
        };
        let mut starts = vec![self.from];
        loop {
            let day = next(starts[starts.len() - 1]);
            if day > self.to {
                return starts;
            }
            starts.push(day);
        }
    }
}
