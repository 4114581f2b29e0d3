//! The figures: asked of the help desk's tables, each in one statement.
//!
//! Times are seconds since 1970, and only the midnights between which they fall are the server's
//! wall clock: a day on which clocks are changed has 23 or 25 hours. Statements keep their text
//! whatever is asked, so that the host translates each only once.

use std::collections::BTreeMap;

use crate::asked::{Asked, By, EVERY_BY};
use crate::days;
use crate::goatkit::query;
use crate::json::Json;
use crate::words::Lang;

const MOST_BARS: usize = 62;
const DAY: i64 = 86_400;
/// Ages of open tickets in days: each class ends below its number, the last has no end.
pub const AGES: [i64; 5] = [1, 3, 7, 30, 90];

/// Spans of time in seconds; the median of an even number is the mean of the two in the middle,
/// and 90 % of all are at most `p90`.
#[derive(Clone, Copy, Default)]
pub struct Spans {
    pub count: i64,
    pub median: f64,
    pub p90: f64,
}

/// One span of days.
#[derive(Clone, Copy, Default)]
pub struct Period {
    pub created: i64,
    /// From a ticket's creation to the first answer of staff, of those first answered in it.
    pub answered: Spans,
    /// To its resolution, of those resolved in it and not reopened since.
    pub resolved: Spans,
}

pub struct Bar {
    pub from: i64,
    pub to: i64,
    pub created: i64,
    pub resolved: i64,
}

pub struct Line {
    pub id: i64,
    pub name: String,
    pub period: Period,
    /// Now, whenever they were created.
    pub open: i64,
}

pub type Names = [BTreeMap<i64, String>; 4];

pub struct Report {
    pub asked: Asked,
    pub now: Period,
    pub before: Period,
    pub bars: Vec<Bar>,
    pub lines: Vec<Line>,
    /// Of each status, now.
    pub statuses: Vec<(String, i64)>,
    pub open: i64,
    pub unassigned: i64,
    /// How many open tickets are of each class of `AGES`.
    pub ages: [i64; 6],
    pub names: Names,
}

/// Returns today, and now in seconds since 1970.
pub fn clock() -> Option<(i64, i64)> {
    let rows = query("SELECT CURDATE() AS today, UNIX_TIMESTAMP() AS now", vec![])?;
    let row = rows.first()?;
    Some((days::read(&row.text("today"))?, int(row, "now")))
}

fn int(row: &Json, name: &str) -> i64 {
    float(row, name) as i64
}

fn float(row: &Json, name: &str) -> f64 {
    row.text(name).parse().unwrap_or(0.0)
}

fn number(value: i64) -> Json {
    Json::Number(value.to_string())
}

/// Returns when these days begin by the server's clock, in seconds since 1970; at most 64.
fn midnights(starts: &[i64]) -> Option<Vec<i64>> {
    let columns: Vec<String> =
        (0..MOST_BARS + 2).map(|i| format!("UNIX_TIMESTAMP(?) AS b{}", i)).collect();
    let written = |i: usize| format!("{} 00:00:00", days::write(starts[i.min(starts.len() - 1)]));
    let args = (0..columns.len()).map(|i| written(i).as_str().into()).collect();
    let rows = query(&format!("SELECT {}", columns.join(", ")), args)?;
    let row = rows.first()?;
    Some((0..starts.len()).map(|i| int(row, &format!("b{}", i))).collect())
}

/// Returns the tables and the filters of a statement.
///
/// `+ 0` keeps the database from beginning with an index of the filter, once for each bar of a
/// chart: the times are what narrows most.
fn from(asked: &Asked, by: Option<By>) -> (String, Vec<Json>) {
    let filtered = asked.only.iter().any(Option::is_some);
    let mut text = String::from(" FROM ticket_times s");
    if filtered || by.is_some() {
        text += " JOIN ticket t ON t.id = s.ticket_id";
    }
    if by == Some(By::Group) || asked.only[1].is_some() {
        text += " JOIN queue q ON q.id = t.queue_id + 0";
    }
    text += " WHERE 1 = 1";
    let mut args = vec![];
    for (only, filter) in asked.only.iter().zip(EVERY_BY) {
        if let Some(wanted) = only {
            text += &format!(" AND {} + 0 = ?", filter.column());
            args.push(number(*wanted));
        }
    }
    (text, args)
}

/// Asks for spans from creation to `end`, by `key`, where `end` is between two times.
fn spans(
    asked: &Asked,
    by: Option<By>,
    (key, first): (&str, Vec<Json>),
    end: &str,
    (a, z): (i64, i64),
) -> Option<BTreeMap<i64, Spans>> {
    let (tables, filters) = from(asked, by);
    let statement = format!(
        "SELECT k, n, AVG(CASE WHEN r = (n + 1) DIV 2 OR r = (n + 2) DIV 2 THEN d END) AS median, \
         MAX(CASE WHEN r = (n * 9 + 9) DIV 10 THEN d END) AS p90 FROM (SELECT k, d, \
         ROW_NUMBER() OVER (PARTITION BY k ORDER BY d) AS r, COUNT(*) OVER (PARTITION BY k) AS n \
         FROM (SELECT {key} AS k, s.{end} - s.created AS d{tables} \
         AND s.{end} >= ? AND s.{end} < ?) x) y GROUP BY k, n"
    );
    let args = [first, filters, vec![number(a), number(z)]].concat();
    let rows = query(&statement, args)?;
    let read = |row: &Json| Spans {
        count: int(row, "n"),
        median: float(row, "median"),
        p90: float(row, "p90"),
    };
    Some(rows.iter().map(|row| (int(row, "k"), read(row))).collect())
}

/// Counts tickets by `key` under a condition.
fn counts(
    asked: &Asked,
    by: Option<By>,
    (key, first): (&str, Vec<Json>),
    (condition, last): (&str, Vec<Json>),
) -> Option<BTreeMap<i64, i64>> {
    let (tables, filters) = from(asked, by);
    let statement = format!("SELECT {key} AS k, COUNT(*) AS n{tables} AND {condition} GROUP BY 1");
    let rows = query(&statement, [first, filters, last].concat())?;
    Some(rows.iter().map(|row| (int(row, "k"), int(row, "n"))).collect())
}

/// Returns a whole report; None where a statement failed.
pub fn report(asked: &Asked, now: i64, lang: Lang) -> Option<Report> {
    let starts = asked.starts();
    let days = [vec![asked.from - asked.days()], starts.clone(), vec![asked.to + 1]].concat();
    let times = midnights(&days)?;
    let (earlier, begin, end) = (times[0], times[1], times[times.len() - 1]);
    let [period, before] = periods(asked, earlier, begin, end)?;
    let names = names(lang)?;
    Some(Report {
        asked: asked.clone(),
        now: period,
        before,
        bars: bars(asked, &starts, &times[1..])?,
        lines: lines(asked, begin, end, &names)?,
        statuses: statuses(asked)?,
        open: 0,
        unassigned: 0,
        ages: ages(asked, now)?,
        names,
    }
    .with_open(asked)?)
}

impl Report {
    fn with_open(mut self, asked: &Asked) -> Option<Report> {
        self.open = self.ages.iter().sum();
        let alone = (By::Assignee.column(), vec![]);
        let nobody = ("s.resolved IS NULL AND t.user_id = 1 AND s.group_id = 1", vec![]);
        self.unassigned = counts(asked, Some(By::Assignee), alone, nobody)?.values().sum();
        Some(self)
    }
}

/// Returns the figures of a span, and of the one before it.
pub fn periods(asked: &Asked, earlier: i64, begin: i64, end: i64) -> Option<[Period; 2]> {
    let which = |column: &str| format!("CASE WHEN s.{column} >= ? THEN 1 ELSE 0 END");
    let split = || vec![number(begin)];
    let whole = (earlier, end);
    let created = counts(
        asked,
        None,
        (&which("created"), split()),
        ("s.created >= ? AND s.created < ?", vec![number(earlier), number(end)]),
    )?;
    let answered = spans(asked, None, (&which("answered"), split()), "answered", whole)?;
    let resolved = spans(asked, None, (&which("resolved"), split()), "resolved", whole)?;
    let of = |which: i64| Period {
        created: created.get(&which).copied().unwrap_or(0),
        answered: answered.get(&which).copied().unwrap_or_default(),
        resolved: resolved.get(&which).copied().unwrap_or_default(),
    };
    Some([of(1), of(0)])
}

fn bars(asked: &Asked, starts: &[i64], times: &[i64]) -> Option<Vec<Bar>> {
    let one = "SELECT ? AS i, ? AS a, ? AS z";
    let spans = vec![one; MOST_BARS].join(" UNION ALL ");
    let mut args = vec![];
    for i in 0..MOST_BARS {
        let known = i < starts.len();
        args.push(number(i as i64));
        args.push(number(if known { times[i] } else { 0 }));
        args.push(number(if known { times[i + 1] } else { 0 }));
    }
    let (tables, filters) = from(asked, None);
    let count = |column: &str| {
        format!("(SELECT COUNT(*){tables} AND s.{column} >= b.a AND s.{column} < b.z)")
    };
    let statement = format!(
        "WITH b AS ({spans}) SELECT b.i AS i, {} AS created, {} AS resolved FROM b WHERE b.z > 0",
        count("created"),
        count("resolved")
    );
    let rows = query(&statement, [args, filters.clone(), filters].concat())?;
    let mut bars: Vec<Bar> = (0..starts.len())
        .map(|i| Bar {
            from: starts[i],
            to: starts.get(i + 1).map_or(asked.to, |next| next - 1),
            created: 0,
            resolved: 0,
        })
        .collect();
    for row in &rows {
        if let Some(bar) = bars.get_mut(int(row, "i") as usize) {
            bar.created = int(row, "created");
            bar.resolved = int(row, "resolved");
        }
    }
    Some(bars)
}

fn lines(asked: &Asked, begin: i64, end: i64, names: &Names) -> Option<Vec<Line>> {
    let by = asked.by;
    let key = || (by.column(), vec![]);
    let between = ("s.created >= ? AND s.created < ?", vec![number(begin), number(end)]);
    let created = counts(asked, Some(by), key(), between)?;
    let open = open_by(asked, by)?;
    let answered = spans(asked, Some(by), key(), "answered", (begin, end))?;
    let resolved = spans(asked, Some(by), key(), "resolved", (begin, end))?;
    let mut ids: Vec<i64> = created.keys().chain(open.keys()).copied().collect();
    ids.extend(answered.keys().chain(resolved.keys()));
    ids.sort_unstable();
    ids.dedup();
    let mut lines: Vec<Line> = ids
        .into_iter()
        .map(|id| Line {
            id,
            name: name_of(names, by, id),
            period: Period {
                created: created.get(&id).copied().unwrap_or(0),
                answered: answered.get(&id).copied().unwrap_or_default(),
                resolved: resolved.get(&id).copied().unwrap_or_default(),
            },
            open: open.get(&id).copied().unwrap_or(0),
        })
        .collect();
    lines.sort_by(|a, b| (b.period.created, b.open, a.id).cmp(&(a.period.created, a.open, b.id)));
    Some(lines)
}

/// Counts the tickets that are open now.
pub fn open_by(asked: &Asked, by: By) -> Option<BTreeMap<i64, i64>> {
    counts(asked, Some(by), (by.column(), vec![]), ("s.resolved IS NULL", vec![]))
}

pub fn name_of(names: &Names, by: By, id: i64) -> String {
    let place = EVERY_BY.iter().position(|each| *each == by).unwrap_or(0);
    names[place].get(&id).cloned().unwrap_or_default()
}

/// Returns how many tickets have each status now.
pub fn statuses(asked: &Asked) -> Option<Vec<(String, i64)>> {
    let (tables, filters) = from(asked, Some(By::Category));
    let tables = tables.replace(" WHERE", " JOIN ticket_state i ON i.id = t.ticket_state_id WHERE");
    let statement = if filters.is_empty() {
        "SELECT i.name AS name, COUNT(*) AS n FROM ticket t JOIN ticket_state i \
         ON i.id = t.ticket_state_id GROUP BY i.id, i.name ORDER BY 2 DESC, 1"
            .to_owned()
    } else {
        format!("SELECT i.name AS name, COUNT(*) AS n{tables} GROUP BY i.id, i.name ORDER BY 2 DESC, 1")
    };
    let rows = query(&statement, filters)?;
    Some(rows.iter().map(|row| (row.text("name"), int(row, "n"))).collect())
}

/// Counts the open tickets by their age.
pub fn ages(asked: &Asked, now: i64) -> Option<[i64; 6]> {
    let mut key = String::from("CASE");
    let mut first = vec![];
    for (i, days) in AGES.iter().enumerate() {
        key += &format!(" WHEN s.created > ? THEN {}", i);
        first.push(number(now - days * DAY));
    }
    key += " ELSE 5 END";
    let found = counts(asked, None, (&key, first), ("s.resolved IS NULL", vec![]))?;
    let mut ages = [0; 6];
    for (class, count) in found {
        ages[class as usize] = count;
    }
    Some(ages)
}

/// Returns what categories, groups, people and priorities are called, and what is none of them.
pub fn names(lang: Lang) -> Option<Names> {
    let rows = query(
        "SELECT 0 AS kind, id, name FROM queue UNION ALL SELECT 1, id, name FROM `groups` \
         UNION ALL SELECT 2, id, CONCAT(first_name, ' ', last_name) FROM users",
        vec![],
    )?;
    let mut names: Names = Default::default();
    for row in &rows {
        if let Some(of) = names.get_mut(int(row, "kind") as usize) {
            of.insert(int(row, "id"), row.text("name").trim().to_owned());
        }
    }
    for (of, nothing) in names.iter_mut().zip(["no_category", "no_group", "nobody"]) {
        of.insert(1, lang.say(nothing).to_owned());
    }
    for (id, name) in [(2, "low"), (3, "medium"), (4, "high"), (5, "critical")] {
        names[3].insert(id, lang.say(name).to_owned());
    }
    Some(names)
}

/// Returns the figures of the days that are asked for, and of as many before them.
pub fn weeks(asked: &Asked) -> Option<[Period; 2]> {
    let times = midnights(&[asked.from - asked.days(), asked.from, asked.to + 1])?;
    periods(asked, times[0], times[1], times[2])
}

/// Returns the bars of the days that are asked for.
pub fn trend(asked: &Asked) -> Option<Vec<Bar>> {
    let starts = asked.starts();
    let times = midnights(&[starts.clone(), vec![asked.to + 1]].concat())?;
    bars(asked, &starts, &times)
}

fn decimal(value: f64) -> Json {
    Json::Number(value.to_string())
}

fn json_of(period: &Period) -> Json {
    let spans = |spans: &Spans| {
        Json::object([
            ("count", number(spans.count)),
            ("median_s", if spans.count > 0 { decimal(spans.median) } else { Json::Null }),
            ("p90_s", if spans.count > 0 { decimal(spans.p90) } else { Json::Null }),
        ])
    };
    Json::object([
        ("created", number(period.created)),
        ("first_answer", spans(&period.answered)),
        ("resolved", spans(&period.resolved)),
    ])
}

impl Report {
    /// Returns every figure.
    pub fn json(&self) -> Json {
        let day = |day: i64| Json::from(days::write(day).as_str());
        let list = |items: Vec<Json>| Json::Array(items);
        Json::object([
            ("from", day(self.asked.from)),
            ("to", day(self.asked.to)),
            ("by", self.asked.by.name().into()),
            ("period", json_of(&self.now)),
            ("before", json_of(&self.before)),
            ("open", number(self.open)),
            ("unassigned", number(self.unassigned)),
            ("ages", list(self.ages.iter().map(|count| number(*count)).collect())),
            (
                "statuses",
                Json::object(self.statuses.iter().map(|(name, n)| (name.as_str(), number(*n)))),
            ),
            (
                "over_time",
                list(
                    self.bars
                        .iter()
                        .map(|bar| {
                            Json::object([
                                ("from", day(bar.from)),
                                ("to", day(bar.to)),
                                ("created", number(bar.created)),
                                ("resolved", number(bar.resolved)),
                            ])
                        })
                        .collect(),
                ),
            ),
            (
                "lines",
                list(
                    self.lines
                        .iter()
                        .map(|line| {
                            Json::object([
                                ("id", number(line.id)),
                                ("name", line.name.as_str().into()),
                                ("open", number(line.open)),
                                ("period", json_of(&line.period)),
                            ])
                        })
                        .collect(),
                ),
            ),
        ])
    }
}
