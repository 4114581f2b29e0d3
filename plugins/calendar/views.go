package main

import (
	"fmt"
	"strconv"
	"time"

	"openhelpdesk.example/calendar/recur"
)

// month writes a table of weeks; on narrow pages it is a list of the days that have something.
func (w *writer) month(found []*shown) {
	w.f(`<table class="month"><caption class="sr">%s</caption><thead><tr>`, esc(w.title()))
	for n := range 7 {
		name := w.r.t("weekday_" + strconv.Itoa(n))
		w.f(`<th scope="col"><abbr title="%s">%s</abbr></th>`, esc(name), esc(w.r.t("weekday_short_"+strconv.Itoa(n))))
	}
	w.f("</tr></thead><tbody>")
	for day := w.from; day.Before(w.to); day = day.AddDate(0, 0, 1) {
		if day.Weekday() == time.Monday {
			w.f("<tr>")
		}
		text := day.Format(recur.DayLayout)
		var here []*shown
		for _, each := range found {
			if each.onDay(text) {
				here = append(here, each)
			}
		}
		class := "day"
		if day.Month() != w.day.Month() {
			class += " other"
		}
		if !w.isWorking(day) {
			class += " off"
		}
		if len(here) == 0 && w.holidays[text] == "" {
			class += " empty"
		}
		current := ""
		if day.Equal(w.today) {
			class, current = class+" today", ` aria-current="date"`
		}
		w.f(`<td class="%s"><div class="top"><a class="number" href="%s" aria-label="%s"%s>%d</a>`, class, w.link("day", day),
			esc(w.r.longDay(day)), current, day.Day())
		w.f(`<span class="name" aria-hidden="true">%s</span>`, esc(w.r.longDay(day)))
		w.f(`<a class="add" href="/calendar/event/new?date=%s" aria-label="%s">+</a></div>`, text,
			esc(fmt.Sprintf(w.r.t("new_on"), w.r.longDay(day))))
		w.holiday(text)
		for n, each := range here {
			if n == 6 && len(here) > 7 {
				w.f(`<a class="rest" href="%s">%s</a>`, w.link("day", day), esc(fmt.Sprintf(w.r.t("and_more"), len(here)-n)))
				break
			}
			w.item(each, text)
		}
		w.f("</td>")
		if day.Weekday() == time.Sunday {
			w.f("</tr>")
		}
	}
	w.f("</tbody></table>")
}

func (w *writer) holiday(day string) {
	if name := w.holidays[day]; name != "" {
		w.f(`<span class="holiday">%s</span>`, esc(name))
	}
}

func (w *writer) isWorking(day time.Time) bool {
	hours := w.week[(int(day.Weekday())+6)%7]
	return hours.to > hours.from && w.holidays[day.Format(recur.DayLayout)] == ""
}

// agenda lists the days that have something.
func (w *writer) agenda(found []*shown) {
	any := false
	w.f(`<div class="agenda">`)
	for day := w.from; day.Before(w.to); day = day.AddDate(0, 0, 1) {
		text := day.Format(recur.DayLayout)
		inner := &writer{r: w.r, view: w.view, day: w.day, holidays: w.holidays}
		inner.holiday(text)
		for _, each := range found {
			if each.onDay(text) {
				inner.item(each, text)
			}
		}
		if inner.Len() > 0 {
			any = true
			w.f(`<section><h2><a href="%s">%s</a></h2>%s</section>`, w.link("day", day), esc(w.r.longDay(day)), inner.String())
		}
	}
	if !any {
		w.f("<p>%s</p>", esc(w.r.t("nothing")))
	}
	w.f("</div>")
}

// grid writes days side by side along the hours; on narrow pages they are lists.
func (w *writer) grid(found []*shown) {
	first, last := 7*60, 19*60
	for _, each := range found {
		if !each.allDay() {
			at, end := each.start.In(w.r.zone), each.end.In(w.r.zone)
			if each.day != each.last {
				first, last = 0, 24*60
			}
			first = min(first, at.Hour()*60)
			last = max(last, (end.Hour()*60+end.Minute()+59)/60*60)
		}
	}
	total := float64(last - first)
	w.f(`<div class="grid" style="--hours:%d">`, (last-first)/60)
	w.f(`<div class="ruler" aria-hidden="true"><div class="headroom"></div><div class="scale">`)
	for hour := first / 60; hour < last/60; hour++ {
		w.f(`<span>%02d:00</span>`, hour)
	}
	w.f("</div></div>")
	for day := w.from; day.Before(w.to); day = day.AddDate(0, 0, 1) {
		text := day.Format(recur.DayLayout)
		class, current := "column", ""
		if day.Equal(w.today) {
			class, current = "column today", ` aria-current="date"`
		}
		w.f(`<section class="%s"%s><div class="headroom"><h2><a href="%s">%s</a></h2><a class="add" href="/calendar/event/new?date=%s" aria-label="%s">+</a>`,
			class, current, w.link("day", day), esc(w.columnTitle(day)), text, esc(fmt.Sprintf(w.r.t("new_on"), w.r.longDay(day))))
		w.holiday(text)
		var timed []*shown
		for _, each := range found {
			if !each.onDay(text) {
				continue
			}
			if each.allDay() {
				w.item(each, text)
			} else {
				timed = append(timed, each)
			}
		}
		w.f(`</div><div class="hours">`)
		if hours := w.week[(int(day.Weekday())+6)%7]; w.isWorking(day) {
			from, to := max(hours.from, first), min(hours.to, last)
			w.f(`<div class="working" style="top:%.3f%%;height:%.3f%%"></div>`, float64(from-first)/total*100, float64(max(to-from, 0))/total*100)
		}
		for _, each := range lanes(timed, text, w.r.zone) {
			from, to := max(each.from, first), min(max(each.to, each.from+20), last)
			w.f(`<div class="placed" style="top:%.3f%%;height:%.3f%%;left:%.3f%%;width:%.3f%%">`, float64(from-first)/total*100,
				float64(max(to-from, 15))/total*100, float64(each.lane)/float64(each.lanes)*100, 100/float64(each.lanes))
			w.item(each.shown, text)
			w.f("</div>")
		}
		w.f("</div></section>")
	}
	w.f("</div>")
	if len(found) == 0 {
		w.f("<p>%s</p>", esc(w.r.t("nothing")))
	}
}

func (w *writer) columnTitle(day time.Time) string {
	if w.view == "day" {
		return w.r.longDay(day)
	}
	return w.r.t("weekday_short_"+strconv.Itoa((int(day.Weekday())+6)%7)) + " " + strconv.Itoa(day.Day())
}

type placed struct {
	*shown
	from, to, lane, lanes int // minutes of the day; side by side
}

// lanes puts what overlaps on a day side by side.
func lanes(timed []*shown, day string, zone *time.Location) []*placed {
	var all, group []*placed
	end := 0
	close := func() {
		most := 0
		for _, each := range group {
			most = max(most, each.lane+1)
		}
		for _, each := range group {
			each.lanes = most
		}
		group = nil
	}
	for _, each := range timed {
		at, until := each.start.In(zone), each.end.In(zone)
		one := &placed{shown: each, from: at.Hour()*60 + at.Minute(), to: until.Hour()*60 + until.Minute()}
		if each.day < day {
			one.from = 0
		}
		if each.last > day || one.to == 0 && each.last == day && each.end.After(each.start) {
			one.to = 24 * 60
		}
		if one.from >= end {
			close()
		}
		taken := map[int]bool{}
		for _, other := range group {
			if other.to > one.from {
				taken[other.lane] = true
			}
		}
		for taken[one.lane] {
			one.lane++
		}
		end = max(end, one.to, one.from+20)
		group, all = append(group, one), append(all, one)
	}
	close()
	return all
}
