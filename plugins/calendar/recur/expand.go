package recur

import (
	"errors"
	"slices"
	"time"
)

// ErrTooLong is a rule that finds too little for how long one has to search.
var ErrTooLong = errors.New("the rule finds too few days; give it an end, or a simpler form")

// mostPeriods bounds the work of one expansion: hours of 22 years, days of 500.
const mostPeriods = 200_000

const aDay = 24 * time.Hour

// Each calls found with the wall times of a rule in their order, from the first at or after from,
// until found returns false or they are after to. It never runs longer than mostPeriods allow.
func (r *Rule) Each(start, from, to time.Time, found func(time.Time) bool) error {
	x := expansion{Rule: r, start: start}
	x.defaults()
	if !r.Until.IsZero() && r.Until.Before(to) {
		to = r.Until
	}
	first := 0
	if r.Count == 0 && from.After(start) {
		// What counts nothing can begin where it is wanted.
		first = max(x.before(from)-1, 0)
	}
	counted := 0
	for n := first; n < first+mostPeriods; n++ {
		period := x.period(n)
		if period.After(to) || period.Year() > LastYear+1 {
			return nil
		}
		for _, wall := range x.within(period) {
			if wall.Before(start) {
				continue
			}
			if wall.After(to) {
				return nil
			}
			counted++
			if !wall.Before(from) && !found(wall) {
				return nil
			}
			if counted == r.Count {
				return nil
			}
		}
	}
	return ErrTooLong
}

type expansion struct {
	*Rule
	start            time.Time
	months, monthDay []int
	days             []ByDay
	hours, mins, sec []int
}

// defaults takes from the start what the rule leaves open.
func (x *expansion) defaults() {
	x.months, x.monthDay, x.days = x.Months, x.MonthDays, x.Days
	if len(x.WeekNos)+len(x.YearDays)+len(x.MonthDays)+len(x.Days) == 0 {
		switch x.Freq {
		case Yearly:
			if len(x.months) == 0 {
				x.months = []int{int(x.start.Month())}
			}
			x.monthDay = []int{x.start.Day()}
		case Monthly:
			x.monthDay = []int{x.start.Day()}
		case Weekly:
			x.days = []ByDay{{0, weekday(x.start)}}
		}
	}
	x.hours, x.mins, x.sec = x.Hours, x.Minutes, x.Seconds
	if len(x.hours) == 0 {
		x.hours = []int{x.start.Hour()}
	}
	if len(x.mins) == 0 {
		x.mins = []int{x.start.Minute()}
	}
	if len(x.sec) == 0 {
		x.sec = []int{x.start.Second()}
	}
}

// period returns the beginning of the nth period that the rule looks into.
func (x *expansion) period(n int) time.Time {
	year, month, day := x.start.Date()
	step := n * x.Interval
	switch x.Freq {
	case Yearly:
		return time.Date(year+step, 1, 1, 0, 0, 0, 0, time.UTC)
	case Monthly:
		return time.Date(year, month+time.Month(step), 1, 0, 0, 0, 0, time.UTC)
	case Weekly:
		back := (weekday(x.start) - x.WeekStart + 7) % 7
		return time.Date(year, month, day-back+7*step, 0, 0, 0, 0, time.UTC)
	case Daily:
		return time.Date(year, month, day+step, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(year, month, day, x.start.Hour()+step, 0, 0, 0, time.UTC)
}

// before returns the number of a period that is not after a time.
func (x *expansion) before(at time.Time) int {
	switch x.Freq {
	case Yearly:
		return (at.Year() - x.start.Year()) / x.Interval
	case Monthly:
		return ((at.Year()-x.start.Year())*12 + int(at.Month()-x.start.Month())) / x.Interval
	case Weekly:
		return int(at.Sub(x.start)/aDay) / 7 / x.Interval
	case Daily:
		return int(at.Sub(x.start)/aDay) / x.Interval
	}
	return int(at.Sub(x.start)/time.Hour) / x.Interval
}

// within returns the wall times of one period, sorted.
func (x *expansion) within(period time.Time) []time.Time {
	length := 1
	switch x.Freq {
	case Yearly:
		length = yearDays(period.Year())
	case Monthly:
		length = monthDays(period)
	case Weekly:
		length = 7
	}
	hours := x.hours
	if x.Freq == Hourly {
		if len(x.Hours) > 0 && !slices.Contains(x.Hours, period.Hour()) {
			return nil
		}
		hours = []int{period.Hour()}
	}
	var found []time.Time
	first := time.Date(period.Year(), period.Month(), period.Day(), 0, 0, 0, 0, time.UTC)
	for n := range length {
		day := first.Add(time.Duration(n) * aDay)
		if !x.fits(day) {
			continue
		}
		for _, hour := range hours {
			for _, minute := range x.mins {
				for _, second := range x.sec {
					found = append(found, day.Add(time.Duration(hour)*time.Hour+
						time.Duration(minute)*time.Minute+time.Duration(second)*time.Second))
				}
			}
		}
	}
	return x.picked(found)
}

// picked applies BYSETPOS.
func (x *expansion) picked(found []time.Time) []time.Time {
	if len(x.SetPos) == 0 {
		return found
	}
	var picked []time.Time
	for n, wall := range found {
		if slices.Contains(x.SetPos, n+1) || slices.Contains(x.SetPos, n-len(found)) {
			picked = append(picked, wall)
		}
	}
	return picked
}

func (x *expansion) fits(day time.Time) bool {
	if len(x.months) > 0 && !slices.Contains(x.months, int(day.Month())) {
		return false
	}
	if len(x.monthDay) > 0 && !either(x.monthDay, day.Day(), monthDays(day)) {
		return false
	}
	if len(x.YearDays) > 0 && !either(x.YearDays, day.YearDay(), yearDays(day.Year())) {
		return false
	}
	if len(x.WeekNos) > 0 {
		number, all := x.week(day)
		if !either(x.WeekNos, number, all) {
			return false
		}
	}
	return len(x.days) == 0 || x.fitsWeekday(day)
}

func (x *expansion) fitsWeekday(day time.Time) bool {
	number, all := day.Day(), monthDays(day)
	if x.Freq == Yearly && len(x.months) == 0 {
		number, all = day.YearDay(), yearDays(day.Year())
	}
	nth, last := (number-1)/7+1, -((all-number)/7 + 1)
	for _, each := range x.days {
		if each.Day != weekday(day) {
			continue
		}
		if each.N == 0 || x.Freq > Monthly || each.N == nth || each.N == last {
			return true
		}
	}
	return false
}

// week returns the number of a day's week, and how many its year has. The first week has at least
// four days of its year.
func (x *expansion) week(day time.Time) (number, all int) {
	back := (weekday(day) - x.WeekStart + 7) % 7
	// The fourth day of a week is in the year that the week counts for.
	middle := day.Add(time.Duration(3-back) * aDay)
	number = (middle.YearDay()-1)/7 + 1
	last := time.Date(middle.Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	back = (weekday(last) - x.WeekStart + 7) % 7
	fourth := last.Add(time.Duration(3-back) * aDay)
	if fourth.Year() > middle.Year() {
		fourth = fourth.Add(-7 * aDay)
	}
	return number, (fourth.YearDay()-1)/7 + 1
}

// either tells whether a list has a number, or the same counted from the end.
func either(list []int, number, all int) bool {
	return slices.Contains(list, number) || slices.Contains(list, number-all-1)
}

func weekday(day time.Time) int { return (int(day.Weekday()) + 6) % 7 }

func monthDays(day time.Time) int {
	return time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func yearDays(year int) int {
	return time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
}
