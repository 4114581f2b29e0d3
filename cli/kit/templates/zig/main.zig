//! @TITLE@ greets whoever opens a ticket.
const std = @import("std");
const ohd = @import("ohd.zig");

pub const panic = ohd.panic;

/// What an admin sets; the manifest's `config_schema` has the same names.
const Config = struct { greeting: []const u8 };

export fn on_event(ptr: [*]const u8, len: usize) void {
    ohd.handle(Config, ptr[0..len], handle);
}

fn handle(arena: std.mem.Allocator, event: ohd.Event(Config)) !void {
    if (!std.mem.eql(u8, event.event, "ticket.created")) return;
    const ticket = event.ticket;
    const parts = .{ event.config.greeting, ticket.submitter.name, ticket.subject };
    const text = try std.fmt.allocPrint(arena, "{s}, {s}. We have \"{s}\".", parts);
    try ohd.reply(arena, ticket.id, text);
    try ohd.setField(arena, ticket.id, "greeted", "yes");
    ohd.log(.info, "greeted {s}", .{ticket.id});
}
