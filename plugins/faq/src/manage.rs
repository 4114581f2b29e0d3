//! What staff look after: all articles, categories, searches and synonyms.

use serde_json::{json, Value};

use crate::host::{self, Together};
use crate::markup::escape;
use crate::page::{self, Person};
use crate::search;
use crate::store::{self, number, text};

pub fn list(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let wanted = text(args, "state");
        let states: Vec<&str> = store::STATES
            .into_iter()
            .filter(|state| wanted.is_empty() || *state == wanted)
            .collect();
        let marks = vec!["?"; states.len()].join(", ");
        let rows = match states.is_empty() {
            true => Vec::new(),
            false => host::query(
                &format!(
                    "SELECT a.id, a.title, a.state, a.level, a.live, a.version, n.yes, n.no, n.views, c.name AS category \
                     FROM faq_article a JOIN faq_category c ON c.id = a.category_id \
                     JOIN faq_count n ON n.article_id = a.id WHERE a.state IN ({marks}) \
                     ORDER BY a.changed DESC, a.id DESC LIMIT 500"
                ),
                json!(states),
            )
            .unwrap_or_default(),
        };
        let filters: Vec<String> = std::iter::once(format!("<a href=\"/faq/manage\">{}</a>", person.t("articles")))
            .chain(store::STATES.iter().map(|state| {
                let current = if *state == wanted { " aria-current=\"page\"" } else { "" };
                format!("<a href=\"/faq/manage?state={state}\"{current}>{}</a>", person.t(state))
            }))
            .collect();
        let body: Vec<String> = rows.iter().map(|row| line(person, row)).collect();
        let html = format!(
            "{}<p class=\"bar\">{}</p><div class=\"overflow-x-auto\"><table class=\"gk-table\"><thead><tr>\
             <th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>{}</tbody></table></div>{}",
            page::done(person, args), filters.join(" "), person.t("title"), person.t("category"), person.t("list_state"), person.t("audience"),
            person.t("helpful"), person.t("views"), body.join(""),
            if rows.is_empty() { page::notice(person.t("empty")) } else { String::new() }
        );
        page::show(person, person.t("articles"), &html)
    })
}

fn line(person: &Person, row: &Value) -> String {
    let pending = match number(row, "live") > 0 && number(row, "live") < number(row, "version") {
        true => format!(" ({} {})", person.t("version"), number(row, "live")),
        false => String::new(),
    };
    format!(
        "<tr><td><a href=\"/faq/manage/edit?id={}\">{}</a></td><td>{}</td><td>{}{pending}</td><td>{}</td><td>{} / {}</td><td>{}</td></tr>",
        number(row, "id"), escape(&text(row, "title")), escape(&text(row, "category")),
        person.t(&text(row, "state")), person.t(store::AUDIENCES[number(row, "level").clamp(0, 2) as usize]),
        number(row, "yes"), number(row, "no"), number(row, "views")
    )
}

pub fn categories(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let mut html = page::done(person, args);
        let new = json!({"id": 0, "name": "", "level": 0, "position": 0});
        for row in store::categories(store::STAFF).iter().chain(std::iter::once(&new)) {
            html += &category_form(person, row);
        }
        page::show(person, person.t("categories"), &html)
    })
}

fn category_form(person: &Person, row: &Value) -> String {
    let (id, name) = (number(row, "id"), text(row, "name"));
    let legend = if id == 0 { person.t("new_category").to_owned() } else { escape(&name) };
    let options: Vec<String> = page::audiences(person)
        .iter()
        .map(|(value, shown)| {
            let selected = if *value == text(row, "level") { " selected" } else { "" };
            format!("<option value=\"{value}\"{selected}>{}</option>", escape(shown))
        })
        .collect();
    let delete = match id {
        0 => String::new(),
        _ => format!(" <button class=\"gk-btn\" name=\"act\" value=\"delete\">{}</button>", person.t("delete")),
    };
    format!(
        "<form method=\"post\" action=\"/faq/manage/categories\" class=\"gk-card gk-card-body\"><h2>{legend}</h2>\
         <input type=\"hidden\" name=\"id\" value=\"{id}\">\
         <label class=\"gk-form-label\" for=\"n{id}\">{}</label><input class=\"gk-input\" id=\"n{id}\" name=\"name\" value=\"{}\" maxlength=\"120\">\
         <label class=\"gk-form-label\" for=\"l{id}\">{}</label><select class=\"gk-select\" id=\"l{id}\" name=\"level\">{}</select>\
         <label class=\"gk-form-label\" for=\"p{id}\">{}</label><input class=\"gk-input\" type=\"number\" id=\"p{id}\" name=\"position\" min=\"0\" max=\"999\" value=\"{}\">\
         <p class=\"row\"><button class=\"gk-btn gk-btn-primary\">{}</button>{delete}</p></form>",
        person.t("category_name"), escape(&name), person.t("audience"), options.join(""),
        person.t("move_up"), number(row, "position"), person.t("save")
    )
}

pub fn save_category(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let (id, name) = (number(args, "id"), page::line(args, "name", 120));
        let (level, position) = (page::level_of(args, "level"), number(args, "position").clamp(0, 999));
        let mut all = Together::default();
        let key = if args["act"] == "delete" {
            // One that has articles stays: its articles would be lost from sight.
            all.add_one(
                "DELETE FROM faq_category WHERE id = ? AND id NOT IN (SELECT category_id FROM faq_article)",
                json!([id]),
            );
            "problem_not_empty"
        } else if name.is_empty() {
            return page::show(person, person.t("categories"), &page::problem(person.t("problem_name")));
        } else if id == 0 {
            all.add(
                "INSERT INTO faq_category (id, name, level, position) VALUES (?, ?, ?, ?)",
                json!([store::next_id("faq_category"), name, level, position]),
            );
            "problem_saved"
        } else {
            all.add(
                "UPDATE faq_article SET level = CASE WHEN own_level > ? THEN own_level ELSE ? END WHERE category_id = ?",
                json!([level, level, id]),
            );
            all.add_one(
                "UPDATE faq_category SET name = ?, level = ?, position = ? WHERE id = ?",
                json!([name, level, position, id]),
            );
            "problem_saved"
        };
        if all.execute().is_err() {
            return page::show(person, person.t("categories"), &page::problem(person.t(key)));
        }
        page::redirect("/faq/manage/categories?done=category")
    })
}

pub fn searches(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let rows = host::query(
            "SELECT term, times, missed, last FROM faq_search WHERE missed > 0 \
             ORDER BY missed DESC, last DESC LIMIT 100",
            json!([]),
        )
        .unwrap_or_default();
        let body: Vec<String> = rows
            .iter()
            .map(|row| {
                format!(
                    "<tr><td>{}</td><td>{} / {}</td><td>{}</td></tr>",
                    escape(&text(row, "term")), number(row, "missed"), number(row, "times"), escape(&text(row, "last"))
                )
            })
            .collect();
        let html = format!(
            "{}<h2>{}</h2><div class=\"overflow-x-auto\"><table class=\"gk-table\"><thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead>\
             <tbody>{}</tbody></table></div>{}<h2>{}</h2>{}",
            page::done(person, args), person.t("missed"), person.t("search_words"), person.t("times"), person.t("last"),
            body.join(""), if rows.is_empty() { page::notice(person.t("none")) } else { String::new() },
            person.t("synonyms"), synonyms_form(person)
        );
        page::show(person, person.t("searches"), &html)
    })
}

/// Admins change the synonyms; others see them.
fn synonyms_form(person: &Person) -> String {
    let words: Vec<String> = search::synonyms().iter().map(|row| text(row, "words")).collect();
    let words = escape(&words.join("\n"));
    if !person.is_admin {
        return format!("<p class=\"soft\">{}</p><pre>{words}</pre>", person.t("admin_only"));
    }
    format!(
        "<form method=\"post\" action=\"/faq/manage/synonyms\">\
         <label class=\"gk-form-label\" for=\"words\">{}</label>\
         <textarea class=\"gk-textarea\" id=\"words\" name=\"words\" rows=\"8\" dir=\"auto\">\n{words}</textarea>\
         <p><button class=\"gk-btn gk-btn-primary\">{}</button></p></form>",
        person.t("synonyms_hint"), person.t("save")
    )
}

pub fn save_synonyms(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        if !person.is_admin {
            return page::show(person, "FAQ", &page::problem(person.t("admin_only")));
        }
        let typed = text(args, "words");
        let groups: Vec<String> = typed
            .lines()
            .map(|line| line.trim().chars().take(400).collect::<String>())
            .filter(|line| search::tokens(line).len() > 1)
            .take(300)
            .collect();
        let mut all = Together::default();
        all.add("DELETE FROM faq_synonym", json!([]));
        for (chunk, lines) in groups.chunks(100).enumerate() {
            let marks = vec!["(?, ?)"; lines.len()].join(", ");
            let values: Vec<Value> = lines
                .iter()
                .enumerate()
                .flat_map(|(at, line)| [json!(chunk * 100 + at + 1), json!(line)])
                .collect();
            all.add(&format!("INSERT INTO faq_synonym (id, words) VALUES {marks}"), json!(values));
        }
        if all.execute().is_err() {
            return page::show(person, "FAQ", &page::problem(person.t("problem_saved")));
        }
        page::redirect("/faq/manage/searches?done=synonyms")
    })
}
