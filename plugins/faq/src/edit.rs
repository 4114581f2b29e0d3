//! Writing: a form, drafts, review, publishing, pictures.

use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};

use crate::host;
use crate::markup::{self, escape, PICTURE};
use crate::page::{self, Person};
use crate::search;
use crate::store::{self, number, text, Written};

const MOST_PICTURE: usize = 1024 * 1024;

/// What the form shows.
#[derive(Default)]
struct Draft {
    id: i64,
    version: i64,
    title: String,
    body: String,
    keywords: String,
    tickets: String,
    category: String,
    level: String,
    note: String,
    state: String,
}

pub fn form(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let id = number(args, "id");
        if id == 0 {
            return edit(person, &new(args), "");
        }
        let found = store::article(id);
        let newest = found.and_then(|row| {
            let version = store::version(id, number(&row, "version"))?;
            Some((row, version))
        });
        let Some((row, version)) = newest else {
            return page::show(person, "FAQ", &page::problem(person.t("not_found")));
        };
        let draft = Draft {
            id,
            version: number(&row, "version"),
            title: text(&version, "title"),
            body: text(&version, "body"),
            keywords: text(&version, "keywords"),
            tickets: text(&row, "tickets"),
            category: text(&row, "category_id"),
            level: text(&row, "own_level"),
            note: String::new(),
            state: text(&row, "state"),
        };
        edit(person, &draft, &page::done(person, args))
    })
}

/// Returns an empty draft, or one that begins as a ticket does.
fn new(args: &Value) -> Draft {
    let ticket = number(args, "ticket");
    let mut draft = Draft { level: store::STAFF.to_string(), ..Draft::default() };
    let found = match ticket {
        0 => None,
        _ => store::one("SELECT id, title FROM ticket WHERE id = ?", json!([ticket])),
    };
    if let Some(row) = found {
        draft.title = text(&row, "title");
        draft.tickets = ticket.to_string();
    }
    draft
}

fn edit(person: &Person, draft: &Draft, said: &str) -> Value {
    let categories: Vec<(String, String)> = store::categories(store::STAFF)
        .iter()
        .map(|row| (text(row, "id"), text(row, "name")))
        .collect();
    let category = match categories.is_empty() {
        // The first article needs no category to be made before it.
        true => page::input("new_category", person.t("category"), person.t("first_category"), "required maxlength=\"120\""),
        false => page::select("category", person.t("category"), &categories, &draft.category),
    };
    let heading = if draft.id == 0 { "new_article" } else { "edit" };
    let state = match draft.state.as_str() {
        "" => String::new(),
        state => format!("<p><span class=\"gk-badge\">{}</span> {} {}</p>", person.t(state), person.t("version"), draft.version),
    };
    let html = format!(
        "{said}{state}<form method=\"post\" action=\"/faq/manage/save\" id=\"article\" class=\"form\">\
         <input type=\"hidden\" name=\"id\" value=\"{}\"><input type=\"hidden\" name=\"version\" value=\"{}\">\
         {}<div class=\"two\"><div>{category}</div><div>{}</div></div>\
         <label class=\"gk-form-label\" for=\"body\">{}</label>\
         <textarea class=\"gk-textarea\" id=\"body\" name=\"body\" rows=\"18\" required>\n{}</textarea>\
         <div class=\"row\"><button type=\"button\" class=\"gk-btn\" data-preview>{}</button>\
         <label class=\"gk-btn file\">{}<input type=\"file\" data-upload accept=\"image/png,image/jpeg,image/gif,image/webp\"></label></div>\
         <p role=\"status\" data-said></p><article class=\"gk-card gk-card-body\" data-previewed hidden></article>\
         {}{}{}<div class=\"row\">\
         <button class=\"gk-btn gk-btn-primary\" name=\"then\" value=\"publish\">{}</button>\
         <button class=\"gk-btn\" name=\"then\" value=\"draft\">{}</button>\
         <button class=\"gk-btn\" name=\"then\" value=\"review\">{}</button></div></form>{}",
        draft.id, draft.version,
        page::input("title", person.t("title"), &draft.title, "required maxlength=\"200\""),
        page::select("level", person.t("audience"), &page::audiences(person), &draft.level),
        person.t("body"), escape(&draft.body), person.t("preview"), person.t("picture"),
        page::input("keywords", person.t("keywords"), &draft.keywords, "maxlength=\"300\""),
        page::input("tickets", person.t("tickets"), &draft.tickets, "maxlength=\"300\""),
        page::input("note", person.t("note"), &draft.note, "maxlength=\"200\""),
        person.t("publish"), person.t("save_draft"), person.t("ask_review"), acts(person, draft)
    );
    page::show(person, person.t(heading), &html)
}

fn acts(person: &Person, draft: &Draft) -> String {
    if draft.id == 0 {
        return String::new();
    }
    let act = |name: &str, style: &str| {
        format!(
            "<button class=\"gk-btn {style}\" name=\"act\" value=\"{name}\">{}</button>",
            person.t(name)
        )
    };
    let mut buttons = vec![act("archive", "")];
    if draft.state == "review" {
        buttons.insert(0, act("publish", "gk-btn-primary"));
        buttons.insert(1, act("reject", ""));
    }
    if draft.state == "archived" || draft.state == "draft" {
        buttons.push(act("delete", "gk-btn-danger"));
    }
    format!(
        "<form class=\"row\" method=\"post\" action=\"/faq/manage/act\"><input type=\"hidden\" name=\"id\" value=\"{}\">{}\
         <a class=\"gk-btn\" href=\"/faq/manage/versions/{}\">{}</a></form>",
        draft.id, buttons.join(" "), draft.id, person.t("versions")
    )
}

/// Returns numbers of tickets as they are kept: ` 12 15 `.
pub fn ticket_numbers(typed: &str) -> String {
    let numbers: Vec<String> = typed
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|part| !part.is_empty() && part.len() < 10)
        .take(20)
        .map(|part| part.trim_start_matches('0').to_owned())
        .collect();
    match numbers.is_empty() {
        true => String::new(),
        false => format!(" {} ", numbers.join(" ")),
    }
}

pub fn save(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let draft = Draft {
            id: number(args, "id"),
            version: number(args, "version"),
            title: page::line(args, "title", 200),
            body: text(args, "body").replace("\r\n", "\n"),
            keywords: page::line(args, "keywords", 300),
            tickets: ticket_numbers(&text(args, "tickets")),
            category: text(args, "category"),
            level: page::level_of(args, "level").to_string(),
            note: page::line(args, "note", 200),
            state: String::new(),
        };
        if draft.title.is_empty() {
            return edit(person, &draft, &page::problem(person.t("problem_title")));
        }
        if draft.body.trim().is_empty() || draft.body.len() > markup::LONGEST {
            return edit(person, &draft, &page::problem(person.t("problem_body")));
        }
        let Some(category) = category_of(args) else {
            return edit(person, &draft, &page::problem(person.t("problem_saved")));
        };
        match keep(person, &draft, &category) {
            Err(key) => edit(person, &draft, &page::problem(person.t(key))),
            Ok(id) => after(person, id, &text(args, "then")),
        }
    })
}

/// Returns the chosen category, made where a new one was named.
fn category_of(args: &Value) -> Option<Value> {
    let name = page::line(args, "new_category", 120);
    let id = number(args, "category");
    let find = |id: i64| store::one("SELECT id, level FROM faq_category WHERE id = ?", json!([id]));
    if name.is_empty() {
        return find(id);
    }
    let id = store::next_id("faq_category");
    let made = host::exec(
        "INSERT INTO faq_category (id, name, level, position) VALUES (?, ?, 0, 0)",
        json!([id, name]),
    );
    if made { find(id) } else { None }
}

/// Keeps what was written as a new version; returns the article's id, or the text of a problem.
fn keep(person: &Person, draft: &Draft, category: &Value) -> Result<i64, &'static str> {
    let written = Written {
        title: &draft.title,
        body: &draft.body,
        keywords: &draft.keywords,
        author: &person.email,
        note: &draft.note,
    };
    let own: i64 = draft.level.parse().unwrap_or(store::STAFF);
    let level = own.max(number(category, "level"));
    if draft.id == 0 {
        let id = store::next_id("faq_article");
        let made = store::add_version(id, 1, &written)
            && insert(id, number(category, "id"), own, level, draft, &person.email);
        if !made {
            return Err("problem_saved");
        }
        adopt_pictures(id, &draft.body);
        return Ok(id);
    }
    let row = store::article(draft.id).ok_or("not_found")?;
    if number(&row, "version") != draft.version {
        return Err("problem_conflict");
    }
    // The key of a version is unique: of two at once, one fails here.
    if !store::add_version(draft.id, draft.version + 1, &written) {
        return Err("problem_conflict");
    }
    let kept = host::exec(
        "UPDATE faq_article SET version = ?, category_id = ?, own_level = ?, level = ?, tickets = ?, \
         state = CASE WHEN state = 'archived' THEN 'draft' ELSE state END WHERE id = ?",
        json!([draft.version + 1, category["id"], own, level, draft.tickets, draft.id]),
    );
    adopt_pictures(draft.id, &draft.body);
    if kept { Ok(draft.id) } else { Err("problem_saved") }
}

fn insert(id: i64, category: i64, own: i64, level: i64, draft: &Draft, author: &str) -> bool {
    host::exec(
        "INSERT INTO faq_article (id, category_id, title, state, own_level, level, version, live, html, summary, \
         title_words, body_words, keywords, tickets, author, changed, yes, no, views) \
         VALUES (?, ?, ?, 'draft', ?, ?, 1, 0, '', '', '', '', ?, ?, ?, NOW(), 0, 0, 0)",
        json!([id, category, draft.title, own, level, draft.keywords, draft.tickets, author]),
    )
}

/// Pictures are uploaded before the article is there: the first one that shows a picture has it.
fn adopt_pictures(article: i64, body: &str) {
    for part in body.split(PICTURE).skip(1).take(50) {
        let name: String =
            part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.').take(60).collect();
        host::exec(
            "UPDATE faq_picture SET article_id = ? WHERE name = ? AND article_id = 0",
            json!([article, name]),
        );
    }
}

fn after(person: &Person, id: i64, then: &str) -> Value {
    match then {
        "publish" => publish(person, id),
        "review" => {
            set_state(id, "review");
            page::redirect(&format!("/faq/manage/edit?id={id}&done=review"))
        }
        _ => {
            set_state(id, "draft");
            page::redirect(&format!("/faq/manage/edit?id={id}&done=draft"))
        }
    }
}

fn set_state(id: i64, state: &str) {
    host::exec("UPDATE faq_article SET state = ? WHERE id = ?", json!([state, id]));
}

fn publish(person: &Person, id: i64) -> Value {
    let newest = store::article(id).and_then(|row| store::version(id, number(&row, "version")));
    let Some(version) = newest else {
        return page::show(person, "FAQ", &page::problem(person.t("not_found")));
    };
    match store::publish(id, &version) {
        true => page::redirect(&format!("/faq/article/{id}?done=published")),
        false => page::show(person, "FAQ", &page::problem(person.t("problem_saved"))),
    }
}

/// Does what a button says with an article as it is kept.
pub fn act(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let id = number(args, "id");
        let Some(row) = store::article(id) else {
            return page::show(person, "FAQ", &page::problem(person.t("not_found")));
        };
        let back = |done: &str| page::redirect(&format!("/faq/manage/edit?id={id}&done={done}"));
        match args["act"].as_str() {
            Some("publish") => {
                let author = store::version(id, number(&row, "version"))
                    .map(|version| text(&version, "author"));
                if author == Some(person.email.clone()) && !person.is_admin {
                    return page::show(person, "FAQ", &page::problem(person.t("review_own")));
                }
                publish(person, id)
            }
            Some("reject") => {
                set_state(id, "draft");
                back("rejected")
            }
            Some("archive") => {
                host::exec("UPDATE faq_article SET state = 'archived', live = 0 WHERE id = ?", json!([id]));
                back("archived")
            }
            Some("delete") if number(&row, "live") == 0 => {
                delete(id);
                page::redirect("/faq/manage")
            }
            _ => page::redirect("/faq/manage"),
        }
    })
}

/// Deletes an article and all of it; the row that readers see goes first.
fn delete(id: i64) {
    host::exec("DELETE FROM faq_article WHERE id = ?", json!([id]));
    host::exec("DELETE FROM faq_vote WHERE article_id = ?", json!([id]));
    host::exec("DELETE FROM faq_version WHERE article_id = ?", json!([id]));
    let pictures = host::query("SELECT name FROM faq_picture WHERE article_id = ?", json!([id]));
    for row in pictures.unwrap_or_default() {
        host::call("delete_file", &json!({"key": format!("pictures/{}", text(&row, "name"))}));
    }
    host::exec("DELETE FROM faq_picture WHERE article_id = ?", json!([id]));
}

pub fn preview(args: &Value) -> Value {
    if !Person::of(args).is_staff() {
        return json!({"error": "staff only", "status": 403});
    }
    let body = text(args, "body");
    match body.len() > markup::LONGEST {
        true => json!({"error": "too long", "status": 413}),
        false => json!({"preview": markup::html(&body)}),
    }
}

/// Keeps a picture; its kind is what its first bytes say.
pub fn upload(args: &Value) -> Value {
    let person = Person::of(args);
    if !person.is_staff() || !store::is_ready() {
        return json!({"error": person.t("staff_only"), "status": 403});
    }
    let bad = json!({"error": person.t("picture_bad"), "status": 415});
    let Ok(content) = STANDARD.decode(text(&args["picture"], "data")) else {
        return bad;
    };
    let kind = match &content[..] {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, 0xff, ..] => "jpeg",
        [b'G', b'I', b'F', b'8', ..] => "gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "webp",
        _ => return bad,
    };
    if content.len() > MOST_PICTURE {
        return bad;
    }
    let count = store::one("SELECT COUNT(*) AS n FROM faq_picture", json!([]));
    let place = count.map_or(0, |row| number(&row, "n")) + 1;
    let seed = search::index(&person.email).len() as u32;
    let name = format!("{place}x{:x}.{kind}", checksum(&content) ^ seed);
    let key = format!("pictures/{name}");
    let kept = host::call("store_file", &json!({"key": key, "data": args["picture"]["data"]})).is_some()
        && host::exec(
            "INSERT INTO faq_picture (name, article_id, kind) VALUES (?, 0, ?)",
            json!([name, format!("image/{kind}")]),
        );
    match kept {
        true => json!({"markdown": format!("![]({PICTURE}{name})")}),
        false => json!({"error": person.t("problem_saved"), "status": 507}),
    }
}

/// FNV-1a, so that two pictures do not have one name.
fn checksum(content: &[u8]) -> u32 {
    content.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
