//! @TITLE@ shows how many tickets have which status.
const std = @import("std");
const goatkit = @import("goatkit.zig");
const Allocator = std.mem.Allocator;
const Args = std.json.Value;

pub const panic = goatkit.panic;

const functions = [_]goatkit.Function{
    .{ "by_status", byStatus },
    .{ "widget", widget },
    .{ "daily", daily },
};

export fn gk_register() u64 {
    return goatkit.registered(@embedFile("registration.json"));
}

export fn gk_call(name: [*]const u8, name_len: usize, args: [*]const u8, args_len: usize) u64 {
    return goatkit.called(&functions, name[0..name_len], if (args_len == 0) "" else args[0..args_len]);
}

const Status = struct { name: []const u8, count: u64 };
const unreadable = "the tickets cannot be read";

fn count(arena: Allocator) ![]const Status {
    return goatkit.query(Status, arena, "SELECT s.name AS name, COUNT(*) AS count FROM ticket t " ++
        "JOIN ticket_state s ON s.id = t.ticket_state_id GROUP BY s.name ORDER BY s.name", .{});
}

fn sum(statuses: []const Status) u64 {
    var total: u64 = 0;
    for (statuses) |status| total += status.count;
    return total;
}

fn byStatus(arena: Allocator, _: Args) ![]const u8 {
    const statuses = count(arena) catch return goatkit.failed(arena, unreadable, 503);
    return goatkit.json(arena, .{ .total = sum(statuses), .statuses = statuses });
}

fn widget(arena: Allocator, _: Args) ![]const u8 {
    const statuses = count(arena) catch return goatkit.failed(arena, unreadable, 503);
    var page: []const u8 = "<table class=\"gk-table\">";
    for (statuses) |status| {
        const name = try escape(arena, status.name);
        page = try std.fmt.allocPrint(arena, "{s}<tr><td>{s}</td><td>{d}</td></tr>", .{ page, name, status.count });
    }
    const total = goatkit.translate(arena, "@NAME@.total");
    page = try std.fmt.allocPrint(arena, "{s}</table><p>{s}: {d}</p>", .{ page, total, sum(statuses) });
    return goatkit.json(arena, .{ .html = page });
}

fn daily(arena: Allocator, _: Args) ![]const u8 {
    const total = sum(count(arena) catch return goatkit.failed(arena, unreadable, 503));
    goatkit.log(.info, "{d} tickets", .{total});
    return goatkit.json(arena, .{ .total = total });
}

fn escape(arena: Allocator, text: []const u8) ![]const u8 {
    var safe = text;
    for ([_][2][]const u8{ .{ "&", "&amp;" }, .{ "<", "&lt;" }, .{ ">", "&gt;" }, .{ "\"", "&quot;" } }) |pair|
        safe = try std.mem.replaceOwned(u8, arena, safe, pair[0], pair[1]);
    return safe;
}
