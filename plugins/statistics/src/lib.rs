//! Statistics shows how many tickets have which status.
mod goatkit;
mod json;

use goatkit::Function;
use json::Json;

const FUNCTIONS: [(&str, Function); 3] =
    [("by_status", by_status), ("widget", widget), ("daily", daily)];

#[no_mangle]
extern "C" fn gk_register() -> u64 {
    goatkit::registered(include_str!("../registration.json"))
}

#[no_mangle]
unsafe extern "C" fn gk_call(
    name: *const u8,
    name_length: usize,
    args: *const u8,
    args_length: usize,
) -> u64 {
    goatkit::called(&FUNCTIONS, (name, name_length), (args, args_length))
}

/// Returns the statuses with their counts, and the sum.
fn count() -> Option<(Vec<Json>, u64)> {
    let rows = goatkit::query(
        "SELECT s.name AS name, COUNT(*) AS count FROM ticket t \
         JOIN ticket_state s ON s.id = t.ticket_state_id GROUP BY s.name ORDER BY s.name",
        vec![],
    )?;
    let total = rows.iter().filter_map(|row| row.text("count").parse::<u64>().ok()).sum();
    Some((rows, total))
}

fn by_status(_args: &Json) -> Json {
    match count() {
        Some((rows, total)) => Json::object([
            ("total", Json::Number(total.to_string())),
            ("statuses", Json::Array(rows)),
        ]),
        None => goatkit::failed("the tickets cannot be read", 503),
    }
}

fn widget(_args: &Json) -> Json {
    let (rows, total) = match count() {
        Some(counted) => counted,
        None => return goatkit::failed("the tickets cannot be read", 503),
    };
    let mut page = String::from("<table class=\"gk-table\">");
    for row in &rows {
        let (name, count) = (escape(&row.text("name")), row.text("count"));
        page += &format!("<tr><td>{}</td><td>{}</td></tr>", name, count);
    }
    page += &format!("</table><p>{}: {}</p>", goatkit::translate("statistics.total"), total);
    Json::object([("html", page.as_str().into())])
}

fn daily(_args: &Json) -> Json {
    match count() {
        Some((_, total)) => {
            goatkit::info(&format!("{} tickets", total));
            Json::object([("total", Json::Number(total.to_string()))])
        }
        None => goatkit::failed("the tickets cannot be read", 503),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
