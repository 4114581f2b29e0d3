//! The host's functions with slices in place of addresses, and the memory that the host writes into.
const std = @import("std");

const heap = std.heap.wasm_allocator;

pub const Level = enum(u32) { debug, info, warn, err };

extern "ohd" fn ohd_log(ptr: [*]const u8, len: u32, level: u32) void;
extern "ohd" fn ohd_add_reply(ptr: [*]const u8, len: u32) u32;
extern "ohd" fn ohd_set_custom_field(ptr: [*]const u8, len: u32) u32;

pub fn log(level: Level, line: []const u8) void {
    ohd_log(line.ptr, line.len, @backingInt(level));
}

/// Adds an internal note; false where the help desk refused it, which its own log explains.
pub fn addNote(arena: std.mem.Allocator, ticket_id: []const u8, body: []const u8) !bool {
    const note = .{ .ticket_id = ticket_id, .body = body, .is_internal = true };
    const payload = try std.json.Stringify.valueAlloc(arena, note, .{});
    return ohd_add_reply(payload.ptr, payload.len) == 0;
}

/// Sets a custom field; false where the help desk refused it.
pub fn setField(
    arena: std.mem.Allocator,
    ticket_id: []const u8,
    key: []const u8,
    value: []const u8,
) !bool {
    const field = .{ .ticket_id = ticket_id, .key = key, .value = value };
    const payload = try std.json.Stringify.valueAlloc(arena, field, .{});
    return ohd_set_custom_field(payload.ptr, payload.len) == 0;
}

/// For `pub const panic` of the root file: logs what a failed check says before it traps.
pub const panic = std.debug.FullPanic(struct {
    fn call(message: []const u8, _: ?usize) noreturn {
        log(.err, message);
        @trap();
    }
}.call);

export fn ohd_alloc(size: u32) ?[*]u8 {
    const memory = heap.alloc(u8, @max(size, 1)) catch return null;
    return memory.ptr;
}

export fn ohd_free(ptr: ?[*]u8, size: u32) void {
    if (ptr) |start| heap.free(start[0..@max(size, 1)]);
}
