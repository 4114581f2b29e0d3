// What stands between a plugin and its help desk: the events as classes, and the host's functions
// without pointers. It has a small JSON reader of its own, and needs no package.

/** What happened. */
export class Event {
  readonly event: string;
  /** UTC, RFC 3339. */
  readonly occurredAt: string;
  readonly ticket: Ticket;
  readonly actor: Actor;
  private readonly values: Map<string, string>;

  /** Reads the payload that `on_event` was called with; a text that is not JSON aborts. */
  constructor(ptr: usize, length: usize) {
    const values = new JsonReader(text(ptr, length)).read();
    this.values = values;
    this.event = at(values, "event");
    this.occurredAt = at(values, "occurred_at");
    this.ticket = new Ticket(values);
    this.actor = new Actor(at(values, "actor.id"), at(values, "actor.name"), at(values, "actor.role"));
  }

  /**
   * Returns what stands at a path such as `config.greeting` or `data.to_status`: a text, a number or
   * true or false as it is written, and "" for null or where there is nothing.
   */
  get(path: string): string {
    return at(this.values, path);
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

  constructor(values: Map<string, string>) {
    this.id = at(values, "ticket.id");
    this.subject = at(values, "ticket.subject");
    this.description = at(values, "ticket.description");
    this.status = at(values, "ticket.status");
    this.priority = at(values, "ticket.priority");
    this.category = at(values, "ticket.category");
    this.type = at(values, "ticket.type");
    this.item = at(values, "ticket.item");
    this.submitter = person(values, "ticket.submitter");
    this.assignee = values.has("ticket.assignee.id") ? person(values, "ticket.assignee") : null;
    this.createdAt = at(values, "ticket.created_at");
    this.url = at(values, "ticket.url");
    this.customFields = below(values, "ticket.custom_fields.");
  }
}

/** A user or, as an assignee without an address, a group. */
export class Person {
  constructor(readonly id: string, readonly name: string, readonly email: string) {}
}

/** Who did it: a user, an agent, an admin, or a plugin. */
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

function at(values: Map<string, string>, path: string): string {
  return values.has(path) ? values.get(path) : "";
}

function person(values: Map<string, string>, path: string): Person {
  return new Person(at(values, path + ".id"), at(values, path + ".name"), at(values, path + ".email"));
}

function below(values: Map<string, string>, prefix: string): Map<string, string> {
  const found = new Map<string, string>();
  const keys = values.keys();
  for (let i = 0; i < keys.length; i++) {
    if (keys[i].startsWith(prefix)) found.set(keys[i].substring(prefix.length), values.get(keys[i]));
  }
  return found;
}

/** Reads JSON into its texts, numbers and truths, by path; an item of an array has its number. */
class JsonReader {
  private position: i32 = 0;
  private readonly values: Map<string, string> = new Map();

  constructor(private readonly text: string) {}

  read(): Map<string, string> {
    this.value("");
    if (this.next() != 0) throw new Error("more than one value in the JSON");
    return this.values;
  }

  private value(path: string): void {
    const first = this.next();
    if (first == 0x7b) {
      this.items(path, 0x7d);
    } else if (first == 0x5b) {
      this.items(path, 0x5d);
    } else if (first == 0x22) {
      this.values.set(path, this.string());
    } else {
      this.word(path);
    }
  }

  /** Reads the members of an object or the items of an array, up to its closing bracket. */
  private items(path: string, close: i32): void {
    const prefix = path == "" ? "" : path + ".";
    this.position++;
    for (let i = 0; this.next() != close; i++) {
      if (i > 0) this.expect(0x2c);
      let name = i.toString();
      if (close == 0x7d) {
        this.next();
        name = this.string();
        this.expect(0x3a);
      }
      this.value(prefix + name);
    }
    this.position++;
  }

  private word(path: string): void {
    const start = this.position;
    while (this.position < this.text.length && !",]} \t\r\n".includes(this.text.charAt(this.position))) {
      this.position++;
    }
    const word = this.text.substring(start, this.position);
    if (word == "") throw new Error("a value is missing in the JSON");
    if (word != "null") this.values.set(path, word);
  }

  private string(): string {
    this.expect(0x22);
    const parts: string[] = [];
    let plain = this.position;
    while (this.position < this.text.length) {
      const code = this.text.charCodeAt(this.position++);
      if (code != 0x22 && code != 0x5c) continue;
      parts.push(this.text.substring(plain, this.position - 1));
      if (code == 0x22) return parts.length == 1 ? parts[0] : parts.join("");
      parts.push(this.escaped());
      plain = this.position;
    }
    throw new Error("a text in the JSON does not end");
  }

  private escaped(): string {
    const letter = this.text.charAt(this.position++);
    if (letter == "u") {
      this.position += 4;
      const digits = this.text.substring(this.position - 4, this.position);
      return String.fromCharCode(I32.parseInt(digits, 16));
    }
    const known = "bfnrt".indexOf(letter);
    return known < 0 ? letter : "\b\f\n\r\t".charAt(known);
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
    if (this.next() != code) throw new Error("the JSON lacks " + String.fromCharCode(code));
    this.position++;
  }
}
