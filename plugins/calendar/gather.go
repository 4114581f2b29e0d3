package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/recur"
)

// Bounds of what one page or answer shows.
const (
	mostShown = 2_000
	mostRows  = 3_000
	mostEach  = 800 // of one series
)

// shown is one occurrence as somebody sees it.
type shown struct {
	event      *event
	calendar   *calendar // nil for what the caller cannot see but for its time
	start, end time.Time // instants
	day, last  string    // the first and last day on the caller's wall
	wall       time.Time // on the wall of the event's zone: names the occurrence
	conflict   bool
	ticket     string // what a ticket that is due is called, where the caller sees no more
}

// window finds what happens from from to to. Events of calendars that the caller cannot see are left
// out, but for bookings of resources and due times of tickets when busy is set: of the first only the time
// is shown, of the others the ticket.
func window(r *request, calendars []*calendar, from, to time.Time, busy bool) ([]*shown, []string, error) {
	rows, err := between(calendars, from, to, busy)
	if err != nil {
		return nil, nil, err
	}
	found, notes := expand(rows, from, to)
	if len(rows) == mostRows {
		notes = append(notes, "more")
	}
	for _, each := range found {
		each.calendar = byID(calendars, each.event.Calendar)
		each.days(r.zone)
	}
	markConflicts(found)
	if busy {
		nameDues(found)
	}
	return found, notes, nil
}

// between finds the rows of what can happen within a time; those for a page come without what a page has no
// use for.
func between(calendars []*calendar, from, to time.Time, busy bool) ([]*event, error) {
	columns := columns
	if busy {
		columns = pageColumns
	}
	var ids []string
	for _, each := range calendars {
		ids = append(ids, each.ID)
	}
	seen := "calendar_id IN (" + marks(len(ids)) + ")"
	values := append([]any{to.Unix(), from.Unix()}, anys(ids)...)
	if len(ids) == 0 {
		seen, values = "1 = 0", values[:2]
	}
	if busy {
		seen = "(" + seen + " OR resources <> '' OR is_due = 1)"
	}
	var rows []*event
	err := goatkit.Query(&rows, "SELECT "+columns+" FROM cal_event WHERE first_at < ? AND last_at >= ? AND "+
		seen+fmt.Sprintf(" ORDER BY parent_id DESC, last_at, id LIMIT %d", mostRows), values...)
	return rows, err
}

// expand makes occurrences of rows; notes name what could not be shown.
func expand(rows []*event, from, to time.Time) (found []*shown, notes []string) {
	changed := map[string]bool{}
	for _, row := range rows {
		if row.Parent != "" {
			changed[row.Parent+row.RecurWall] = true
		}
	}
	for _, row := range rows {
		if row.Cancelled == 1 {
			continue
		}
		series := row.series()
		if row.Parent != "" {
			// What was changed by itself recurs no more.
			series.Rule, series.Extra, series.Excluded = nil, nil, nil
		}
		low, high := from, to
		if series.AllDay {
			low, high = from.Add(-26*time.Hour), to.Add(26*time.Hour)
		}
		all, more, err := series.Between(low, high, mostEach)
		if err != nil || more {
			notes = append(notes, row.Title)
		}
		for _, one := range all {
			if row.Parent == "" && len(changed) > 0 && changed[row.ID+one.Wall.Format(recur.WallLayout)] {
				continue
			}
			if len(found) == mostShown {
				return sorted(found), append(notes, "more")
			}
			found = append(found, &shown{event: row, start: one.Start, end: one.End, wall: one.Wall})
		}
	}
	return sorted(found), notes
}

func sorted(found []*shown) []*shown {
	sort.SliceStable(found, func(a, b int) bool {
		if found[a].allDay() != found[b].allDay() && found[a].wall.Truncate(24*time.Hour).Equal(found[b].wall.Truncate(24*time.Hour)) {
			return found[a].allDay()
		}
		return found[a].start.Before(found[b].start)
	})
	return found
}

func (s *shown) allDay() bool { return s.event.AllDay == 1 }

// days sets on which days of a zone's wall an occurrence is.
func (s *shown) days(zone *time.Location) {
	first, last := s.wall, s.wall.Add(time.Duration(s.event.Seconds)*time.Second)
	if !s.allDay() {
		first, last = recur.Wall(s.start, zone), recur.Wall(s.end, zone)
	}
	if last.After(first) {
		last = last.Add(-time.Second)
	}
	s.day, s.last = first.Format(recur.DayLayout), last.Format(recur.DayLayout)
}

func (s *shown) onDay(day string) bool { return s.day <= day && day <= s.last }

func (e *event) resourceIDs() []string {
	return strings.FieldsFunc(e.Resources, func(c rune) bool { return c == ',' })
}

// markConflicts marks what books a resource while somebody else does.
func markConflicts(found []*shown) {
	byResource := map[string][]*shown{}
	for _, each := range found {
		for _, id := range each.event.resourceIDs() {
			byResource[id] = append(byResource[id], each)
		}
	}
	for _, booked := range byResource {
		slices.SortFunc(booked, func(a, b *shown) int { return a.start.Compare(b.start) })
		for n, one := range booked {
			for _, other := range booked[n+1:] {
				if !other.start.Before(one.end) {
					break
				}
				one.conflict, other.conflict = true, true
			}
		}
	}
}

// clash is a booking that meets another one.
type clash struct {
	resource string // id
	at       time.Time
	other    *event
}

// clashes finds bookings of the same resources by others, within a year from the first occurrence. What
// belongs to the series that is changed is none of them.
func clashes(wanted *event, series string, most int) ([]clash, error) {
	ids := wanted.resourceIDs()
	if len(ids) == 0 {
		return nil, nil
	}
	from := time.Unix(max(wanted.FirstAt, time.Now().Add(-24*time.Hour).Unix()), 0)
	to := from.AddDate(1, 0, 1)
	mine, _ := expand([]*event{wanted}, from, to)
	if len(mine) == 0 {
		return nil, nil
	}
	rows, err := between(nil, mine[0].start, mine[len(mine)-1].end.Add(time.Second), true)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(e *event) bool {
		return e.ID == wanted.ID || e.Parent == wanted.ID || series != "" && (e.ID == series || e.Parent == series)
	})
	others, _ := expand(rows, mine[0].start, mine[len(mine)-1].end.Add(time.Second))
	var found []clash
	at := 0
	for _, one := range mine {
		for at < len(others) && others[at].end.Before(one.start.Add(-7*24*time.Hour)) {
			at++
		}
		for _, other := range others[at:] {
			if !other.start.Before(one.end) {
				break
			}
			if !other.end.After(one.start) {
				continue
			}
			for _, id := range other.event.resourceIDs() {
				if slices.Contains(ids, id) {
					found = append(found, clash{id, one.start, other.event})
					if len(found) == most {
						return found, nil
					}
				}
			}
		}
	}
	return found, nil
}
