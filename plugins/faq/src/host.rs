//! What stands between the plugin and its help desk: functions by name, and the host's functions
//! without pointers.

use std::alloc::{alloc, Layout};

use serde_json::{json, Value};

pub type Function = fn(&Value) -> Value;

/// Calls a function of the host. None where it failed: the reason is in the plugin's log.
pub fn call(name: &str, args: &Value) -> Option<Value> {
    let args = args.to_string();
    let packed = unsafe { host_call(name.as_ptr(), name.len(), args.as_ptr(), args.len()) };
    if packed == 0 {
        return None;
    }
    let (start, length) = ((packed >> 32) as usize, packed as u32 as usize);
    let answer = unsafe { std::slice::from_raw_parts(start as *const u8, length) };
    let read = serde_json::from_slice(answer).ok();
    unsafe { gk_free(start as *mut u8) };
    read
}

/// Reads rows; None where the query failed. No rows come as null.
pub fn query(statement: &str, args: Value) -> Option<Vec<Value>> {
    let found = call("db_query", &json!({"query": statement, "args": args}))?;
    Some(found.as_array().cloned().unwrap_or_default())
}

/// Changes rows of the plugin's own tables; false where that failed.
pub fn exec(statement: &str, args: Value) -> bool {
    call("db_exec", &json!({"query": statement, "args": args})).is_some()
}

/// Statements that are executed together, each with its arguments and with how many rows it has to
/// change where that matters.
#[derive(Default)]
pub struct Together(Vec<Value>);

/// Why nothing was changed.
#[derive(Clone, Copy, PartialEq)]
pub enum Failure {
    /// Somebody else was faster.
    Moved,
    /// It is refused: for want of room, mostly.
    Refused,
}

impl Together {
    pub fn add(&mut self, statement: &str, args: Value) {
        self.0.push(json!({"query": statement, "args": args}));
    }

    /// Adds a statement that has to change one row, else nothing is changed.
    pub fn add_one(&mut self, statement: &str, args: Value) {
        self.0.push(json!({"query": statement, "args": args, "expect": 1}));
    }

    /// Executes all or none.
    pub fn execute(self) -> Result<(), Failure> {
        let answer = call("db_exec", &json!({"statements": self.0})).ok_or(Failure::Refused)?;
        match answer["status"] == "ok" {
            true => Ok(()),
            false => Err(Failure::Moved),
        }
    }
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
    let name = String::from_utf8_lossy(std::slice::from_raw_parts(name, name_length)).into_owned();
    let Some((_, function)) = functions.iter().find(|(known, _)| *known == name) else {
        return give(&json!({"error": format!("unknown function: {name}")}).to_string());
    };
    let read = match args_length {
        0 => Ok(Value::Null),
        _ => serde_json::from_slice(std::slice::from_raw_parts(args, args_length)),
    };
    let answer = match read {
        Ok(args) => function(&args),
        Err(_) => json!({"error": "the arguments are not JSON", "status": 400}),
    };
    give(&answer.to_string())
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
