// Package recur knows when appointments are: times on the wall of a zone, and rules of RFC 5545.
//
// A wall time is a time.Time in UTC that only stands for what a clock shows. Rules are expanded in
// wall time and only then become instants, so that "9:00 on Mondays" stays 9:00 in summer.
package recur

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the sandbox has no files
)

// Years that appointments may have. Address books write 1604 for a birthday without a year.
const (
	FirstYear = 1600
	LastYear  = 2199
)

// Layouts of stored wall times and of dates.
const (
	WallLayout = "2006-01-02T15:04:05"
	DayLayout  = "2006-01-02"
)

// Wall makes a wall time of what a clock in the zone shows at an instant.
func Wall(at time.Time, zone *time.Location) time.Time {
	at = at.In(zone)
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
}

// Instant returns when the clocks of a zone show a wall time. One that comes twice is the first of
// both; one that is skipped is taken by the offset before the gap, as RFC 5545 has it.
func Instant(wall time.Time, zone *time.Location) time.Time {
	before := offsetAt(wall.Add(-24*time.Hour), zone)
	first := wall.Add(-before)
	if offsetAt(first, zone) == before {
		return first
	}
	after := offsetAt(wall.Add(24*time.Hour), zone)
	second := wall.Add(-after)
	if offsetAt(second, zone) == after {
		return second
	}
	return first
}

func offsetAt(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

var zones = map[string]*time.Location{}

// Zone finds a zone by its name: one of the time zone database, one of Windows, or either behind a
// prefix, as some clients write it.
func Zone(name string) (*time.Location, error) {
	if found, ok := zones[name]; ok {
		return found, nil
	}
	clean := strings.Trim(strings.TrimSpace(name), `"`)
	if clean == "Etc/UTC" || clean == "Etc/GMT" {
		clean = "UTC"
	}
	found := load(clean)
	if found == nil {
		if known, ok := windowsZones[strings.ToLower(clean)]; ok {
			found = load(known)
		}
	}
	// /mozilla.org/20050126_1/Europe/Berlin, /freeassociation.sourceforge.net/America/New_York
	parts := strings.Split(strings.Trim(clean, "/"), "/")
	for skip := 1; found == nil && skip < len(parts) && skip <= 3; skip++ {
		found = load(strings.Join(parts[skip:], "/"))
	}
	if found == nil {
		return nil, fmt.Errorf("%q is not a time zone; expected a name such as Europe/Berlin", Cut(name, 60))
	}
	if len(zones) < 200 {
		zones[name] = found
	}
	return found, nil
}

func load(name string) *time.Location {
	if name == "" || name == "Local" || len(name) > 60 || strings.Contains(name, "..") {
		return nil
	}
	found, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return found
}

// Cut shortens a text to so many characters.
func Cut(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:most-1]) + "…"
}

// CheckYear refuses wall times that no calendar should have.
func CheckYear(wall time.Time) error {
	if wall.Year() < FirstYear || wall.Year() > LastYear {
		return fmt.Errorf("the year %d cannot be used; expected %d to %d", wall.Year(), FirstYear, LastYear)
	}
	return nil
}
