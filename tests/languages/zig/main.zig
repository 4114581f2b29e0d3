//! Does what the first word of a ticket's subject says: the twelve behaviours of the matrix.
const std = @import("std");
const ohd = @import("ohd.zig");
const Allocator = std.mem.Allocator;

const Config = struct { greeting: []const u8, token: []const u8, count: i64, loud: bool };
const Event = ohd.Event(Config);

pub const panic = ohd.panic;

const behaviours = std.StaticStringMap(*const fn (Allocator, Event, []const u8) anyerror!void)
    .initComptime(.{
    .{ "event", showEvent }, .{ "log", log },       .{ "http", request },  .{ "reply", reply },
    .{ "note", note },       .{ "field", field },   .{ "config", config }, .{ "trap", trap },
    .{ "loop", loop },       .{ "memory", memory }, .{ "large", large },
});

export fn on_event(ptr: [*]const u8, len: usize) void {
    ohd.handle(Config, ptr[0..len], handle);
}

export fn render_panel(ptr: [*]const u8, len: usize) u64 {
    var url: [200]u8 = undefined;
    const text = std.fmt.bufPrint(&url, "https://panel.example.com/{s}", .{ptr[0..len]});
    return ohd.give(text catch "");
}

fn handle(arena: Allocator, event: Event) !void {
    const subject = event.ticket.subject;
    const end = std.mem.findScalar(u8, subject, ' ') orelse subject.len;
    const behave = behaviours.get(subject[0..end]) orelse return error.UnknownWord;
    try behave(arena, event, subject[@min(end + 1, subject.len)..]);
}

fn showEvent(_: Allocator, event: Event, _: []const u8) !void {
    const ticket = event.ticket;
    ohd.log(.info, "{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}|{s}", .{
        event.event,
        event.occurred_at,
        ticket.id,
        ticket.subject,
        ticket.status,
        ticket.priority,
        ticket.category orelse "",
        ticket.type orelse "",
        ticket.item orelse "",
        ticket.submitter.name,
        ticket.submitter.email,
        if (ticket.assignee) |assignee| assignee.name else "nobody",
        ticket.created_at,
        ticket.url,
        event.actor.role,
        ticket.custom_fields.map.get("severity") orelse "",
        event.data.to_status,
    });
}

fn log(_: Allocator, _: Event, text: []const u8) !void {
    for (std.enums.values(ohd.Level)) |level| ohd.log(level, "{s}", .{text});
}

fn request(arena: Allocator, event: Event, url: []const u8) !void {
    const bearer = try std.fmt.allocPrint(arena, "Bearer {s}", .{event.config.token});
    const answer = try ohd.fetch(arena, .{
        .method = "POST",
        .url = url,
        .headers = &.{.{ .name = "Authorization", .value = bearer }},
        .body = event.ticket.description,
    });
    ohd.log(.info, "{d} {s}", .{ answer.status, answer.body });
}

fn reply(arena: Allocator, event: Event, _: []const u8) !void {
    try ohd.reply(arena, event.ticket.id, event.ticket.description);
    ohd.log(.info, "done", .{});
}

fn note(arena: Allocator, event: Event, _: []const u8) !void {
    try ohd.note(arena, event.ticket.id, event.ticket.description);
    ohd.log(.info, "done", .{});
}

fn field(arena: Allocator, event: Event, _: []const u8) !void {
    try ohd.setField(arena, event.ticket.id, "seen", event.ticket.description);
    ohd.log(.info, "done", .{});
}

fn config(_: Allocator, event: Event, _: []const u8) !void {
    ohd.log(.info, "{s} {d} {}", .{ event.config.greeting, event.config.count, event.config.loud });
}

fn trap(_: Allocator, _: Event, _: []const u8) !void {
    @panic("told to");
}

fn loop(_: Allocator, _: Event, word: []const u8) !void {
    while (true) std.mem.doNotOptimizeAway(word);
}

fn memory(_: Allocator, _: Event, _: []const u8) !void {
    while (true) {
        const more = std.heap.wasm_allocator.alloc(u8, 1 << 20) catch @panic("no memory");
        @memset(more, 0xaa);
        std.mem.doNotOptimizeAway(more);
    }
}

fn large(_: Allocator, event: Event, _: []const u8) !void {
    const text = event.ticket.description;
    ohd.log(.info, "{d} {s}", .{ text.len, text[text.len - 3 ..] });
}
