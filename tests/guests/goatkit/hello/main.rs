//! A plugin of generation A that imports nothing of the host's, with faults in its registration.
use std::collections::HashMap;

const MANIFEST: &str = r#"{"Name":"hello-goat","VERSION":"1.0.0","description":"Says hello","author":"Fred",
"routes":[{"method":"GET","path":"/api/plugins/hello-goat","handler":"hello"},
          {"method":"FETCH","path":"/api/plugins/hello-goat/named/:name/of/:place","handler":"hello","middleware":["auth"]},
          {"method":"GET","path":42,"handler":"broken"},
          {"method":"PUT","path":"/api/plugins/hello-goat/item/:id","handler":"echo","middleware":["auth"]},
          {"method":"DELETE","path":"/api/plugins/hello-goat/item/:id","handler":"echo","middleware":["auth"]},
          {"method":"PATCH","path":"/api/plugins/hello-goat/item/:id","handler":"echo","middleware":["auth"]}],
"widgets":[{"id":"hello","title":"hello-goat.title","handler":"widget","location":"dashboard","size":"small"}],
"menu_items":[{"id":"m","label":"Hello","path":"/hello-goat","location":"customer"}],
"i18n":{"en":{"title":"Hello"},"de":{"title":"Hallo"}},
"permissions":["db:read","http:*"],"min_host_version":"0.6.4","unknown_key":{"a":[1,2,3]},
"templates":[{"name":"ticket_detail","path":"x.html"},{"name":"login","override":true}],
"jobs":[{"id":"never","handler":"job","schedule":"0 0 30 2 *","enabled":true},{"id":"off","handler":"job","schedule":"* * * * *"}]}"#;

fn pack(s: String) -> u64 {
    let b = s.into_bytes().into_boxed_slice();
    let len = b.len() as u64;
    let p = Box::into_raw(b) as *mut u8 as usize as u64;
    (p << 32) | len
}

#[no_mangle] pub extern "C" fn gk_malloc(size: u32) -> u32 {
    if size == 0 { panic!("gk_malloc(0)"); }
    let mut v: Vec<u8> = Vec::with_capacity(size as usize);
    let p = v.as_mut_ptr() as usize as u32;
    std::mem::forget(v);
    p
}
#[no_mangle] pub extern "C" fn gk_free(_p: u32) {}
#[no_mangle] pub extern "C" fn gk_register() -> u64 { pack(MANIFEST.to_string()) }
#[no_mangle] pub extern "C" fn gk_call(f: u32, fl: u32, a: u32, al: u32) -> u64 {
    let name = unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(f as usize as *const u8, fl as usize)) };
    let args = if al == 0 { "" } else { unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(a as usize as *const u8, al as usize)) } };
    let mut counts: HashMap<char, usize> = HashMap::new();
    for c in args.chars() { *counts.entry(c).or_default() += 1; }
    match name {
        "hello" => pack(format!("{{\"message\":\"Hello!\",\"args\":{}}}", if args.is_empty() { "null" } else { args })),
        "echo" => pack(args.to_string()),
        "widget" => pack("{\"html\":\"<p class='gk-stat-value'>Hello</p>\"}".into()),
        "nothing" => 0,
        "status" => pack("{\"error\":\"nope\",\"status\":418}".into()),
        "env" => pack(format!("{{\"vars\":{},\"args\":{},\"now\":{}}}", std::env::vars().count(), std::env::args().count(), std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map(|d| d.as_secs()).unwrap_or(0))),
        "files" => pack(format!("{{\"opened\":{}}}", std::fs::read("/etc/passwd").is_ok())),
        "panic" => panic!("on purpose"),
        _ => pack(format!("{{\"error\":\"unknown function: {}\"}}", name)),
    }
}
fn main() {}
