package main

import (
	"fmt"
	"strings"
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
	w := &writer{r: r, dueTickets: dueTickets(r.now, to)}
	count := 0
	for n := 0; n < 7 && count < 12; n++ {
		day := today.AddDate(0, 0, n)
		text := day.Format(recur.DayLayout)
		inner := &writer{r: r, dueTickets: w.dueTickets}
		for _, each := range found {
			if each.onDay(text) && count < 12 {
				inner.item(each, text)
				count++
			}
		}
		count += inner.dueItems(text)
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

const (
	latest    = int64(24 * 3600) // seconds for which reminders are sent late, after the server was down
	mostSent  = 100              // in one run
	remindFar = int64(40_320 * 60)
)

// sendReminders is the job: it leaves a notice for each reminder that came due since it last ran.
func sendReminders(goatkit.Args) any {
	if prepare() != nil {
		return goatkit.Error("the calendar's tables cannot be opened", 503)
	}
	now := time.Now().Unix()
	var rows []struct{ Value int64 }
	if goatkit.Query(&rows, "SELECT value FROM cal_state WHERE name = 'reminded'") != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	since := now - 300
	if len(rows) > 0 {
		since = max(rows[0].Value, now-latest)
	}
	sent, until, err := remind(since, now)
	if err != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	if _, err := goatkit.Exec("REPLACE INTO cal_state (name, value) VALUES ('reminded', ?)", until); err != nil {
		return goatkit.Error("the calendar cannot be written", 503)
	}
	return map[string]any{"sent": sent}
}

func remind(since, now int64) (sent int, until int64, err error) {
	var rows []*event
	err = goatkit.Query(&rows, "SELECT "+columns+" FROM cal_event WHERE remind >= 0 AND last_at >= ? AND first_at <= ? "+
		fmt.Sprintf("ORDER BY id LIMIT %d", mostRows), since, now+remindFar)
	if err != nil {
		return 0, since, err
	}
	zone := siteZone()
	changed := map[string]bool{}
	var changes []struct {
		Parent string `json:"parent_id"`
		Wall   string `json:"recur_wall"`
	}
	if err = goatkit.Query(&changes, "SELECT parent_id, recur_wall FROM cal_event WHERE parent_id <> '' AND last_at >= ? AND first_at <= ? LIMIT 5000",
		since, now+remindFar); err != nil {
		return 0, since, err
	}
	for _, each := range changes {
		changed[each.Parent+each.Wall] = true
	}
	for _, row := range rows {
		lead := int64(row.Remind) * 60
		from, to := time.Unix(since+lead+1, 0), time.Unix(now+lead+1, 0)
		found, _ := expand([]*event{row}, from.Add(-26*time.Hour), to.Add(26*time.Hour))
		for _, one := range found {
			start := one.start
			if one.allDay() {
				start = recur.Instant(one.wall, zone)
			}
			gone := row.Parent == "" && changed[row.ID+one.wall.Format(recur.WallLayout)]
			if gone || start.Before(from) || !start.Before(to) {
				continue
			}
			if sent == mostSent {
				return sent, now, nil
			}
			tell(row, one, start.In(zone))
			sent++
		}
	}
	return sent, now, nil
}

// tell leaves notices for whom an appointment concerns.
func tell(row *event, one *shown, at time.Time) {
	people := map[string]bool{row.CreatedBy: true}
	var owners []struct{ Owner, Kind string }
	if goatkit.Query(&owners, "SELECT owner, kind FROM cal_calendar WHERE id = ?", row.Calendar) == nil {
		for _, each := range owners {
			if each.Kind == personal {
				people = map[string]bool{each.Owner: true}
			}
		}
	}
	if row.IsDue == 1 && row.Ticket != 0 {
		var assigned []struct{ Login string }
		if goatkit.Query(&assigned, "SELECT u.login AS login FROM ticket t JOIN users u ON u.id = t.user_id WHERE t.id = ?", row.Ticket) == nil {
			for _, each := range assigned {
				people[strings.ToLower(each.Login)] = true
			}
		}
	}
	when := at.Format("2006-01-02 15:04 MST")
	if one.allDay() {
		when = at.Format("2006-01-02")
	}
	link := "/calendar/event/" + row.ID + "?at=" + one.wall.Format(recur.WallLayout)
	if row.IsDue == 1 && row.Ticket != 0 {
		link = fmt.Sprintf("/tickets/%d", row.Ticket)
	}
	for person := range people {
		var found []struct {
			ID int64 `json:"id"`
		}
		if goatkit.Query(&found, "SELECT id FROM users WHERE login = ? AND valid_id = 1", person) != nil || len(found) == 0 {
			continue
		}
		if err := goatkit.Call("send_notice", map[string]any{"user_id": found[0].ID, "title": when + ": " + row.Title, "body": row.Place, "link": link}, nil); err != nil {
			goatkit.Warnf("no notice for an appointment: %v", err)
		}
	}
}
