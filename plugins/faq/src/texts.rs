//! Every text of the pages, in English and German.

/// Key, English, German; sorted by key.
const TEXTS: &[(&str, &str, &str)] = &[
    ("ago", "Changed", "Geändert"),
    ("answers", "Articles that may help", "Artikel, die helfen könnten"),
    ("archive", "Archive", "Archivieren"),
    ("archived", "Archived", "Archiviert"),
    ("articles", "Articles", "Artikel"),
    ("ask_review", "Ask for review", "Zur Prüfung geben"),
    ("audience", "Who can read it", "Wer darf lesen"),
    ("author", "Author", "Autor"),
    ("body", "Text (Markdown)", "Text (Markdown)"),
    ("categories", "Categories", "Kategorien"),
    ("category", "Category", "Kategorie"),
    ("category_name", "Name", "Name"),
    ("changes", "What changed", "Was sich geändert hat"),
    ("compare", "Compare", "Vergleichen"),
    ("delete", "Delete", "Löschen"),
    ("done_archived", "The article is archived: readers no longer see it.", "Der Artikel ist archiviert: Leser sehen ihn nicht mehr."),
    ("done_category", "The category is saved.", "Die Kategorie ist gespeichert."),
    ("done_draft", "The draft is saved. Readers do not see it yet.", "Der Entwurf ist gespeichert. Leser sehen ihn noch nicht."),
    ("done_published", "The article is published.", "Der Artikel ist veröffentlicht."),
    ("done_rejected", "The article went back to its author as a draft.", "Der Artikel ging als Entwurf zurück."),
    ("done_restored", "The version was restored as a new draft. Publish it to show it to readers.", "Die Version wurde als neuer Entwurf wiederhergestellt. Veröffentlichen zeigt sie den Lesern."),
    ("done_review", "The article waits for review.", "Der Artikel wartet auf Prüfung."),
    ("done_synonyms", "The synonyms are saved.", "Die Synonyme sind gespeichert."),
    ("done_voted", "Thank you.", "Danke."),
    ("draft", "Draft", "Entwurf"),
    ("edit", "Edit", "Bearbeiten"),
    ("empty", "No articles yet.", "Noch keine Artikel."),
    ("export", "Export as CSV", "Als CSV exportieren"),
    ("faq", "FAQ", "FAQ"),
    ("file", "CSV file, up to 4 MB", "CSV-Datei, bis 4 MB"),
    ("find", "Search", "Suchen"),
    ("find_in", "Search the FAQ", "FAQ durchsuchen"),
    ("first_category", "General", "Allgemein"),
    ("found_none", "Nothing found. Try other words.", "Nichts gefunden. Versuchen Sie andere Wörter."),
    ("found_some", "Found", "Gefunden"),
    ("from_ticket", "Make an article of this ticket", "Artikel aus diesem Ticket machen"),
    ("helpful", "Was this helpful?", "War das hilfreich?"),
    ("import", "Import", "Importieren"),
    ("import_failed", "The file could not be read", "Die Datei konnte nicht gelesen werden"),
    ("import_hint", "Columns: title, category, audience, state, keywords, tickets, body. The FAQ export of OTRS (title;category;language;statetype;field1;…;keywords) is recognized too.", "Spalten: title, category, audience, state, keywords, tickets, body. Der FAQ-Export von OTRS (title;category;language;statetype;field1;…;keywords) wird auch erkannt."),
    ("imported", "Articles imported", "Artikel importiert"),
    ("insert", "Insert into reply", "In Antwort einfügen"),
    ("keywords", "Keywords for search", "Suchwörter"),
    ("linked", "Articles linked to this ticket", "Artikel zu diesem Ticket"),
    ("list_state", "State", "Status"),
    ("log_in", "Log in", "Anmelden"),
    ("missed", "Searched and not found", "Gesucht und nicht gefunden"),
    ("most_read", "Often read", "Oft gelesen"),
    ("move_up", "Position", "Position"),
    ("new_article", "New article", "Neuer Artikel"),
    ("new_category", "New category", "Neue Kategorie"),
    ("no", "No", "Nein"),
    ("none", "None", "Keine"),
    ("not_found", "There is no such article, or you may not read it.", "Diesen Artikel gibt es nicht, oder Sie dürfen ihn nicht lesen."),
    ("not_granted", "The FAQ cannot store anything: an admin has to grant it tables of its own (db:write:faq_*).", "Die FAQ kann nichts speichern: Ein Admin muss ihr eigene Tabellen erlauben (db:write:faq_*)."),
    ("note", "What changed (optional)", "Was sich geändert hat (optional)"),
    ("picture", "Add a picture", "Bild hinzufügen"),
    ("picture_bad", "A picture is a PNG, JPEG, GIF or WebP file of up to 1 MB.", "Ein Bild ist eine PNG-, JPEG-, GIF- oder WebP-Datei bis 1 MB."),
    ("preview", "Preview", "Vorschau"),
    ("problem_body", "The text is empty, or longer than 200,000 characters.", "Der Text ist leer oder länger als 200.000 Zeichen."),
    ("problem_conflict", "Somebody else saved this article meanwhile. Your text is below: compare it with the newest version before you save again.", "Jemand anderes hat den Artikel inzwischen gespeichert. Ihr Text steht unten: Vergleichen Sie ihn mit der neuesten Version, bevor Sie erneut speichern."),
    ("problem_saved", "The article could not be saved: the FAQ's store may be full.", "Der Artikel konnte nicht gespeichert werden: Der Speicher der FAQ ist vielleicht voll."),
    ("problem_title", "Give the article a title.", "Geben Sie dem Artikel einen Titel."),
    ("public", "Everybody, also without an account", "Alle, auch ohne Konto"),
    ("publish", "Publish", "Veröffentlichen"),
    ("published", "Published", "Veröffentlicht"),
    ("reject", "Back to draft", "Zurück zum Entwurf"),
    ("restore", "Restore", "Wiederherstellen"),
    ("review", "In review", "In Prüfung"),
    ("review_own", "Somebody else has to publish what you gave for review.", "Was Sie zur Prüfung gegeben haben, muss jemand anderes veröffentlichen."),
    ("save", "Save", "Speichern"),
    ("save_draft", "Save as a draft", "Als Entwurf speichern"),
    ("search_words", "Words", "Wörter"),
    ("searches", "Searches", "Suchen"),
    ("see", "See the article", "Artikel ansehen"),
    ("staff", "Staff only", "Nur Mitarbeiter"),
    ("staff_only", "This page is for staff.", "Diese Seite ist für Mitarbeiter."),
    ("synonyms", "Synonyms", "Synonyme"),
    ("synonyms_hint", "One group of words a line, separated by commas: printer, copier, MFP", "Eine Gruppe von Wörtern je Zeile, durch Kommas getrennt: Drucker, Kopierer, MFP"),
    ("tickets", "Related tickets, by number", "Zugehörige Tickets, nach Nummer"),
    ("tickets_shown", "Related tickets", "Zugehörige Tickets"),
    ("times", "Times", "Anzahl"),
    ("title", "Title", "Titel"),
    ("transfer", "Import, export", "Import, Export"),
    ("users", "People with an account", "Personen mit Konto"),
    ("version", "Version", "Version"),
    ("versions", "Versions", "Versionen"),
    ("views", "Views", "Aufrufe"),
    ("yes", "Yes", "Ja"),
];

pub fn find(key: &str, german: bool) -> &'static str {
    match TEXTS.binary_search_by_key(&key, |(known, _, _)| known) {
        Ok(place) if german => TEXTS[place].2,
        Ok(place) => TEXTS[place].1,
        Err(_) => "",
    }
}

pub fn is_known(key: &str) -> bool {
    TEXTS.binary_search_by_key(&key, |(known, _, _)| known).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_texts_are_sorted() {
        assert!(super::TEXTS.is_sorted_by_key(|(key, _, _)| *key));
    }
}
