//! Triage: on a new ticket, the rules of the configuration suggest a priority and set fields.
//!
//! A plugin cannot change a ticket's priority. What it suggests is the custom field
//! `triage_priority`, and an internal note for the agent who looks at the ticket first.
const std = @import("std");
const ohd = @import("ohd.zig");
const rules = @import("rules.zig");
const Allocator = std.mem.Allocator;

pub const panic = ohd.panic;

const Config = struct { rules: []const u8 = "[]", write_note: bool = true };

const Verdict = struct {
    priority: ?[]const u8 = null,
    fields: std.json.ObjectMap = .empty,
    names: std.ArrayList([]const u8) = .empty,
};

export fn on_event(ptr: [*]const u8, len: usize) void {
    ohd.handle(Config, ptr[0..len], handle);
}

fn handle(arena: Allocator, event: ohd.Event(Config)) !void {
    var reader: rules.Reader = .{ .arena = arena };
    const listed = reader.read(event.config.rules) catch |err| {
        if (err == error.BadRules) return ohd.log(.err, "{s}", .{reader.mistake});
        return err;
    };
    const verdict = try judge(arena, listed, &event.ticket);
    try apply(arena, &verdict, &event.ticket, event.config.write_note);
}

/// The first rule that says something of a thing decides it.
fn judge(arena: Allocator, listed: []const rules.Rule, ticket: *const ohd.Ticket) !Verdict {
    var verdict: Verdict = .{};
    for (listed) |*rule| {
        if (!rule.fits(ticket)) continue;
        try verdict.names.append(arena, rule.name);
        verdict.priority = verdict.priority orelse rule.priority;
        const fields = rule.fields orelse continue;
        for (fields.keys(), fields.values()) |key, value| {
            const entry = try verdict.fields.getOrPut(arena, key);
            if (!entry.found_existing) entry.value_ptr.* = value;
        }
    }
    return verdict;
}

fn apply(
    arena: Allocator,
    verdict: *const Verdict,
    ticket: *const ohd.Ticket,
    write_note: bool,
) !void {
    for (verdict.fields.keys(), verdict.fields.values()) |key, value| {
        setField(arena, ticket.id, key, value.string);
    }
    const priority = verdict.priority orelse return;
    setField(arena, ticket.id, "triage_priority", priority);
    if (!write_note or std.mem.eql(u8, priority, ticket.priority)) return;
    const names = try std.mem.join(arena, ", ", verdict.names.items);
    const text = "Triage suggests the priority {s} in place of {s}. Rules that fit: {s}.";
    const note = try std.fmt.allocPrint(arena, text, .{ priority, ticket.priority, names });
    ohd.note(arena, ticket.id, note) catch |err|
        ohd.log(.warn, "the note was not accepted: {t}", .{err});
}

fn setField(arena: Allocator, ticket_id: []const u8, key: []const u8, value: []const u8) void {
    ohd.setField(arena, ticket_id, key, value) catch |err|
        ohd.log(.warn, "the field {s} was not accepted: {t}", .{ key, err });
}
