// Logs the length of each payload and its event's name; aborts when its configuration says so.
// Makes garbage on purpose: its collector must get on with memory that the host asked for.

@external("ohd", "ohd_log")
declare function ohd_log(ptr: usize, len: u32, level: u32): void;

let kept: string[] = [];

function log(text: string): void {
  const bytes = String.UTF8.encode(text);
  ohd_log(changetype<usize>(bytes), bytes.byteLength, 1);
}

export function on_event(ptr: usize, len: u32): void {
  const text = String.UTF8.decodeUnsafe(ptr, len);
  const mark = '"event":"';
  const start = text.replaceAll(" ", "").indexOf(mark) + mark.length;
  const name = text.replaceAll(" ", "").slice(start, text.replaceAll(" ", "").indexOf('"', start));
  kept.push(name);
  log(name + " " + len.toString() + " bytes, event " + kept.length.toString());
  if (text.replaceAll(" ", "").includes('"abort":true')) {
    throw new Error("told to abort: ünïcödé");
  }
}

// Kept in a global, so that the collector leaves it alone while the host reads it.
let url: ArrayBuffer = new ArrayBuffer(0);

export function render_panel(ptr: usize, len: u32): u64 {
  const id = String.UTF8.decodeUnsafe(ptr, len);
  url = String.UTF8.encode("https://panel.example.com/as/" + id);
  return ((changetype<usize>(url) as u64) << 32) | (url.byteLength as u64);
}
