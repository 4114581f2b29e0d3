//! Articles as CSV, out and in; and in from what OTRS's FAQ exports.

use std::collections::HashMap;

use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};

use crate::edit::ticket_numbers;
use crate::host::{self, Failure, Together};
use crate::keep::{Shown, Written};
use crate::markup;
use crate::page::{self, Person};
use crate::store::{self, number, text};

const COLUMNS: [&str; 7] =
    ["title", "category", "audience", "state", "keywords", "tickets", "body"];
const MOST_ROWS: usize = 1_000;
const MOST_EXPORTED: i64 = 2_500_000;
const AT_ONCE: usize = 20;
/// Columns of OTRS's `Admin::FAQ::Import`; its files have no line of names.
const OTRS: [&str; 11] = [
    "title", "category", "language", "statetype", "field1", "field2", "field3", "field4",
    "field5", "field6", "keywords",
];

pub fn form(args: &Value) -> Value {
    page::for_staff(args, |person, _| shown(person, ""))
}

fn shown(person: &Person, said: &str) -> Value {
    let parts = parts();
    let links: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(at, (from, to))| {
            let name = match parts.len() {
                1 => String::new(),
                many => format!(": {} {} / {many}", person.t("part"), at + 1),
            };
            format!(
                "<a class=\"gk-btn\" href=\"/faq/manage/export?from={from}&amp;to={to}\">{}{name}</a>",
                person.t("export")
            )
        })
        .collect();
    let html = format!(
        "{said}<h2>{}</h2><p class=\"row\">{}</p>{}<h2>{}</h2>\
         <form method=\"post\" action=\"/faq/manage/import\" enctype=\"multipart/form-data\">\
         <label class=\"gk-form-label\" for=\"file\">{}</label><input id=\"file\" type=\"file\" name=\"file\" accept=\".csv,text/csv\" required>\
         <p class=\"soft\">{}</p><p><button class=\"gk-btn gk-btn-primary\">{}</button></p></form>",
        person.t("export"), links.join(" "),
        if parts.is_empty() { page::notice(person.t("empty")) } else { String::new() },
        person.t("import"), person.t("file"), person.t("import_hint"), person.t("import")
    );
    page::show(person, person.t("transfer"), &html)
}

/// Returns the first and last id of each file that all articles fit into; each can be imported.
fn parts() -> Vec<(i64, i64)> {
    let rows = host::query(
        "SELECT a.id, LENGTH(v.body) AS size FROM faq_article a JOIN faq_version v \
         ON v.article_id = a.id AND v.version = a.version ORDER BY a.id LIMIT 10000",
        json!([]),
    )
    .unwrap_or_default();
    let (mut parts, mut size, mut count): (Vec<(i64, i64)>, i64, usize) = (Vec::new(), 0, 0);
    for row in &rows {
        let (id, long) = (number(row, "id"), number(row, "size") + 800);
        if parts.is_empty() || count == MOST_ROWS || size + long > MOST_EXPORTED {
            parts.push((id, id));
            (size, count) = (0, 0);
        }
        if let Some(part) = parts.last_mut() {
            part.1 = id;
        }
        size += long;
        count += 1;
    }
    parts
}

pub fn export(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let (mut last, end) = (number(args, "from") - 1, number(args, "to"));
        let mut size = 0;
        let _ = writer.write_record(COLUMNS);
        while last < end {
            let rows = host::query(
                "SELECT a.id, v.title, v.body, v.keywords, a.level, a.state, a.tickets, c.name AS category \
                 FROM faq_article a JOIN faq_version v ON v.article_id = a.id AND v.version = a.version \
                 JOIN faq_category c ON c.id = a.category_id WHERE a.id > ? AND a.id <= ? ORDER BY a.id LIMIT 15",
                json!([last, end]),
            )
            .unwrap_or_default();
            let Some(row) = rows.last() else { break };
            last = number(row, "id");
            for row in &rows {
                // With what its category asks for: where it is imported, the category may be open.
                let audience = store::AUDIENCES[number(row, "level").clamp(0, 2) as usize];
                let (title, category, body) = (text(row, "title"), text(row, "category"), text(row, "body"));
                size += body.len() as i64 + 800;
                let _ = writer.write_record([
                    &title, &category, audience, &text(row, "state"), &text(row, "keywords"),
                    text(row, "tickets").trim(), &body,
                ]);
            }
            if size > MOST_EXPORTED + MOST_EXPORTED / 4 {
                return shown(person, &page::problem(person.t("problem_moved")));
            }
        }
        let content = writer.into_inner().unwrap_or_default();
        json!({"_binary": true, "content_type": "text/csv", "filename": "faq.csv", "data": STANDARD.encode(content)})
    })
}

/// An article as a file has it.
struct Row {
    title: String,
    category: String,
    level: i64,
    state: &'static str,
    keywords: String,
    tickets: String,
    body: String,
}

pub fn import(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let refused = |why: &str| {
            shown(person, &page::problem(&format!("{}: {why}", person.t("import_failed"))))
        };
        let Ok(content) = STANDARD.decode(text(&args["file"], "data")) else {
            return refused("it is no file");
        };
        let rows = match read(&content) {
            Ok(rows) => rows,
            Err(why) => return refused(&why),
        };
        let Some(categories) = make_categories(&rows) else {
            return refused(person.t("problem_saved"));
        };
        let first = store::next_id("faq_article");
        let mut kept = 0;
        for some in rows.chunks(AT_ONCE) {
            if insert(person, first + kept, some, &categories).is_err() {
                forget(first, first + kept);
                return refused(person.t("problem_saved"));
            }
            kept += some.len() as i64;
        }
        shown(person, &page::notice(&format!("{}: {kept}", person.t("imported"))))
    })
}

/// Takes an import back that could not be kept as a whole.
fn forget(first: i64, end: i64) {
    let mut all = Together::default();
    all.add("DELETE FROM faq_article WHERE id >= ? AND id < ?", json!([first, end]));
    for table in ["faq_text", "faq_words", "faq_count", "faq_version"] {
        all.add(
            &format!("DELETE FROM {table} WHERE article_id >= ? AND article_id < ?"),
            json!([first, end]),
        );
    }
    let _ = all.execute();
}

/// Reads a whole file before anything is kept; the reason where a row is not what it must be.
fn read(content: &[u8]) -> Result<Vec<Row>, String> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let decoded = match std::str::from_utf8(content) {
        Ok(text) => text.to_owned(),
        // Old exports are Latin-1, whose bytes are characters.
        Err(_) => content.iter().map(|byte| char::from(*byte)).collect(),
    };
    let first = decoded.lines().next().unwrap_or_default();
    let delimiter = if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(decoded.as_bytes());
    let mut names: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let line = at + 1;
        if names.is_empty() {
            names = record.iter().map(|name| name.trim().to_lowercase()).collect();
            let is_otrs = record.len() >= OTRS.len()
                && ["internal", "external", "public"].contains(&names[3].as_str());
            if is_otrs {
                names = OTRS.map(str::to_owned).to_vec();
            } else if names.iter().any(|name| name == "title") {
                continue;
            } else {
                return Err(format!("line 1: expected the columns {}", COLUMNS.join(", ")));
            }
        }
        if record.iter().all(str::is_empty) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(format!("more than {MOST_ROWS} articles: split the file"));
        }
        let cell = |name: &str| {
            let place = names.iter().position(|known| known == name);
            place.and_then(|place| record.get(place)).unwrap_or_default().to_owned()
        };
        rows.push(row(&cell, names.iter().any(|name| name == "statetype")).map_err(|why| format!("row {line}: {why}"))?);
    }
    match rows.is_empty() {
        true => Err("it has no articles".to_owned()),
        false => Ok(rows),
    }
}

fn row(cell: &dyn Fn(&str) -> String, is_otrs: bool) -> Result<Row, String> {
    let title: String = cell("title").trim().chars().take(200).collect();
    let body = if is_otrs { otrs_body(cell) } else { cell("body") };
    if title.is_empty() || body.trim().is_empty() {
        return Err("title and body are needed".to_owned());
    }
    if markup::is_too_long(&body) {
        return Err("the text has more than 200,000 characters".to_owned());
    }
    let audience = cell(if is_otrs { "statetype" } else { "audience" }).trim().to_lowercase();
    let level = match audience.as_str() {
        "public" => store::PUBLIC,
        "users" | "external" => store::USERS,
        // What does not say for whom it is, is for the fewest.
        "staff" | "internal" | "" => store::STAFF,
        other => return Err(format!("audience: expected public, users or staff, not {other:.40}")),
    };
    let state = cell("state").trim().to_lowercase();
    let state = match (is_otrs, state.as_str()) {
        (true, _) => "published",
        (false, "") => "draft",
        (false, name) => store::STATES
            .into_iter()
            .find(|state| *state == name)
            .ok_or_else(|| format!("state: expected {}", store::STATES.join(", ")))?,
    };
    let category = cell("category");
    let category = if is_otrs { category.replace("::", " / ") } else { category };
    let category: String = category.trim().chars().take(120).collect();
    Ok(Row {
        title,
        category: if category.is_empty() { "General".to_owned() } else { category },
        level,
        state,
        keywords: cell("keywords").chars().take(300).collect(),
        tickets: ticket_numbers(&cell("tickets")),
        body,
    })
}

/// Puts OTRS's fields together: symptom, problem, solution and what else is filled in, as HTML.
fn otrs_body(cell: &dyn Fn(&str) -> String) -> String {
    const HEADINGS: [&str; 6] = ["Symptom", "Problem", "Solution", "", "", "Comment"];
    let mut parts = Vec::new();
    for (at, heading) in HEADINGS.iter().enumerate() {
        let field = cell(&format!("field{}", at + 1));
        let html = markup::clean(field.trim());
        if markup::plain(&html).is_empty() {
            continue;
        }
        if !heading.is_empty() {
            parts.push(format!("## {heading}"));
        }
        // A block of HTML in Markdown ends at the first empty line.
        let lines: Vec<&str> = html.lines().filter(|line| !line.trim().is_empty()).collect();
        parts.push(format!("<div>\n{}\n</div>", lines.join("\n")));
    }
    parts.join("\n\n")
}

/// Returns the id and level of each category by its name; makes those that are missing.
fn make_categories(rows: &[Row]) -> Option<HashMap<String, (i64, i64)>> {
    let mut known: HashMap<String, (i64, i64)> = store::categories(store::STAFF)
        .iter()
        .map(|row| (text(row, "name").to_lowercase(), (number(row, "id"), number(row, "level"))))
        .collect();
    for row in rows {
        let key = row.category.to_lowercase();
        if known.contains_key(&key) {
            continue;
        }
        let id = store::next_id("faq_category");
        let made = known.len() < 400
            && host::exec(
                "INSERT INTO faq_category (id, name, level, position) VALUES (?, ?, 0, 0)",
                json!([id, row.category]),
            );
        if !made {
            return None;
        }
        known.insert(key, (id, 0));
    }
    Some(known)
}

/// Keeps some articles with their versions, and what readers see of those that are published.
fn insert(
    person: &Person,
    first: i64,
    rows: &[Row],
    categories: &HashMap<String, (i64, i64)>,
) -> Result<(), Failure> {
    let (mut versions, mut articles, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut texts, mut words) = (Vec::new(), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let id = first + at as i64;
        let (category, least) = categories[&row.category.to_lowercase()];
        let note = person.t("import");
        versions.extend([
            json!(id), json!(row.title), json!(row.body), json!(row.keywords), json!(person.email), json!(note),
        ]);
        counts.push(json!(id));
        let mut summary = String::new();
        if row.state == "published" {
            let shown = Shown::of(&Written {
                title: &row.title, body: &row.body, keywords: &row.keywords, author: "", note,
            });
            texts.extend([json!(id), json!(shown.html)]);
            words.extend([json!(id), json!(shown.title_words), json!(shown.body_words)]);
            summary = shown.summary;
        }
        articles.extend([
            json!(id), json!(category), json!(row.title), json!(row.state), json!(row.level),
            json!(row.level.max(least)), json!(i64::from(row.state == "published")), json!(summary),
            json!(row.tickets), json!(person.email),
        ]);
    }
    let mut all = Together::default();
    let mut add = |statement: &str, one: &str, values: Vec<Value>| {
        let rows = values.len() / one.matches('?').count();
        if rows > 0 {
            all.add(&format!("{statement} VALUES {}", vec![one; rows].join(", ")), json!(values));
        }
    };
    add(
        "INSERT INTO faq_version (article_id, version, title, body, keywords, author, made, note)",
        "(?, 1, ?, ?, ?, ?, NOW(), ?)", versions,
    );
    add(
        "INSERT INTO faq_article (id, category_id, title, state, own_level, level, version, live, summary, \
         tickets, author, changed)",
        "(?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, NOW())", articles,
    );
    add("INSERT INTO faq_count (article_id, yes, no, views)", "(?, 0, 0, 0)", counts);
    add("INSERT INTO faq_text (article_id, html)", "(?, ?)", texts);
    add("INSERT INTO faq_words (article_id, title_words, body_words)", "(?, ?, ?)", words);
    all.execute()
}
