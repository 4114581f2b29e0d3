//! Beside a ticket, and while somebody writes a new one.

use serde_json::{json, Value};

use crate::host;
use crate::markup::{escape, PICTURE};
use crate::page::Person;
use crate::search;
use crate::store::{self, number, text};

const MOST_INSERTED: usize = 20_000;
const STYLE: &str = include_str!("../page.css");
const BESIDE: &str = include_str!("../beside.js");
const WRITING: &str = include_str!("../writing.js");

/// Shows staff the articles of a ticket, and those that may answer it.
pub fn beside(args: &Value) -> Value {
    let person = Person::of(args);
    if !person.is_staff() || !store::is_ready() {
        return json!({"html": format!("<p>{}</p>", person.t("not_granted"))});
    }
    let ticket = number(args, "ticket_id");
    let linked = host::query(
        "SELECT id, title, level, live FROM faq_article WHERE tickets LIKE ? ORDER BY title LIMIT 10",
        json!([format!("% {ticket} %")]),
    )
    .unwrap_or_default();
    let title = store::one("SELECT title FROM ticket WHERE id = ?", json!([ticket]))
        .map_or(String::new(), |row| text(&row, "title"));
    let found: Vec<Value> = search::find(&title, store::STAFF, 5)
        .unwrap_or_default()
        .into_iter()
        .filter(|row| !linked.iter().any(|other| other["id"] == row["id"]))
        .collect();
    let mut html = String::new();
    for (heading, rows) in [("linked", &linked), ("answers", &found)] {
        if !rows.is_empty() {
            let items: Vec<String> = rows.iter().map(|row| item(&person, row)).collect();
            html += &format!("<h3>{}</h3><ul class=\"articles\">{}</ul>", person.t(heading), items.join(""));
        }
    }
    html += &format!(
        "<p role=\"status\" data-said></p><p><a class=\"gk-btn\" href=\"/faq/manage/edit?ticket={ticket}\">{}</a></p>",
        person.t("from_ticket")
    );
    json!({"html": format!("<style>{STYLE}</style>{html}<script>{BESIDE}</script>")})
}

fn item(person: &Person, row: &Value) -> String {
    let (id, title) = (number(row, "id"), escape(&text(row, "title")));
    // What only staff may read is not put into what the requester reads.
    let insert = match number(row, "level") < store::STAFF && row["live"] != json!(0) {
        true => format!(
            " <button type=\"button\" class=\"gk-btn\" data-insert=\"{id}\">{}<span class=\"hidden-text\">: {title}</span></button>",
            person.t("insert")
        ),
        false => format!(" <span class=\"gk-badge\">{}</span>", person.t("staff")),
    };
    format!("<li><a href=\"/faq/article/{id}\" target=\"_blank\">{title}</a>{insert}</li>")
}

/// Returns an article's text as it goes into a reply: without pictures, which tickets do not have.
pub fn insert(args: &Value) -> Value {
    let person = Person::of(args);
    let missing = json!({"error": "there is no such article", "status": 404});
    if !person.is_staff() || !store::is_ready() {
        return missing;
    }
    let id = number(args, "id");
    let live = store::article(id).filter(|row| {
        number(row, "live") > 0 && number(row, "level") < store::STAFF
    });
    let Some(version) = live.and_then(|row| store::version(id, number(&row, "live"))) else {
        return missing;
    };
    let body = text(&version, "body");
    let lines: Vec<&str> = body.lines().filter(|line| !line.contains(PICTURE)).collect();
    json!({"text": inserted(&lines.join("\n"))})
}

/// Cuts a text to what is taken for a reply: so many characters as scripts count them, in 16 bits.
fn inserted(text: &str) -> String {
    let mut room = MOST_INSERTED;
    text.chars().take_while(|letter| {
        room = room.saturating_sub(letter.len_utf16());
        room > 0
    }).collect()
}

/// Waits for what somebody writes, and shows articles that may answer it.
pub fn while_writing(args: &Value) -> Value {
    let person = Person::of(args);
    json!({"html": format!(
        "<style>{STYLE}</style><section aria-live=\"polite\" aria-label=\"{}\" hidden><ul class=\"articles\"></ul></section>\
         <script>{WRITING}</script>",
        person.t("answers")
    )})
}
