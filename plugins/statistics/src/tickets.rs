//! What the figures are made of: numbers of tickets, read in columns.
//!
//! A ticket is a number or two here, and the help desk sends a column of them as one text: 100,000
//! tickets are one statement and two texts, where rows would be too many for an answer. Sorting
//! them is the plugin's work, which has nobody waiting behind it.

use std::collections::BTreeMap;

use crate::asked::{Asked, By, EVERY_BY};
use crate::figures::{Spans, AGES, DAY};
use crate::goatkit::query;
use crate::json::Json;

/// Tickets of one statement. Their columns are well below the 4 MiB that an answer may have.
const MOST_AT_ONCE: i64 = 100_000;
/// A time after every ticket's.
pub const EVER: i64 = 1 << 40;
/// Stands for no category, no group and nobody.
const NONE: i64 = 1;

/// Which group owns each category.
pub type Owners = BTreeMap<i64, i64>;

pub fn number(value: i64) -> Json {
    Json::Number(value.to_string())
}

pub fn int(row: &Json, name: &str) -> i64 {
    row.text(name).parse::<f64>().unwrap_or(0.0) as i64
}

/// Returns the conditions of a report's filters on `ticket_times s`, each after AND.
pub fn filters(asked: &Asked) -> (String, Vec<Json>) {
    let mut text = String::new();
    let mut args = vec![];
    for (only, by) in asked.only.iter().zip(EVERY_BY) {
        let Some(wanted) = only else { continue };
        args.push(number(*wanted));
        text += match by {
            By::Category => " AND s.queue_id = ?",
            By::Assignee => " AND s.user_id = ?",
            By::Priority => " AND s.ticket_priority_id = ?",
            By::Group => {
                args.push(number(*wanted));
                " AND (CASE WHEN s.group_id > 1 THEN s.group_id = ? ELSE s.queue_id IN \
                 (SELECT id FROM queue WHERE group_id = ?) END)"
            }
        };
    }
    (text, args)
}

/// Returns the column that a ticket is counted by. A category below zero stands for its owner.
fn key(by: Option<By>) -> &'static str {
    match by {
        None => "0",
        Some(By::Category) => "s.queue_id",
        Some(By::Group) => "CASE WHEN s.group_id > 1 THEN s.group_id ELSE 0 - s.queue_id END",
        Some(By::Assignee) => "s.user_id",
        Some(By::Priority) => "s.ticket_priority_id",
    }
}

fn owned(key: i64, owners: &Owners) -> i64 {
    if key < 0 { owners.get(&-key).copied().unwrap_or(NONE) } else { key }
}

/// Passes the columns of all tickets whose `time` is in a span to `take`, a piece at a time. Where
/// the second is not asked for, it is 0.
fn read(
    asked: &Asked,
    (one, two, limits): (&str, Option<&str>, &[Json]),
    condition: &str,
    time: &str,
    span: (i64, i64),
    take: &mut dyn FnMut(i64, i64),
) -> Option<()> {
    let (filters, wanted) = filters(asked);
    let (inner, outer) = match two {
        Some(two) => (format!("{one} AS one, {two} AS two"), ", GROUP_CONCAT(two) AS two"),
        None => (format!("{one} AS one"), ""),
    };
    let statement = format!(
        "SELECT COUNT(*) AS n, GROUP_CONCAT(one) AS one{outer} FROM (SELECT {inner} \
         FROM ticket_times s WHERE s.{time} >= ? AND s.{time} < ?{condition}{filters} LIMIT {}) x",
        MOST_AT_ONCE + 1
    );
    let mut waiting = vec![span];
    while let Some((a, z)) = waiting.pop() {
        let args = [limits, &[number(a), number(z)], &wanted].concat();
        let rows = query(&statement, args)?;
        let row = rows.first()?;
        let count = int(row, "n");
        if count > MOST_AT_ONCE {
            // More in one second cannot be told apart by time.
            if z - a < 2 {
                return None;
            }
            let middle = a + (z - a) / 2;
            waiting.extend([(a, middle), (middle, z)]);
        } else if count > 0 {
            pairs(row, count, take)?;
        }
    }
    Some(())
}

fn pairs(row: &Json, count: i64, take: &mut dyn FnMut(i64, i64)) -> Option<()> {
    let column = |name: &str| match row.get(name) {
        Json::Text(text) => Some(Numbers(text.as_bytes())),
        _ => None,
    };
    let (mut ones, mut twos) = (column("one")?, column("two"));
    let mut seen = 0;
    while let Some(one) = ones.next() {
        let two = match &mut twos {
            Some(twos) => twos.next()?,
            None => 0,
        };
        take(one, two);
        seen += 1;
    }
    // A text that was cut would be a wrong figure.
    (seen == count && twos.map_or(true, |left| left.0.is_empty())).then_some(())
}

/// Whole numbers between commas, read byte by byte: there are many.
struct Numbers<'a>(&'a [u8]);

impl Iterator for Numbers<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let (mut value, mut is_below, mut length) = (0i64, false, 0);
        for byte in self.0 {
            length += 1;
            match byte {
                b'0'..=b'9' => value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?,
                b'-' if length == 1 => is_below = true,
                b',' if length > 1 => break,
                _ => return None,
            }
        }
        if length == 0 {
            return None;
        }
        self.0 = &self.0[length..];
        Some(if is_below { -value } else { value })
    }
}

/// Counts the tickets that were created in a span.
pub fn created(
    asked: &Asked,
    by: Option<By>,
    owners: &Owners,
    span: (i64, i64),
) -> Option<BTreeMap<i64, i64>> {
    let mut found = BTreeMap::new();
    let mut take = |one, _| *found.entry(owned(one, owners)).or_insert(0) += 1;
    read(asked, (key(by), None, &[]), "", "created", span, &mut take)?;
    Some(found)
}

/// Returns the times from creation to `end`, where that is in a span, in no order.
pub fn spans(
    asked: &Asked,
    by: Option<By>,
    owners: &Owners,
    end: &str,
    span: (i64, i64),
) -> Option<BTreeMap<i64, Vec<i64>>> {
    let mut found: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut take = |one, two| found.entry(owned(one, owners)).or_default().push(two);
    let length = format!("s.{end} - s.created");
    read(asked, (key(by), Some(&length), &[]), "", end, span, &mut take)?;
    Some(found)
}

/// Returns what a list of times says; the list is left in another order.
pub fn measured(times: &mut [i64]) -> Spans {
    let count = times.len();
    if count == 0 {
        return Spans::default();
    }
    let (below, upper, _) = times.select_nth_unstable(count / 2);
    let (upper, below) = (*upper as f64, below.iter().max().copied());
    let median = match below {
        Some(lower) if count % 2 == 0 => (lower as f64 + upper) / 2.0,
        _ => upper,
    };
    let (_, p90, _) = times.select_nth_unstable((count * 9 + 9) / 10 - 1);
    Spans { count: count as i64, median, p90: *p90 as f64 }
}

/// The tickets that are open now.
#[derive(Default)]
pub struct Open {
    pub by: BTreeMap<i64, i64>,
    /// How many are of each class of `AGES`.
    pub ages: [i64; 6],
    /// Neither a person nor a group has them.
    pub unassigned: i64,
}

pub fn open(asked: &Asked, by: Option<By>, owners: &Owners, now: i64) -> Option<Open> {
    let mut class = String::from("(CASE");
    let mut limits = vec![];
    for (i, days) in AGES.iter().enumerate() {
        class += &format!(" WHEN s.created > ? THEN {}", 2 * i);
        limits.push(number(now - days * DAY));
    }
    class += " ELSE 10 END) + (CASE WHEN s.user_id = 1 AND s.group_id = 1 THEN 1 ELSE 0 END)";
    let mut found = Open::default();
    let mut take = |one, two: i64| {
        *found.by.entry(owned(one, owners)).or_insert(0) += 1;
        if let Some(count) = found.ages.get_mut((two / 2) as usize) {
            *count += 1;
        }
        found.unassigned += two % 2;
    };
    let columns = (key(by), Some(class.as_str()), &limits[..]);
    read(asked, columns, " AND s.resolved IS NULL", "created", (-EVER, EVER), &mut take)?;
    Some(found)
}
