//! A small JSON reader that decodes strings in place, and a bounded writer.
//!
//! It takes no memory of its own: the payload is the plugin's until `on_event` returns, and a
//! decoded string is never longer than its source. Nesting is bounded, so that a strange payload
//! ends in an error and not at the end of the stack.
const std = @import("std");

pub const Error = error{BadJson};

const max_depth = 32;

pub const Reader = struct {
    bytes: []u8,
    at: usize = 0,

    /// Enters an object; then call `nextKey` until it returns null, and read or skip each value.
    pub fn enterObject(r: *Reader) Error!void {
        r.space();
        try r.expect('{');
    }

    /// Returns the next key of the object that the reader is in, or null at its end.
    pub fn nextKey(r: *Reader) Error!?[]const u8 {
        r.space();
        if (r.peek() == ',') {
            r.at += 1;
            r.space();
        }
        if (r.peek() == '}') {
            r.at += 1;
            return null;
        }
        const key = try r.string();
        r.space();
        try r.expect(':');
        return key;
    }

    /// Returns the string that comes next, or null after skipping another kind of value.
    pub fn stringOrSkip(r: *Reader) Error!?[]const u8 {
        r.space();
        if (r.peek() == '"') return try r.string();
        try r.skip();
        return null;
    }

    /// True where an object comes next.
    pub fn atObject(r: *Reader) bool {
        r.space();
        return r.peek() == '{';
    }

    /// Passes over one value of any kind.
    pub fn skip(r: *Reader) Error!void {
        var depth: usize = 0;
        while (true) {
            r.space();
            switch (r.peek() orelse return error.BadJson) {
                '{', '[' => {
                    r.at += 1;
                    depth += 1;
                    if (depth > max_depth) return error.BadJson;
                },
                '}', ']' => {
                    if (depth == 0) return error.BadJson;
                    r.at += 1;
                    depth -= 1;
                },
                ',', ':' => {
                    if (depth == 0) return error.BadJson;
                    r.at += 1;
                },
                '"' => try r.skipString(),
                else => try r.skipWord(),
            }
            if (depth == 0) return;
        }
    }

    fn string(r: *Reader) Error![]const u8 {
        r.space();
        try r.expect('"');
        const start = r.at;
        var end = start;
        while (true) {
            const byte = try r.take();
            switch (byte) {
                '"' => return r.bytes[start..end],
                '\\' => end += try r.escape(r.bytes[end..]),
                else => {
                    r.bytes[end] = byte;
                    end += 1;
                },
            }
        }
    }

    fn skipString(r: *Reader) Error!void {
        try r.expect('"');
        while (true) switch (try r.take()) {
            '"' => return,
            '\\' => r.at += 1,
            else => {},
        };
    }

    fn skipWord(r: *Reader) Error!void {
        const start = r.at;
        while (r.peek()) |byte| : (r.at += 1) switch (byte) {
            'a'...'z', 'A'...'Z', '0'...'9', '+', '-', '.' => {},
            else => break,
        };
        if (r.at == start) return error.BadJson;
    }

    fn escape(r: *Reader, out: []u8) Error!usize {
        out[0] = switch (try r.take()) {
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            'b' => 8,
            'f' => 12,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return r.unicode(out),
            else => return error.BadJson,
        };
        return 1;
    }

    fn unicode(r: *Reader, out: []u8) Error!usize {
        var point: u21 = try r.hex();
        if (point >= 0xD800 and point < 0xDC00 and r.at + 1 < r.bytes.len and
            r.bytes[r.at] == '\\' and r.bytes[r.at + 1] == 'u')
        {
            const mark = r.at;
            r.at += 2;
            const low = try r.hex();
            if (low >= 0xDC00 and low < 0xE000) {
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            } else r.at = mark;
        }
        if (point >= 0xD800 and point < 0xE000) point = 0xFFFD;
        return std.unicode.utf8Encode(point, out) catch error.BadJson;
    }

    fn hex(r: *Reader) Error!u21 {
        var value: u21 = 0;
        for (0..4) |_| {
            const digit = std.fmt.charToDigit(try r.take(), 16) catch return error.BadJson;
            value = value * 16 + digit;
        }
        return value;
    }

    fn take(r: *Reader) Error!u8 {
        const byte = r.peek() orelse return error.BadJson;
        r.at += 1;
        return byte;
    }

    fn peek(r: *const Reader) ?u8 {
        return if (r.at < r.bytes.len) r.bytes[r.at] else null;
    }

    fn expect(r: *Reader, byte: u8) Error!void {
        if (r.peek() != byte) return error.BadJson;
        r.at += 1;
    }

    fn space(r: *Reader) void {
        while (r.peek()) |byte| : (r.at += 1) switch (byte) {
            ' ', '\t', '\n', '\r' => {},
            else => return,
        };
    }
};

/// Appends to a fixed buffer; what does not fit is left out and `full` says so.
pub const Writer = struct {
    buffer: []u8,
    len: usize = 0,
    full: bool = false,

    pub fn written(w: *const Writer) []const u8 {
        return w.buffer[0..w.len];
    }

    pub fn raw(w: *Writer, text: []const u8) void {
        if (text.len > w.buffer.len - w.len) {
            w.full = true;
            return;
        }
        @memcpy(w.buffer[w.len..][0..text.len], text);
        w.len += text.len;
    }

    pub fn number(w: *Writer, value: u32) void {
        var digits: [10]u8 = undefined;
        var at: usize = digits.len;
        var rest = value;
        while (true) {
            at -= 1;
            digits[at] = '0' + @as(u8, @intCast(rest % 10));
            rest /= 10;
            if (rest == 0) break;
        }
        w.raw(digits[at..]);
    }

    /// Writes `text` as the inside of a JSON string.
    pub fn escaped(w: *Writer, text: []const u8) void {
        for (text) |byte| switch (byte) {
            '"' => w.raw("\\\""),
            '\\' => w.raw("\\\\"),
            '\n' => w.raw("\\n"),
            0...9, 11...31 => {
                const digits = "0123456789abcdef";
                w.raw(&.{ '\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15] });
            },
            else => w.raw(&.{byte}),
        };
    }
};
