package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/recur"
)

// form is what the page of an appointment has in its fields, as texts.
type form struct {
	id, at, title, calendar, place, note, zone           string
	startDay, startTime, endDay, endTime, ticket, remind string
	repeat, interval, monthly, ends, until, count, own   string
	allDay, isDue                                        bool
	days, resources                                      []string
	problems                                             []string
	clashes                                              []string
	inSeries, part                                       bool   // a series; one occurrence that was changed by itself
	scope                                                string // one, following or all
}

var reminders = []int{-1, 0, 5, 10, 15, 30, 60, 120, 1440, 2880, 10080}

func newEvent(r *request) any {
	now := recur.Wall(r.now, r.zone)
	day, err := time.Parse(recur.DayLayout, r.Text("date"))
	if err != nil || recur.CheckYear(day) != nil {
		day = now.Truncate(24 * time.Hour)
	}
	hour := min(now.Hour()+1, 22)
	if now.Truncate(24*time.Hour) != day {
		hour = 9
	}
	f := &form{startDay: day.Format(recur.DayLayout), startTime: fmt.Sprintf("%02d:00", hour), endDay: day.Format(recur.DayLayout),
		endTime: fmt.Sprintf("%02d:00", hour+1), zone: r.zone.String(), remind: "15", repeat: "none", interval: "1",
		monthly: "day", ends: "never", count: "10", ticket: r.field("ticket", 20), calendar: r.field("calendar", 40)}
	if id := ticketNumber(f.ticket); id > 0 {
		f.title = recur.Cut(strings.TrimSpace(ticketTitle(id)), 200)
		f.isDue = r.Text("due") != ""
	}
	return f.show(r)
}

func showEvent(r *request) any {
	found, calendars, problem := permitted(r, r.Text("id"), false)
	if problem != "" {
		return failure(r, problem)
	}
	f := formOf(found)
	// Another occurrence of a series is shown by its own times.
	if wall, err := time.Parse(recur.WallLayout, r.Text("at")); err == nil && f.inSeries {
		end := wall.Add(time.Duration(found.Seconds) * time.Second)
		f.at = wall.Format(recur.WallLayout)
		f.times(wall, end)
	}
	if byID(calendars, found.Calendar).canWrite() {
		return f.show(r)
	}
	return readOnly(r, found, f, byID(calendars, found.Calendar))
}

// permitted finds an event that the caller may see, or change.
func permitted(r *request, id string, change bool) (*event, []*calendar, string) {
	calendars, err := visible(r.email, r.admin)
	if err != nil {
		return nil, nil, r.t("no_data")
	}
	found, err := findEvent(id)
	if err != nil || byID(calendars, found.Calendar) == nil {
		return nil, nil, r.t("no_event")
	}
	if change && !byID(calendars, found.Calendar).canWrite() {
		return nil, nil, r.t("may_not_write")
	}
	return found, calendars, ""
}

func formOf(e *event) *form {
	start := e.series().Start
	f := &form{id: e.ID, title: e.Title, calendar: e.Calendar, place: e.Place, note: e.Note, zone: e.Zone,
		allDay: e.AllDay == 1, isDue: e.IsDue == 1, remind: strconv.Itoa(e.Remind), resources: e.resourceIDs(),
		repeat: "none", interval: "1", monthly: "day", ends: "never", count: "10", inSeries: e.Rule != "" || e.RDates != "", part: e.Parent != ""}
	if e.Ticket != 0 {
		f.ticket = strconv.FormatInt(e.Ticket, 10)
	}
	f.times(start, start.Add(time.Duration(e.Seconds)*time.Second))
	if e.Rule != "" {
		f.readRule(e.Rule, start, e.series().Zone)
	}
	return f
}

func (f *form) times(start, end time.Time) {
	if f.allDay {
		end = end.AddDate(0, 0, -1)
	}
	f.startDay, f.startTime = start.Format(recur.DayLayout), start.Format("15:04")
	f.endDay, f.endTime = end.Format(recur.DayLayout), end.Format("15:04")
}

// readRule fills the fields from a rule, or keeps it as it is where they cannot show it.
func (f *form) readRule(text string, start time.Time, zone *time.Location) {
	rule, err := recur.ParseRule(text, zone)
	if err != nil {
		f.repeat, f.own = "own", text
		return
	}
	f.interval = strconv.Itoa(rule.Interval)
	switch {
	case rule.Count > 0:
		f.ends, f.count = "count", strconv.Itoa(rule.Count)
	case !rule.Until.IsZero():
		f.ends, f.until = "until", rule.Until.Format(recur.DayLayout)
	}
	f.repeat = []string{"yearly", "monthly", "weekly", "daily", "own"}[rule.Freq]
	for _, each := range rule.Days {
		f.days = append(f.days, recur.WeekdayNames[each.Day])
	}
	if f.repeat == "monthly" && len(rule.Days) == 1 {
		f.monthly, f.days = "nth", nil
		if rule.Days[0].N == -1 {
			f.monthly = "last"
		}
	}
	if f.repeat == "weekly" && len(f.days) == 0 {
		f.days = []string{recur.WeekdayNames[(int(start.Weekday())+6)%7]}
	}
	// Whatever the fields would not write again is shown as a rule.
	if again, err := f.rule(start); err != nil || !sameParts(again, text) {
		f.repeat, f.own = "own", text
	}
}

func sameParts(a, b string) bool {
	parts := func(text string) []string {
		var found []string
		for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
			if part != "" && part != "INTERVAL=1" && part != "WKST=MO" && !strings.HasPrefix(part, "UNTIL=") {
				if days, ok := strings.CutPrefix(part, "BYDAY="); ok {
					list := strings.Split(days, ",")
					slices.Sort(list)
					part = "BYDAY=" + strings.Join(list, ",")
				}
				found = append(found, part)
			}
		}
		slices.Sort(found)
		return found
	}
	return slices.Equal(parts(a), parts(b))
}

// rule writes the rule that the fields stand for.
func (f *form) rule(start time.Time) (string, error) {
	switch f.repeat {
	case "", "none":
		return "", nil
	case "own":
		return strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(f.own)), "RRULE:"), nil
	case "daily", "weekly", "monthly", "yearly":
	default:
		return "", fmt.Errorf("repeat")
	}
	rule := "FREQ=" + strings.ToUpper(f.repeat)
	if f.interval != "" && f.interval != "1" {
		rule += ";INTERVAL=" + f.interval
	}
	if f.repeat == "weekly" && len(f.days) > 0 {
		rule += ";BYDAY=" + strings.Join(f.days, ",")
	}
	if f.repeat == "monthly" && f.monthly != "day" {
		n := (start.Day()-1)/7 + 1
		if f.monthly == "last" {
			n = -1
		}
		rule += fmt.Sprintf(";BYDAY=%d%s", n, recur.WeekdayNames[(int(start.Weekday())+6)%7])
	}
	switch f.ends {
	case "until":
		rule += ";UNTIL=" + strings.ReplaceAll(f.until, "-", "")
	case "count":
		rule += ";COUNT=" + f.count
	}
	return rule, nil
}

func formFrom(r *request) *form {
	checked := func(name string) bool { return r.Text(name) != "" }
	f := &form{id: r.field("id", 40), at: r.field("at", 19), title: r.field("title", 200), calendar: r.field("calendar", 40),
		place: r.field("place", 200), note: r.field("note", 4000), zone: r.field("zone", 60),
		startDay: r.field("start_day", 10), startTime: r.field("start_time", 8), endDay: r.field("end_day", 10),
		endTime: r.field("end_time", 8), ticket: strings.TrimPrefix(r.field("ticket", 20), "#"), remind: r.field("remind", 6),
		repeat: r.field("repeat", 10), interval: r.field("interval", 6), monthly: r.field("monthly", 10),
		ends: r.field("ends", 10), until: r.field("until", 10), count: r.field("count", 6), own: r.field("own_rule", 1000),
		allDay: checked("all_day"), isDue: checked("is_due"), days: r.list("days"), resources: r.list("resources")}
	f.days = slices.DeleteFunc(f.days, func(day string) bool { return !slices.Contains(recur.WeekdayNames, day) })
	return f
}

// fill makes an event of the fields; problems are in f.
func (f *form) fill(r *request, e *event, calendars []*calendar) {
	wrong := func(key string, args ...any) { f.problems = append(f.problems, fmt.Sprintf(r.t(key), args...)) }
	if f.title == "" {
		wrong("need_title")
	}
	target := byID(calendars, f.calendar)
	if target == nil || !target.canWrite() || target.Kind == resource {
		wrong("need_calendar")
	}
	zone, err := recur.Zone(f.zone)
	if err != nil {
		wrong("bad_zone", f.zone)
		zone = r.zone
	}
	start, ok1 := wallOf(f.startDay, f.startTime, f.allDay)
	end, ok2 := wallOf(f.endDay, f.endTime, f.allDay)
	if !ok1 || !ok2 {
		wrong("bad_time")
		return
	}
	if recur.CheckYear(start) != nil || recur.CheckYear(end) != nil {
		wrong("bad_year", recur.FirstYear, recur.LastYear)
		return
	}
	if f.allDay {
		end = end.AddDate(0, 0, 1)
	}
	if end.Before(start) {
		wrong("end_before_start")
	} else if end.Sub(start) > 366*24*time.Hour {
		wrong("too_long")
	}
	rule, err := f.rule(start)
	if err == nil && rule != "" {
		_, err = recur.ParseRule(rule, zone)
	}
	if err != nil {
		wrong("bad_rule", err.Error())
		rule = ""
	}
	remind, err := strconv.Atoi(f.remind)
	if err != nil || remind < -1 || remind > 40_320 {
		remind = -1
	}
	f.fillTicket(r, e)
	f.fillResources(e, calendars)
	e.Calendar, e.Title, e.Place, e.Note, e.Zone = f.calendar, f.title, f.place, f.note, zone.String()
	e.AllDay, e.IsDue, e.Remind, e.Rule = number(f.allDay), number(f.isDue), remind, rule
	e.StartWall, e.Seconds = start.Format(recur.WallLayout), int64(end.Sub(start)/time.Second)
	if err := e.span(); err != nil && len(f.problems) == 0 {
		wrong("bad_rule", err.Error())
	}
}

func (f *form) fillTicket(r *request, e *event) {
	e.Ticket = 0
	if f.ticket == "" {
		return
	}
	id, err := strconv.ParseInt(f.ticket, 10, 53)
	if err == nil && id > 0 && (ticketTitle(id) != "") {
		e.Ticket = id
		return
	}
	f.problems = append(f.problems, fmt.Sprintf(r.t("no_ticket"), f.ticket))
}

func (f *form) fillResources(e *event, calendars []*calendar) {
	e.Resources = ""
	for _, id := range f.resources {
		found := byID(calendars, id)
		if found != nil && found.Kind == resource && len(e.Resources) < 600 {
			e.Resources += "," + id
		}
	}
	if e.Resources != "" {
		e.Resources += ","
	}
}

func ticketTitle(id int64) string {
	var rows []struct{ Title string }
	if goatkit.Query(&rows, "SELECT title FROM ticket WHERE id = ?", id) != nil || len(rows) == 0 {
		return ""
	}
	return rows[0].Title + " "
}

func wallOf(day, clock string, allDay bool) (time.Time, bool) {
	if allDay {
		clock = "00:00"
	}
	found, err := time.Parse("2006-01-02T15:04", day+"T"+recur.Cut(clock, 5))
	return found, err == nil
}

func number(truth bool) int {
	if truth {
		return 1
	}
	return 0
}
