//! What the plugin keeps in its own database: reports that staff saved, and who gets the weekly one.

use crate::goatkit::{call, query};
use crate::json::Json;
use crate::words::Lang;

pub const MOST_REPORTS: usize = 100;

pub struct Saved {
    pub id: i64,
    pub name: String,
    /// Its address behind `?`.
    pub query: String,
    pub owner: i64,
    pub owner_name: String,
    pub is_shared: bool,
}

pub struct Subscriber {
    pub user: i64,
    pub email: String,
    pub lang: Lang,
}

fn change(statement: &str, args: Vec<Json>) -> bool {
    let args = Json::object([("query", statement.into()), ("args", Json::Array(args))]);
    call("db_exec", &args).is_some()
}

fn number(value: i64) -> Json {
    Json::Number(value.to_string())
}

fn int(row: &Json, name: &str) -> i64 {
    row.text(name).parse().unwrap_or(0)
}

/// Makes the tables where there are none yet.
pub fn prepare() -> bool {
    change(
        "CREATE TABLE IF NOT EXISTS reports (id INTEGER PRIMARY KEY AUTO_INCREMENT, \
         name VARCHAR(80) NOT NULL, query VARCHAR(200) NOT NULL, owner INTEGER NOT NULL, \
         owner_name VARCHAR(255) NOT NULL, shared INTEGER NOT NULL)",
        vec![],
    ) && change(
        "CREATE TABLE IF NOT EXISTS weekly (user INTEGER PRIMARY KEY, email VARCHAR(320) NOT NULL, \
         lang VARCHAR(5) NOT NULL, sent VARCHAR(10) NOT NULL)",
        vec![],
    )
}

/// Returns the reports of a person and those that are shared.
pub fn reports(user: i64) -> Vec<Saved> {
    let statement = "SELECT id, name, query, owner, owner_name, shared FROM reports \
                     WHERE owner = ? OR shared = 1 ORDER BY name, id";
    let rows = query(statement, vec![number(user)]).unwrap_or_default();
    rows.iter()
        .map(|row| Saved {
            id: int(row, "id"),
            name: row.text("name"),
            query: row.text("query"),
            owner: int(row, "owner"),
            owner_name: row.text("owner_name"),
            is_shared: int(row, "shared") == 1,
        })
        .collect()
}

/// Returns how many reports a person has saved.
pub fn count(user: i64) -> usize {
    let rows = query("SELECT COUNT(*) AS n FROM reports WHERE owner = ?", vec![number(user)]);
    rows.unwrap_or_default().first().map_or(0, |row| int(row, "n") as usize)
}

pub fn save(name: &str, address: &str, owner: i64, owner_name: &str, is_shared: bool) -> bool {
    change(
        "INSERT INTO reports (name, query, owner, owner_name, shared) VALUES (?, ?, ?, ?, ?)",
        vec![
            name.into(),
            address.into(),
            number(owner),
            owner_name.into(),
            number(is_shared.into()),
        ],
    )
}

/// Deletes one report of a person's own; of anybody's for an admin.
pub fn delete(id: i64, owner: i64, is_admin: bool) -> bool {
    change(
        "DELETE FROM reports WHERE id = ? AND (owner = ? OR 1 = ?)",
        vec![number(id), number(owner), number(is_admin.into())],
    )
}

pub fn is_subscribed(user: i64) -> bool {
    let rows = query("SELECT user FROM weekly WHERE user = ?", vec![number(user)]);
    !rows.unwrap_or_default().is_empty()
}

pub fn subscribe(user: i64, email: &str, lang: Lang) -> bool {
    change(
        "INSERT IGNORE INTO weekly (user, email, lang, sent) VALUES (?, ?, ?, '')",
        vec![number(user), email.into(), lang.code().into()],
    )
}

pub fn unsubscribe(user: i64) -> bool {
    change("DELETE FROM weekly WHERE user = ?", vec![number(user)])
}

/// Returns at most so many people who have not been sent the report of this Monday.
pub fn waiting(monday: &str, most: i64) -> Vec<Subscriber> {
    let statement = "SELECT user, email, lang FROM weekly WHERE sent <> ? ORDER BY user LIMIT ?";
    let rows = query(statement, vec![monday.into(), number(most)]).unwrap_or_default();
    rows.iter()
        .map(|row| Subscriber {
            user: int(row, "user"),
            email: row.text("email"),
            lang: Lang::read(&row.text("lang")),
        })
        .collect()
}

pub fn sent(user: i64, monday: &str) -> bool {
    change("UPDATE weekly SET sent = ? WHERE user = ?", vec![monday.into(), number(user)])
}
