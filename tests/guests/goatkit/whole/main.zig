//! A plugin of generation C that declares everything there is, and has odd functions.
const std = @import("std");
const gk = struct {
    extern "gk" fn host_call(f: [*]const u8, fl: usize, a: [*]const u8, al: usize) u64;
    extern "gk" fn log(level: i32, p: [*]const u8, n: usize) void;
};
const alloc = std.heap.wasm_allocator;
export fn gk_malloc(n: usize) usize { if (n == 0) @panic("zero"); const s = alloc.alloc(u8, n) catch return 0; return @intFromPtr(s.ptr); }
export fn gk_free(p: usize) void { _ = p; }
export fn malloc(n: usize) usize { return gk_malloc(n + 1); }
export fn free(p: usize) void { _ = p; }
export fn calloc(n: usize, m: usize) usize { return gk_malloc(n * m + 1); }
export fn realloc(p: usize, n: usize) usize { _ = p; return gk_malloc(n + 1); }
fn pack(s: []const u8) u64 { return (@as(u64, @intFromPtr(s.ptr)) << 32) | s.len; }
export fn gk_register() u64 { return pack(@embedFile("registration.json")); }
export fn gk_call(fp: [*]const u8, fl: usize, ap: [*]const u8, al: usize) u64 {
    const f = fp[0..fl];
    if (std.mem.eql(u8, f, "echo")) return if (al == 0) pack("{\"empty\":true}") else pack(ap[0..al]);
    if (std.mem.eql(u8, f, "count")) {
        const q = "{\"query\":\"SELECT COUNT(*) AS total FROM ticket\",\"args\":null}";
        gk.log(1, "counting", 8);
        const r = gk.host_call("db_query", 8, q, q.len);
        if (r == 0) return pack("{\"error\":\"database\",\"status\":503}");
        const p: [*]const u8 = @ptrFromInt(@as(usize, @intCast(r >> 32)));
        return pack(p[0..@as(usize, @intCast(r & 0xffffffff))]);
    }
    if (std.mem.eql(u8, f, "go")) return pack("{\"redirect\":\"/zig\",\"status\":302}");
    if (std.mem.eql(u8, f, "w")) return pack("{\"html\":\"<p>zig</p>\"}");
    if (std.mem.eql(u8, f, "grow")) { _ = alloc.alloc(u8, 8 * 1024 * 1024) catch return pack("{\"error\":\"oom\"}"); return pack("{\"ok\":true}"); }
    if (std.mem.eql(u8, f, "scalar")) return pack("42");
    if (std.mem.eql(u8, f, "list")) return pack("[1,2]");
    if (std.mem.eql(u8, f, "notjson")) return pack("hello");
    if (std.mem.eql(u8, f, "wild")) return 0xfffffff0_00000100;
    if (std.mem.eql(u8, f, "loop")) { var i: u32 = 0; while (true) { i +%= 1; std.mem.doNotOptimizeAway(i); } }
    return pack("{\"error\":\"unknown function: ?\"}");
}
pub fn main() void {}
