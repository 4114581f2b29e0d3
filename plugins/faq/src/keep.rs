//! Changes of articles, each whole or not at all: a version with its article, what readers see
//! with the words that find it.

use serde_json::{json, Value};

use crate::host::{Failure, Together};
use crate::markup::{self, PICTURE};
use crate::search;
use crate::store::{self, number, text};

/// New articles at once take the same number; all but one try again.
const MOST_TRIES: usize = 3;
const MOST_PICTURES: usize = 20;

/// What somebody wrote: one version of an article.
pub struct Written<'a> {
    pub title: &'a str,
    pub body: &'a str,
    pub keywords: &'a str,
    pub author: &'a str,
    pub note: &'a str,
}

/// Where an article belongs, and what becomes of it.
pub struct Place<'a> {
    pub category: i64,
    /// The name of a category that is made with the article; empty: there is one.
    pub new_category: &'a str,
    /// Who may read: the article's own, and with its category's.
    pub own_level: i64,
    pub level: i64,
    pub tickets: &'a str,
    pub state: &'a str,
}

pub fn new_article(written: &Written, place: &Place) -> Result<i64, Failure> {
    for _ in 0..MOST_TRIES {
        let id = store::next_id("faq_article");
        let mut all = Together::default();
        let mut category = place.category;
        if !place.new_category.is_empty() {
            category = store::next_id("faq_category");
            all.add(
                "INSERT INTO faq_category (id, name, level, position) VALUES (?, ?, 0, 0)",
                json!([category, place.new_category]),
            );
        }
        all.add(
            "INSERT INTO faq_article (id, category_id, title, state, own_level, level, version, live, \
             summary, tickets, author, changed) VALUES (?, ?, ?, ?, ?, ?, 1, 0, '', ?, ?, NOW())",
            json!([
                id, category, written.title, place.state, place.own_level, place.level,
                place.tickets, written.author
            ]),
        );
        all.add("INSERT INTO faq_count (article_id, yes, no, views) VALUES (?, 0, 0, 0)", json!([id]));
        add_version(&mut all, id, 1, written);
        if place.state == "published" {
            show(&mut all, id, 1, written);
        }
        if all.execute().is_ok() {
            return Ok(id);
        }
    }
    Err(Failure::Refused)
}

/// Adds a version to an article whose newest is `known`; Moved where it is no longer.
pub fn new_version(id: i64, known: i64, written: &Written, place: &Place) -> Result<(), Failure> {
    let mut all = Together::default();
    all.add_one(
        "UPDATE faq_article SET version = ?, category_id = ?, own_level = ?, level = ?, tickets = ?, \
         state = ? WHERE id = ? AND version = ?",
        json!([
            known + 1, place.category, place.own_level, place.level, place.tickets, place.state, id,
            known
        ]),
    );
    add_version(&mut all, id, known + 1, written);
    if place.state == "published" {
        show(&mut all, id, known + 1, written);
    }
    all.execute()
}

/// Makes an older version the newest one, as a draft.
pub fn restore(id: i64, known: i64, written: &Written) -> Result<(), Failure> {
    let mut all = Together::default();
    all.add_one(
        "UPDATE faq_article SET version = ?, state = 'draft' WHERE id = ? AND version = ?",
        json!([known + 1, id, known]),
    );
    add_version(&mut all, id, known + 1, written);
    all.execute()
}

/// Shows the newest version, as it is kept, to readers.
pub fn publish(id: i64, version: &Value) -> Result<(), Failure> {
    let (title, body, keywords) =
        (text(version, "title"), text(version, "body"), text(version, "keywords"));
    let written = Written { title: &title, body: &body, keywords: &keywords, author: "", note: "" };
    let known = number(version, "version");
    let mut all = Together::default();
    all.add_one(
        "UPDATE faq_article SET state = 'published' WHERE id = ? AND version = ?",
        json!([id, known]),
    );
    show(&mut all, id, known, &written);
    all.execute()
}

/// Changes an article's state from one that the person saw; archived ones are shown to nobody.
pub fn set_state(id: i64, from: &str, state: &str) -> Result<(), Failure> {
    let mut all = Together::default();
    let live = if state == "archived" { ", live = 0" } else { "" };
    all.add_one(
        &format!("UPDATE faq_article SET state = ?{live} WHERE id = ? AND state = ?"),
        json!([state, id, from]),
    );
    all.execute()
}

/// Deletes an article that readers do not see, and all of it.
pub fn delete(id: i64) -> Result<(), Failure> {
    let mut all = Together::default();
    all.add_one("DELETE FROM faq_article WHERE id = ? AND live = 0", json!([id]));
    for table in ["faq_text", "faq_words", "faq_count", "faq_version", "faq_vote", "faq_picture"] {
        all.add(&format!("DELETE FROM {table} WHERE article_id = ?"), json!([id]));
    }
    all.execute()
}

fn add_version(all: &mut Together, id: i64, version: i64, written: &Written) {
    all.add(
        "INSERT INTO faq_version (article_id, version, title, body, keywords, author, made, note) \
         VALUES (?, ?, ?, ?, ?, ?, NOW(), ?)",
        json!([
            id, version, written.title, written.body, written.keywords, written.author, written.note
        ]),
    );
    // Pictures are uploaded before the article is there: the first one that shows a picture has it.
    let names: Vec<String> = written.body.split(PICTURE).skip(1).take(MOST_PICTURES).map(name).collect();
    if !names.is_empty() {
        let marks = vec!["?"; names.len()].join(", ");
        let values: Vec<Value> = std::iter::once(json!(id)).chain(names.iter().map(|n| json!(n))).collect();
        all.add(
            &format!("UPDATE faq_picture SET article_id = ? WHERE article_id = 0 AND name IN ({marks})"),
            json!(values),
        );
    }
}

fn name(part: &str) -> String {
    part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.').take(60).collect()
}

/// Makes a version what readers see and find.
fn show(all: &mut Together, id: i64, version: i64, written: &Written) {
    let shown = Shown::of(written);
    all.add(
        "UPDATE faq_article SET title = ?, live = ?, summary = ?, changed = NOW() WHERE id = ?",
        json!([written.title, version, shown.summary, id]),
    );
    all.add("REPLACE INTO faq_text (article_id, html) VALUES (?, ?)", json!([id, shown.html]));
    all.add(
        "REPLACE INTO faq_words (article_id, title_words, body_words) VALUES (?, ?, ?)",
        json!([id, shown.title_words, shown.body_words]),
    );
}

/// What readers see and find of a version.
pub struct Shown {
    pub html: String,
    pub summary: String,
    pub title_words: String,
    pub body_words: String,
}

impl Shown {
    pub fn of(written: &Written) -> Shown {
        let html = markup::html(written.body);
        let plain = markup::plain(&html);
        Shown {
            summary: markup::cut(&plain, 220),
            title_words: search::index(&format!("{} {}", written.title, written.keywords)),
            body_words: search::index(&plain),
            html,
        }
    }
}
