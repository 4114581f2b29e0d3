package recur

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Frequencies that are served. A rule of every second or minute is no appointment.
const (
	Yearly = iota
	Monthly
	Weekly
	Daily
	Hourly
)

// Bounds of a rule.
const (
	MostCount    = 10_000
	mostInterval = 10_000
	mostText     = 1_000
	mostTimes    = 24 // different times within a day
	mostParts    = 400
)

var frequencies = map[string]int{
	"YEARLY": Yearly, "MONTHLY": Monthly, "WEEKLY": Weekly, "DAILY": Daily, "HOURLY": Hourly,
}

// WeekdayNames are those of RFC 5545, Monday first.
var WeekdayNames = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

// ByDay is a weekday, or the Nth of a month or year; Day counts from Monday, 0.
type ByDay struct{ N, Day int }

// Rule is an RRULE that was read.
type Rule struct {
	Freq, Interval, Count            int
	Until                            time.Time // wall time, inclusive; zero for none
	Months, MonthDays, YearDays      []int
	WeekNos, Hours, Minutes, Seconds []int
	Days                             []ByDay
	SetPos                           []int
	WeekStart                        int
}

// ParseRule reads an RRULE. Zone is where an UNTIL in UTC is on the wall.
func ParseRule(text string, zone *time.Location) (*Rule, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	text = strings.TrimPrefix(text, "RRULE:")
	if len(text) > mostText {
		return nil, fmt.Errorf("a rule has at most %d characters", mostText)
	}
	rule := &Rule{Freq: -1, Interval: 1}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.Trim(text, ";"), ";") {
		key, value, ok := strings.Cut(part, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("%q is no part of a rule; expected NAME=VALUE, as in FREQ=WEEKLY", Cut(part, 40))
		}
		if seen[key] {
			return nil, fmt.Errorf("the rule has %s twice", Cut(key, 20))
		}
		seen[key] = true
		if err := rule.part(key, value, zone); err != nil {
			return nil, err
		}
	}
	return rule, rule.check()
}

func (r *Rule) part(key, value string, zone *time.Location) (err error) {
	switch key {
	case "FREQ":
		freq, ok := frequencies[value]
		if !ok {
			return fmt.Errorf("FREQ=%s is not served; expected YEARLY, MONTHLY, WEEKLY, DAILY or HOURLY", Cut(value, 20))
		}
		r.Freq = freq
	case "INTERVAL":
		r.Interval, err = number(key, value, 1, mostInterval)
	case "COUNT":
		r.Count, err = number(key, value, 1, MostCount)
	case "UNTIL":
		r.Until, err = until(value, zone)
	case "BYMONTH":
		r.Months, err = numbers(key, value, 1, 12, false)
	case "BYMONTHDAY":
		r.MonthDays, err = numbers(key, value, 1, 31, true)
	case "BYYEARDAY":
		r.YearDays, err = numbers(key, value, 1, 366, true)
	case "BYWEEKNO":
		r.WeekNos, err = numbers(key, value, 1, 53, true)
	case "BYHOUR":
		r.Hours, err = numbers(key, value, 0, 23, false)
	case "BYMINUTE":
		r.Minutes, err = numbers(key, value, 0, 59, false)
	case "BYSECOND":
		r.Seconds, err = numbers(key, value, 0, 59, false)
	case "BYSETPOS":
		r.SetPos, err = numbers(key, value, 1, 366, true)
	case "BYDAY":
		r.Days, err = byDays(value)
	case "WKST":
		r.WeekStart = slices.Index(WeekdayNames, value)
		if r.WeekStart < 0 {
			return fmt.Errorf("WKST=%s is no weekday; expected MO to SU", Cut(value, 20))
		}
	default:
		return fmt.Errorf("%s is no part of a rule that is known", Cut(key, 20))
	}
	return err
}

func (r *Rule) check() error {
	if r.Freq < 0 {
		return fmt.Errorf("the rule says not how often; expected FREQ=DAILY or another frequency")
	}
	if r.Count > 0 && !r.Until.IsZero() {
		return fmt.Errorf("the rule has COUNT and UNTIL; expected one of them")
	}
	hours := max(len(r.Hours), 1)
	if r.Freq == Hourly {
		hours = 24
	}
	if times := hours * max(len(r.Minutes), 1) * max(len(r.Seconds), 1); times > mostTimes {
		return fmt.Errorf("the rule has %d times in a day; expected at most %d", times, mostTimes)
	}
	return nil
}

func number(key, value string, least, most int) (int, error) {
	found, err := strconv.Atoi(value)
	if err != nil || found < least || found > most {
		return 0, fmt.Errorf("%s=%s cannot be used; expected a number from %d to %d", key, Cut(value, 20), least, most)
	}
	return found, nil
}

func numbers(key, value string, least, most int, negative bool) ([]int, error) {
	var found []int
	for each := range strings.SplitSeq(value, ",") {
		one, err := strconv.Atoi(strings.TrimPrefix(each, "+"))
		size := one
		if negative && one < 0 {
			size = -one
		}
		if err != nil || size < least || size > most {
			return nil, fmt.Errorf("%s has %q; expected numbers from %d to %d", key, Cut(each, 20), least, most)
		}
		if !slices.Contains(found, one) {
			found = append(found, one)
		}
		if len(found) > mostParts {
			return nil, fmt.Errorf("%s has too many numbers", key)
		}
	}
	slices.Sort(found)
	return found, nil
}

func byDays(value string) ([]ByDay, error) {
	var found []ByDay
	for each := range strings.SplitSeq(value, ",") {
		if len(each) < 2 {
			return nil, fmt.Errorf("BYDAY has %q; expected MO to SU", each)
		}
		day := slices.Index(WeekdayNames, each[len(each)-2:])
		n := 0
		if count := strings.TrimPrefix(each[:len(each)-2], "+"); count != "" {
			var err error
			if n, err = strconv.Atoi(count); err != nil || n == 0 || n < -53 || n > 53 {
				day = -1
			}
		}
		if day < 0 {
			return nil, fmt.Errorf("BYDAY has %q; expected MO to SU, or 2MO and -1FR", Cut(each, 20))
		}
		if len(found) == mostParts {
			return nil, fmt.Errorf("BYDAY has too many days")
		}
		found = append(found, ByDay{n, day})
	}
	return found, nil
}

// until returns the last wall time that is still part of a series; a date is its whole day.
func until(value string, zone *time.Location) (time.Time, error) {
	if found, err := time.Parse("20060102T150405Z", value); err == nil {
		return Wall(found, zone), nil
	}
	if found, err := time.Parse("20060102T150405", value); err == nil {
		return found, nil
	}
	if found, err := time.Parse("20060102", value); err == nil {
		return found.Add(24*time.Hour - time.Second), nil
	}
	return time.Time{}, fmt.Errorf("UNTIL=%s is no time; expected 20301231 or 20301231T230000Z", Cut(value, 30))
}
