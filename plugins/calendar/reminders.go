package main

import (
	"fmt"
	"strings"
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/recur"
)

const (
	latest     = int64(24 * 3600) // seconds for which reminders are sent late, after the server was down
	mostSent   = 90               // notices in one run; the help desk takes 100 a minute
	remindRows = 1000
)

// sendReminders is the job: it leaves a notice for each reminder that came due since it last ran. Who
// got which is kept, so that a run that was cut off is made good without telling anybody twice.
func sendReminders(goatkit.Args) any {
	if prepare() != nil {
		return goatkit.Error("the calendar's tables cannot be opened", 503)
	}
	var rows []struct{ Value int64 }
	if goatkit.Query(&rows, "SELECT value FROM cal_state WHERE name = 'reminded'") != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	one := &reminding{now: time.Now().Unix(), seen: map[string]map[string]bool{}}
	one.since = one.now - 300
	if len(rows) > 0 {
		one.since = max(rows[0].Value, one.now-latest)
	}
	if one.all() != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	if !one.left {
		if _, err := goatkit.Exec("REPLACE INTO cal_state (name, value) VALUES ('reminded', ?)", one.now); err != nil {
			return goatkit.Error("the calendar cannot be written", 503)
		}
	}
	if _, err := goatkit.Exec("DELETE FROM cal_reminded WHERE at < ?", one.now-3*latest); err != nil {
		return goatkit.Error("the calendar cannot be written", 503)
	}
	if checkFeeds() != nil {
		return goatkit.Error("the feeds cannot be checked", 503)
	}
	return map[string]any{"sent": one.sent}
}

// reminding is one run of the job.
type reminding struct {
	since, now int64                      // seconds since 1970
	sent       int                        // notices
	left       bool                       // whether the next run has to look at the same time again
	seen       map[string]map[string]bool // by person: the calendars that they can see
}

// all goes through the appointments whose reminder can be due, part by part.
func (g *reminding) all() error {
	after := ""
	for {
		var rows []*event
		// A single appointment is ruled out by its start; one that recurs, by working it out.
		err := goatkit.Query(&rows, "SELECT "+columns+" FROM cal_event WHERE id > ? AND remind >= 0 AND cancelled = 0 "+
			"AND last_at >= ? AND first_at - remind * 60 <= ? AND (rule <> '' OR rdates <> '' OR parent_id <> '' OR "+
			"first_at + all_day * 100800 - remind * 60 >= ?) "+fmt.Sprintf("ORDER BY id LIMIT %d", remindRows),
			after, g.since, g.now, g.since)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := g.one(row); err != nil {
				return err
			}
			if g.sent >= mostSent {
				g.left = true
				return nil
			}
		}
		if len(rows) < remindRows {
			return nil
		}
		after = rows[len(rows)-1].ID
	}
}

func (g *reminding) one(row *event) error {
	lead := int64(row.Remind) * 60
	from, to := time.Unix(g.since+lead+1, 0), time.Unix(g.now+lead+1, 0)
	found, _ := expand([]*event{row}, from.Add(-26*time.Hour), to.Add(26*time.Hour))
	for _, each := range found {
		start := each.start
		if each.allDay() {
			start = recur.Instant(each.wall, siteZone())
		}
		if start.Before(from) || !start.Before(to) {
			continue
		}
		if row.Parent == "" && (row.Rule != "" || row.RDates != "") {
			// An occurrence that was changed by itself has a row, and a reminder, of its own.
			var changed []struct{ ID string }
			if err := goatkit.Query(&changed, "SELECT id FROM cal_event WHERE parent_id = ? AND recur_wall = ? LIMIT 1",
				row.ID, each.wall.Format(recur.WallLayout)); err != nil {
				return err
			}
			if len(changed) > 0 {
				continue
			}
		}
		g.tell(row, each, start)
	}
	return nil
}

// people returns whom an appointment concerns, of those who can see it.
func (g *reminding) people(row *event) map[string]bool {
	people := map[string]bool{row.CreatedBy: g.sees(row.CreatedBy, row.Calendar)}
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
	return people
}

// sees tells whether somebody can see a calendar, now.
func (g *reminding) sees(person, calendar string) bool {
	if g.seen[person] == nil {
		g.seen[person] = map[string]bool{}
		found, err := visible(person, false)
		if err != nil {
			return false
		}
		for _, each := range found {
			g.seen[person][each.ID] = true
		}
	}
	return g.seen[person][calendar]
}

// tell leaves notices of one occurrence for those who have none of it yet.
func (g *reminding) tell(row *event, one *shown, at time.Time) {
	wall := one.wall.Format(recur.WallLayout)
	link := "/calendar/event/" + row.ID + "?at=" + wall
	isDue := row.IsDue == 1 && row.Ticket != 0
	if isDue {
		link = fmt.Sprintf("/tickets/%d", row.Ticket)
	}
	for person, meant := range g.people(row) {
		if !meant {
			continue
		}
		var told []struct{ At int64 }
		what := row.ID + " " + wall + " " + person
		if goatkit.Query(&told, "SELECT at FROM cal_reminded WHERE what = ?", what) != nil {
			g.left = true
			continue
		}
		var found []struct {
			ID int64 `json:"id"`
		}
		if len(told) > 0 || goatkit.Query(&found, "SELECT id FROM users WHERE login = ? AND valid_id = 1", person) != nil || len(found) == 0 {
			continue
		}
		title, place := row.Title, row.Place
		if isDue && !g.sees(person, row.Calendar) {
			title, place = ticketName(row.Ticket), ""
		}
		when := at.In(zoneOf(person)).Format("2006-01-02 15:04 MST")
		if one.allDay() {
			when = one.wall.Format(recur.DayLayout)
		}
		if err := goatkit.Call("send_notice", map[string]any{"user_id": found[0].ID, "title": when + ": " + title, "body": place, "link": link}, nil); err != nil {
			goatkit.Warnf("no notice for an appointment: %v", err)
			g.left = true
			continue
		}
		g.sent++
		if _, err := goatkit.Exec("REPLACE INTO cal_reminded (what, at) VALUES (?, ?)", what, g.now); err != nil {
			goatkit.Warnf("a reminder was sent and could not be noted: %v", err)
		}
	}
}
