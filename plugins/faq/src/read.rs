//! What readers see: the categories with their articles, search, an article, its pictures.

use serde_json::{json, Value};

use crate::host::{self, Together};
use crate::markup::escape;
use crate::page::{self, Person};
use crate::search;
use crate::store::{self, number, text};

/// Articles of one category in the overview, and on a page of the category's own.
const MOST_IN_OVERVIEW: i64 = 8;
const MOST_ON_PAGE: i64 = 50;

pub fn home(args: &Value) -> Value {
    let person = Person::of(args);
    page::open(&person, || {
        let question = page::line(args, "q", 10_000);
        let found = match (question.is_empty(), number(args, "category")) {
            (true, 0) => overview(&person),
            (true, id) => category(&person, id, number(args, "page").clamp(1, 1_000)),
            _ => results(&person, &question),
        };
        page::show(&person, person.t("faq"), &format!("{}{found}", search_form(&person, &question)))
    })
}

fn search_form(person: &Person, question: &str) -> String {
    let shown: String = question.chars().take(search::MOST_READ).collect();
    format!(
        "<form class=\"find\" role=\"search\" action=\"/faq\"><label class=\"gk-form-label\" for=\"q\">{}</label>\
         <div class=\"row\"><input class=\"gk-input\" id=\"q\" name=\"q\" type=\"search\" value=\"{}\" maxlength=\"{}\">\
         <button class=\"gk-btn gk-btn-primary\">{}</button></div></form>",
        person.t("find_in"), escape(&shown), search::MOST_READ, person.t("find")
    )
}

fn results(person: &Person, question: &str) -> String {
    let Some(found) = search::find(question, person.level, 30) else {
        return page::problem(person.t("problem_saved"));
    };
    search::remember(question, found.len());
    if found.is_empty() {
        return page::notice(person.t("found_none"));
    }
    format!("<h2>{}: {}</h2>{}", person.t("found_some"), found.len(), listed(person, &found))
}

fn listed(person: &Person, articles: &[Value]) -> String {
    let rows: Vec<String> = articles
        .iter()
        .map(|row| {
            let badge = match person.is_staff() && number(row, "level") > 0 {
                true => format!(" {}", page::badge(person, number(row, "level"))),
                false => String::new(),
            };
            format!(
                "<li><a href=\"/faq/article/{}\">{}</a>{badge}<p class=\"soft\">{}</p></li>",
                number(row, "id"), escape(&text(row, "title")), escape(&text(row, "summary"))
            )
        })
        .collect();
    format!("<ul class=\"articles\">{}</ul>", rows.join(""))
}

/// Shows each category with the articles that are read most.
fn overview(person: &Person) -> String {
    let articles = host::query(
        "SELECT id, category_id, title, n FROM (SELECT a.id AS id, a.category_id AS category_id, \
         a.title AS title, ROW_NUMBER() OVER (PARTITION BY a.category_id ORDER BY n.views DESC, a.title) AS place, \
         COUNT(*) OVER (PARTITION BY a.category_id) AS n FROM faq_article a \
         JOIN faq_count n ON n.article_id = a.id WHERE a.live > 0 AND a.level <= ?) ranked \
         WHERE place <= ? ORDER BY category_id, place LIMIT 2000",
        json!([person.level, MOST_IN_OVERVIEW]),
    )
    .unwrap_or_default();
    if articles.is_empty() {
        return page::notice(person.t("empty"));
    }
    let mut html = String::new();
    for category in store::categories(person.level) {
        let id = number(&category, "id");
        let mine: Vec<&Value> = articles.iter().filter(|row| number(row, "category_id") == id).collect();
        let Some(count) = mine.first().map(|row| number(row, "n")) else { continue };
        let links: Vec<String> = mine.iter().map(|row| link(row)).collect();
        let more = match count > MOST_IN_OVERVIEW {
            true => format!(
                "<p><a href=\"/faq?category={id}\">{} ({count})<span class=\"hidden-text\">: {}</span></a></p>",
                person.t("all_articles"), escape(&text(&category, "name"))
            ),
            false => String::new(),
        };
        html += &format!(
            "<section class=\"gk-card gk-card-body\"><h2>{}</h2><ul>{}</ul>{more}</section>",
            escape(&text(&category, "name")), links.join("")
        );
    }
    format!("<div class=\"cards\">{html}</div>")
}

fn link(row: &Value) -> String {
    format!("<li><a href=\"/faq/article/{}\">{}</a></li>", number(row, "id"), escape(&text(row, "title")))
}

/// Lists a category's articles by their titles, some a page.
fn category(person: &Person, id: i64, at: i64) -> String {
    let found = store::categories(person.level).into_iter().find(|row| number(row, "id") == id);
    let Some(category) = found else {
        return page::problem(person.t("not_found"));
    };
    let rows = host::query(
        "SELECT id, title, summary, level FROM faq_article WHERE category_id = ? AND live > 0 AND level <= ? \
         ORDER BY title, id LIMIT ? OFFSET ?",
        json!([id, person.level, MOST_ON_PAGE + 1, (at - 1) * MOST_ON_PAGE]),
    )
    .unwrap_or_default();
    let shown = &rows[..rows.len().min(MOST_ON_PAGE as usize)];
    let turn = |to: i64, key: &str| format!(" <a class=\"gk-btn\" href=\"/faq?category={id}&amp;page={to}\">{}</a>", person.t(key));
    let before = if at > 1 { turn(at - 1, "page_before") } else { String::new() };
    let after = if rows.len() > shown.len() { turn(at + 1, "page_after") } else { String::new() };
    format!("<h2>{}</h2>{}<p class=\"row\">{before}{after}</p>", escape(&text(&category, "name")), listed(person, shown))
}

/// Returns an article that the person may read as it is published.
pub fn readable(person: &Person, id: i64) -> Option<Value> {
    store::article(id).filter(|row| number(row, "live") > 0 && number(row, "level") <= person.level)
}

pub fn article(args: &Value) -> Value {
    let person = Person::of(args);
    page::open(&person, || {
        let id = number(args, "id");
        let Some(row) = readable(&person, id) else {
            let log_in = match person.id {
                0 => format!("<p><a href=\"/login\">{}</a></p>", person.t("log_in")),
                _ => String::new(),
            };
            let html = format!("{}{log_in}", page::problem(person.t("not_found")));
            return page::show(&person, person.t("faq"), &html);
        };
        if !person.is_staff() {
            host::exec("UPDATE faq_count SET views = views + 1 WHERE article_id = ?", json!([id]));
        }
        let shown = store::one("SELECT html FROM faq_text WHERE article_id = ?", json!([id]));
        let html = format!(
            "{}<p class=\"soft\"><a href=\"/faq\">{}</a> › {} · {} {}</p><article>{}</article>{}{}",
            page::done(&person, args),
            person.t("faq"), escape(&text(&row, "category")), person.t("ago"),
            escape(&text(&row, "changed")[..].chars().take(10).collect::<String>()),
            shown.map_or(String::new(), |row| text(&row, "html")),
            vote_form(&person, id), for_staff(&person, &row)
        );
        page::show(&person, &text(&row, "title"), &html)
    })
}

fn vote_form(person: &Person, id: i64) -> String {
    if person.id == 0 {
        return String::new();
    }
    format!(
        "<form class=\"vote\" method=\"post\" action=\"/faq/article/{id}/vote\"><span id=\"helpful\">{}</span> \
         <button class=\"gk-btn\" name=\"yes\" value=\"1\" aria-describedby=\"helpful\">{}</button> \
         <button class=\"gk-btn\" name=\"yes\" value=\"0\" aria-describedby=\"helpful\">{}</button></form>",
        person.t("helpful"), person.t("yes"), person.t("no")
    )
}

fn for_staff(person: &Person, row: &Value) -> String {
    if !person.is_staff() {
        return String::new();
    }
    let id = number(row, "id");
    format!(
        "<p>{} · {}: {} / {}: {} · {}: {}</p>{}<p><a class=\"gk-btn\" href=\"/faq/manage/edit?id={id}\">{}</a> \
         <a class=\"gk-btn\" href=\"/faq/manage/versions/{id}\">{}</a></p>",
        page::badge(person, number(row, "level")),
        person.t("yes"), number(row, "yes"), person.t("no"), number(row, "no"),
        person.t("views"), number(row, "views"),
        tickets(person, &text(row, "tickets")), person.t("edit"), person.t("versions")
    )
}

/// Lists the tickets that an article is linked to, with what the person may see of them.
fn tickets(person: &Person, numbers: &str) -> String {
    let wanted: Vec<i64> = numbers.split_whitespace().filter_map(|n| n.parse().ok()).take(20).collect();
    if wanted.is_empty() {
        return String::new();
    }
    let marks = vec!["?"; wanted.len()].join(", ");
    let rows = host::query(
        &format!("SELECT id, title FROM ticket WHERE id IN ({marks}) ORDER BY id"),
        json!(wanted),
    )
    .unwrap_or_default();
    let links: Vec<String> = rows
        .iter()
        .map(|row| {
            let number = number(row, "id");
            let title = escape(&text(row, "title"));
            format!("<li><a href=\"/tickets/{number}\">#{number} {title}</a></li>")
        })
        .collect();
    match links.is_empty() {
        true => String::new(),
        false => format!("<h2>{}</h2><ul>{}</ul>", person.t("tickets_shown"), links.join("")),
    }
}

/// Counts one voice of a person for an article; the last one counts.
pub fn vote(args: &Value) -> Value {
    let person = Person::of(args);
    page::open(&person, || {
        let id = number(args, "id");
        if person.id == 0 || readable(&person, id).is_none() {
            return page::show(&person, "FAQ", &page::problem(person.t("not_found")));
        }
        let yes = i64::from(number(args, "yes") == 1);
        let mut all = Together::default();
        all.add(
            "REPLACE INTO faq_vote (article_id, voter, yes) VALUES (?, ?, ?)",
            json!([id, person.id.to_string(), yes]),
        );
        all.add(
            "UPDATE faq_count SET yes = (SELECT COUNT(*) FROM faq_vote WHERE article_id = ? AND yes = 1), \
             no = (SELECT COUNT(*) FROM faq_vote WHERE article_id = ? AND yes = 0) WHERE article_id = ?",
            json!([id, id, id]),
        );
        match all.execute() {
            Ok(()) => page::redirect(&format!("/faq/article/{id}?done=voted")),
            Err(_) => page::show(&person, "FAQ", &page::problem(person.t("problem_vote"))),
        }
    })
}

/// Answers with articles for what somebody is writing, as JSON.
pub fn suggest(args: &Value) -> Value {
    let person = Person::of(args);
    if !store::is_ready() {
        return json!({"articles": []});
    }
    let question = page::line(args, "q", 10_000);
    let found = search::find(&question, person.level, 5).unwrap_or_default();
    let articles: Vec<Value> = found
        .iter()
        .map(|row| json!({"id": row["id"], "title": row["title"], "summary": row["summary"]}))
        .collect();
    json!({"articles": articles})
}

pub fn picture(args: &Value) -> Value {
    let (person, name) = (Person::of(args), text(args, "name"));
    let missing = json!({"error": "there is no such picture", "status": 404});
    if !store::is_ready() {
        return missing;
    }
    let Some(row) = store::one(
        "SELECT p.kind, p.article_id, a.level, a.live FROM faq_picture p \
         LEFT JOIN faq_article a ON a.id = p.article_id WHERE p.name = ?",
        json!([name]),
    ) else {
        return missing;
    };
    let is_shown = number(&row, "live") > 0 && number(&row, "level") <= person.level;
    if !person.is_staff() && !is_shown {
        return missing;
    }
    match host::call("get_file", &json!({"key": format!("pictures/{name}")})) {
        Some(file) => json!({"_binary": true, "content_type": row["kind"], "data": file["data"]}),
        None => missing,
    }
}
