//! What pages and letters say, in English and German; numbers and spans as each writes them.

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    En,
    De,
}

impl Lang {
    /// Reads a language's code, such as the host's `_lang`; English for every other.
    pub fn read(code: &str) -> Lang {
        match code {
            "de" => Lang::De,
            _ => Lang::En,
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::De => "de",
        }
    }

    /// Returns a text, the key itself where there is none.
    pub fn say(self, key: &'static str) -> &'static str {
        match WORDS.iter().find(|(known, _, _)| *known == key) {
            Some((_, en, de)) => match self {
                Lang::En => en,
                Lang::De => de,
            },
            None => key,
        }
    }

    /// Writes a whole number in groups of three digits.
    pub fn number(self, value: i64) -> String {
        let digits = value.abs().to_string();
        let mut written = String::new();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i) % 3 == 0 {
                written.push(if self == Lang::De { '.' } else { ',' });
            }
            written.push(digit);
        }
        if value < 0 {
            written.insert(0, '−');
        }
        written
    }

    /// Writes a span of so many seconds in its two largest units.
    pub fn span(self, seconds: f64) -> String {
        let whole = seconds.round() as i64;
        let (day, hour) = match self {
            Lang::En => ("d", "h"),
            Lang::De => ("T", "Std."),
        };
        match whole {
            0..=59 => format!("{} s", whole),
            60..=3_599 => format!("{} min", (whole + 30) / 60),
            3_600..=86_399 => two(whole, 3_600, hour, 60, "min"),
            _ => two(whole, 86_400, day, 3_600, hour),
        }
    }
}

fn two(whole: i64, large: i64, of_large: &str, small: i64, of_small: &str) -> String {
    match whole % large / small {
        0 => format!("{} {}", whole / large, of_large),
        rest => format!("{} {} {} {}", whole / large, of_large, rest, of_small),
    }
}

#[rustfmt::skip]
const WORDS: [(&str, &str, &str); 98] = [
    ("title", "Statistics", "Statistik"),
    ("from", "From", "Von"),
    ("to", "To", "Bis"),
    ("show", "Show", "Anzeigen"),
    ("range", "Range", "Zeitraum"),
    ("filters", "Range and filters", "Zeitraum und Filter"),
    ("days", "days", "Tage"),
    ("last_days", "Last", "Letzte"),
    ("category", "Category", "Kategorie"),
    ("group", "Group", "Gruppe"),
    ("assignee", "Assignee", "Bearbeiter"),
    ("priority", "Priority", "Priorität"),
    ("all", "All", "Alle"),
    ("by", "By", "Nach"),
    ("status", "Status", "Status"),
    ("tickets", "Tickets", "Tickets"),
    ("now", "Now", "Jetzt"),
    ("by_status", "Tickets now, by status", "Tickets jetzt, nach Status"),
    ("open", "Open", "Offen"),
    ("open_now", "Open now", "Jetzt offen"),
    ("unassigned", "unassigned", "nicht zugewiesen"),
    ("created", "Created", "Erstellt"),
    ("resolved", "Resolved", "Gelöst"),
    ("over_time", "Created and resolved", "Erstellt und gelöst"),
    ("backlog", "Open tickets over time", "Offene Tickets im Verlauf"),
    ("open_then", "Open at the end", "Offen am Ende"),
    ("first_answer", "First answer", "Erste Antwort"),
    ("resolution", "Time to resolve", "Zeit bis zur Lösung"),
    ("median", "median", "Median"),
    ("p90", "90 % within", "90 % innerhalb"),
    ("age", "Age of open tickets", "Alter offener Tickets"),
    ("before", "before", "davor"),
    ("period_before", "The period before", "Der Zeitraum davor"),
    ("none", "none", "keine"),
    ("nothing", "No tickets were created, answered or resolved in this range.", "In diesem Zeitraum wurden keine Tickets erstellt, beantwortet oder gelöst."),
    ("as_table", "Show as table", "Als Tabelle anzeigen"),
    ("day", "Day", "Tag"),
    ("export", "Export", "Exportieren"),
    ("saved", "Saved reports", "Gespeicherte Berichte"),
    ("save", "Save this report", "Diesen Bericht speichern"),
    ("save_it", "Save", "Speichern"),
    ("name", "Name", "Name"),
    ("share", "Share with all staff", "Mit allen Mitarbeitern teilen"),
    ("shared_by", "shared by", "geteilt von"),
    ("shared", "shared", "geteilt"),
    ("delete", "Delete", "Löschen"),
    ("moves", "Keep it relative to today", "Zeitraum mit dem heutigen Tag mitführen"),
    ("weekly", "Weekly report", "Wöchentlicher Bericht"),
    ("weekly_off", "Each Monday, receive the figures of the week before by email and as a notice.", "Jeden Montag die Zahlen der Vorwoche per E-Mail und als Hinweis erhalten."),
    ("weekly_on", "You receive the figures of the week before each Monday, by email and as a notice.", "Sie erhalten jeden Montag die Zahlen der Vorwoche per E-Mail und als Hinweis."),
    ("weekly_start", "Send me the weekly report", "Wöchentlichen Bericht abonnieren"),
    ("weekly_stop", "Stop the weekly report", "Wöchentlichen Bericht abbestellen"),
    ("week", "Tickets in the week", "Tickets in der Woche"),
    ("no_category", "No category", "Ohne Kategorie"),
    ("no_group", "No group", "Ohne Gruppe"),
    ("nobody", "Nobody", "Niemand"),
    ("low", "Low", "Niedrig"),
    ("medium", "Medium", "Mittel"),
    ("high", "High", "Hoch"),
    ("critical", "Critical", "Kritisch"),
    ("age0", "Less than a day", "Unter einem Tag"),
    ("age1", "1 to 3 days", "1 bis 3 Tage"),
    ("age2", "3 to 7 days", "3 bis 7 Tage"),
    ("age3", "7 to 30 days", "7 bis 30 Tage"),
    ("age4", "30 to 90 days", "30 bis 90 Tage"),
    ("age5", "90 days and more", "90 Tage und mehr"),
    ("found", "found", "gefunden"),
    ("expected", "expected", "erwartet"),
    ("zone", "Time zone", "Zeitzone"),
    ("expected_zone", "the server's time zone; leave zone out", "die Zeitzone des Servers; zone weglassen"),
    ("expected_day", "a day from 1971 on, such as 2026-03-29", "ein Tag ab 1971, wie 2026-03-29"),
    ("expected_by", "category, group, assignee or priority", "category, group, assignee oder priority"),
    ("expected_number", "a number from the list", "eine Nummer aus der Liste"),
    ("expected_order", "a first day that is not after the last", "ein erster Tag, der nicht nach dem letzten liegt"),
    ("expected_span", "at most 3,660 days", "höchstens 3.660 Tage"),
    ("expected_name", "a name of 1 to 80 characters", "ein Name mit 1 bis 80 Zeichen"),
    ("expected_room", "at most 100 reports; delete one first", "höchstens 100 Berichte; zuerst einen löschen"),
    ("expected_format", "csv or xlsx", "csv oder xlsx"),
    ("staff_only", "statistics are for staff", "Statistiken sind für Mitarbeiter"),
    ("unreadable", "The tickets cannot be read. An admin sees the reason in the plugin's log.", "Die Tickets können nicht gelesen werden. Ein Admin sieht den Grund im Protokoll des Plugins."),
    ("details", "Full report", "Ganzer Bericht"),
    ("share_of", "Share", "Anteil"),
    ("period", "Period", "Zeitraum"),
    ("figure", "Figure", "Kennzahl"),
    ("answered", "First answered", "Erstmals beantwortet"),
    ("answer_median", "First answer, median (s)", "Erste Antwort, Median (s)"),
    ("answer_p90", "First answer, 90 % within (s)", "Erste Antwort, 90 % innerhalb (s)"),
    ("resolve_median", "Time to resolve, median (s)", "Zeit bis zur Lösung, Median (s)"),
    ("resolve_p90", "Time to resolve, 90 % within (s)", "Zeit bis zur Lösung, 90 % innerhalb (s)"),
    ("summary", "Summary", "Übersicht"),
    ("over", "Over time", "Verlauf"),
    ("ages", "Age", "Alter"),
    ("last_30", "last 30 days", "letzte 30 Tage"),
    ("yours", "Only you see it.", "Nur für Sie sichtbar."),
    ("no_saved", "No reports are saved yet.", "Noch keine Berichte gespeichert."),
    ("hint", "Times are the server's: ", "Zeiten des Servers: "),
    ("unchanged", "no change", "unverändert"),
    ("fixed", "the same days", "gleiche Tage"),
];
