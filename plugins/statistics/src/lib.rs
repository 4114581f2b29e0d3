//! Statistics and reports of tickets for staff.
mod answer;
mod asked;
mod charts;
mod days;
mod export;
mod figures;
mod goatkit;
mod json;
mod kept;
mod markup;
mod page;
mod tickets;
mod widgets;
mod weekly;
mod words;
mod xlsx;

use asked::{Asked, Problem};
use goatkit::{call, failed, Function};
use json::Json;
use page::Around;
use words::Lang;

const FUNCTIONS: [(&str, Function); 15] = [
    ("page", show),
    ("report", report),
    ("export", export_file),
    ("save", save),
    ("delete", delete),
    ("subscribe", subscribe),
    ("weekly", weekly::run),
    ("statuses", widgets::statuses),
    ("trend", widgets::trend),
    ("times", widgets::times),
    ("age", widgets::age),
    ("by_category", widgets::category),
    ("by_group", widgets::group),
    ("by_assignee", widgets::assignee),
    ("by_priority", widgets::priority),
];

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

/// Who asks, and what the server's clock says.
struct Visit {
    lang: Lang,
    user: i64,
    zone: String,
    today: i64,
    now: i64,
}

/// Returns the visit of somebody on staff, else the answer that refuses it.
fn visit(args: &Json) -> Result<Visit, Json> {
    let lang = Lang::read(&args.text("_lang"));
    if !["Admin", "Agent"].contains(&args.text("_user_role").as_str()) {
        return Err(failed(lang.say("staff_only"), 403));
    }
    let (today, now) = figures::clock().ok_or_else(|| failed(lang.say("unreadable"), 503))?;
    let zone = call("config_get", &Json::object([("key", "app.timezone".into())]));
    Ok(Visit {
        lang,
        user: args.text("_user_id").parse().unwrap_or(0),
        zone: zone.map_or(String::new(), |found| found.text("value")),
        today,
        now,
    })
}

fn refused(problem: &Problem, lang: Lang) -> Json {
    failed(&page::sentence(problem, lang), 400)
}

/// Reads the address; a report of the last days moves on with today.
fn asked_of(args: &Json, visit: &Visit) -> Result<Asked, Problem> {
    let last = args.text("last");
    let mut asked = Asked::read(args, visit.today, &visit.zone)?;
    if let (false, Ok(days)) = (last.is_empty(), last.parse::<u16>()) {
        let days = i64::from(days).clamp(1, asked::MOST_DAYS);
        (asked.from, asked.to) = (visit.today - days + 1, visit.today);
    }
    Ok(asked)
}

fn show(args: &Json) -> Json {
    let visit = match visit(args) {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    let lang = visit.lang;
    kept::prepare();
    let around = Around {
        lang,
        zone: &visit.zone,
        today: visit.today,
        user: visit.user,
        is_admin: args.is_true("_is_admin"),
        saved: kept::reports(visit.user),
        is_subscribed: kept::is_subscribed(visit.user),
    };
    let html = match asked_of(args, &visit) {
        Err(problem) => page::refused(&problem, &around),
        Ok(asked) => match figures::report(&asked, visit.now, lang) {
            Some(report) => page::page(&report, &around),
            None => return failed(lang.say("unreadable"), 503),
        },
    };
    let html = format!("<title>{}</title>{html}", lang.say("title"));
    Json::object([("title", lang.say("title").into()), ("html", html.as_str().into())])
}

/// Answers with every figure of a report, as JSON.
fn report(args: &Json) -> Json {
    let made = visit(args).and_then(|visit| {
        let asked = asked_of(args, &visit).map_err(|problem| refused(&problem, visit.lang))?;
        let report = figures::report(&asked, visit.now, visit.lang);
        report.ok_or_else(|| failed(visit.lang.say("unreadable"), 503))
    });
    made.map_or_else(|answer| answer, |report| report.json())
}

fn export_file(args: &Json) -> Json {
    let made = visit(args).and_then(|visit| {
        let lang = visit.lang;
        let asked = asked_of(args, &visit).map_err(|problem| refused(&problem, lang))?;
        let report = figures::report(&asked, visit.now, lang);
        let report = report.ok_or_else(|| failed(lang.say("unreadable"), 503))?;
        let format = args.text("format");
        let wrong = Problem { field: "export", found: format.clone(), expected: "expected_format" };
        export::file(&report, lang, &format).ok_or_else(|| refused(&wrong, lang))
    });
    made.unwrap_or_else(|answer| answer)
}

fn done(query: &str) -> Json {
    let to = if query.is_empty() { "/statistics".to_owned() } else { format!("/statistics?{query}") };
    Json::object([("redirect", to.as_str().into())])
}

fn save(args: &Json) -> Json {
    let visit = match visit(args) {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    let wrong = |field, found: &str, expected| {
        refused(&Problem { field, found: found.chars().take(80).collect(), expected }, visit.lang)
    };
    let name = args.text("name").split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 80 {
        return wrong("name", &name, "expected_name");
    }
    // What is kept is what the address means, never what was sent.
    let sent = address(&args.text("query"));
    let asked = match asked_of(&sent, &visit) {
        Ok(asked) => asked,
        Err(problem) => return refused(&problem, visit.lang),
    };
    if !kept::prepare() || kept::count(visit.user) >= kept::MOST_REPORTS {
        return wrong("saved", &kept::MOST_REPORTS.to_string(), "expected_room");
    }
    let mut query = asked.query(asked.by);
    if args.text("relative") == "1" {
        query += &format!("&last={}", asked.days());
    }
    let shared = args.text("shared") == "1";
    if !kept::save(&name, &query, visit.user, &args.text("_user_login"), shared) {
        return failed(visit.lang.say("unreadable"), 503);
    }
    done(&query)
}

/// Reads the part of an address behind `?`, of words without escapes alone.
fn address(text: &str) -> Json {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    Json::object(pairs.map(|(name, value)| (name, value.into())))
}

fn delete(args: &Json) -> Json {
    let visit = match visit(args) {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    let id = args.text("id").parse().unwrap_or(0);
    if !kept::prepare() || !kept::delete(id, visit.user, args.is_true("_is_admin")) {
        return failed(visit.lang.say("unreadable"), 503);
    }
    done("")
}

fn subscribe(args: &Json) -> Json {
    let visit = match visit(args) {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    let changed = kept::prepare()
        && if args.text("on") == "1" {
            kept::subscribe(visit.user, &args.text("_user_email"), visit.lang)
        } else {
            kept::unsubscribe(visit.user)
        };
    if changed { done("") } else { failed(visit.lang.say("unreadable"), 503) }
}
