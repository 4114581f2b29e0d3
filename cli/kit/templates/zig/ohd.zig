//! What stands between a plugin and its help desk: the events as Zig types, and the host's
//! functions without pointers.
const std = @import("std");
const Allocator = std.mem.Allocator;

/// What happened. `Config` is the plugin's own type for its configuration.
pub fn Event(comptime Config: type) type {
    return struct {
        event: []const u8,
        /// UTC, RFC 3339.
        occurred_at: []const u8,
        ticket: Ticket,
        actor: Actor,
        data: Data = .{},
        config: Config,
    };
}

/// A ticket as it was when the event happened.
pub const Ticket = struct {
    id: []const u8,
    subject: []const u8,
    description: []const u8,
    status: []const u8,
    priority: []const u8,
    category: ?[]const u8,
    type: ?[]const u8,
    item: ?[]const u8,
    submitter: Person,
    assignee: ?Person,
    created_at: []const u8,
    url: []const u8,
    custom_fields: std.json.ArrayHashMap([]const u8) = .{},
};

/// A user or, as an assignee without an address, a group.
pub const Person = struct { id: []const u8, name: []const u8, email: []const u8 = "" };

/// Who did it: a user, staff, an admin, or a plugin.
pub const Actor = struct { id: []const u8, name: []const u8, role: []const u8 };

/// What some events add; the rest of it is empty.
pub const Data = struct {
    assignee: ?Person = null,
    from_status: []const u8 = "",
    to_status: []const u8 = "",
    reply_id: []const u8 = "",
    body: []const u8 = "",
    is_internal: bool = false,
    author: ?Actor = null,
    resolution_notes: []const u8 = "",
    reason: []const u8 = "",
};

/// Reads an event and gives it to `handler`, with memory that is freed when that returns.
/// An error of the handler becomes a line in the log.
pub fn handle(
    comptime Config: type,
    payload: []const u8,
    handler: fn (Allocator, Event(Config)) anyerror!void,
) void {
    var arena: std.heap.ArenaAllocator = .init(heap);
    defer arena.deinit();
    const options: std.json.ParseOptions = .{ .ignore_unknown_fields = true };
    const allocator = arena.allocator();
    const event = std.json.parseFromSliceLeaky(Event(Config), allocator, payload, options) catch |err|
        return log(.err, "not the event that was expected: {t}", .{err});
    handler(allocator, event) catch |err| log(.err, "{t}", .{err});
}

pub const Level = enum(u32) { debug, info, warn, err };

/// Writes a line to the plugin's log.
pub fn log(level: Level, comptime format: []const u8, args: anytype) void {
    const line = std.fmt.allocPrint(heap, format, args) catch return;
    defer heap.free(line);
    ohd_log(line.ptr, line.len, level);
}

/// For `pub const panic` of the root file: logs what a panic says before it traps.
pub const panic = std.debug.FullPanic(struct {
    fn call(message: []const u8, _: ?usize) noreturn {
        ohd_log(message.ptr, message.len, .err);
        @trap();
    }
}.call);

pub const Request = struct {
    method: []const u8 = "GET",
    url: []const u8,
    headers: []const Header = &.{},
    body: []const u8 = "",
};

pub const Header = struct { name: []const u8, value: []const u8 };

/// `status` is 403 for a host that the manifest does not declare, and 0 where no answer came.
pub const Response = struct { status: u32, body: []const u8 };

/// Makes an HTTP request to a host that the manifest declares.
pub fn fetch(arena: Allocator, request: Request) Allocator.Error!Response {
    var headers: std.json.ArrayHashMap([]const u8) = .{};
    for (request.headers) |header| try headers.map.put(arena, header.name, header.value);
    const text = try encode(arena, .{
        .method = request.method,
        .url = request.url,
        .headers = headers,
        .body = request.body,
    });
    var ptr: ?[*]u8 = null;
    var len: u32 = 0;
    const status = ohd_http_request(text.ptr, text.len, &ptr, &len);
    const answer = ptr orelse return .{ .status = status, .body = "" };
    defer ohd_free(answer, len);
    return .{ .status = status, .body = try arena.dupe(u8, answer[0..len]) };
}

/// Why the host refused a change.
pub const Refused = error{ Malformed, NoSuchTicket, NotPermitted, LimitMet, HostFailed };

/// Answers on a ticket, where the submitter sees it.
pub fn reply(arena: Allocator, ticket_id: []const u8, body: []const u8) !void {
    try addReply(arena, ticket_id, body, false);
}

/// Adds an internal note to a ticket.
pub fn note(arena: Allocator, ticket_id: []const u8, body: []const u8) !void {
    try addReply(arena, ticket_id, body, true);
}

/// Sets a custom field of a ticket.
pub fn setField(arena: Allocator, ticket_id: []const u8, key: []const u8, value: []const u8) !void {
    const text = try encode(arena, .{ .ticket_id = ticket_id, .key = key, .value = value });
    try check(ohd_set_custom_field(text.ptr, text.len));
}

/// Hands a text to the host: the result of `render_panel`. It stays until the next one.
pub fn give(text: []const u8) u64 {
    heap.free(given);
    given = heap.dupe(u8, text) catch &.{};
    return @as(u64, @intFromPtr(given.ptr)) << 32 | given.len;
}

var given: []u8 = &.{};

fn addReply(arena: Allocator, ticket_id: []const u8, body: []const u8, internal: bool) !void {
    const text = try encode(arena, .{ .ticket_id = ticket_id, .body = body, .is_internal = internal });
    try check(ohd_add_reply(text.ptr, text.len));
}

fn check(status: u32) Refused!void {
    return switch (status) {
        0 => {},
        1 => error.Malformed,
        2 => error.NoSuchTicket,
        3 => error.NotPermitted,
        4 => error.LimitMet,
        else => error.HostFailed,
    };
}

fn encode(arena: Allocator, value: anytype) Allocator.Error![]u8 {
    return std.json.Stringify.valueAlloc(arena, value, .{});
}

const heap = std.heap.wasm_allocator;

export fn ohd_alloc(size: usize) ?[*]u8 {
    const buffer = heap.alloc(u8, @max(size, 1)) catch return null;
    return buffer.ptr;
}

export fn ohd_free(ptr: [*]u8, size: usize) void {
    heap.free(ptr[0..@max(size, 1)]);
}

extern "ohd" fn ohd_log(ptr: [*]const u8, len: usize, level: Level) void;
extern "ohd" fn ohd_http_request(ptr: [*]const u8, len: usize, answer: *?[*]u8, answer_len: *u32) u32;
extern "ohd" fn ohd_add_reply(ptr: [*]const u8, len: usize) u32;
extern "ohd" fn ohd_set_custom_field(ptr: [*]const u8, len: usize) u32;
