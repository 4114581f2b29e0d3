//! A page's frame; who asks; what was sent.

use serde_json::{json, Value};

use crate::markup::escape;
use crate::store::{self, number, text};
use crate::texts;

/// Who asks, as the help desk says.
pub struct Person {
    /// The highest level that they may read.
    pub level: i64,
    pub is_admin: bool,
    pub email: String,
    /// A number of the help desk's; 0 for a visitor.
    pub id: i64,
    pub german: bool,
}

impl Person {
    pub fn of(args: &Value) -> Person {
        let level = match args["_user_role"].as_str() {
            Some("Admin" | "Agent") => store::STAFF,
            Some("Customer") => store::USERS,
            _ => store::PUBLIC,
        };
        Person {
            level,
            is_admin: args["_is_admin"] == true,
            email: text(args, "_user_email"),
            id: number(args, "_user_id"),
            german: args["_lang"] == "de",
        }
    }

    pub fn is_staff(&self) -> bool {
        self.level == store::STAFF
    }

    /// Returns a text of ours in their language.
    pub fn t(&self, key: &str) -> &'static str {
        texts::find(key, self.german)
    }
}

/// Answers for people who work on articles; others learn that they may not.
pub fn for_staff(args: &Value, answer: fn(&Person, &Value) -> Value) -> Value {
    let person = Person::of(args);
    if !person.is_staff() {
        return show(&person, "FAQ", &notice(person.t("staff_only")));
    }
    open(&person, || answer(&person, args))
}

/// Answers where the tables can be used.
pub fn open(person: &Person, answer: impl FnOnce() -> Value) -> Value {
    match store::is_ready() {
        true => answer(),
        false => show(person, "FAQ", &notice(person.t("not_granted"))),
    }
}

pub fn redirect(to: &str) -> Value {
    json!({"redirect": to, "status": 303})
}

pub fn notice(sentence: &str) -> String {
    format!("<p class=\"gk-alert\" role=\"status\">{}</p>", escape(sentence))
}

pub fn problem(sentence: &str) -> String {
    format!("<p class=\"gk-alert gk-alert-danger\" role=\"alert\">{}</p>", escape(sentence))
}

/// Returns the sentence for what has just been done; nothing for a word that we did not send.
pub fn done(person: &Person, args: &Value) -> String {
    let key = format!("done_{}", text(args, "done"));
    match texts::is_known(&key) {
        true => format!(
            "<p class=\"gk-alert gk-alert-success\" role=\"status\">{}</p>",
            person.t(&key)
        ),
        false => String::new(),
    }
}

const STYLE: &str = include_str!("../page.css");
const SCRIPT: &str = include_str!("../page.js");

/// Returns a page; the help desk shows its title.
pub fn show(person: &Person, title: &str, html: &str) -> Value {
    json!({
        "title": title,
        "html": format!("<style>{STYLE}</style>{}{html}<script>{SCRIPT}</script>", bar(person)),
    })
}

/// The plugin's own navigation.
fn bar(person: &Person) -> String {
    let mut links = vec![("/faq", "faq")];
    if person.is_staff() {
        links.extend([
            ("/faq/manage", "articles"),
            ("/faq/manage/edit", "new_article"),
            ("/faq/manage/categories", "categories"),
            ("/faq/manage/searches", "searches"),
            ("/faq/manage/transfer", "transfer"),
        ]);
    }
    if links.len() < 2 {
        return String::new();
    }
    let links: Vec<String> = links
        .iter()
        .map(|(path, key)| format!("<a href=\"{path}\">{}</a>", person.t(key)))
        .collect();
    format!("<nav class=\"bar\" aria-label=\"FAQ\">{}</nav>", links.join(" "))
}

/// Returns a field with its label.
pub fn input(name: &str, label: &str, value: &str, more: &str) -> String {
    format!(
        "<label class=\"gk-form-label\" for=\"{name}\">{label}</label>\
         <input class=\"gk-input\" id=\"{name}\" name=\"{name}\" value=\"{}\" {more}>",
        escape(value)
    )
}

pub fn select(name: &str, label: &str, options: &[(String, String)], chosen: &str) -> String {
    let options: Vec<String> = options
        .iter()
        .map(|(value, shown)| {
            let selected = if value == chosen { " selected" } else { "" };
            format!("<option value=\"{}\"{selected}>{}</option>", escape(value), escape(shown))
        })
        .collect();
    format!(
        "<label class=\"gk-form-label\" for=\"{name}\">{label}</label>\
         <select class=\"gk-select\" id=\"{name}\" name=\"{name}\">{}</select>",
        options.join("")
    )
}

/// Returns the choices of who may read.
pub fn audiences(person: &Person) -> Vec<(String, String)> {
    store::AUDIENCES
        .iter()
        .enumerate()
        .map(|(level, key)| (level.to_string(), person.t(key).to_owned()))
        .collect()
}

pub fn level_of(args: &Value, key: &str) -> i64 {
    number(args, key).clamp(store::PUBLIC, store::STAFF)
}

/// Returns a line that was sent, in bounds.
pub fn line(args: &Value, key: &str, most: usize) -> String {
    let line: String = text(args, key).chars().filter(|letter| !letter.is_control()).collect();
    line.trim().chars().take(most).collect()
}

/// Says who may read, where that is not everybody.
pub fn badge(person: &Person, level: i64) -> String {
    let key = store::AUDIENCES[level.clamp(0, 2) as usize];
    format!("<span class=\"gk-badge\">{}</span>", person.t(key))
}
