//! FAQ: articles in categories, for everybody, for people with an account, or for staff.
//!
//! ```text
//! read, edit, history, manage, transfer, ticket    the pages, each its own part
//! search     words, synonyms, and what was found and what was not
//! keep       changes of articles, each whole or not at all
//! store      the tables, and articles as they are kept
//! page       a page's frame; who asks; what was sent
//! markup     Markdown to HTML that cannot do anything; escaping
//! texts      every text of the pages, in English and German
//! host       functions of the help desk
//! ```
mod edit;
mod history;
mod host;
mod keep;
mod manage;
mod markup;
mod page;
mod read;
mod search;
mod store;
mod texts;
mod ticket;
mod transfer;

const FUNCTIONS: &[(&str, host::Function)] = &[
    ("home", read::home),
    ("article", read::article),
    ("picture", read::picture),
    ("vote", read::vote),
    ("suggest", read::suggest),
    ("edit", edit::form),
    ("save", edit::save),
    ("act", edit::act),
    ("preview", edit::preview),
    ("upload", edit::upload),
    ("versions", history::versions),
    ("restore", history::restore),
    ("list", manage::list),
    ("categories", manage::categories),
    ("save_category", manage::save_category),
    ("searches", manage::searches),
    ("save_synonyms", manage::save_synonyms),
    ("transfer", transfer::form),
    ("export", transfer::export),
    ("import", transfer::import),
    ("ticket_widget", ticket::beside),
    ("new_ticket_widget", ticket::while_writing),
    ("insert", ticket::insert),
];

#[no_mangle]
extern "C" fn gk_register() -> u64 {
    host::registered(include_str!("../registration.json"))
}

#[no_mangle]
unsafe extern "C" fn gk_call(
    name: *const u8,
    name_length: usize,
    args: *const u8,
    args_length: usize,
) -> u64 {
    host::called(FUNCTIONS, (name, name_length), (args, args_length))
}
