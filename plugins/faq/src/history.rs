//! Versions: what changed between two, and an older one again.

use serde_json::{json, Value};
use similar::{ChangeTag, TextDiff};

use crate::host;
use crate::markup::escape;
use crate::page::{self, Person};
use crate::keep::{self, Written};
use crate::store::{self, number, text};

const MOST_LINES: usize = 3_000;

pub fn versions(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let id = number(args, "id");
        let rows = host::query(
            "SELECT version, title, author, made, note FROM faq_version WHERE article_id = ? \
             ORDER BY version DESC LIMIT 200",
            json!([id]),
        )
        .unwrap_or_default();
        let (Some(article), false) = (store::article(id), rows.is_empty()) else {
            return page::show(person, "FAQ", &page::problem(person.t("not_found")));
        };
        let newest = number(&article, "version");
        let given = |key: &str, other: i64| match number(args, key) {
            0 => other,
            number => number,
        };
        let (from, to) = (given("from", (newest - 1).max(1)), given("to", newest));
        let html = format!(
            "{}<h2>{}</h2>{}",
            table(person, id, &rows, number(&article, "live"), (from, to)),
            person.t("changes"),
            compared(person, id, from, to)
        );
        page::show(person, &text(&article, "title"), &html)
    })
}

fn table(person: &Person, id: i64, rows: &[Value], live: i64, chosen: (i64, i64)) -> String {
    let choice = |name: &str, version: i64, chosen: i64| {
        let checked = if version == chosen { " checked" } else { "" };
        format!(
            "<input type=\"radio\" name=\"{name}\" value=\"{version}\" aria-label=\"{name} {version}\"{checked}>"
        )
    };
    let mut html = String::new();
    for row in rows {
        let version = number(row, "version");
        let shown = match version == live {
            true => format!(" <span class=\"gk-badge gk-badge-success\">{}</span>", person.t("published")),
            false => String::new(),
        };
        html += &format!(
            "<tr><td>{} {}</td><td>{version}{shown}</td><td>{}</td><td>{}</td><td>{}</td><td>\
             <button class=\"gk-btn\" form=\"restore\" name=\"version\" value=\"{version}\">{}<span class=\"hidden-text\"> {version}</span></button></td></tr>",
            choice("from", version, chosen.0), choice("to", version, chosen.1),
            escape(&text(row, "made")), escape(&text(row, "author")), escape(&text(row, "note")),
            person.t("restore")
        );
    }
    format!(
        "<form id=\"restore\" method=\"post\" action=\"/faq/manage/restore\"><input type=\"hidden\" name=\"id\" value=\"{id}\"></form>\
         <form action=\"/faq/manage/versions/{id}\"><div class=\"overflow-x-auto\"><table class=\"gk-table\">\
         <thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th></th></tr></thead><tbody>{html}</tbody></table></div>\
         <button class=\"gk-btn\">{}</button></form>",
        person.t("compare"), person.t("version"), person.t("ago"), person.t("author"),
        person.t("changes"), person.t("compare")
    )
}

fn compared(person: &Person, id: i64, from: i64, to: i64) -> String {
    let (Some(old), Some(new)) = (store::version(id, from), store::version(id, to)) else {
        return page::problem(person.t("not_found"));
    };
    let whole = |row: &Value| format!("{}\n\n{}\n", text(row, "title"), text(row, "body"));
    let (old, new) = (whole(&old), whole(&new));
    let diff = TextDiff::from_lines(&old, &new);
    let mut html = String::new();
    for group in diff.grouped_ops(3) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)).take(MOST_LINES) {
            let line = escape(change.value().trim_end_matches('\n'));
            html += &match change.tag() {
                ChangeTag::Equal => format!("<span>  {line}</span>\n"),
                ChangeTag::Insert => format!("<ins>+ {line}</ins>\n"),
                ChangeTag::Delete => format!("<del>- {line}</del>\n"),
            };
        }
        html += "\n";
    }
    match html.is_empty() {
        true => page::notice(person.t("none")),
        false => format!("<pre class=\"diff\">{html}</pre>"),
    }
}

/// Makes an older version the newest one, as a draft.
pub fn restore(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let (id, wanted) = (number(args, "id"), number(args, "version"));
        let (Some(article), Some(old)) = (store::article(id), store::version(id, wanted)) else {
            return page::show(person, "FAQ", &page::problem(person.t("not_found")));
        };
        let (title, body, keywords) = (text(&old, "title"), text(&old, "body"), text(&old, "keywords"));
        let note = format!("{} {} {wanted}", person.t("restore"), person.t("version"));
        let written = Written { title: &title, body: &body, keywords: &keywords, author: &person.email, note: &note };
        match keep::restore(id, number(&article, "version"), &written) {
            Ok(()) => page::redirect(&format!("/faq/manage/edit?id={id}&done=restored")),
            Err(_) => page::show(person, "FAQ", &page::problem(person.t("problem_moved"))),
        }
    })
}
