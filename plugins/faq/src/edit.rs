//! Writing: a form, drafts, review, publishing, pictures.

use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};

use crate::host::{self, Failure};
use crate::keep::{self, Place, Written};
use crate::markup::{self, escape, PICTURE};
use crate::page::{self, Person};
use crate::store::{self, number, text};

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
    /// Whether readers see a version of it.
    is_live: bool,
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
            is_live: number(&row, "live") > 0,
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
    let mut buttons = Vec::new();
    if draft.state != "archived" {
        buttons.push(act("archive", ""));
    }
    if draft.state == "review" {
        buttons.insert(0, act("publish", "gk-btn-primary"));
        buttons.insert(1, act("reject", ""));
    }
    if !draft.is_live {
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
            ..Draft::default()
        };
        if draft.title.is_empty() {
            return edit(person, &draft, &page::problem(person.t("problem_title")));
        }
        if draft.body.trim().is_empty() || markup::is_too_long(&draft.body) {
            return edit(person, &draft, &page::problem(person.t("problem_body")));
        }
        let saved = keep(person, &draft, args);
        match saved {
            Err(key) => edit(person, &draft, &page::problem(person.t(key))),
            Ok(id) if wanted_state(args) == "published" => {
                page::redirect(&format!("/faq/article/{id}?done=published"))
            }
            Ok(id) => page::redirect(&format!("/faq/manage/edit?id={id}&done={}", wanted_state(args))),
        }
    })
}

fn wanted_state(args: &Value) -> &'static str {
    match args["then"].as_str() {
        Some("publish") => "published",
        Some("review") => "review",
        _ => "draft",
    }
}

/// Keeps what was written as a new version; returns the article's id, or the text of a problem.
fn keep(person: &Person, draft: &Draft, args: &Value) -> Result<i64, &'static str> {
    let written = Written {
        title: &draft.title,
        body: &draft.body,
        keywords: &draft.keywords,
        author: &person.email,
        note: &draft.note,
    };
    let new_category = page::line(args, "new_category", 120);
    let named = match new_category.is_empty() {
        true => None,
        false => store::one("SELECT id, level FROM faq_category WHERE name = ?", json!([new_category])),
    };
    let category = match (named, new_category.is_empty()) {
        (Some(category), _) => category,
        (None, false) => json!({"id": 0, "level": 0}),
        (None, true) => store::one("SELECT id, level FROM faq_category WHERE id = ?", json!([number(args, "category")]))
            .ok_or("problem_category")?,
    };
    let own_level = draft.level.parse().unwrap_or(store::STAFF);
    let place = Place {
        category: number(&category, "id"),
        new_category: if number(&category, "id") == 0 { &new_category } else { "" },
        own_level,
        level: own_level.max(number(&category, "level")),
        tickets: &draft.tickets,
        state: wanted_state(args),
    };
    if draft.id == 0 {
        return keep::new_article(&written, &place).map_err(said);
    }
    let row = store::article(draft.id).ok_or("not_found")?;
    if place.state == "published" && text(&row, "state") == "review" && !may_publish(person, &row) {
        return Err("review_own");
    }
    if number(&row, "version") != draft.version {
        return Err("problem_conflict");
    }
    keep::new_version(draft.id, draft.version, &written, &place).map_err(said)?;
    Ok(draft.id)
}

/// Tells whether somebody may publish what waits for review: not who gave it, unless an admin.
fn may_publish(person: &Person, row: &Value) -> bool {
    let author = store::version(number(row, "id"), number(row, "version"))
        .map(|version| text(&version, "author"));
    person.is_admin || author != Some(person.email.clone())
}

fn said(failure: Failure) -> &'static str {
    match failure {
        Failure::Moved => "problem_conflict",
        Failure::Refused => "problem_saved",
    }
}

/// Does what a button says with an article as it is kept.
pub fn act(args: &Value) -> Value {
    page::for_staff(args, |person, args| {
        let id = number(args, "id");
        let Some(row) = store::article(id) else {
            return page::show(person, "FAQ", &page::problem(person.t("not_found")));
        };
        let state = text(&row, "state");
        let refused = |key: &str| page::show(person, "FAQ", &page::problem(person.t(key)));
        let back = |done: &str| format!("/faq/manage/edit?id={id}&done={done}");
        let (done, to) = match (args["act"].as_str(), state.as_str()) {
            (Some("publish"), "review") => {
                if !may_publish(person, &row) {
                    return refused("review_own");
                }
                let Some(version) = store::version(id, number(&row, "version")) else {
                    return refused("not_found");
                };
                (keep::publish(id, &version), format!("/faq/article/{id}?done=published"))
            }
            (Some("reject"), "review") => (keep::set_state(id, &state, "draft"), back("rejected")),
            (Some("archive"), _) => (keep::set_state(id, &state, "archived"), back("archived")),
            (Some("delete"), _) => return delete(person, id),
            _ => return refused("problem_moved"),
        };
        match done {
            Ok(()) => page::redirect(&to),
            Err(Failure::Moved) => refused("problem_moved"),
            Err(Failure::Refused) => refused("problem_saved"),
        }
    })
}

/// Deletes an article, then its pictures' files: what is lost between them is files that nobody sees.
fn delete(person: &Person, id: i64) -> Value {
    let pictures = host::query("SELECT name FROM faq_picture WHERE article_id = ? LIMIT 200", json!([id]));
    if keep::delete(id).is_err() {
        return page::show(person, "FAQ", &page::problem(person.t("problem_moved")));
    }
    for row in pictures.unwrap_or_default() {
        host::call("delete_file", &json!({"key": format!("pictures/{}", text(&row, "name"))}));
    }
    page::redirect("/faq/manage?done=deleted")
}

pub fn preview(args: &Value) -> Value {
    if !Person::of(args).is_staff() {
        return json!({"error": "staff only", "status": 403});
    }
    let body = text(args, "body");
    match markup::is_too_long(&body) {
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
    // With the time, so that nobody finds a picture's address by having the picture.
    let now = host::call("time_now", &json!({})).unwrap_or_default().to_string();
    let name = format!("{:08x}{:08x}.{kind}", checksum(&content), checksum(now.as_bytes()));
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
