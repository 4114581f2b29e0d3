//! A report as a file: tables of texts and numbers, as CSV or as the sheets of one workbook.

use crate::asked::By;
use crate::days;
use crate::figures::{Period, Report};
use crate::json::Json;
use crate::words::Lang;
use crate::xlsx;

pub enum Cell {
    Text(String),
    Number(f64),
}

pub struct Sheet {
    pub name: String,
    pub rows: Vec<Vec<Cell>>,
}

fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

fn whole(value: i64) -> Cell {
    Cell::Number(value as f64)
}

fn of_period(period: &Period) -> Vec<Cell> {
    let (answered, resolved) = (period.answered, period.resolved);
    let known = |count: i64, value: f64| if count == 0 { text("") } else { Cell::Number(value) };
    vec![
        whole(period.created),
        whole(answered.count),
        known(answered.count, answered.median),
        known(answered.count, answered.p90),
        whole(resolved.count),
        known(resolved.count, resolved.median),
        known(resolved.count, resolved.p90),
    ]
}

fn heads(lang: Lang, first: &[&'static str]) -> Vec<Cell> {
    let figures = [
        "created", "answered", "answer_median", "answer_p90", "resolved", "resolve_median",
        "resolve_p90",
    ];
    first.iter().chain(&figures).map(|key| text(lang.say(key))).collect()
}

/// Returns the report as tables.
pub fn sheets(report: &Report, lang: Lang) -> Vec<Sheet> {
    let asked = &report.asked;
    let period = |from, to, figures| {
        [vec![text(&days::write(from)), text(&days::write(to))], of_period(figures)].concat_cells()
    };
    let mut over = vec![["from", "to", "created", "resolved", "open_then"].map(|key| text(lang.say(key))).into()];
    over.extend(report.bars.iter().map(|bar| {
        vec![
            text(&days::write(bar.from)),
            text(&days::write(bar.to)),
            whole(bar.created),
            whole(bar.resolved),
            bar.open.map_or_else(|| text(""), whole),
        ]
    }));
    let mut lines = vec![heads(lang, &[asked.by.name()])];
    lines[0].push(text(lang.say("open_now")));
    for line in &report.lines {
        let mut row = [vec![text(&line.name)], of_period(&line.period)].concat_cells();
        row.push(whole(line.open));
        lines.push(row);
    }
    let pairs = |head: &'static str, rows: Vec<(String, i64)>| {
        let mut table = vec![vec![text(lang.say(head)), text(lang.say("tickets"))]];
        table.extend(rows.into_iter().map(|(name, count)| vec![Cell::Text(name), whole(count)]));
        table
    };
    vec![
        Sheet {
            name: lang.say("summary").into(),
            rows: vec![
                heads(lang, &["from", "to"]),
                period(asked.from, asked.to, &report.now),
                period(asked.from - asked.days(), asked.from - 1, &report.before),
            ],
        },
        Sheet { name: lang.say("over").into(), rows: over },
        Sheet { name: by_name(lang, asked.by), rows: lines },
        Sheet { name: lang.say("status").into(), rows: pairs("status", report.statuses.clone()) },
        Sheet { name: lang.say("ages").into(), rows: pairs("age", ages(report, lang)) },
    ]
}

pub fn by_name(lang: Lang, by: By) -> String {
    format!("{} {}", lang.say("by"), lang.say(by.name()))
}

/// Returns the classes of age with how many open tickets are of each.
pub fn ages(report: &Report, lang: Lang) -> Vec<(String, i64)> {
    age_names(lang).into_iter().zip(report.ages).collect()
}

pub fn age_names(lang: Lang) -> Vec<String> {
    ["age0", "age1", "age2", "age3", "age4", "age5"].iter().map(|key| lang.say(key).into()).collect()
}

trait Concat {
    fn concat_cells(self) -> Vec<Cell>;
}

impl Concat for [Vec<Cell>; 2] {
    fn concat_cells(self) -> Vec<Cell> {
        self.into_iter().flatten().collect()
    }
}

/// Returns the file in this format as an answer of a route; None for a format that is none.
pub fn file(report: &Report, lang: Lang, format: &str) -> Option<Json> {
    let sheets = sheets(report, lang);
    let (data, kind) = match format {
        "csv" => (csv(&sheets).into_bytes(), "text/csv"),
        "xlsx" => (
            xlsx::workbook(&sheets),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        _ => return None,
    };
    let asked = &report.asked;
    let name =
        format!("statistics-{}-{}.{}", days::write(asked.from), days::write(asked.to), format);
    Some(Json::object([
        ("_binary", Json::Bool(true)),
        ("content_type", kind.into()),
        ("filename", name.as_str().into()),
        ("data", base64(&data).as_str().into()),
    ]))
}

/// Writes all tables below each other (RFC 4180), each under its name, an empty line between.
fn csv(sheets: &[Sheet]) -> String {
    // Spreadsheets take a file without this mark for one in an old encoding.
    let mut out = String::from("\u{feff}");
    for (i, sheet) in sheets.iter().enumerate() {
        if i > 0 {
            out += "\r\n";
        }
        out += &format!("{}\r\n", field(&sheet.name));
        for row in &sheet.rows {
            let cells: Vec<String> = row
                .iter()
                .map(|cell| match cell {
                    Cell::Text(text) => field(text),
                    Cell::Number(number) => number.to_string(),
                })
                .collect();
            out += &format!("{}\r\n", cells.join(","));
        }
    }
    out
}

fn field(text: &str) -> String {
    // A spreadsheet would run what begins so: names of categories and people are other people's.
    let begins_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let plain = if begins_formula { format!("'{}", text) } else { text.to_owned() };
    if plain.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", plain.replace('"', "\"\""))
    } else {
        plain
    }
}

fn base64(data: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(data.len() / 3 * 4 + 4);
    for three in data.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for place in 0..4 {
            if place <= three.len() {
                out.push(SIGNS[(bits >> (18 - 6 * place) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}
