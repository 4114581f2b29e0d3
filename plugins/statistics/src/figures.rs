//! The figures: asked of the help desk's tables, and computed of columns of numbers.
//!
//! Times are seconds since 1970, and only the midnights between which they fall are the server's
//! wall clock: a day on which clocks are changed has 23 or 25 hours. Statements keep their text
//! whatever is asked, so that the host translates each only once.

use std::collections::BTreeMap;

use crate::asked::{Asked, By, EVERY_BY};
use crate::days;
use crate::goatkit::query;
use crate::tickets::{created, filters, int, measured, number, open, spans, Owners, EVER};
use crate::words::Lang;

const MOST_BARS: usize = 62;
pub const DAY: i64 = 86_400;
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
    /// How many were open when it ended; None where it has not begun.
    pub open: Option<i64>,
}

pub struct Line {
    pub id: i64,
    pub name: String,
    pub period: Period,
    /// Now, whenever they were created.
    pub open: i64,
}

/// What things are called, and which group owns each category.
#[derive(Default)]
pub struct Names {
    /// In the order of `EVERY_BY`.
    pub of: [BTreeMap<i64, String>; 4],
    pub statuses: BTreeMap<i64, String>,
    pub owners: Owners,
}

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

/// Returns a whole report; None where a statement failed.
pub fn report(asked: &Asked, now: i64, lang: Lang) -> Option<Report> {
    let starts = asked.starts();
    let days = [vec![asked.from - asked.days()], starts.clone(), vec![asked.to + 1]].concat();
    let times = midnights(&days)?;
    let (earlier, begin, end) = (times[0], times[1], times[times.len() - 1]);
    let names = names(lang)?;
    let by = Some(asked.by);
    let found = open(asked, by, &names.owners, now)?;
    let open = found.by.values().sum();
    let (period, periods) = period(asked, by, &names.owners, (begin, end))?;
    let (before, _) = self::period(asked, None, &names.owners, (earlier, begin))?;
    Some(Report {
        asked: asked.clone(),
        now: period,
        before,
        bars: bars(asked, &starts, &times[1..], Some(open), now)?,
        lines: lines(periods, &found.by, asked.by, &names),
        statuses: statuses(asked, &names)?,
        open,
        unassigned: found.unassigned,
        ages: found.ages,
        names,
    })
}

/// Returns the figures of a span, and those of each thing that it is counted by.
fn period(
    asked: &Asked,
    by: Option<By>,
    owners: &Owners,
    span: (i64, i64),
) -> Option<(Period, BTreeMap<i64, Period>)> {
    let mut whole = Period::default();
    let mut of: BTreeMap<i64, Period> = BTreeMap::new();
    for (id, count) in created(asked, by, owners, span)? {
        whole.created += count;
        of.entry(id).or_default().created = count;
    }
    for end in ["answered", "resolved"] {
        let mut all = vec![];
        for (id, mut times) in spans(asked, by, owners, end, span)? {
            let found = of.entry(id).or_default();
            let place = if end == "answered" { &mut found.answered } else { &mut found.resolved };
            *place = measured(&mut times);
            all.append(&mut times);
        }
        let place = if end == "answered" { &mut whole.answered } else { &mut whole.resolved };
        *place = measured(&mut all);
    }
    Some((whole, of))
}

/// Counts what happened in each bar, and in the time behind the last one.
///
/// How many were open is known of the past by going back from now: a ticket that was created since
/// was not there, and one that was resolved since was open. One that was reopened since was not.
fn bars(
    asked: &Asked,
    starts: &[i64],
    times: &[i64],
    open: Option<i64>,
    now: i64,
) -> Option<Vec<Bar>> {
    let spans = vec!["SELECT ? AS i, ? AS a, ? AS z"; MOST_BARS + 1].join(" UNION ALL ");
    let mut args = vec![];
    for i in 0..=MOST_BARS {
        // The one behind the last ends never; those that are not asked for are no span at all.
        let a = times.get(i).copied().unwrap_or(0);
        let z = times.get(i + 1).copied().unwrap_or(if i < times.len() { EVER } else { 0 });
        args.extend([number(i as i64), number(a), number(z)]);
    }
    let (filters, wanted) = filters(asked);
    let count = |what: &str, tables: &str| {
        format!("(SELECT COUNT(*) {tables} WHERE {what} >= b.a AND {what} < b.z{filters})")
    };
    let again = if filters.is_empty() {
        "FROM ticket_reopenings r"
    } else {
        "FROM ticket_reopenings r JOIN ticket_times s ON s.ticket_id = r.ticket_id"
    };
    let statement = format!(
        "WITH b AS ({spans}) SELECT b.i AS i, {} AS created, {} AS resolved, {} AS settled, \
         {} AS reopened FROM b WHERE b.z > 0",
        count("s.created", "FROM ticket_times s"),
        count("s.resolved", "FROM ticket_times s"),
        count("r.resolved", again),
        count("r.reopened", again),
    );
    for _ in 0..4 {
        args.extend(wanted.iter().cloned());
    }
    let rows = query(&statement, args)?;
    let mut bars: Vec<Bar> = (0..starts.len())
        .map(|i| Bar {
            from: starts[i],
            to: starts.get(i + 1).map_or(asked.to, |next| next - 1),
            created: 0,
            resolved: 0,
            open: None,
        })
        .collect();
    let mut more = vec![0; starts.len() + 1];
    for row in &rows {
        let i = int(row, "i") as usize;
        let (created, resolved) = (int(row, "created"), int(row, "resolved"));
        if let Some(more) = more.get_mut(i) {
            *more = created - resolved - int(row, "settled") + int(row, "reopened");
        }
        if let Some(bar) = bars.get_mut(i) {
            (bar.created, bar.resolved) = (created, resolved);
        }
    }
    let mut left = open;
    for (i, bar) in bars.iter_mut().enumerate().rev() {
        left = left.map(|left| left - more[i + 1]);
        bar.open = if times[i] <= now { left } else { None };
    }
    Some(bars)
}

fn lines(
    periods: BTreeMap<i64, Period>,
    open: &BTreeMap<i64, i64>,
    by: By,
    names: &Names,
) -> Vec<Line> {
    let mut ids: Vec<i64> = periods.keys().chain(open.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut lines: Vec<Line> = ids
        .into_iter()
        .map(|id| Line {
            id,
            name: names.name(by, id),
            period: periods.get(&id).copied().unwrap_or_default(),
            open: open.get(&id).copied().unwrap_or(0),
        })
        .collect();
    lines.sort_by(|a, b| (b.period.created, b.open, a.id).cmp(&(a.period.created, a.open, b.id)));
    lines
}

impl Names {
    pub fn name(&self, by: By, id: i64) -> String {
        let place = EVERY_BY.iter().position(|each| *each == by).unwrap_or(0);
        self.of[place].get(&id).cloned().unwrap_or_default()
    }
}

/// Returns how many tickets have each status now.
pub fn statuses(asked: &Asked, names: &Names) -> Option<Vec<(String, i64)>> {
    let (filters, wanted) = filters(asked);
    let statement = format!(
        "SELECT s.ticket_state_id AS k, COUNT(*) AS n FROM ticket_times s WHERE 1 = 1{filters} \
         GROUP BY s.ticket_state_id"
    );
    let rows = query(&statement, wanted)?;
    let name = |id| names.statuses.get(&id).cloned().unwrap_or_default();
    let mut found: Vec<(String, i64)> =
        rows.iter().map(|row| (name(int(row, "k")), int(row, "n"))).collect();
    found.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    Some(found)
}

/// Returns what everything is called, and what is none of them.
pub fn names(lang: Lang) -> Option<Names> {
    let rows = query(
        "SELECT 0 AS kind, id, name, group_id AS owner FROM queue \
         UNION ALL SELECT 1, id, name, 0 FROM `groups` \
         UNION ALL SELECT 2, id, CONCAT(first_name, ' ', last_name), 0 FROM users \
         UNION ALL SELECT 4, id, name, 0 FROM ticket_state",
        vec![],
    )?;
    let mut names = Names::default();
    for row in &rows {
        let (kind, id) = (int(row, "kind") as usize, int(row, "id"));
        let known = names.of.get_mut(kind).unwrap_or(&mut names.statuses);
        known.insert(id, row.text("name").trim().to_owned());
        if kind == 0 {
            names.owners.insert(id, int(row, "owner"));
        }
    }
    for (of, nothing) in names.of.iter_mut().zip(["no_category", "no_group", "nobody"]) {
        of.insert(1, lang.say(nothing).to_owned());
    }
    for (id, name) in [(2, "low"), (3, "medium"), (4, "high"), (5, "critical")] {
        names.of[3].insert(id, lang.say(name).to_owned());
    }
    Some(names)
}

/// Returns the figures of the days that are asked for, and of as many before them.
pub fn weeks(asked: &Asked) -> Option<[Period; 2]> {
    let times = midnights(&[asked.from - asked.days(), asked.from, asked.to + 1])?;
    let nobody = Owners::new();
    let of = |a, z| Some(period(asked, None, &nobody, (a, z))?.0);
    Some([of(times[1], times[2])?, of(times[0], times[1])?])
}

/// Returns the bars of the days that are asked for.
pub fn trend(asked: &Asked, now: i64) -> Option<Vec<Bar>> {
    let starts = asked.starts();
    let times = midnights(&[starts.clone(), vec![asked.to + 1]].concat())?;
    bars(asked, &starts, &times, None, now)
}
