// What stands between a plugin and its help desk: the events as classes, and the host's functions
// without pointers. It has a small JSON reader of its own, and needs no package.

/** What happened. */
export class Event {
  readonly event: string;
  /** UTC, RFC 3339. */
  readonly occurredAt: string;
  readonly ticket: Ticket;
  readonly actor: Actor;

  constructor(private readonly json: Json) {
    this.event = json.get("event");
    this.occurredAt = json.get("occurred_at");
    this.ticket = new Ticket(json);
    this.actor = new Actor(json.get("actor.id"), json.get("actor.name"), json.get("actor.role"));
  }

  /** Reads the payload that `on_event` was called with; null where it is not JSON. */
  static read(ptr: usize, length: usize): Event | null {
    const json = Json.read(text(ptr, length));
    return json == null ? null : new Event(json);
  }

  /** Returns what stands at a path such as `config.greeting` or `data.to_status`. */
  get(path: string): string {
    return this.json.get(path);
  }
}

/** A ticket as it was when the event happened. What is not set is "". */
export class Ticket {
  readonly id: string;
  readonly subject: string;
  readonly description: string;
  readonly status: string;
  readonly priority: string;
  readonly category: string;
  readonly type: string;
  readonly item: string;
  readonly submitter: Person;
  readonly assignee: Person | null;
  readonly createdAt: string;
  readonly url: string;
  readonly customFields: Map<string, string>;

  constructor(json: Json) {
    this.id = json.get("ticket.id");
    this.subject = json.get("ticket.subject");
    this.description = json.get("ticket.description");
    this.status = json.get("ticket.status");
    this.priority = json.get("ticket.priority");
    this.category = json.get("ticket.category");
    this.type = json.get("ticket.type");
    this.item = json.get("ticket.item");
    this.submitter = person(json, "ticket.submitter");
    this.assignee = json.get("ticket.assignee.id") != "" ? person(json, "ticket.assignee") : null;
    this.createdAt = json.get("ticket.created_at");
    this.url = json.get("ticket.url");
    this.customFields = json.below("ticket.custom_fields.");
  }
}

/** A user or, as an assignee without an address, a group. */
export class Person {
  constructor(readonly id: string, readonly name: string, readonly email: string) {}
}

/** Who did it: a user, staff, an admin, or a plugin. */
export class Actor {
  constructor(readonly id: string, readonly name: string, readonly role: string) {}
}

export enum Level { Debug, Info, Warn, Error }

/** Writes a line to the plugin's log. */
export function log(level: Level, line: string): void {
  const bytes = String.UTF8.encode(line);
  ohd_log(changetype<usize>(bytes), bytes.byteLength, level);
}

/** `status` is 403 for a host that the manifest does not declare, and 0 where no answer came. */
export class Response {
  constructor(readonly status: u32, readonly body: string) {}
}

/** Makes an HTTP request to a host that the manifest declares. */
export function fetch(method: string, url: string, headers: Map<string, string>, body: string): Response {
  const request = new Map<string, string>();
  request.set("method", quote(method));
  request.set("url", quote(url));
  request.set("headers", object(headers, true));
  request.set("body", quote(body));
  const bytes = String.UTF8.encode(object(request, false));
  const status = ohd_http_request(changetype<usize>(bytes), bytes.byteLength, answer, answer + 4);
  const ptr = load<u32>(answer);
  if (ptr == 0) return new Response(status, "");
  const answered = text(ptr, load<u32>(answer + 4));
  __unpin(ptr);
  return new Response(status, answered);
}

/** What came of a reply or a field. */
export enum Status { Done, Malformed, NoSuchTicket, NotPermitted, LimitMet, HostFailed }

/** Answers on a ticket, where the submitter sees it. */
export function reply(ticketId: string, body: string): Status {
  return addReply(ticketId, body, "false");
}

/** Adds an internal note to a ticket. */
export function note(ticketId: string, body: string): Status {
  return addReply(ticketId, body, "true");
}

/** Sets a custom field of a ticket. */
export function setField(ticketId: string, key: string, value: string): Status {
  const members = new Map<string, string>();
  members.set("ticket_id", ticketId);
  members.set("key", key);
  members.set("value", value);
  const bytes = String.UTF8.encode(object(members, true));
  return ohd_set_custom_field(changetype<usize>(bytes), bytes.byteLength);
}

/** Reads a text that the host passes: the ticket's id that `render_panel` is called with. */
export function text(ptr: usize, length: usize): string {
  return String.UTF8.decodeUnsafe(ptr, length);
}

/** Hands a text to the host: the result of `render_panel`. It stays until the next one. */
export function give(text: string): u64 {
  given = String.UTF8.encode(text);
  return (changetype<usize>(given) as u64) << 32 | given.byteLength;
}

/** Returns a text as JSON, with its quotes. */
export function quote(text: string): string {
  const parts: string[] = [];
  let plain = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code != 0x22 && code != 0x5c) continue;
    parts.push(text.substring(plain, i));
    parts.push(code < 0x20 ? "\\u" + code.toString(16).padStart(4, "0") : "\\" + text.charAt(i));
    plain = i + 1;
  }
  parts.push(text.substring(plain));
  return '"' + parts.join("") + '"';
}

@external("ohd", "ohd_log")
declare function ohd_log(text: usize, length: usize, level: u32): void;
@external("ohd", "ohd_http_request")
declare function ohd_http_request(request: usize, length: usize, ptr: usize, answerLength: usize): u32;
@external("ohd", "ohd_add_reply")
declare function ohd_add_reply(payload: usize, length: usize): u32;
@external("ohd", "ohd_set_custom_field")
declare function ohd_set_custom_field(payload: usize, length: usize): u32;

// Where the host writes the address and the length of an answer.
const answer: usize = memory.data(8);
// In a global, so that the collector leaves it alone while the host reads it.
let given: ArrayBuffer = new ArrayBuffer(0);

function addReply(ticketId: string, body: string, internal: string): Status {
  const members = new Map<string, string>();
  members.set("ticket_id", quote(ticketId));
  members.set("body", quote(body));
  members.set("is_internal", internal);
  const bytes = String.UTF8.encode(object(members, false));
  return ohd_add_reply(changetype<usize>(bytes), bytes.byteLength);
}

function object(members: Map<string, string>, texts: bool): string {
  const keys = members.keys();
  const parts: string[] = [];
  for (let i = 0; i < keys.length; i++) {
    const value = members.get(keys[i]);
    parts.push(quote(keys[i]) + ":" + (texts ? quote(value) : value));
  }
  return "{" + parts.join(",") + "}";
}

function person(json: Json, path: string): Person {
  return new Person(json.get(path + ".id"), json.get(path + ".name"), json.get(path + ".email"));
}

/** The texts, numbers and truths of a JSON text, by path; an item of an array has its number. */
export class Json {
  private readonly values: Map<string, string> = new Map();
  private position: i32 = 0;
  // Nothing is thrown, for AssemblyScript cannot catch it.
  private ok: bool = true;

  private constructor(private readonly text: string) {}

  /** Reads a whole text, such as the body of an answer; null where it is not JSON. */
  static read(text: string): Json | null {
    const json = new Json(text);
    json.value("", 0);
    return json.ok && json.next() == 0 ? json : null;
  }

  /**
   * Returns what stands at a path such as `items.0.name`: a text, a number or true or false as it is
   * written, and "" for null or where there is nothing.
   */
  get(path: string): string {
    return this.values.has(path) ? this.values.get(path) : "";
  }

  /** Returns everything whose path starts with `prefix`, by the rest of its path. */
  below(prefix: string): Map<string, string> {
    const found = new Map<string, string>();
    const keys = this.values.keys();
    for (let i = 0; i < keys.length; i++) {
      if (keys[i].startsWith(prefix)) found.set(keys[i].substring(prefix.length), this.values.get(keys[i]));
    }
    return found;
  }

  private value(path: string, depth: i32): void {
    const first = this.next();
    if (depth > 64) this.ok = false;
    else if (first == 0x7b) this.items(path, 0x7d, depth + 1);
    else if (first == 0x5b) this.items(path, 0x5d, depth + 1);
    else if (first == 0x22) this.values.set(path, this.string());
    else this.word(path);
  }

  /** Reads the members of an object or the items of an array, up to its closing bracket. */
  private items(path: string, close: i32, depth: i32): void {
    const prefix = path == "" ? "" : path + ".";
    this.position++;
    for (let i = 0; this.ok && this.next() != close; i++) {
      if (i > 0) this.expect(0x2c);
      let name = i.toString();
      if (close == 0x7d) {
        name = this.string();
        this.expect(0x3a);
      }
      if (this.ok) this.value(prefix + name, depth);
    }
    this.position++;
  }

  private word(path: string): void {
    const start = this.position;
    while (this.position < this.text.length && !",]} \t\r\n".includes(this.text.charAt(this.position))) {
      this.position++;
    }
    const word = this.text.substring(start, this.position);
    if (word == "null") return;
    if (word != "true" && word != "false" && isNaN(F64.parseFloat(word))) this.ok = false;
    this.values.set(path, word);
  }

  private string(): string {
    this.expect(0x22);
    const parts: string[] = [];
    let plain = this.position;
    while (this.ok && this.position < this.text.length) {
      const code = this.text.charCodeAt(this.position++);
      if (code != 0x22 && code != 0x5c) continue;
      parts.push(this.text.substring(plain, this.position - 1));
      if (code == 0x22) return parts.length == 1 ? parts[0] : parts.join("");
      parts.push(this.escaped());
      plain = this.position;
    }
    this.ok = false;
    return "";
  }

  private escaped(): string {
    const letter = this.text.charAt(this.position++);
    const known = '"\\/bfnrt'.indexOf(letter);
    if (letter != "" && known >= 0) return '"\\/\b\f\n\r\t'.charAt(known);
    const digits = this.text.substring(this.position, this.position + 4);
    this.position += 4;
    if (letter != "u" || digits.length < 4) this.ok = false;
    return this.ok ? String.fromCharCode(I32.parseInt(digits, 16)) : "";
  }

  /** Returns the next code unit that is no space, 0 at the end. */
  private next(): i32 {
    while (this.position < this.text.length) {
      const code = this.text.charCodeAt(this.position);
      if (code != 0x20 && code != 0x09 && code != 0x0a && code != 0x0d) return code;
      this.position++;
    }
    return 0;
  }

  private expect(code: i32): void {
    if (this.next() == code) this.position++;
    else this.ok = false;
  }
}
