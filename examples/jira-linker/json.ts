// A small JSON reader and the quoting of texts.
//
// AssemblyScript cannot catch an error, and what Jira or a proxy answers is not always JSON: so the
// reader never throws, and says at the end whether it understood everything.

export class Json {
  private values: Map<string, string> = new Map();
  private at: i32 = 0;
  private ok: bool = true;

  private constructor(private text: string) {}

  /** Returns null for what is not JSON. */
  static read(text: string): Json | null {
    const json = new Json(text);
    json.value("", 0);
    return json.ok && json.next() == 0 ? json : null;
  }

  /**
   * Returns what stands at a path such as `fields.status.name` or `items.0.id`: a text, or a number,
   * true or false as it is written; "" for null and where there is nothing.
   */
  get(path: string): string {
    return this.values.has(path) ? this.values.get(path) : "";
  }

  private value(path: string, depth: i32): void {
    const first = this.next();
    if (depth > 64) this.ok = false;
    else if (first == "{".charCodeAt(0)) this.parts(path, "}".charCodeAt(0), depth + 1);
    else if (first == "[".charCodeAt(0)) this.parts(path, "]".charCodeAt(0), depth + 1);
    else if (first == '"'.charCodeAt(0)) this.values.set(path, this.string());
    else this.word(path);
  }

  /** Reads the members of an object, or the items of an array, up to the closing bracket. */
  private parts(path: string, close: i32, depth: i32): void {
    const prefix = path == "" ? "" : path + ".";
    this.at++;
    for (let i = 0; this.ok && this.next() != close; i++) {
      if (i > 0) this.expect(",");
      let name = i.toString();
      if (close == "}".charCodeAt(0)) {
        this.next();
        name = this.string();
        this.expect(":");
      }
      if (this.ok) this.value(prefix + name, depth);
    }
    this.at++;
  }

  private word(path: string): void {
    const start = this.at;
    while (this.at < this.text.length && isWord(this.text.charCodeAt(this.at))) this.at++;
    const word = this.text.substring(start, this.at);
    if (word == "null") return;
    if (word != "true" && word != "false" && isNaN(F64.parseFloat(word))) this.ok = false;
    this.values.set(path, word);
  }

  private string(): string {
    this.expect('"');
    let whole = "";
    let plain = this.at;
    while (this.ok && this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at++);
      if (code == '"'.charCodeAt(0)) return whole + this.text.substring(plain, this.at - 1);
      if (code != "\\".charCodeAt(0)) continue;
      whole += this.text.substring(plain, this.at - 1) + this.escaped();
      plain = this.at;
    }
    this.ok = false;
    return "";
  }

  private escaped(): string {
    const letter = this.text.charAt(this.at++);
    const known = '"\\/bfnrt'.indexOf(letter);
    if (letter != "" && known >= 0) return '"\\/\b\f\n\r\t'.charAt(known);
    const digits = this.text.substring(this.at, this.at + 4);
    this.at += 4;
    if (letter != "u" || digits.length < 4) this.ok = false;
    return this.ok ? String.fromCharCode(I32.parseInt(digits, 16)) : "";
  }

  /** Returns the next character that is no space, 0 at the end. */
  private next(): i32 {
    while (this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (code != 0x20 && code != 0x09 && code != 0x0a && code != 0x0d) return code;
      this.at++;
    }
    return 0;
  }

  private expect(letter: string): void {
    if (this.next() == letter.charCodeAt(0)) this.at++;
    else this.ok = false;
  }
}

/** Returns `text` as a JSON string. */
export function quote(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code == 0x22 || code == 0x5c) out += "\\" + text.charAt(i);
    else if (code < 0x20) out += "\\u00" + (code < 16 ? "0" : "1") + (code & 15).toString(16);
    else out += text.charAt(i);
  }
  return out + '"';
}

function isWord(code: i32): bool {
  return isDigit(code) || isLetter(code) || code == 0x2b || code == 0x2d || code == 0x2e;
}

export function isDigit(code: i32): bool {
  return code >= 0x30 && code <= 0x39;
}

export function isLetter(code: i32): bool {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
