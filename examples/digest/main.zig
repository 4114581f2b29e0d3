//! Ticket digest: on `ticket.created`, one internal note and two custom fields.
//!
//! It asks for no network and no secret; everything that it writes comes from the ticket itself.
//! Every buffer here is bounded: a long ticket is counted whole and quoted in part.
const std = @import("std");
const json = @import("json.zig");
const text = @import("text.zig");

extern "ohd" fn ohd_log(ptr: [*]const u8, len: u32, level: u32) void;
extern "ohd" fn ohd_add_reply(ptr: [*]const u8, len: u32) u32;
extern "ohd" fn ohd_set_custom_field(ptr: [*]const u8, len: u32) u32;

const warn = 2;
const max_links = 5;
const max_link_bytes = 200;
const max_urgent = 10;
const max_urgent_bytes = 60;

// Every quoted byte may become six ("\u0007"), beside the fixed words.
var out_buffer: [16 * 1024]u8 = undefined;

export fn ohd_alloc(size: u32) ?[*]u8 {
    const buffer = std.heap.wasm_allocator.alloc(u8, @max(size, 1)) catch return null;
    return buffer.ptr;
}

export fn ohd_free(ptr: ?[*]u8, size: u32) void {
    if (ptr) |start| std.heap.wasm_allocator.free(start[0..@max(size, 1)]);
}

export fn on_event(ptr: [*]u8, len: u32) void {
    const event = read(ptr[0..len]) catch {
        log("the event is not the JSON that was expected");
        return;
    };
    if (!std.mem.eql(u8, event.name, "ticket.created")) return;
    const found = look(&event);
    writeNote(&event, &found);
    var words: json.Writer = .{ .buffer = &word_buffer };
    words.number(found.words);
    setField(&event, "digest_words", words.written());
    setField(&event, "digest_urgency", found.urgency());
}

var word_buffer: [10]u8 = undefined;

const Event = struct {
    name: []const u8 = "",
    ticket: []const u8 = "",
    subject: []const u8 = "",
    description: []const u8 = "",
    urgent_words: []const u8 = "",
};

const Found = struct {
    words: u32,
    links: u32,
    urgent: [max_urgent][]const u8,
    urgent_count: usize,
    in_subject: bool,

    /// Two urgent words, or one in the subject, are high; another one is normal; none is low.
    fn urgency(found: *const Found) []const u8 {
        if (found.urgent_count > 1 or found.in_subject) return "high";
        return if (found.urgent_count == 1) "normal" else "low";
    }
};

fn read(payload: []u8) json.Error!Event {
    var event: Event = .{};
    var r: json.Reader = .{ .bytes = payload };
    try r.enterObject();
    while (try r.nextKey()) |key| {
        if (std.mem.eql(u8, key, "event")) {
            event.name = try r.stringOrSkip() orelse "";
        } else if (std.mem.eql(u8, key, "ticket") and r.atObject()) {
            try readTicket(&r, &event);
        } else if (std.mem.eql(u8, key, "config") and r.atObject()) {
            try readConfig(&r, &event);
        } else try r.skip();
    }
    return event;
}

fn readTicket(r: *json.Reader, event: *Event) json.Error!void {
    try r.enterObject();
    while (try r.nextKey()) |key| {
        if (std.mem.eql(u8, key, "id")) {
            event.ticket = try r.stringOrSkip() orelse "";
        } else if (std.mem.eql(u8, key, "subject")) {
            event.subject = try r.stringOrSkip() orelse "";
        } else if (std.mem.eql(u8, key, "description")) {
            event.description = try r.stringOrSkip() orelse "";
        } else try r.skip();
    }
}

fn readConfig(r: *json.Reader, event: *Event) json.Error!void {
    try r.enterObject();
    while (try r.nextKey()) |key| {
        if (std.mem.eql(u8, key, "urgent_words")) {
            event.urgent_words = try r.stringOrSkip() orelse "";
        } else try r.skip();
    }
}

fn look(event: *const Event) Found {
    var found: Found = .{
        .words = text.countWords(event.subject) + text.countWords(event.description),
        .links = 0,
        .urgent = undefined,
        .urgent_count = 0,
        .in_subject = false,
    };
    var links = text.Links.of(event.description);
    while (links.next() != null) found.links += 1;
    var listed = std.mem.tokenizeScalar(u8, event.urgent_words, ',');
    while (listed.next()) |entry| {
        const phrase = std.mem.trim(u8, entry, " \t\r\n");
        const in_subject = text.contains(event.subject, phrase);
        if (!in_subject and !text.contains(event.description, phrase)) continue;
        found.in_subject = found.in_subject or in_subject;
        if (found.urgent_count == max_urgent) break;
        found.urgent[found.urgent_count] = phrase;
        found.urgent_count += 1;
    }
    return found;
}

fn writeNote(event: *const Event, found: *const Found) void {
    var w: json.Writer = .{ .buffer = &out_buffer };
    w.raw("{\"ticket_id\":\"");
    w.escaped(event.ticket);
    w.raw("\",\"is_internal\":true,\"body\":\"Digest: ");
    count(&w, found.words, "word");
    w.raw(", ");
    count(&w, found.links, "link");
    w.raw(", urgency ");
    w.raw(found.urgency());
    w.raw(".");
    writeUrgent(&w, found);
    writeLinks(&w, event, found.links);
    w.raw("\"}");
    if (w.full) return log("the ticket's id is too long for a note");
    const status = ohd_add_reply(w.written().ptr, w.written().len);
    if (status != 0) log("the note was not accepted");
}

fn count(w: *json.Writer, number: u32, name: []const u8) void {
    w.number(number);
    w.raw(" ");
    w.raw(name);
    if (number != 1) w.raw("s");
}

fn writeUrgent(w: *json.Writer, found: *const Found) void {
    for (found.urgent[0..found.urgent_count], 0..) |phrase, index| {
        w.raw(if (index == 0) "\\n\\nUrgent words: " else ", ");
        w.escaped(text.clip(phrase, max_urgent_bytes));
    }
}

fn writeLinks(w: *json.Writer, event: *const Event, total: u32) void {
    if (total == 0) return;
    w.raw("\\n\\nLinks:\\n");
    var links = text.Links.of(event.description);
    for (0..max_links) |_| {
        const link = links.next() orelse return;
        w.raw("\\n- ");
        w.escaped(text.clip(link, max_link_bytes));
    }
    if (total > max_links) {
        w.raw("\\n- and ");
        w.number(total - max_links);
        w.raw(" more");
    }
}

fn setField(event: *const Event, key: []const u8, value: []const u8) void {
    var w: json.Writer = .{ .buffer = &out_buffer };
    w.raw("{\"ticket_id\":\"");
    w.escaped(event.ticket);
    w.raw("\",\"key\":\"");
    w.escaped(key);
    w.raw("\",\"value\":\"");
    w.escaped(value);
    w.raw("\"}");
    if (w.full) return log("the ticket's id is too long for a field");
    const status = ohd_set_custom_field(w.written().ptr, w.written().len);
    if (status != 0) log("a custom field was not accepted");
}

fn log(line: []const u8) void {
    ohd_log(line.ptr, line.len, warn);
}
