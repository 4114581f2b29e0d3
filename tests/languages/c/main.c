// Does what the first word of a ticket's subject says: the twelve behaviours of the matrix.
#include "ohd.h"

static void show(ohd_status status) {
    if (status == OHD_DONE) ohd_log(OHD_INFO, "done");
    else ohd_log(OHD_ERROR, "status %d", status);
}

static void show_event(ohd_event *event) {
    const ohd_ticket *ticket = &event->ticket;
    ohd_log(OHD_INFO, "%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s", event->event,
            event->occurred_at, ticket->id, ticket->subject, ticket->status, ticket->priority,
            ticket->category, ticket->type, ticket->item, ticket->submitter.name,
            ticket->submitter.email, *ticket->assignee.id ? ticket->assignee.name : "nobody",
            ticket->created_at, ticket->url, event->actor.role,
            ohd_text(event, "ticket.custom_fields.severity"), ohd_text(event, "data.to_status"));
}

static void request(ohd_event *event, const char *url) {
    char *bearer = ohd_format(event, "Bearer %s", ohd_text(event, "config.token"));
    char *headers = ohd_format(event, "{\"Authorization\":%s}", ohd_quote(event, bearer));
    ohd_response answer = ohd_fetch(event, "POST", url, headers, event->ticket.description);
    ohd_log(OHD_INFO, "%u %s", answer.status, answer.body);
}

static void exhaust(void) {
    for (;;) {
        char *more = malloc(1 << 20);
        if (!more) abort();
        memset(more, 0xaa, 1 << 20);
        ((volatile char *)more)[0] = 1;
    }
}

static void behave(ohd_event *event) {
    const char *subject = event->ticket.subject, *text = event->ticket.description;
    size_t length = strcspn(subject, " ");
    const char *rest = subject + length + (subject[length] == ' ');
    char *word = ohd_format(event, "%.*s", (int)length, subject);
    if (!strcmp(word, "event")) show_event(event);
    else if (!strcmp(word, "log"))
        for (int level = OHD_DEBUG; level <= OHD_ERROR; level++) ohd_log(level, "%s", rest);
    else if (!strcmp(word, "http")) request(event, rest);
    else if (!strcmp(word, "reply")) show(ohd_reply(event, text));
    else if (!strcmp(word, "note")) show(ohd_note(event, text));
    else if (!strcmp(word, "field")) show(ohd_set_field(event, "seen", text));
    else if (!strcmp(word, "config"))
        ohd_log(OHD_INFO, "%s %s %s", ohd_text(event, "config.greeting"),
                ohd_text(event, "config.count"), ohd_text(event, "config.loud"));
    else if (!strcmp(word, "trap")) abort();
    else if (!strcmp(word, "loop"))
        for (volatile int more = 1; more;) continue;
    else if (!strcmp(word, "memory")) exhaust();
    else if (!strcmp(word, "large"))
        ohd_log(OHD_INFO, "%zu %s", strlen(text), text + strlen(text) - 3);
}

OHD_EXPORT(on_event) void on_event(const char *payload, size_t length) {
    ohd_event event;
    if (ohd_read(&event, payload, length)) behave(&event);
    else ohd_log(OHD_ERROR, "not the event that was expected");
    ohd_done(&event);
}

OHD_EXPORT(render_panel) uint64_t render_panel(const char *ticket_id, size_t length) {
    static char url[200];
    snprintf(url, sizeof url, "https://panel.example.com/%.*s", (int)length, ticket_id);
    return ohd_give(url);
}
