package main

import (
	"fmt"
	"strings"
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/recur"
)

// saveEvent creates an appointment, changes a series, or one occurrence of it.
func saveEvent(r *request) any {
	f := formFrom(r)
	var e *event
	calendars, err := visible(r.email, r.admin)
	if err != nil {
		return failure(r, r.t("no_data"))
	}
	if f.id == "" {
		id := newID(10)
		e = &event{ID: id, UID: id + "@openhelpdesk", CreatedBy: r.email}
	} else {
		var problem string
		if e, calendars, problem = permitted(r, f.id, true); problem != "" {
			return failure(r, problem)
		}
	}
	was := *e
	f.inSeries, f.part = was.Rule != "" || was.RDates != "", was.Parent != ""
	at, atErr := time.Parse(recur.WallLayout, f.at)
	scope := r.Text("scope")
	switch {
	case !f.inSeries || atErr != nil || scope == "following" && !at.After(was.series().Start):
		scope = "all"
	case scope != "all" && scope != "following":
		scope = "one"
	}
	f.scope = scope
	// What is saved; the fields keep what was typed, should there be a problem.
	typed := *f
	switch {
	case f.part:
		f.repeat = "none"
	case scope == "one":
		f.repeat = "none"
		e = &event{ID: changedID(was.ID, f.at), UID: was.UID, Parent: was.ID, RecurWall: f.at, CreatedBy: was.CreatedBy}
	case scope == "following":
		f.moveDays(at)
		f.lessCount(&was, at)
		id := newID(10)
		e = &event{ID: id, UID: id + "@openhelpdesk", CreatedBy: was.CreatedBy}
		if start, ok := wallOf(f.startDay, f.startTime, f.allDay); ok {
			_, e.RDates = split(was.RDates, at, start.Sub(at))
			_, e.ExDates = split(was.ExDates, at, start.Sub(at))
		}
	case f.inSeries && atErr == nil:
		f.moveDays(at)
		f.shift(was.series().Start, at)
	}
	f.fill(r, e, calendars)
	if (scope == "one" || f.part) && len(f.problems) == 0 {
		e.Calendar = was.Calendar
	}
	if len(f.problems) == 0 && r.Text("anyway") == "" {
		found, err := clashes(e, was.ID, 5)
		if err != nil {
			return failure(r, r.t("no_data"))
		}
		for _, each := range found {
			name := ""
			if room := byID(calendars, each.resource); room != nil {
				name = room.title(r)
			}
			title := r.t("busy")
			if byID(calendars, each.other.Calendar) != nil {
				title = each.other.Title
			}
			at := each.at.In(r.zone)
			f.clashes = append(f.clashes, fmt.Sprintf("%s: %s %s, %s", name, r.longDay(at), at.Format("15:04"), title))
		}
	}
	if len(f.problems)+len(f.clashes) > 0 {
		typed.problems, typed.clashes = f.problems, f.clashes
		return typed.show(r)
	}
	if scope == "following" {
		err = follow(&was, e, at)
	} else {
		err = keep(e)
	}
	// What was changed by itself belongs to a place in the old schedule.
	if err == nil && scope == "all" && f.inSeries && (was.Rule != e.Rule || was.StartWall != e.StartWall || was.Zone != e.Zone) {
		_, err = goatkit.Exec("DELETE FROM cal_event WHERE parent_id = ?", e.ID)
	} else if err == nil && scope == "all" && was.Calendar != e.Calendar {
		_, err = goatkit.Exec("UPDATE cal_event SET calendar_id = ? WHERE parent_id = ?", e.Calendar, e.ID)
	}
	if err != nil {
		return failure(r, r.t("not_kept"))
	}
	return map[string]any{"redirect": "/calendar?view=day&date=" + typed.startDay}
}

// shift moves a series as one of its occurrences was moved.
func (f *form) shift(start, at time.Time) {
	for _, pair := range [][2]*string{{&f.startDay, &f.startTime}, {&f.endDay, &f.endTime}} {
		moved, ok := wallOf(*pair[0], *pair[1], f.allDay)
		if !ok {
			continue
		}
		if f.allDay {
			at = at.Truncate(24 * time.Hour)
			start = start.Truncate(24 * time.Hour)
		}
		moved = start.Add(moved.Sub(at))
		*pair[0], *pair[1] = moved.Format(recur.DayLayout), moved.Format("15:04")
	}
}

// deleteEvent deletes an appointment or a series, one occurrence, or what follows from one on.
func deleteEvent(r *request) any {
	e, _, problem := permitted(r, r.Text("id"), true)
	if problem != "" {
		return failure(r, problem)
	}
	at, err := time.Parse(recur.WallLayout, r.Text("at"))
	series := (e.Rule != "" || e.RDates != "") && err == nil
	switch scope := r.Text("scope"); {
	case e.Parent != "":
		// The occurrence stays away; it does not come back as it was before it was changed.
		e.Cancelled = 1
		err = keep(e)
	case series && scope == "one":
		if len(strings.Fields(e.ExDates)) >= 1000 {
			return failure(r, r.t("too_many_exceptions"))
		}
		e.ExDates = strings.TrimSpace(e.ExDates + " " + at.Format(recur.WallLayout))
		err = keep(e)
	case series && scope == "following" && at.After(e.series().Start):
		if err = e.end(at); err == nil {
			err = keep(e)
		}
		if err == nil {
			err = dropFrom(e.ID, at)
		}
	default:
		_, err = goatkit.Exec("DELETE FROM cal_event WHERE id = ? OR parent_id = ?", e.ID, e.ID)
	}
	if err != nil {
		return failure(r, r.t("not_kept"))
	}
	return map[string]any{"redirect": "/calendar?date=" + e.series().Start.Format(recur.DayLayout)}
}

// changedID returns the id of the row that changes one occurrence of a series: of the one that there is, or
// a new one.
func changedID(series, wall string) string {
	var rows []struct{ ID string }
	if goatkit.Query(&rows, "SELECT id FROM cal_event WHERE parent_id = ? AND recur_wall = ? LIMIT 1", series, wall) == nil && len(rows) > 0 {
		return rows[0].ID
	}
	return newID(10)
}
