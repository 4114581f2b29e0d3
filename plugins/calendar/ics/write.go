package ics

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"openhelpdesk.example/calendar/recur"
)

const (
	stamp = "20060102T150405"
	date  = "20060102"
)

// Write returns a file with these events.
func Write(name string, events []Event, now time.Time) string {
	var out strings.Builder
	row := func(format string, args ...any) { fold(&out, fmt.Sprintf(format, args...)) }
	row("BEGIN:VCALENDAR")
	row("VERSION:2.0")
	row("PRODID:-//Open Help Desk//Calendar//EN")
	row("CALSCALE:GREGORIAN")
	row("METHOD:PUBLISH")
	row("X-WR-CALNAME:%s", escaper.Replace(name))
	row("REFRESH-INTERVAL;VALUE=DURATION:PT1H")
	row("X-PUBLISHED-TTL:PT1H")
	first := map[string]int{}
	for _, each := range events {
		year, known := first[each.Zone]
		if !each.Series.AllDay && (!known || each.Series.Start.Year() < year) {
			first[each.Zone] = each.Series.Start.Year()
		}
	}
	var names []string
	for name := range first {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name != "UTC" {
			writeZone(row, name, max(first[name], now.Year()-20), now.Year()+10)
		}
	}
	for _, each := range events {
		writeEvent(row, each, now)
	}
	row("END:VCALENDAR")
	return out.String()
}

func writeEvent(row func(string, ...any), e Event, now time.Time) {
	at := func(name string, wall time.Time) {
		switch {
		case e.Series.AllDay:
			row("%s;VALUE=DATE:%s", name, wall.Format(date))
		case e.Zone == "UTC":
			row("%s:%sZ", name, wall.Format(stamp))
		default:
			row("%s;TZID=%s:%s", name, e.Zone, wall.Format(stamp))
		}
	}
	row("BEGIN:VEVENT")
	row("UID:%s", strings.NewReplacer("\r", "", "\n", "").Replace(e.UID))
	row("DTSTAMP:%sZ", now.UTC().Format(stamp))
	at("DTSTART", e.Series.Start)
	at("DTEND", e.Series.Start.Add(e.Series.Length))
	if !e.Recurrence.IsZero() {
		at("RECURRENCE-ID", e.Recurrence)
	}
	if e.Rule != "" {
		row("RRULE:%s", e.rule())
	}
	for _, wall := range e.Series.Extra {
		at("RDATE", wall)
	}
	for _, wall := range e.Series.Excluded {
		at("EXDATE", wall)
	}
	row("SUMMARY:%s", escaper.Replace(e.Title))
	if e.Place != "" {
		row("LOCATION:%s", escaper.Replace(e.Place))
	}
	if e.Note != "" {
		row("DESCRIPTION:%s", escaper.Replace(e.Note))
	}
	if e.Cancelled {
		row("STATUS:CANCELLED")
	}
	if e.Remind >= 0 {
		row("BEGIN:VALARM")
		row("ACTION:DISPLAY")
		row("DESCRIPTION:%s", escaper.Replace(e.Title))
		row("TRIGGER:-PT%dM", e.Remind)
		row("END:VALARM")
	}
	row("END:VEVENT")
}

// rule returns the rule as RFC 5545 wants its end: a date for days, else in UTC.
func (e *Event) rule() string {
	if e.Series.Rule == nil || e.Series.Rule.Until.IsZero() {
		return e.Rule
	}
	end := e.Series.Rule.Until.Format(date)
	if !e.Series.AllDay {
		end = recur.Instant(e.Series.Rule.Until, e.Series.Zone).UTC().Format(stamp) + "Z"
	}
	parts := strings.Split(strings.ToUpper(e.Rule), ";")
	for at, part := range parts {
		if strings.HasPrefix(part, "UNTIL=") {
			parts[at] = "UNTIL=" + end
		}
	}
	return strings.Join(parts, ";")
}

// writeZone describes a zone by each of its changes within some years, and the state before them.
func writeZone(row func(string, ...any), name string, from, to int) {
	zone, err := recur.Zone(name)
	if err != nil {
		return
	}
	row("BEGIN:VTIMEZONE")
	row("TZID:%s", name)
	at := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC)
	part := func(at time.Time, before, after int, summer bool, short string) {
		kind := "STANDARD"
		if summer {
			kind = "DAYLIGHT"
		}
		row("BEGIN:%s", kind)
		row("DTSTART:%s", at.Add(time.Duration(before)*time.Second).UTC().Format(stamp))
		row("TZOFFSETFROM:%s", offset(before))
		row("TZOFFSETTO:%s", offset(after))
		row("TZNAME:%s", short)
		row("END:%s", kind)
	}
	short, seconds := at.In(zone).Zone()
	part(at, seconds, seconds, at.In(zone).IsDST(), short)
	for n := 0; n < 200; n++ {
		_, next := at.In(zone).ZoneBounds()
		if next.IsZero() || next.Year() > to {
			break
		}
		short, after := next.In(zone).Zone()
		part(next, seconds, after, next.In(zone).IsDST(), short)
		at, seconds = next, after
	}
	row("END:VTIMEZONE")
}

func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	return fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
}
