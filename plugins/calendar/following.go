package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/recur"
)

// endBefore writes a rule that ends before a wall time.
func endBefore(rule string, at time.Time) string {
	if rule == "" {
		return ""
	}
	parts := slices.DeleteFunc(strings.Split(rule, ";"), func(part string) bool {
		return strings.HasPrefix(part, "UNTIL=") || strings.HasPrefix(part, "COUNT=")
	})
	return strings.Join(parts, ";") + ";UNTIL=" + at.Add(-time.Second).Format("20060102T150405")
}

// split divides single dates into those before a wall time, and the others moved by some time.
func split(text string, at time.Time, by time.Duration) (before, after string) {
	var early, late []time.Time
	for _, wall := range walls(text) {
		if wall.Before(at) {
			early = append(early, wall)
		} else {
			late = append(late, wall.Add(by))
		}
	}
	return wallTexts(early), wallTexts(late)
}

// end makes a series end before a wall time.
func (e *event) end(at time.Time) error {
	e.Rule = endBefore(e.Rule, at)
	e.RDates, _ = split(e.RDates, at, 0)
	e.ExDates, _ = split(e.ExDates, at, 0)
	return e.span()
}

// dropFrom deletes what was changed by itself of a series, from a wall time on.
func dropFrom(id string, at time.Time) error {
	_, err := goatkit.Exec("DELETE FROM cal_event WHERE parent_id = ? AND recur_wall >= ?", id, at.Format(recur.WallLayout))
	return err
}

// follow makes e, which has what the form says, the part of a series from a wall time on. The series
// ends before it: both are written at once.
func follow(was, e *event, at time.Time) error {
	start := e.series().Start
	before := *was
	if err := before.end(at); err != nil {
		return err
	}
	if err := keep(&before, e); err != nil {
		return err
	}
	// What was changed by itself goes along, unless its place in the schedule is gone.
	if e.Zone == was.Zone && start.Equal(at) && e.AllDay == was.AllDay && sameParts(endless(e.Rule), endless(was.Rule)) {
		_, err := goatkit.Exec("UPDATE cal_event SET parent_id = ?, uid = ?, calendar_id = ? WHERE parent_id = ? AND recur_wall >= ?",
			e.ID, e.UID, e.Calendar, was.ID, at.Format(recur.WallLayout))
		return err
	}
	return dropFrom(was.ID, at)
}

// endless is a rule without its end.
func endless(rule string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(rule, ";"), func(part string) bool {
		return strings.HasPrefix(part, "UNTIL=") || strings.HasPrefix(part, "COUNT=")
	}), ";")
}

// lessCount takes what is over of a count that nobody changed: "10 times" from the fourth on is 7 times.
func (f *form) lessCount(was *event, at time.Time) {
	series := was.series()
	if series.Rule == nil || series.Rule.Count == 0 || f.ends != "count" || f.count != strconv.Itoa(series.Rule.Count) {
		return
	}
	over := 0
	_ = series.Rule.Each(series.Start, series.Start, at.Add(-time.Second), func(time.Time) bool {
		over++
		return true
	})
	f.count = strconv.Itoa(max(series.Rule.Count-over, 1))
}

// moveDays lets the only weekday of a weekly series follow the day that its start is moved to.
func (f *form) moveDays(at time.Time) {
	day := func(wall time.Time) string { return recur.WeekdayNames[(int(wall.Weekday())+6)%7] }
	start, ok := wallOf(f.startDay, "00:00", true)
	if ok && f.repeat == "weekly" && len(f.days) == 1 && f.days[0] == day(at) {
		f.days = []string{day(start)}
	}
}
