// Audit trail: one line to a collector for every event. All that a plugin needs, in one file.
//
// The payload is JSON and so is the line, so strings are copied as they stand, quotes and escapes
// included, and nothing is ever decoded. There is no allocator either: where a module of C exports
// none, the host puts the payload into pages that it adds to the memory itself.
#include <stdint.h>

#define HOST(name) __attribute__((import_module("ohd"), import_name(#name))) extern
HOST(ohd_log) void ohd_log(const char *text, uint32_t length, uint32_t level);
HOST(ohd_http_request) uint32_t ohd_http_request(const char *request, uint32_t length,
                                                 char **answer, uint32_t *answer_length);
HOST(ohd_free) void ohd_free(char *memory, uint32_t size);

enum { WARN = 2, ERROR = 3 };

typedef struct {
    const char *at, *end;
} Text;

// ── Reading: a value of the payload, as the JSON text that it is ─────────────────────────────────

static int is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The end of the string that begins at its opening quote.
static const char *behind_string(const char *at, const char *end) {
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\') at++;
    return at < end ? at + 1 : end;
}

// The end of the value that begins here.
static const char *behind_value(const char *at, const char *end) {
    int depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = behind_string(at, end);
            if (depth == 0) return at;
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == '}' || *at == ']' || is_space(*at))) return at;
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') depth--;
        at++;
        if (depth == 0 && (at[-1] == '}' || at[-1] == ']')) return at;
    }
    return end;
}

static int equal(const char *at, const char *end, const char *word) {
    while (at < end && *word && *at == *word) at++, word++;
    return at == end && *word == 0;
}

// The value of a member of an object; "null" where there is none.
static Text member(Text object, const char *key) {
    static const char null[] = "null";
    const char *at = object.at, *end = object.end;
    while (at < end && *at != '{' && is_space(*at)) at++;
    if (at == end || *at != '{') return (Text){null, null + 4};
    for (at++; at < end;) {
        while (at < end && (is_space(*at) || *at == ',')) at++;
        if (at == end || *at != '"') break;
        const char *name = at + 1, *value = behind_string(at, end);
        int found = equal(name, value - 1, key);
        while (value < end && (is_space(*value) || *value == ':')) value++;
        at = behind_value(value, end);
        if (found) return (Text){value, at};
    }
    return (Text){null, null + 4};
}

// A string without its quotes; its escapes stay.
static Text inside(Text string) { return (Text){string.at + 1, string.end - 1}; }

// ── Writing: into one buffer; what does not fit is cut off and noticed ───────────────────────────

static char buffer[16 * 1024];
static uint32_t used;

static void put(char c) {
    if (used < sizeof buffer) buffer[used] = c;
    used++;
}

static void say(const char *text) {
    while (*text) put(*text++);
}

static void copy(Text text) {
    while (text.at < text.end) put(*text.at++);
}

// JSON text inside of a JSON string: its quotes and backslashes need a backslash of their own.
static void copy_escaped(Text text) {
    for (; text.at < text.end; text.at++) {
        if (*text.at == '"' || *text.at == '\\') put('\\');
        put(*text.at);
    }
}

static void field(const char *name_with_comma, Text value) {
    say(name_with_comma);
    copy_escaped(value);
}

static void number(uint32_t value) {
    if (value > 9) number(value / 10);
    put('0' + value % 10);
}

// ── The plugin ───────────────────────────────────────────────────────────────────────────────────

static void write_request(Text event) {
    Text ticket = member(event, "ticket"), actor = member(event, "actor");
    Text config = member(event, "config");
    used = 0;
    say("{\"method\":\"POST\",\"url\":");
    copy(member(config, "url"));
    say(",\"headers\":{\"Content-Type\":\"application/x-ndjson\",\"Authorization\":\"Bearer ");
    copy(inside(member(config, "token")));
    field("\"},\"body\":\"{\\\"at\\\":", member(event, "occurred_at"));
    field(",\\\"event\\\":", member(event, "event"));
    field(",\\\"ticket\\\":", member(ticket, "id"));
    field(",\\\"status\\\":", member(ticket, "status"));
    field(",\\\"actor\\\":", member(actor, "id"));
    field(",\\\"role\\\":", member(actor, "role"));
    say("}\\n\"}");
}

static void complain(Text event, uint32_t status) {
    used = 0;
    say("the line is lost: the collector answered ");
    number(status);
    say(" to ");
    copy(inside(member(event, "event")));
    say(" of ticket ");
    copy(inside(member(member(event, "ticket"), "id")));
    int is_refused = status / 100 == 4 && status != 429;
    ohd_log(buffer, used < sizeof buffer ? used : sizeof buffer, is_refused ? ERROR : WARN);
}

__attribute__((export_name("on_event"))) void on_event(const char *payload, uint32_t length) {
    Text event = {payload, payload + length};
    write_request(event);
    if (used > sizeof buffer) {
        static const char too_long[] = "the line is lost: its parts do not fit into 16 KiB";
        ohd_log(too_long, sizeof too_long - 1, ERROR);
        return;
    }
    char *answer = 0;
    uint32_t answer_length = 0;
    uint32_t status = ohd_http_request(buffer, used, &answer, &answer_length);
    if (answer) ohd_free(answer, answer_length);
    if (status / 100 != 2) complain(event, status);
}
