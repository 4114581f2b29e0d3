//! Cards of the dashboard. Each asks only for what it shows.

use std::collections::BTreeMap;

use crate::asked::{Asked, By};
use crate::export::age_names;
use crate::figures;
use crate::goatkit::failed;
use crate::json::Json;
use crate::charts::over_time;
use crate::markup::{shares, STYLE};
use crate::page::{median, p90};
use crate::tickets::open;
use crate::words::Lang;

const MOST_LINES: usize = 8;

/// Answers with a card, made of today, now and the language.
fn card(args: &Json, make: fn(&Asked, i64, Lang) -> Option<String>) -> Json {
    let lang = Lang::read(&args.text("_lang"));
    let made = figures::clock().and_then(|(today, now)| make(&Asked::last(30, today), now, lang));
    match made {
        Some(html) => {
            let link = format!("<p class=\"m-0\"><a href=\"/statistics\">{}</a></p>", lang.say("details"));
            Json::object([("html", format!("{STYLE}{html}{link}").as_str().into())])
        }
        None => failed(lang.say("unreadable"), 503),
    }
}

pub fn statuses(args: &Json) -> Json {
    card(args, |asked, _, lang| {
        let rows = figures::statuses(asked, &figures::names(lang)?)?;
        Some(shares(lang, lang.say("by_status"), lang.say("status"), &rows))
    })
}

pub fn trend(args: &Json) -> Json {
    card(args, |asked, now, lang| Some(over_time(lang, &figures::trend(asked, now)?, false)))
}

pub fn times(args: &Json) -> Json {
    card(args, |asked, _, lang| {
        let [now, before] = figures::weeks(asked)?;
        let mut table = format!(
            "<table><caption class=\"text-left\">{}</caption><thead><tr><td></td>",
            lang.say("last_30")
        );
        for key in ["median", "p90", "period_before"] {
            table += &format!("<th scope=\"col\" class=\"n\">{}</th>", lang.say(key));
        }
        table += "</tr></thead><tbody>";
        for (key, spans, then) in [
            ("first_answer", now.answered, before.answered),
            ("resolution", now.resolved, before.resolved),
        ] {
            table += &format!(
                "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td>\
                 <td class=\"n\">{}</td></tr>",
                lang.say(key),
                median(lang, &spans),
                p90(lang, &spans),
                median(lang, &then)
            );
        }
        Some(table + "</tbody></table>")
    })
}

pub fn age(args: &Json) -> Json {
    card(args, |asked, now, lang| {
        let counts = open(asked, None, &BTreeMap::new(), now)?.ages;
        let rows: Vec<_> = age_names(lang).into_iter().zip(counts).collect();
        Some(shares(lang, lang.say("age"), lang.say("ages"), &rows))
    })
}

pub fn category(args: &Json) -> Json {
    card(args, |asked, now, lang| open_by(asked, By::Category, now, lang))
}

pub fn group(args: &Json) -> Json {
    card(args, |asked, now, lang| open_by(asked, By::Group, now, lang))
}

pub fn assignee(args: &Json) -> Json {
    card(args, |asked, now, lang| open_by(asked, By::Assignee, now, lang))
}

pub fn priority(args: &Json) -> Json {
    card(args, |asked, now, lang| open_by(asked, By::Priority, now, lang))
}

fn open_by(asked: &Asked, by: By, now: i64, lang: Lang) -> Option<String> {
    let names = figures::names(lang)?;
    let found = open(asked, Some(by), &names.owners, now)?.by;
    let mut rows: Vec<(String, i64)> =
        found.into_iter().map(|(id, count)| (names.name(by, id), count)).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1));
    rows.truncate(MOST_LINES);
    Some(shares(lang, lang.say("open_now"), lang.say(by.name()), &rows))
}
