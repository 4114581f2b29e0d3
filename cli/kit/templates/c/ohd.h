// What stands between a plugin and its help desk: the events as C types, and the host's functions
// without pointers and lengths. To be included by one file. Texts are UTF-8 and end with a NUL;
// what a function returns is freed by ohd_done.
#ifndef OHD_H
#define OHD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OHD_EXPORT(name) __attribute__((export_name(#name)))
#define OHD_IMPORT(name) __attribute__((import_module("ohd"), import_name(#name)))
#define OHD_UNUSED __attribute__((unused)) static

OHD_IMPORT(ohd_log) void ohd_host_log(const char *text, size_t length, uint32_t level);
OHD_IMPORT(ohd_http_request)
uint32_t ohd_host_http(const char *request, size_t length, char **answer, size_t *answer_length);
OHD_IMPORT(ohd_add_reply) uint32_t ohd_host_reply(const char *payload, size_t length);
OHD_IMPORT(ohd_set_custom_field) uint32_t ohd_host_field(const char *payload, size_t length);

// For the host, which writes each event into memory of the plugin's.
OHD_EXPORT(ohd_alloc) void *ohd_alloc(size_t size) { return malloc(size ? size : 1); }
OHD_EXPORT(ohd_free) void ohd_free(void *start, size_t size) {
    (void)size;
    free(start);
}

// A user or, as an assignee without an address, a group.
typedef struct {
    const char *id, *name, *email;
} ohd_person;

// Who did it: a user, staff, an admin, or a plugin.
typedef struct {
    const char *id, *name, *role;
} ohd_actor;

// As it was when the event happened. What is not set is "".
typedef struct {
    const char *id, *subject, *description, *status, *priority, *category, *type, *item;
    const char *created_at, *url;
    ohd_person submitter, assignee;
} ohd_ticket;

typedef struct {
    const char *event, *occurred_at;
    ohd_ticket ticket;
    ohd_actor actor;
    char *json;                 // the whole payload
    struct ohd_block *blocks;   // what ohd_done frees
} ohd_event;

typedef struct {
    uint32_t status;    // 403 for a host that the manifest does not declare, 0 where no answer came
    const char *body;
    size_t length;
} ohd_response;

typedef enum { OHD_DEBUG, OHD_INFO, OHD_WARN, OHD_ERROR } ohd_level;

// What came of a reply or a field.
typedef enum {
    OHD_DONE, OHD_MALFORMED, OHD_NO_SUCH_TICKET, OHD_NOT_PERMITTED, OHD_LIMIT_MET, OHD_HOST_FAILED
} ohd_status;

// Memory that lives as long as the event.

struct ohd_block {
    struct ohd_block *next;
    char bytes[];
};

OHD_UNUSED char *ohd_take(ohd_event *event, size_t size) {
    struct ohd_block *block = malloc(sizeof *block + size);
    if (!block) __builtin_trap();
    block->next = event->blocks;
    event->blocks = block;
    return block->bytes;
}

// Frees all that was returned for the event.
OHD_UNUSED void ohd_done(ohd_event *event) {
    for (struct ohd_block *next; event->blocks; event->blocks = next) {
        next = event->blocks->next;
        free(event->blocks);
    }
}

// Returns a text made as printf does it.
__attribute__((format(printf, 2, 3))) OHD_UNUSED char *ohd_format(ohd_event *event,
                                                                  const char *format, ...) {
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    size_t size = (size_t)vsnprintf(NULL, 0, format, values) + 1;
    char *text = ohd_take(event, size);
    vsnprintf(text, size, format, again);
    va_end(again);
    va_end(values);
    return text;
}

// Writes a line to the plugin's log, of at most 1023 bytes.
__attribute__((format(printf, 2, 3))) OHD_UNUSED void ohd_log(ohd_level level, const char *format,
                                                              ...) {
    char line[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    ohd_host_log(line, strlen(line), level);
}

// JSON. Each step returns where the text goes on, NULL where it is not JSON.

static const char *ohd_space(const char *s) { return s + strspn(s, " \t\r\n"); }

static const char *ohd_skip_text(const char *s) {
    for (s++; *s != '"'; s++) {
        if (*s == '\\') s++;
        if (!*s) return NULL;
    }
    return s + 1;
}

static const char *ohd_skip(const char *s) {
    int depth = 0;
    do {
        s = ohd_space(s);
        if (*s == '"') {
            s = ohd_skip_text(s);
            if (!s) return NULL;
        } else if (strchr("{}[]", *s) && *s) {
            depth += strchr("{[", *s++) ? 1 : -1;
        } else if (depth && strchr(",:", *s) && *s) {
            s++;
        } else {
            size_t word = strcspn(s, ",:{}[]\" \t\r\n");
            if (!word) return NULL;
            s += word;
        }
    } while (depth > 0);
    return s;
}

static const char *ohd_member(const char *s, const char *key, size_t length) {
    if (*s != '{') return NULL;
    for (s = ohd_space(s + 1); *s == '"'; s = ohd_space(s + (*s == ','))) {
        const char *name = s + 1;
        if (!(s = ohd_skip_text(s))) return NULL;
        bool found = (size_t)(s - 1 - name) == length && !memcmp(name, key, length);
        s = ohd_space(s);
        if (*s != ':') return NULL;
        s = ohd_space(s + 1);
        if (found) return s;
        if (!(s = ohd_skip(s))) return NULL;
        s = ohd_space(s);
    }
    return NULL;
}

static unsigned ohd_hex(const char *s) {
    char digits[5] = {0};
    strncpy(digits, s, 4);
    return (unsigned)strtoul(digits, NULL, 16);
}

static char *ohd_put_utf8(char *out, unsigned code) {
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xe0 | code >> 12);
        } else {
            *out++ = (char)(0xf0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

// Copies a text without its escapes, each of which is longer than what it stands for.
static void ohd_unescape(char *out, const char *s, const char *end) {
    while (s < end) {
        if (*s != '\\') {
            *out++ = *s++;
            continue;
        }
        const char *known = "b\bf\fn\nr\rt\t", *at = strchr(known, s[1]);
        if (s[1] == 'u') {
            unsigned code = ohd_hex(s + 2);
            s += 6;
            if (code >> 10 == 0x36 && s + 6 <= end && s[1] == 'u') {
                code = 0x10000 + ((code & 0x3ff) << 10 | (ohd_hex(s + 2) & 0x3ff));
                s += 6;
            }
            out = ohd_put_utf8(out, code);
        } else {
            *out++ = at && !((at - known) & 1) ? at[1] : s[1];
            s += 2;
        }
    }
    *out = 0;
}

// Returns what stands at a path such as "config.greeting" or "data.to_status": a text without its
// quotes, a number or true or false as it is written, and "" for null or where there is nothing.
OHD_UNUSED const char *ohd_text(ohd_event *event, const char *path) {
    const char *s = ohd_space(event->json);
    for (size_t length; s && *path; path += length + (path[length] == '.')) {
        length = strcspn(path, ".");
        s = ohd_member(s, path, length);
    }
    const char *end = s ? ohd_skip(s) : NULL;
    if (!end || !strncmp(s, "null", 4)) return "";
    char *text = ohd_take(event, (size_t)(end - s) + 1);
    if (*s == '"') s++, end--;
    ohd_unescape(text, s, end);
    return text;
}

// Returns a text as JSON, with its quotes.
OHD_UNUSED char *ohd_quote(ohd_event *event, const char *text) {
    char *quoted = ohd_take(event, 6 * strlen(text) + 3), *out = quoted;
    *out++ = '"';
    for (; *text; text++) {
        if ((unsigned char)*text < ' ') {
            out += sprintf(out, "\\u%04x", *text);
            continue;
        }
        if (*text == '"' || *text == '\\') *out++ = '\\';
        *out++ = *text;
    }
    strcpy(out, "\"");
    return quoted;
}

// What the host does for a plugin.

static ohd_person ohd_read_person(ohd_event *event, const char *where) {
    return (ohd_person){
        ohd_text(event, ohd_format(event, "%s.id", where)),
        ohd_text(event, ohd_format(event, "%s.name", where)),
        ohd_text(event, ohd_format(event, "%s.email", where)),
    };
}

// Reads the payload that on_event was called with; false where it is not JSON.
OHD_UNUSED bool ohd_read(ohd_event *event, const char *payload, size_t length) {
    *event = (ohd_event){0};
    event->json = ohd_take(event, length + 1);
    memcpy(event->json, payload, length);
    event->json[length] = 0;
    event->event = ohd_text(event, "event");
    event->occurred_at = ohd_text(event, "occurred_at");
    event->ticket = (ohd_ticket){
        .id = ohd_text(event, "ticket.id"),
        .subject = ohd_text(event, "ticket.subject"),
        .description = ohd_text(event, "ticket.description"),
        .status = ohd_text(event, "ticket.status"),
        .priority = ohd_text(event, "ticket.priority"),
        .category = ohd_text(event, "ticket.category"),
        .type = ohd_text(event, "ticket.type"),
        .item = ohd_text(event, "ticket.item"),
        .created_at = ohd_text(event, "ticket.created_at"),
        .url = ohd_text(event, "ticket.url"),
        .submitter = ohd_read_person(event, "ticket.submitter"),
        .assignee = ohd_read_person(event, "ticket.assignee"),
    };
    event->actor = (ohd_actor){
        ohd_text(event, "actor.id"),
        ohd_text(event, "actor.name"),
        ohd_text(event, "actor.role"),
    };
    return ohd_skip(event->json) != NULL;
}

static ohd_status ohd_add_reply(ohd_event *event, const char *body, const char *internal) {
    char *payload = ohd_format(event, "{\"ticket_id\":%s,\"body\":%s,\"is_internal\":%s}",
                               ohd_quote(event, event->ticket.id), ohd_quote(event, body), internal);
    return ohd_host_reply(payload, strlen(payload));
}

// Answers on the event's ticket, where the submitter sees it.
OHD_UNUSED ohd_status ohd_reply(ohd_event *event, const char *body) {
    return ohd_add_reply(event, body, "false");
}

// Adds an internal note to the event's ticket.
OHD_UNUSED ohd_status ohd_note(ohd_event *event, const char *body) {
    return ohd_add_reply(event, body, "true");
}

// Sets a custom field of the event's ticket.
OHD_UNUSED ohd_status ohd_set_field(ohd_event *event, const char *key, const char *value) {
    char *payload = ohd_format(event, "{\"ticket_id\":%s,\"key\":%s,\"value\":%s}",
                               ohd_quote(event, event->ticket.id), ohd_quote(event, key),
                               ohd_quote(event, value));
    return ohd_host_field(payload, strlen(payload));
}

// Makes an HTTP request to a host that the manifest declares; headers are a JSON object, or NULL.
OHD_UNUSED ohd_response ohd_fetch(ohd_event *event, const char *method, const char *url,
                                  const char *headers, const char *body) {
    char *request = ohd_format(event, "{\"method\":%s,\"url\":%s,\"headers\":%s,\"body\":%s}",
                               ohd_quote(event, method), ohd_quote(event, url),
                               headers ? headers : "{}", ohd_quote(event, body ? body : ""));
    char *answer = NULL;
    size_t length = 0;
    uint32_t status = ohd_host_http(request, strlen(request), &answer, &length);
    char *kept = ohd_take(event, length + 1);
    if (length) memcpy(kept, answer, length);
    kept[length] = 0;
    ohd_free(answer, length);
    return (ohd_response){status, kept, length};
}

// Hands a text to the host: the result of render_panel. The text must stay: make it static.
OHD_UNUSED uint64_t ohd_give(const char *text) {
    return (uint64_t)(uintptr_t)text << 32 | strlen(text);
}

#endif
