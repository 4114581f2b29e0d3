//! What stands between a plugin and its help desk: functions by name, and the host's functions
//! without pointers.
const std = @import("std");
const Allocator = std.mem.Allocator;

/// A handler of a route, a widget or a job; what it returns is JSON, see `json`.
pub const Function = struct { []const u8, *const fn (Allocator, std.json.Value) anyerror![]const u8 };

/// All that a guest learns of a call that failed; the reason is in the plugin's log.
pub const NoAnswer = error{NoAnswer};

/// Writes a value as JSON.
pub fn json(arena: Allocator, value: anytype) Allocator.Error![]const u8 {
    return std.json.Stringify.valueAlloc(arena, value, .{});
}

/// Returns the answer of a function that failed, with the status that a route responds with.
pub fn failed(arena: Allocator, text: []const u8, status: u16) Allocator.Error![]const u8 {
    return json(arena, .{ .@"error" = text, .status = status });
}

/// Calls a function of the host, such as `cache_get` or `send_email`, and reads its answer.
pub fn call(comptime T: type, arena: Allocator, name: []const u8, args: anytype) !T {
    const text = try json(arena, args);
    const answer = host_call(name.ptr, name.len, text.ptr, text.len);
    if (answer == 0) return error.NoAnswer;
    const start: [*]u8 = @ptrFromInt(@as(usize, @intCast(answer >> 32)));
    defer gk_free(start);
    const bytes = try arena.dupe(u8, start[0..@as(u32, @truncate(answer))]);
    return std.json.parseFromSliceLeaky(T, arena, bytes, .{ .ignore_unknown_fields = true });
}

/// Reads rows as values of `Row`; `args` is a tuple.
pub fn query(comptime Row: type, arena: Allocator, statement: []const u8, args: anytype) ![]const Row {
    const rows = try call(?[]const Row, arena, "db_query", .{ .query = statement, .args = args });
    return rows orelse &.{};
}

/// Returns a text in the viewer's language, the key where there is none.
pub fn translate(arena: Allocator, key: []const u8) []const u8 {
    const Found = struct { value: []const u8 };
    const found = call(Found, arena, "translate", .{ .key = key }) catch return key;
    return found.value;
}

pub const Level = enum(u32) { debug, info, warn, err };

/// Writes a line to the plugin's log.
pub fn log(level: Level, comptime format: []const u8, args: anytype) void {
    const line = std.fmt.allocPrint(heap, format, args) catch return;
    defer heap.free(line);
    gk.log(level, line.ptr, line.len);
}

/// For `pub const panic` of the root file: logs what a panic says before it traps.
pub const panic = std.debug.FullPanic(struct {
    fn call(message: []const u8, _: ?usize) noreturn {
        gk.log(.err, message.ptr, message.len);
        @trap();
    }
}.call);

/// Answers `gk_register`.
pub fn registered(document: []const u8) u64 {
    return give(document);
}

/// Answers `gk_call`, with memory that is freed when the function returns.
pub fn called(comptime functions: []const Function, name: []const u8, args: []const u8) u64 {
    var arena: std.heap.ArenaAllocator = .init(heap);
    defer arena.deinit();
    return give(answered(functions, arena.allocator(), name, args) catch |err| text: {
        log(.err, "{s}: {t}", .{ name, err });
        break :text "{\"error\":\"the plugin failed\",\"status\":500}";
    });
}

fn answered(
    comptime functions: []const Function,
    arena: Allocator,
    name: []const u8,
    args: []const u8,
) ![]const u8 {
    inline for (functions) |function| {
        if (std.mem.eql(u8, function[0], name)) {
            const text = if (args.len == 0) "{}" else args;
            const value = try std.json.parseFromSliceLeaky(std.json.Value, arena, text, .{});
            return function[1](arena, value);
        }
    }
    const unknown = try std.fmt.allocPrint(arena, "unknown function: {s}", .{name});
    return json(arena, .{ .@"error" = unknown });
}

const heap = std.heap.wasm_allocator;
const header = 16;

/// Hands a text to the host, which frees it.
fn give(text: []const u8) u64 {
    const start = gk_malloc(text.len) orelse return 0;
    @memcpy(start[0..text.len], text);
    return @as(u64, @intFromPtr(start)) << 32 | text.len;
}

/// For the host, which writes what it passes into memory of the plugin's.
export fn gk_malloc(size: usize) ?[*]u8 {
    // gk_free is told no size, so that the size stands before the block.
    const block = heap.alignedAlloc(u8, .@"16", size + header) catch return null;
    std.mem.writeInt(usize, block[0..@sizeOf(usize)], block.len, .little);
    return block.ptr + header;
}

export fn gk_free(start: ?[*]u8) void {
    const block: [*]align(header) u8 = @alignCast((start orelse return) - header);
    heap.free(block[0..std.mem.readInt(usize, block[0..@sizeOf(usize)], .little)]);
}

fn host_call(name: [*]const u8, name_len: usize, args: [*]const u8, args_len: usize) u64 {
    return gk.host_call(name, name_len, args, args_len);
}

const gk = struct {
    extern "gk" fn host_call([*]const u8, usize, [*]const u8, usize) u64;
    extern "gk" fn log(level: Level, ptr: [*]const u8, len: usize) void;
};
