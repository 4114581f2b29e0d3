package ics

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"openhelpdesk.example/calendar/recur"
)

// MostEvents of one file are read.
const MostEvents = 2_000

// MostBytes of a file are read; larger ones are refused.
const MostBytes = 4 << 20

const (
	mostDates = 1_000
	mostHeld  = 4_000 // lines of one event
)

// Event is one VEVENT. All times are on the wall of Series.Zone.
type Event struct {
	UID, Title, Place, Note string
	Rule                    string // as it was written
	Zone                    string // its name in the time zone database
	Series                  recur.Series
	Recurrence              time.Time // wall; zero but for one changed occurrence
	Cancelled               bool
	Remind                  int // minutes before; -1 for never
}

// Read returns the events of a file, and why others are missing.
func Read(text, home string) (events []Event, problems []string) {
	if len(text) > MostBytes {
		return nil, []string{fmt.Sprintf("the file has %d MB; expected at most %d", len(text)>>20, MostBytes>>20)}
	}
	site, err := recur.Zone(home)
	if err != nil {
		site, home = time.UTC, "UTC"
	}
	var open []string
	var held []line
	alarm := -1
	calendar, missed := false, 0
	unfold(text, func(row string) bool {
		found, ok := parse(row)
		if !ok {
			return true
		}
		value := strings.ToUpper(strings.TrimSpace(found.value))
		switch {
		case found.name == "BEGIN":
			calendar = calendar || value == "VCALENDAR"
			open = append(open, value)
			if value == "VEVENT" {
				held, alarm = nil, -1
			}
			return len(open) < 16
		case found.name == "END":
			if value == "VEVENT" && len(open) > 0 && len(events) < MostEvents {
				one, err := event(held, alarm, home, site)
				if err == nil {
					events = append(events, one)
				} else if len(problems) < 20 {
					problems = append(problems, err.Error())
				} else {
					missed++
				}
			} else if value == "VEVENT" {
				missed++
			}
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case len(open) > 0 && open[len(open)-1] == "VEVENT":
			// One line too many stays: an event without what it excludes would be wrong.
			if len(held) <= mostHeld {
				held = append(held, found)
			}
		case len(open) > 1 && open[len(open)-1] == "VALARM" && found.name == "TRIGGER":
			alarm = max(alarm, trigger(found))
		}
		return true
	})
	if !calendar {
		problems = append(problems, "this is no iCalendar file; expected BEGIN:VCALENDAR")
	}
	if missed > 0 {
		problems = append(problems, fmt.Sprintf("%d more events were left out; a file may have %d", missed, MostEvents))
	}
	return events, problems
}

func event(lines []line, alarm int, home string, site *time.Location) (Event, error) {
	one := Event{Remind: alarm, Zone: home}
	one.Series.Zone = site
	byName := map[string]line{}
	for _, each := range lines {
		if _, known := byName[each.name]; !known {
			byName[each.name] = each
		}
	}
	one.texts(byName)
	said := func(err error) error {
		return fmt.Errorf("%s: %w", recur.Cut(one.Title+" ("+one.UID+")", 80), err)
	}
	if len(lines) > mostHeld {
		return one, said(fmt.Errorf("it has more than %d lines", mostHeld))
	}
	start, ok := byName["DTSTART"]
	if !ok {
		return one, said(fmt.Errorf("it has no DTSTART"))
	}
	if err := one.begin(start); err != nil {
		return one, said(err)
	}
	if err := one.length(byName); err != nil {
		return one, said(err)
	}
	if rule, ok := byName["RRULE"]; ok {
		read, err := recur.ParseRule(rule.value, one.Series.Zone)
		if err != nil {
			return one, said(err)
		}
		one.Rule, one.Series.Rule = strings.ToUpper(strings.TrimSpace(rule.value)), read
	}
	if id, ok := byName["RECURRENCE-ID"]; ok {
		walls, err := one.walls(id)
		if err != nil || len(walls) == 0 {
			return one, said(fmt.Errorf("its RECURRENCE-ID is no time"))
		}
		one.Recurrence = walls[0]
	}
	if err := one.dates(lines); err != nil {
		return one, said(err)
	}
	return one, nil
}

// texts takes what is shown of an event.
func (e *Event) texts(byName map[string]line) {
	e.UID = recur.Cut(byName["UID"].value, 250)
	e.Title = recur.Cut(strings.TrimSpace(unescaper.Replace(byName["SUMMARY"].value)), 200)
	e.Place = recur.Cut(unescaper.Replace(byName["LOCATION"].value), 200)
	e.Note = recur.Cut(unescaper.Replace(byName["DESCRIPTION"].value), 4000)
	e.Cancelled = strings.EqualFold(byName["STATUS"].value, "CANCELLED")
}

// dates takes the dates that are added and excluded.
func (e *Event) dates(lines []line) error {
	for _, each := range lines {
		if each.name != "EXDATE" && each.name != "RDATE" {
			continue
		}
		walls, err := e.walls(each)
		if err != nil {
			return err
		}
		if each.name == "RDATE" {
			e.Series.Extra = append(e.Series.Extra, walls...)
		} else {
			e.Series.Excluded = append(e.Series.Excluded, walls...)
		}
	}
	if len(e.Series.Extra)+len(e.Series.Excluded) > mostDates {
		return fmt.Errorf("it has more than %d single dates", mostDates)
	}
	return nil
}

func (e *Event) begin(start line) error {
	if name := start.params["TZID"]; name != "" {
		zone, err := recur.Zone(name)
		if err != nil {
			return err
		}
		e.Series.Zone, e.Zone = zone, zone.String()
	} else if strings.HasSuffix(start.value, "Z") {
		e.Series.Zone, e.Zone = time.UTC, "UTC"
	}
	wall, isDay, err := moment(start.value)
	if err != nil {
		return err
	}
	e.Series.Start, e.Series.AllDay = wall, isDay
	return recur.CheckYear(wall)
}

func (e *Event) length(byName map[string]line) error {
	if end, ok := byName["DTEND"]; ok {
		walls, err := e.walls(end)
		if err != nil || len(walls) == 0 {
			return fmt.Errorf("its DTEND is no time")
		}
		e.Series.Length = max(walls[0].Sub(e.Series.Start), 0)
	} else if said, ok := byName["DURATION"]; ok {
		e.Series.Length, ok = Duration(said.value)
		if !ok || e.Series.Length < 0 {
			return fmt.Errorf("DURATION:%s is no duration; expected PT1H30M", recur.Cut(said.value, 20))
		}
	}
	if e.Series.AllDay && e.Series.Length == 0 {
		e.Series.Length = 24 * time.Hour
	}
	if e.Series.Length > 366*24*time.Hour {
		return fmt.Errorf("it takes longer than a year")
	}
	return nil
}

// walls returns the times of a line on the wall of the event's own zone.
func (e *Event) walls(found line) ([]time.Time, error) {
	from := e.Series.Zone
	if name := found.params["TZID"]; name != "" {
		zone, err := recur.Zone(name)
		if err != nil {
			return nil, err
		}
		from = zone
	}
	var walls []time.Time
	for each := range strings.SplitSeq(found.value, ",") {
		each, _, _ = strings.Cut(strings.TrimSpace(each), "/") // of a period, its start
		wall, isDay, err := moment(each)
		if err != nil {
			return nil, err
		}
		switch {
		case isDay && !e.Series.AllDay:
			// Some clients exclude a day and mean what begins on it.
			clock := e.Series.Start.Sub(e.Series.Start.Truncate(24 * time.Hour))
			wall = wall.Add(clock)
		case e.Series.AllDay:
			wall = wall.Truncate(24 * time.Hour)
		case strings.HasSuffix(each, "Z"):
			wall = recur.Wall(wall, e.Series.Zone)
		case from != e.Series.Zone:
			wall = recur.Wall(recur.Instant(wall, from), e.Series.Zone)
		}
		walls = append(walls, wall)
		if len(walls) > mostDates {
			return nil, fmt.Errorf("it has more than %d single dates", mostDates)
		}
	}
	return walls, nil
}

// moment reads a date, or a date with a time, as it is written.
func moment(text string) (wall time.Time, isDay bool, err error) {
	text = strings.TrimSpace(text)
	if wall, err = time.Parse("20060102T150405", strings.TrimSuffix(text, "Z")); err == nil {
		return wall, false, nil
	}
	if wall, err = time.Parse("20060102", text); err == nil {
		return wall, true, nil
	}
	return wall, false, fmt.Errorf("%q is no time; expected 20301231 or 20301231T090000", recur.Cut(text, 30))
}

var units = map[byte]time.Duration{'W': 7 * 24 * time.Hour, 'D': 24 * time.Hour, 'H': time.Hour, 'M': time.Minute, 'S': time.Second}

// Duration reads a DURATION.
func Duration(text string) (found time.Duration, ok bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	sign := time.Duration(1)
	if rest, minus := strings.CutPrefix(text, "-"); minus {
		text, sign = rest, -1
	}
	text, ok = strings.CutPrefix(strings.TrimPrefix(text, "+"), "P")
	if !ok || text == "" || strings.HasSuffix(text, "T") {
		return 0, false
	}
	for text != "" {
		text = strings.TrimPrefix(text, "T")
		digits := 0
		for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
			digits++
		}
		if digits == 0 || digits > 8 || digits == len(text) || units[text[digits]] == 0 {
			return 0, false
		}
		count, _ := strconv.Atoi(text[:digits])
		found += time.Duration(count) * units[text[digits]]
		if found > 20_000*24*time.Hour {
			return 0, false
		}
		text = text[digits+1:]
	}
	return sign * found, true
}

// trigger returns how many minutes before its event an alarm is, -1 for others.
func trigger(found line) int {
	before, ok := Duration(found.value)
	if !ok || before > 0 || found.params["RELATED"] == "END" {
		return -1
	}
	return min(int(-before/time.Minute), 40_320)
}
