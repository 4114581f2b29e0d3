package main

import (
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/ics"
	"openhelpdesk.example/calendar/recur"
)

const mostWindow = 400 * 24 * time.Hour

func (r *request) bounds() (from, to time.Time, problem any) {
	from, err1 := time.Parse(time.RFC3339, r.Text("from"))
	to, err2 := time.Parse(time.RFC3339, r.Text("to"))
	if err1 != nil || err2 != nil || !to.After(from) || to.Sub(from) > mostWindow {
		return from, to, goatkit.Error("expected from and to, such as 2027-03-01T00:00:00Z, at most 400 days apart", 400)
	}
	return from, to, nil
}

// occurrences answers programs: what the caller sees within a time.
func occurrences(r *request) any {
	from, to, problem := r.bounds()
	if problem != nil {
		return problem
	}
	calendars, err := visible(r.email, r.admin)
	if err != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	found, notes, err := window(r, calendars, from, to, true)
	if err != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	return map[string]any{"occurrences": listed(chosen(found, byID(calendars, r.Text("only")))), "incomplete": notes}
}

func listed(found []*shown) []map[string]any {
	list := []map[string]any{}
	for _, each := range found {
		one := map[string]any{"start": each.start.UTC().Format(time.RFC3339), "end": each.end.UTC().Format(time.RFC3339),
			"all_day": each.allDay(), "conflict": each.conflict}
		if each.allDay() {
			one["start"] = each.wall.Format(recur.DayLayout)
			one["end"] = each.wall.Add(time.Duration(each.event.Seconds) * time.Second).Format(recur.DayLayout)
		}
		if each.calendar != nil {
			one["title"], one["place"] = each.event.Title, each.event.Place
			if each.event.Calendar != "" {
				one["id"], one["calendar"], one["ticket"] = each.event.ID, each.event.Calendar, each.event.Ticket
			}
		} else if each.event.IsDue == 1 {
			one["ticket"] = each.event.Ticket
		}
		if each.event.IsDue == 1 {
			one["due"] = true
		}
		list = append(list, one)
	}
	return list
}

// preview says what is in an .ics file, and keeps nothing.
func preview(r *request) any {
	from, to, problem := r.bounds()
	if problem != nil {
		return problem
	}
	events, problems := ics.Read(r.Text("ics"), r.zone.String())
	rows, more := rowsOf(events, "", r.email)
	found, notes := expand(rows, from, to)
	var inside []*shown
	for _, each := range found {
		each.calendar = &calendar{}
		// Days have no zone: they are compared as days.
		if each.allDay() && (each.wall.Format(recur.DayLayout) >= to.Format(recur.DayLayout) ||
			each.wall.Add(time.Duration(each.event.Seconds)*time.Second).Format(recur.DayLayout) <= from.Format(recur.DayLayout)) {
			continue
		}
		inside = append(inside, each)
	}
	return map[string]any{"occurrences": listed(inside), "problems": append(problems, more...), "incomplete": notes}
}

// upcoming is the widget: what comes in the next seven days.
func upcoming(r *request) any {
	today := recur.Wall(r.now, r.zone).Truncate(24 * time.Hour)
	calendars, err := visible(r.email, r.admin)
	if err != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	to := recur.Instant(today.AddDate(0, 0, 7), r.zone)
	found, _, err := window(r, calendars, r.now, to, true)
	if err != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	found = chosen(found, nil)
	w := &writer{r: r}
	count := 0
	for n := 0; n < 7 && count < 12; n++ {
		day := today.AddDate(0, 0, n)
		text := day.Format(recur.DayLayout)
		inner := &writer{r: r}
		for _, each := range found {
			if each.onDay(text) && count < 12 {
				inner.item(each, text)
				count++
			}
		}
		if inner.Len() > 0 {
			w.f("<h3>%s</h3>%s", esc(r.longDay(day)), inner.String())
		}
	}
	if count == 0 {
		w.f("<p>%s</p>", esc(r.t("nothing_week")))
	}
	w.f(`<p><a href="/calendar">%s</a> · <a href="/calendar/event/new">%s</a></p>`, esc(r.t("open")), esc(r.t("new_event")))
	return map[string]any{"html": "<style>" + style + ".cal h3{font-size:.9rem;margin:.6rem 0 .2rem}</style><div class=\"cal\">" + w.String() + "</div>"}
}
