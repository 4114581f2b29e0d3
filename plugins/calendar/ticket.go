package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/recur"
)

const mostOnTicket = 50

// onTicket is the widget on a ticket: its appointments and due times, and the way to new ones.
func onTicket(r *request) any {
	ticket := ticketNumber(r.Args["ticket_id"])
	calendars, err := visible(r.email, r.admin)
	if err != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	var rows []*event
	if goatkit.Query(&rows, "SELECT "+columns+" FROM cal_event WHERE ticket_id = ? AND cancelled = 0 "+
		fmt.Sprintf("ORDER BY first_at DESC LIMIT %d", mostOnTicket), ticket) != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	w := &writer{r: r}
	for at := len(rows) - 1; at >= 0; at-- {
		w.onTicket(rows[at], byID(calendars, rows[at].Calendar))
	}
	if w.Len() == 0 {
		w.f(`<p>%s</p>`, esc(r.t("none_on_ticket")))
	}
	w.f(`<p><a href="/calendar/event/new?ticket=%d">%s</a> · <a href="/calendar/event/new?ticket=%d&amp;due=1">%s</a></p>`,
		ticket, esc(r.t("new_event")), ticket, esc(r.t("set_due")))
	return map[string]any{"html": "<style>" + style + "</style><div class=\"cal\">" + w.String() + "</div>"}
}

// onTicket writes the next occurrence of an appointment, or the last where all are over. Of calendars that
// the caller cannot see, only due times are written: when a ticket is due concerns all who work on it.
func (w *writer) onTicket(row *event, in *calendar) {
	if in == nil && row.IsDue == 0 {
		return
	}
	one := nextOf(row, w.r.now)
	if one == nil {
		return
	}
	one.calendar = in
	one.days(w.r.zone)
	day, _ := time.Parse(recur.DayLayout, one.day)
	title, state := row.Title, ""
	if in == nil {
		title = w.r.t("due")
	}
	if row.IsDue == 1 && one.end.Before(w.r.now) {
		state = fmt.Sprintf(` <span class="gk-badge gk-badge-danger">%s</span>`, esc(w.r.t("overdue")))
	} else if row.IsDue == 1 {
		state = fmt.Sprintf(` <span class="gk-badge">%s</span>`, esc(w.r.t("due")))
	}
	when := w.r.longDay(day) + ", " + w.when(one, one.day)
	if in == nil {
		w.f(`<span class="item due"><span class="when">%s</span> %s%s</span>`, esc(when), esc(title), state)
		return
	}
	w.f(`<a class="item c%d" href="/calendar/event/%s?at=%s"><span class="when">%s</span> %s%s</a>`, in.Colour, row.ID,
		one.wall.Format(recur.WallLayout), esc(when), esc(title), state)
}

// nextOf returns the first occurrence that is not over within a year, or else the series' first.
func nextOf(row *event, now time.Time) *shown {
	for _, from := range []time.Time{now, time.Unix(row.FirstAt, 0)} {
		if found, _ := expand([]*event{row}, from, from.AddDate(1, 0, 2)); len(found) > 0 {
			return found[0]
		}
	}
	return nil
}

func ticketNumber(given any) int64 {
	switch value := given.(type) {
	case float64:
		return int64(value)
	case string:
		found, err := strconv.ParseInt(strings.TrimPrefix(value, "#"), 10, 53)
		if err == nil {
			return found
		}
	}
	return 0
}

// ticketName returns how a ticket is called where only it may be named.
func ticketName(id int64) string {
	return strings.TrimSpace(fmt.Sprintf("#%d %s", id, ticketTitle(id)))
}

// nameDues finds the titles of the tickets that are due, for those who see no more of the appointment.
func nameDues(found []*shown) {
	var ids []any
	for _, each := range found {
		if each.calendar == nil && each.event.IsDue == 1 && each.event.Ticket != 0 && len(ids) < 300 {
			ids = append(ids, each.event.Ticket)
		}
	}
	if len(ids) == 0 {
		return
	}
	var rows []struct {
		ID    int64 `json:"id"`
		Title string
	}
	if goatkit.Query(&rows, "SELECT id, title FROM ticket WHERE id IN ("+marks(len(ids))+")", ids...) != nil {
		return
	}
	titles := map[int64]string{}
	for _, each := range rows {
		titles[each.ID] = each.Title
	}
	for _, each := range found {
		if each.calendar == nil {
			each.ticket = titles[each.event.Ticket]
		}
	}
}
