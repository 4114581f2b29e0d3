// The host's functions with strings in place of addresses.
import { Json, quote } from "./json";

@external("ohd", "ohd_log")
declare function ohd_log(ptr: usize, len: usize, level: u32): void;
@external("ohd", "ohd_http_request")
declare function ohd_http_request(ptr: usize, len: usize, answer: usize, length: usize): u32;
@external("ohd", "ohd_add_reply")
declare function ohd_add_reply(ptr: usize, len: usize): u32;
@external("ohd", "ohd_set_custom_field")
declare function ohd_set_custom_field(ptr: usize, len: usize): u32;

export enum Level { Debug, Info, Warn, Error }

export class Answer {
  // `status` is 0 where there was no answer; `json` is null for a body that is not JSON.
  constructor(readonly status: u32, readonly json: Json | null) {}
}

// Where the host writes the address and the length of an answer.
const answer: usize = memory.data(8);

export function log(level: Level, text: string): void {
  const bytes = String.UTF8.encode(text);
  ohd_log(changetype<usize>(bytes), bytes.byteLength, level);
}

export function http(method: string, url: string, authorization: string, body: string): Answer {
  const headers =
    `{"Accept":"application/json","Content-Type":"application/json","Authorization":${quote(authorization)}}`;
  const bytes = String.UTF8.encode(
    `{"method":${quote(method)},"url":${quote(url)},"headers":${headers},"body":${quote(body)}}`,
  );
  const status = ohd_http_request(changetype<usize>(bytes), bytes.byteLength, answer, answer + 4);
  const ptr = load<u32>(answer);
  if (ptr == 0) return new Answer(status, null);
  const text = String.UTF8.decodeUnsafe(ptr, load<u32>(answer + 4));
  __unpin(ptr); // The host has pinned it for us; now it may be collected.
  return new Answer(status, Json.read(text));
}

export function note(ticket: string, body: string): void {
  const bytes = String.UTF8.encode(
    `{"ticket_id":${quote(ticket)},"body":${quote(body)},"is_internal":true}`,
  );
  if (ohd_add_reply(changetype<usize>(bytes), bytes.byteLength) != 0) {
    log(Level.Warn, "the note was not accepted");
  }
}

export function setField(ticket: string, key: string, value: string): void {
  const bytes = String.UTF8.encode(
    `{"ticket_id":${quote(ticket)},"key":${quote(key)},"value":${quote(value)}}`,
  );
  if (ohd_set_custom_field(changetype<usize>(bytes), bytes.byteLength) != 0) {
    log(Level.Warn, `the field ${key} was not accepted`);
  }
}
