// @TITLE@ greets whoever opens a ticket.
#include "ohd.h"

static void greet(ohd_event *event) {
    ohd_ticket *ticket = &event->ticket;
    char *text = ohd_format(event, "%s, %s. We have \"%s\".", ohd_text(event, "config.greeting"),
                            ticket->submitter.name, ticket->subject);
    if (ohd_reply(event, text) != OHD_DONE) {
        ohd_log(OHD_ERROR, "the reply was refused");
        return;
    }
    if (ohd_set_field(event, "greeted", "yes") != OHD_DONE) {
        ohd_log(OHD_ERROR, "the field was refused");
    }
    ohd_log(OHD_INFO, "greeted %s", ticket->id);
}

OHD_EXPORT(on_event) void on_event(const char *payload, size_t length) {
    ohd_event event;
    if (!ohd_read(&event, payload, length)) {
        ohd_log(OHD_ERROR, "not the event that was expected");
    } else if (!strcmp(event.event, "ticket.created")) {
        greet(&event);
    }
    ohd_done(&event);
}
