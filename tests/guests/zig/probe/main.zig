//! A test guest that does what the event's configuration says.
//!
//! `config.steps` is a JSON array of objects; each has `do` and what that needs:
//!   log {text, level}            one log line
//!   echo                         the whole payload as a log line
//!   config                       the `config` object of the payload as a log line
//!   http {method, url, headers, body}   logs "http <status> <body>"
//!   reply {body, ticket_id}      logs "reply <status>"; the ticket of the event by default
//!   note {body, ticket_id}       the same as an internal note, logs "note <status>"
//!   field {key, value, ticket_id}       logs "field <status>"
//!   raw {call, payload}          hands `payload` as it is to http, reply or field
//!   repeat {times, step}         does another step many times
//!   alloc {bytes}                keeps that much memory; traps where there is none
//!   count                        logs "count <n>": the events this instance has had
//!   trap, loop                   what the names say
const std = @import("std");
const json = std.json;
const Allocator = std.mem.Allocator;

extern "ohd" fn ohd_log(ptr: [*]const u8, len: u32, level: u32) void;
extern "ohd" fn ohd_http_request(ptr: [*]const u8, len: u32, out_ptr: *u32, out_len: *u32) u32;
extern "ohd" fn ohd_add_reply(ptr: [*]const u8, len: u32) u32;
extern "ohd" fn ohd_set_custom_field(ptr: [*]const u8, len: u32) u32;

const heap = std.heap.wasm_allocator;
var events: u32 = 0;

const Failure = error{ BadStep, OutOfMemory };

const Run = struct {
    arena: Allocator,
    payload: []const u8,
    ticket_id: []const u8,
    config: json.Value,
};

export fn ohd_alloc(size: u32) ?[*]u8 {
    const buffer = heap.alignedAlloc(u8, .@"16", @max(size, 1)) catch return null;
    return buffer.ptr;
}

export fn ohd_free(ptr: ?[*]align(16) u8, size: u32) void {
    if (ptr) |p| heap.free(p[0..@max(size, 1)]);
}

export fn on_event(ptr: [*]const u8, len: u32) void {
    events += 1;
    var arena: std.heap.ArenaAllocator = .init(heap);
    defer arena.deinit();
    handle(arena.allocator(), ptr[0..len]) catch |err| log(3, @errorName(err));
}

fn handle(arena: Allocator, payload: []const u8) !void {
    const event = try json.parseFromSliceLeaky(json.Value, arena, payload, .{});
    const config = member(event, "config") orelse .null;
    const run: Run = .{
        .arena = arena,
        .payload = payload,
        .ticket_id = text(member(event, "ticket") orelse .null, "id") orelse "",
        .config = config,
    };
    const steps_text = text(config, "steps") orelse return;
    const steps = try json.parseFromSliceLeaky(json.Value, arena, steps_text, .{});
    if (steps != .array) return error.BadStep;
    for (steps.array.items) |step| try perform(run, step);
}

fn perform(run: Run, step: json.Value) Failure!void {
    const do = text(step, "do") orelse return error.BadStep;
    const actions = .{
        .{ "log", doLog },     .{ "echo", doEcho },   .{ "config", doConfig },
        .{ "http", doHttp },   .{ "reply", doReply }, .{ "note", doNote },
        .{ "field", doField }, .{ "raw", doRaw },     .{ "repeat", doRepeat },
        .{ "alloc", doAlloc }, .{ "count", doCount }, .{ "trap", doTrap },
        .{ "loop", doLoop },
    };
    inline for (actions) |action| {
        if (std.mem.eql(u8, do, action[0])) return action[1](run, step);
    }
    return error.BadStep;
}

fn doLog(_: Run, step: json.Value) Failure!void {
    log(@truncate(number(step, "level") orelse 1), text(step, "text") orelse "");
}

fn doEcho(run: Run, _: json.Value) Failure!void {
    log(1, run.payload);
}

fn doConfig(run: Run, _: json.Value) Failure!void {
    log(1, try encode(run.arena, run.config));
}

fn doHttp(run: Run, step: json.Value) Failure!void {
    const request = try encode(run.arena, .{
        .method = text(step, "method") orelse "GET",
        .url = text(step, "url") orelse "",
        .headers = member(step, "headers") orelse json.Value{ .object = .empty },
        .body = text(step, "body") orelse "",
    });
    try http(run, request);
}

fn http(run: Run, request: []const u8) Failure!void {
    var ptr: u32 = 0;
    var len: u32 = 0;
    const status = ohd_http_request(request.ptr, request.len, &ptr, &len);
    const body: []const u8 = if (len == 0) "" else @as([*]const u8, @ptrFromInt(ptr))[0..len];
    log(1, try std.fmt.allocPrint(run.arena, "http {d} {s}", .{ status, body }));
    if (len != 0) ohd_free(@ptrFromInt(ptr), len);
}

fn doReply(run: Run, step: json.Value) Failure!void {
    try reply(run, step, "reply", false);
}

fn doNote(run: Run, step: json.Value) Failure!void {
    try reply(run, step, "note", true);
}

fn reply(run: Run, step: json.Value, name: []const u8, is_internal: bool) Failure!void {
    const payload = try encode(run.arena, .{
        .ticket_id = text(step, "ticket_id") orelse run.ticket_id,
        .body = text(step, "body") orelse "",
        .is_internal = is_internal,
    });
    try logStatus(run, name, ohd_add_reply(payload.ptr, payload.len));
}

fn doField(run: Run, step: json.Value) Failure!void {
    const payload = try encode(run.arena, .{
        .ticket_id = text(step, "ticket_id") orelse run.ticket_id,
        .key = text(step, "key") orelse "",
        .value = text(step, "value") orelse "",
    });
    try logStatus(run, "field", ohd_set_custom_field(payload.ptr, payload.len));
}

fn doRaw(run: Run, step: json.Value) Failure!void {
    const call = text(step, "call") orelse return error.BadStep;
    const payload = text(step, "payload") orelse "";
    if (std.mem.eql(u8, call, "http")) return http(run, payload);
    if (std.mem.eql(u8, call, "reply"))
        return logStatus(run, "reply", ohd_add_reply(payload.ptr, payload.len));
    if (std.mem.eql(u8, call, "field"))
        return logStatus(run, "field", ohd_set_custom_field(payload.ptr, payload.len));
    return error.BadStep;
}

fn doRepeat(run: Run, step: json.Value) Failure!void {
    const inner = member(step, "step") orelse return error.BadStep;
    for (0..number(step, "times") orelse 1) |_| try perform(run, inner);
}

fn doAlloc(_: Run, step: json.Value) Failure!void {
    const kept = heap.alloc(u8, number(step, "bytes") orelse 0) catch @trap();
    @memset(kept, 0xAA);
}

fn doCount(run: Run, _: json.Value) Failure!void {
    log(1, try std.fmt.allocPrint(run.arena, "count {d}", .{events}));
}

fn doTrap(_: Run, _: json.Value) Failure!void {
    @trap();
}

fn doLoop(_: Run, _: json.Value) Failure!void {
    while (true) std.mem.doNotOptimizeAway(events);
}

fn logStatus(run: Run, name: []const u8, status: u32) Failure!void {
    log(1, try std.fmt.allocPrint(run.arena, "{s} {d}", .{ name, status }));
}

fn log(level: u32, line: []const u8) void {
    ohd_log(line.ptr, line.len, level);
}

fn encode(arena: Allocator, value: anytype) Failure![]u8 {
    return json.Stringify.valueAlloc(arena, value, .{});
}

fn member(value: json.Value, name: []const u8) ?json.Value {
    return if (value == .object) value.object.get(name) else null;
}

fn text(value: json.Value, name: []const u8) ?[]const u8 {
    const found = member(value, name) orelse return null;
    return if (found == .string) found.string else null;
}

fn number(value: json.Value, name: []const u8) ?u32 {
    const found = member(value, name) orelse return null;
    return if (found == .integer) std.math.cast(u32, found.integer) else null;
}
