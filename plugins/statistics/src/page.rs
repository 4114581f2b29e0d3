//! The page of reports: range and filters, the figures, what is saved, and the exports.

use crate::asked::{Asked, By, Problem, EVERY_BY};
use crate::days;
use crate::export::{ages, by_name};
use crate::figures::{Period, Report, Spans};
use crate::kept::Saved;
use crate::charts::{backlog, over_time};
use crate::markup::{escape, shares, STYLE};
use crate::words::Lang;

/// What a page shows beside the figures.
pub struct Around<'a> {
    pub lang: Lang,
    pub zone: &'a str,
    pub today: i64,
    pub user: i64,
    pub is_admin: bool,
    pub saved: Vec<Saved>,
    pub is_subscribed: bool,
}

pub fn page(report: &Report, around: &Around) -> String {
    let lang = around.lang;
    let mut page = String::from(STYLE);
    page += &form(&report.asked, Some(report), around);
    page += &cards(report, lang);
    if report.now.created + report.now.answered.count + report.now.resolved.count == 0 {
        page += &format!("<p class=\"gk-alert\" role=\"status\">{}</p>", lang.say("nothing"));
    }
    page += "<div class=\"st-grid st-charts\">";
    page += &section("over_time", lang, &over_time(lang, &report.bars, true));
    page += &section("backlog", lang, &backlog(lang, &report.bars));
    page += "</div>";
    page += &section_of(&tabs(&report.asked, lang), &lines(report, lang));
    page += "<div class=\"st-grid\">";
    let statuses = shares(lang, lang.say("by_status"), lang.say("status"), &report.statuses);
    page += &card(&statuses);
    page += &card(&shares(lang, lang.say("age"), lang.say("ages"), &ages(report, lang)));
    page += "</div>";
    page += &exports(&report.asked, lang);
    page += "<div class=\"st-grid\">";
    page += &saved(&report.asked, around);
    page += &weekly(around);
    page + "</div>"
}

/// Returns the page for what cannot be asked: the form, and what is wrong.
pub fn refused(problem: &Problem, around: &Around) -> String {
    let lang = around.lang;
    let alert = format!(
        "<p class=\"gk-alert gk-alert-danger\" role=\"alert\">{}</p>",
        escape(&sentence(problem, lang))
    );
    format!("{STYLE}{alert}{}", form(&Asked::last(30, around.today), None, around))
}

pub fn sentence(problem: &Problem, lang: Lang) -> String {
    format!(
        "{}: {} {}, {} „{}“",
        lang.say(problem.field),
        lang.say("expected"),
        lang.say(problem.expected),
        lang.say("found"),
        problem.found
    )
}

fn card(inside: &str) -> String {
    format!("<div class=\"gk-card\"><div class=\"gk-card-body st-scroll\">{inside}</div></div>")
}

fn section(title: &'static str, lang: Lang, inside: &str) -> String {
    section_of(&format!("<h2>{}</h2>", lang.say(title)), inside)
}

fn section_of(head: &str, inside: &str) -> String {
    card(&format!("{head}{inside}"))
}

fn form(asked: &Asked, report: Option<&Report>, around: &Around) -> String {
    let lang = around.lang;
    let mut form = format!(
        "<form method=\"get\" action=\"/statistics\" class=\"gk-card\" aria-label=\"{}\">\
         <div class=\"gk-card-body\"><div class=\"st-form\">",
        lang.say("filters")
    );
    for (name, day) in [("from", asked.from), ("to", asked.to)] {
        form += &format!(
            "<div><label class=\"gk-form-label\" for=\"{name}\">{}</label><input class=\"gk-input\" \
             type=\"date\" id=\"{name}\" name=\"{name}\" value=\"{}\" required></div>",
            lang.say(name),
            days::write(day)
        );
    }
    for (place, by) in EVERY_BY.iter().enumerate() {
        let name = by.name();
        form += &format!(
            "<div><label class=\"gk-form-label\" for=\"{name}\">{}</label><select class=\"gk-select\" \
             id=\"{name}\" name=\"{name}\"><option value=\"\">{}</option>",
            lang.say(name),
            lang.say("all")
        );
        for (id, label) in report.map(|report| report.names.of[place].iter()).into_iter().flatten() {
            let chosen = if asked.only[place] == Some(*id) { " selected" } else { "" };
            form += &format!("<option value=\"{id}\"{chosen}>{}</option>", escape(label));
        }
        form += "</select></div>";
    }
    form += &format!(
        "<input type=\"hidden\" name=\"by\" value=\"{}\"><div><button class=\"gk-btn-primary\">{}\
         </button></div></div><p class=\"text-sm mt-2 mb-1\">{}: ",
        asked.by.name(),
        lang.say("show"),
        lang.say("last_days"),
    );
    for count in [7, 30, 90, 365] {
        let link = Asked { from: around.today - count + 1, to: around.today, ..asked.clone() };
        let chosen = if link.from == asked.from && link.to == asked.to {
            " aria-current=\"true\""
        } else {
            ""
        };
        form += &format!(
            "<a href=\"/statistics?{}\"{chosen}>{count} {}</a> ",
            escape(&link.query(asked.by)),
            lang.say("days")
        );
    }
    form += &format!("</p><p class=\"text-sm m-0\">{}{}", lang.say("hint"), escape(around.zone));
    if report.is_some() {
        form += &format!(
            " · {}: {} – {}",
            lang.say("period_before"),
            days::write(asked.from - asked.days()),
            days::write(asked.from - 1)
        );
    }
    form + "</p></div></form>"
}

/// Returns the numbers at the top, each beside that of the period before.
fn cards(report: &Report, lang: Lang) -> String {
    let (now, before) = (&report.now, &report.before);
    let mut cards = String::from("<div class=\"st-grid st-figures\">");
    let mut add = |label: &str, value: &str, under: &str| {
        cards += &format!(
            "<div class=\"gk-stat-card\"><div class=\"gk-stat-label\">{label}</div>\
             <div class=\"gk-stat-value\">{value}</div><div class=\"gk-stat-label\">{under}</div></div>"
        );
    };
    add(
        lang.say("open_now"),
        &lang.number(report.open),
        &format!("{} {}", lang.number(report.unassigned), lang.say("unassigned")),
    );
    for (key, count, then) in [
        ("created", now.created, before.created),
        ("resolved", now.resolved.count, before.resolved.count),
    ] {
        let under = format!("{}, {} {}", change(count, then, lang), lang.number(then), lang.say("before"));
        add(lang.say(key), &lang.number(count), &under);
    }
    for (key, spans, then) in [
        ("first_answer", now.answered, before.answered),
        ("resolution", now.resolved, before.resolved),
    ] {
        let value = median(lang, &spans);
        let under = format!(
            "{}, {} {}; {} {}",
            lang.say("median"),
            lang.say("p90"),
            p90(lang, &spans),
            lang.say("before"),
            median(lang, &then)
        );
        add(lang.say(key), &value, &under);
    }
    cards + "</div>"
}

fn change(now: i64, before: i64, lang: Lang) -> String {
    match (now - before, before) {
        (0, _) => lang.say("unchanged").to_owned(),
        (more, 0) => format!("+{}", lang.number(more)),
        (more, _) => {
            let percent = (more * 1_000 / before + 5 * more.signum()) / 10;
            format!("{}{} %", if more > 0 { "+" } else { "" }, lang.number(percent))
        }
    }
}

pub fn median(lang: Lang, spans: &Spans) -> String {
    if spans.count == 0 { "–".into() } else { lang.span(spans.median) }
}

pub fn p90(lang: Lang, spans: &Spans) -> String {
    if spans.count == 0 { "–".into() } else { lang.span(spans.p90) }
}

fn tabs(asked: &Asked, lang: Lang) -> String {
    let mut tabs = format!("<h2>{}</h2><p>", by_name(lang, asked.by));
    for by in EVERY_BY {
        let current = if by == asked.by { " aria-current=\"page\"" } else { "" };
        let class = if by == asked.by { "gk-btn-primary" } else { "gk-btn" };
        tabs += &format!(
            "<a class=\"{class}\" href=\"/statistics?{}\"{current}>{}</a> ",
            escape(&asked.query(by)),
            lang.say(by.name())
        );
    }
    tabs + "</p>"
}

fn lines(report: &Report, lang: Lang) -> String {
    let mut table = format!(
        "<div class=\"st-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\
         <table class=\"st-wide\"><thead><tr><th scope=\"col\">{}</th>",
        by_name(lang, report.asked.by),
        lang.say(report.asked.by.name())
    );
    for key in ["created", "resolved", "open_now"] {
        table += &format!("<th scope=\"col\" class=\"n\">{}</th>", lang.say(key));
    }
    for key in ["first_answer", "resolution"] {
        for of in ["median", "p90"] {
            table += &format!("<th scope=\"col\" class=\"n\">{}, {}</th>", lang.say(key), lang.say(of));
        }
    }
    table += "</tr></thead><tbody>";
    for line in &report.lines {
        let Period { created, answered, resolved } = &line.period;
        table += &format!("<tr><th scope=\"row\">{}</th>", escape(&line.name));
        for value in [
            lang.number(*created),
            lang.number(resolved.count),
            lang.number(line.open),
            median(lang, answered),
            p90(lang, answered),
            median(lang, resolved),
            p90(lang, resolved),
        ] {
            table += &format!("<td class=\"n\">{value}</td>");
        }
        table += "</tr>";
    }
    table + "</tbody></table></div>"
}

fn exports(asked: &Asked, lang: Lang) -> String {
    let link = |format: &str| {
        format!(
            "<a class=\"gk-btn\" href=\"/statistics/export?format={}&amp;{}\">{}</a> ",
            format,
            escape(&asked.query(asked.by)),
            format.to_uppercase()
        )
    };
    card(&format!("<p>{}: {}{}</p>", lang.say("export"), link("csv"), link("xlsx")))
}

fn saved(asked: &Asked, around: &Around) -> String {
    let lang = around.lang;
    let mut list = String::new();
    for one in &around.saved {
        let whose = match (one.owner == around.user, one.is_shared) {
            (true, false) => String::new(),
            (true, true) => format!(" ({})", lang.say("shared")),
            (false, _) => format!(" ({} {})", lang.say("shared_by"), escape(&one.owner_name)),
        };
        list += &format!(
            "<li><a href=\"/statistics?{}\">{}</a>{whose}",
            escape(&one.query),
            escape(&one.name)
        );
        if one.owner == around.user || around.is_admin {
            list += &format!(
                " <form method=\"post\" action=\"/statistics/delete\" style=\"display:inline\">\
                 <input type=\"hidden\" name=\"id\" value=\"{}\"><button class=\"gk-btn\" \
                 aria-label=\"{} {}\">{}</button></form>",
                one.id,
                lang.say("delete"),
                escape(&one.name),
                lang.say("delete")
            );
        }
        list += "</li>";
    }
    let list = if list.is_empty() {
        format!("<p>{}</p>", lang.say("no_saved"))
    } else {
        format!("<ul>{list}</ul>")
    };
    let by: By = asked.by;
    section("saved", lang, &format!(
        "{list}<form method=\"post\" action=\"/statistics/save\">\
         <input type=\"hidden\" name=\"query\" value=\"{}\">\
         <label class=\"gk-form-label\" for=\"name\">{}</label>\
         <input class=\"gk-input\" id=\"name\" name=\"name\" maxlength=\"80\" required>\
         <p class=\"mt-2\"><label><input type=\"checkbox\" name=\"relative\" value=\"1\"{}> {}</label><br>\
         <label><input type=\"checkbox\" name=\"shared\" value=\"1\"> {}</label></p>\
         <button class=\"gk-btn\">{}</button></form>",
        escape(&asked.query(by)),
        lang.say("save"),
        if asked.to == around.today { " checked" } else { "" },
        lang.say("moves"),
        lang.say("share"),
        lang.say("save_it"),
    ))
}

fn weekly(around: &Around) -> String {
    let lang = around.lang;
    let (text, button, on) = if around.is_subscribed {
        ("weekly_on", "weekly_stop", "0")
    } else {
        ("weekly_off", "weekly_start", "1")
    };
    section("weekly", lang, &format!(
        "<p>{}</p><form method=\"post\" action=\"/statistics/weekly\">\
         <input type=\"hidden\" name=\"on\" value=\"{on}\"><button class=\"gk-btn\">{}</button></form>",
        lang.say(text),
        lang.say(button)
    ))
}
