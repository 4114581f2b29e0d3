//! The weekly report: on Mondays, the figures of the week before, by mail and as a notice.
//!
//! The host sends ten letters a minute for a plugin, so that the job runs again every few minutes,
//! and each run goes on with those who have had none yet.

use crate::asked::Asked;
use crate::days;
use crate::figures::{self, Period};
use crate::goatkit::{call, failed, info};
use crate::json::Json;
use crate::kept;
use crate::words::Lang;

const AT_ONCE: i64 = 10;

pub fn run(args: &Json) -> Json {
    let Some((today, _)) = figures::clock() else {
        return failed("the tickets cannot be read", 503);
    };
    // Tests say which day it is; the host passes a job no arguments.
    let today = days::read(&args.text("today")).unwrap_or(today);
    let monday = today - days::after_monday(today);
    if !kept::prepare() {
        return failed("the subscriptions cannot be read", 503);
    }
    let waiting = kept::waiting(&days::write(monday), AT_ONCE);
    if waiting.is_empty() {
        return Json::object([("sent", Json::Number("0".into()))]);
    }
    let asked = Asked { from: monday - 7, to: monday - 1, ..Asked::last(7, today) };
    let Some([week, before]) = figures::weeks(&asked) else {
        return failed("the tickets cannot be read", 503);
    };
    let mut sent = 0;
    for person in waiting {
        // Written down first: whoever is cut off by a crash misses one, and nobody gets two.
        if !kept::sent(person.user, &days::write(monday)) {
            continue;
        }
        let title = format!(
            "{} {} – {}",
            person.lang.say("week"),
            days::write(asked.from),
            days::write(asked.to)
        );
        let body = letter(person.lang, &week, &before);
        let link = format!("/statistics?{}", asked.query(asked.by));
        let notice = Json::object([
            ("user_id", Json::Number(person.user.to_string())),
            ("title", title.as_str().into()),
            ("body", body.as_str().into()),
            ("link", link.as_str().into()),
        ]);
        let mail = Json::object([
            ("to", person.email.as_str().into()),
            ("subject", title.as_str().into()),
            ("body", body.as_str().into()),
        ]);
        // One of the two is enough: a help desk need not send mail.
        let told = [call("send_notice", &notice).is_some(), call("send_email", &mail).is_some()];
        if told.contains(&true) {
            sent += 1;
        } else {
            kept::sent(person.user, "");
        }
    }
    info(&format!("sent the weekly report to {} people", sent));
    Json::object([("sent", Json::Number(sent.to_string()))])
}

fn letter(lang: Lang, week: &Period, before: &Period) -> String {
    let count = |key, now: i64, then: i64| {
        let (now, then) = (lang.number(now), lang.number(then));
        format!("{}: {} ({} {})\n", lang.say(key), now, lang.say("before"), then)
    };
    let mut text = count("created", week.created, before.created);
    text += &count("resolved", week.resolved.count, before.resolved.count);
    for (key, spans) in [("first_answer", week.answered), ("resolution", week.resolved)] {
        if spans.count > 0 {
            text += &format!(
                "{}: {} {}, {} {}\n",
                lang.say(key),
                lang.say("median"),
                lang.span(spans.median),
                lang.say("p90"),
                lang.span(spans.p90)
            );
        }
    }
    text
}
