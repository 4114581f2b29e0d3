//! What a Rust program asks of the cage: threads, channels, maps, time, a socket.
use std::collections::HashMap;
use std::os::unix::net::UnixListener;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

fn main() {
    let began = Instant::now();
    let (sender, receiver) = mpsc::channel();
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let sender = sender.clone();
            thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || {
                    let map: HashMap<usize, String> =
                        (0..10_000).map(|n| (n, format!("{n}"))).collect();
                    thread::sleep(Duration::from_millis(1));
                    sender.send(map.len()).unwrap();
                })
                .unwrap()
        })
        .collect();
    for one in threads {
        one.join().unwrap();
    }
    drop(sender);
    let sum: usize = receiver.iter().sum();
    let folder = std::env::var("PLUGIN_UNIX_SOCKET_DIR").unwrap();
    let _listener = UnixListener::bind(format!("{folder}/s")).unwrap();
    let panicked = std::panic::catch_unwind(|| panic!("on purpose")).is_err();
    eprintln!("{sum} items, panicked: {panicked}, in time: {}", began.elapsed().as_secs() < 60);
    std::process::exit(42);
}
