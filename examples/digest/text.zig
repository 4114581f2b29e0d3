//! What the digest says of a text: words, links, phrases that stand in it.
const std = @import("std");

pub fn countWords(text: []const u8) u32 {
    var count: u32 = 0;
    var words = std.mem.tokenizeAny(u8, text, whitespace);
    while (words.next() != null) count += 1;
    return count;
}

const whitespace = " \t\r\n";

/// Yields each http and https address of a text, without the punctuation behind it.
pub const Links = struct {
    words: std.mem.TokenIterator(u8, .any),

    pub fn of(text: []const u8) Links {
        return .{ .words = std.mem.tokenizeAny(u8, text, whitespace ++ "<>()[]\"'") };
    }

    pub fn next(links: *Links) ?[]const u8 {
        while (links.words.next()) |word| {
            const link = std.mem.trimEnd(u8, word, ".,;:!?");
            for ([_][]const u8{ "http://", "https://" }) |scheme| {
                if (link.len > scheme.len and std.ascii.startsWithIgnoreCase(link, scheme)) return link;
            }
        }
        return null;
    }
};

/// True where `phrase` stands in `text` as whole words, in upper or lower case of ASCII letters.
pub fn contains(text: []const u8, phrase: []const u8) bool {
    if (phrase.len == 0) return false;
    var from: usize = 0;
    while (std.ascii.findIgnoreCasePos(text, from, phrase)) |at| {
        const end = at + phrase.len;
        const before = at > 0 and isLetter(text[at - 1]);
        const behind = end < text.len and isLetter(text[end]);
        if (!before and !behind) return true;
        from = at + 1;
    }
    return false;
}

fn isLetter(byte: u8) bool {
    return std.ascii.isAlphanumeric(byte) or byte >= 0x80;
}

/// Returns the start of `text`, at most `longest` bytes of it and no half character.
pub fn clip(text: []const u8, longest: usize) []const u8 {
    if (text.len <= longest) return text;
    var end = longest;
    while (end > 0 and text[end] & 0xC0 == 0x80) end -= 1;
    return text[0..end];
}
