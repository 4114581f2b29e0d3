//! What stands between a plugin and its help desk: functions by name, and the host's functions
//! without pointers.
#![allow(dead_code)]

use std::alloc::{alloc, Layout};

use crate::json::Json;

/// A handler of a route, a widget or a job.
pub type Function = fn(&Json) -> Json;

/// Returns the answer of a function that failed, with the status that a route responds with.
pub fn failed(text: &str, status: u32) -> Json {
    Json::object([
        ("error", text.into()),
        ("status", Json::Number(status.to_string())),
    ])
}

/// Calls a function of the host, such as `cache_get` or `send_email`. None where it failed: the
/// reason is in the plugin's log.
pub fn call(name: &str, args: &Json) -> Option<Json> {
    let args = args.to_string();
    let packed = unsafe { host_call(name.as_ptr(), name.len(), args.as_ptr(), args.len()) };
    if packed == 0 {
        return None;
    }
    let (start, length) = ((packed >> 32) as usize, packed as u32 as usize);
    let answer = unsafe { std::slice::from_raw_parts(start as *const u8, length) };
    let read = Json::parse(&String::from_utf8_lossy(answer));
    unsafe { gk_free(start as *mut u8) };
    read
}

/// Reads rows; None where the query failed.
pub fn query(statement: &str, args: Vec<Json>) -> Option<Vec<Json>> {
    let rows = call(
        "db_query",
        &Json::object([("query", statement.into()), ("args", Json::Array(args))]),
    )?;
    Some(rows.items().to_vec())
}

/// Returns a text in the viewer's language, the key where there is none.
pub fn translate(key: &str) -> String {
    match call("translate", &Json::object([("key", key.into())])) {
        Some(found) => found.text("value"),
        None => key.to_owned(),
    }
}

pub fn debug(line: &str) {
    unsafe { log(0, line.as_ptr(), line.len()) }
}

pub fn info(line: &str) {
    unsafe { log(1, line.as_ptr(), line.len()) }
}

pub fn warn(line: &str) {
    unsafe { log(2, line.as_ptr(), line.len()) }
}

pub fn error(line: &str) {
    unsafe { log(3, line.as_ptr(), line.len()) }
}

/// Answers `gk_register`.
pub fn registered(document: &str) -> u64 {
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
    give(document)
}

/// Answers `gk_call`.
///
/// # Safety
/// Both pointers must lead to so many bytes.
pub unsafe fn called(
    functions: &[(&str, Function)],
    (name, name_length): (*const u8, usize),
    (args, args_length): (*const u8, usize),
) -> u64 {
    let name = text(name, name_length);
    let function = functions.iter().find(|(known, _)| *known == name);
    let answer = match (function, args_length) {
        (None, _) => Json::object([("error", format!("unknown function: {}", name)[..].into())]),
        (Some((_, function)), 0) => function(&Json::Null),
        (Some((_, function)), _) => match Json::parse(&text(args, args_length)) {
            Some(args) => function(&args),
            None => failed("the arguments are not JSON", 400),
        },
    };
    give(&answer.to_string())
}

unsafe fn text(start: *const u8, length: usize) -> String {
    String::from_utf8_lossy(std::slice::from_raw_parts(start, length)).into_owned()
}

/// Hands a text to the host, which frees it.
fn give(text: &str) -> u64 {
    let start = gk_malloc(text.len());
    if start.is_null() {
        return 0;
    }
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), start, text.len()) };
    (start as u64) << 32 | text.len() as u64
}

const HEADER: usize = 16;

/// For the host, which writes what it passes into memory of the plugin's.
#[no_mangle]
extern "C" fn gk_malloc(size: usize) -> *mut u8 {
    // gk_free is told no size, so that the size stands before the block.
    match Layout::from_size_align(size + HEADER, HEADER) {
        Ok(layout) => unsafe {
            let start = alloc(layout);
            if start.is_null() {
                return start;
            }
            (start as *mut usize).write(size + HEADER);
            start.add(HEADER)
        },
        Err(_) => std::ptr::null_mut(),
    }
}

#[no_mangle]
unsafe extern "C" fn gk_free(start: *mut u8) {
    if start.is_null() {
        return;
    }
    let block = start.sub(HEADER);
    let size = (block as *const usize).read();
    std::alloc::dealloc(block, Layout::from_size_align_unchecked(size, HEADER));
}

#[link(wasm_import_module = "gk")]
extern "C" {
    fn host_call(name: *const u8, name_length: usize, args: *const u8, args_length: usize) -> u64;
    fn log(level: u32, text: *const u8, length: usize);
}
