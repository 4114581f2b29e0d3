//! The rules: read from the configuration's JSON, checked as a whole, matched against a ticket.
//!
//! A mistake is found before any rule is used, and told with its place and with what would do.
const std = @import("std");
const ohd = @import("ohd.zig");
const json = std.json;
const Allocator = std.mem.Allocator;

pub const priorities = [_][]const u8{ "Low", "Medium", "High", "Critical" };

pub const Rule = struct {
    name: []const u8,
    words: ?[]const json.Value,
    category: ?[]const u8,
    email_ends_with: ?[]const u8,
    priority: ?[]const u8,
    fields: ?json.ObjectMap,

    /// True where all of its conditions hold; a rule without conditions fits every ticket.
    pub fn fits(rule: *const Rule, ticket: *const ohd.Ticket) bool {
        if (rule.words) |words| {
            for (words) |word| {
                if (holds(ticket.subject, word.string)) break;
                if (holds(ticket.description, word.string)) break;
            } else return false;
        }
        if (rule.category) |wanted| {
            if (!std.ascii.eqlIgnoreCase(wanted, ticket.category orelse "")) return false;
        }
        if (rule.email_ends_with) |ending| {
            if (!std.ascii.endsWithIgnoreCase(ticket.submitter.email, ending)) return false;
        }
        return true;
    }
};

pub const Error = error{ BadRules, OutOfMemory };

/// Reads rules; where they are bad, `mistake` is a sentence that says where and why.
pub const Reader = struct {
    arena: Allocator,
    mistake: []const u8 = "",

    pub fn read(r: *Reader, source: []const u8) Error![]const Rule {
        const found = try r.parse(source);
        if (found != .array) return r.bad("rules: expected an array of rules", .{});
        const rules = try r.arena.alloc(Rule, found.array.items.len);
        for (rules, found.array.items, 0..) |*made, item, index| made.* = try r.rule(item, index);
        return rules;
    }

    fn parse(r: *Reader, source: []const u8) Error!json.Value {
        var scanner = json.Scanner.initCompleteInput(r.arena, source);
        var place: json.Diagnostics = .{};
        scanner.enableDiagnostics(&place);
        return json.parseFromTokenSourceLeaky(json.Value, r.arena, &scanner, .{}) catch |err| {
            const sentence = "rules: line {d}, column {d}: this is not JSON ({s})";
            return r.bad(sentence, .{ place.getLine(), place.getColumn(), @errorName(err) });
        };
    }

    fn rule(r: *Reader, item: json.Value, index: usize) Error!Rule {
        const at = try std.fmt.allocPrint(r.arena, "rules[{d}]", .{index});
        const whole = try r.object(item, at, &.{ "name", "if", "then" });
        const when = try r.member(whole, at, "if", &.{ "words", "category", "email_ends_with" });
        const then = try r.member(whole, at, "then", &.{ "priority", "fields" });
        const made: Rule = .{
            .name = try r.text(whole, at, "name") orelse at,
            .words = try r.words(when, at),
            .category = try r.text(when, at, "if.category"),
            .email_ends_with = try r.text(when, at, "if.email_ends_with"),
            .priority = try r.text(then, at, "then.priority"),
            .fields = try r.fields(then, at),
        };
        if (made.priority == null and made.fields == null)
            return r.bad("{s}.then: expected a priority, or fields, or both", .{at});
        if (made.priority) |wanted| {
            for (priorities) |known| {
                if (std.mem.eql(u8, wanted, known)) return made;
            }
            const sentence = "{s}.then.priority: \"{s}\" is none of Low, Medium, High, Critical";
            return r.bad(sentence, .{ at, wanted });
        }
        return made;
    }

    fn words(r: *Reader, when: json.ObjectMap, at: []const u8) Error!?[]const json.Value {
        const listed = when.get("words") orelse return null;
        if (listed != .array) return r.bad("{s}.if.words: expected an array of texts", .{at});
        for (listed.array.items, 0..) |word, index| {
            if (word != .string or word.string.len == 0)
                return r.bad("{s}.if.words[{d}]: expected a word or a phrase", .{ at, index });
        }
        return listed.array.items;
    }

    fn fields(r: *Reader, then: json.ObjectMap, at: []const u8) Error!?json.ObjectMap {
        const listed = then.get("fields") orelse return null;
        if (listed != .object) return r.bad("{s}.then.fields: expected an object", .{at});
        for (listed.object.keys(), listed.object.values()) |key, value| {
            if (value != .string)
                return r.bad("{s}.then.fields.{s}: expected a text", .{ at, key });
        }
        return listed.object;
    }

    fn member(
        r: *Reader,
        whole: json.ObjectMap,
        at: []const u8,
        key: []const u8,
        known: []const []const u8,
    ) Error!json.ObjectMap {
        const inside = try std.fmt.allocPrint(r.arena, "{s}.{s}", .{ at, key });
        return r.object(whole.get(key) orelse .{ .object = .empty }, inside, known);
    }

    fn object(
        r: *Reader,
        item: json.Value,
        at: []const u8,
        known: []const []const u8,
    ) Error!json.ObjectMap {
        const listed = try std.mem.join(r.arena, ", ", known);
        if (item != .object) return r.bad("{s}: expected an object with {s}", .{ at, listed });
        for (item.object.keys()) |key| {
            for (known) |name| {
                if (std.mem.eql(u8, key, name)) break;
            } else return r.bad("{s}: unknown key \"{s}\"; there are {s}", .{ at, key, listed });
        }
        return item.object;
    }

    /// Returns a text by the last part of its path, null where it is not there.
    fn text(r: *Reader, from: json.ObjectMap, at: []const u8, path: []const u8) Error!?[]const u8 {
        const dot = std.mem.lastIndexOfScalar(u8, path, '.');
        const value = from.get(if (dot) |d| path[d + 1 ..] else path) orelse return null;
        if (value != .string) return r.bad("{s}.{s}: expected a text", .{ at, path });
        return value.string;
    }

    fn bad(r: *Reader, comptime format: []const u8, args: anytype) Error {
        r.mistake = try std.fmt.allocPrint(r.arena, format, args);
        return error.BadRules;
    }
};

/// True where `word` stands in `text` by itself, in upper or lower case of ASCII letters.
fn holds(text: []const u8, word: []const u8) bool {
    var from: usize = 0;
    while (std.ascii.findIgnoreCasePos(text, from, word)) |at| : (from = at + 1) {
        const end = at + word.len;
        const is_start = at == 0 or !isLetter(text[at - 1]);
        if (is_start and (end == text.len or !isLetter(text[end]))) return true;
    }
    return false;
}

fn isLetter(byte: u8) bool {
    return std.ascii.isAlphanumeric(byte) or byte >= 0x80;
}
