package main

import (
	"fmt"
	"strconv"
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/recur"
)

// hours are minutes of a day in which is worked; equal for a day off.
type hours struct{ from, to int }

// workingWeek returns the hours of each weekday, Monday first: 9 to 17 until an admin says otherwise.
func workingWeek() (week [7]hours) {
	var rows []struct {
		Weekday int `json:"weekday"`
		From    int `json:"from_minute"`
		To      int `json:"to_minute"`
	}
	for n := range 5 {
		week[n] = hours{9 * 60, 17 * 60}
	}
	if goatkit.Query(&rows, "SELECT weekday, from_minute, to_minute FROM cal_hours") != nil {
		return week
	}
	for _, each := range rows {
		if each.Weekday >= 0 && each.Weekday < 7 {
			week[each.Weekday] = hours{each.From, each.To}
		}
	}
	return week
}

func holidaysBetween(from, to time.Time) map[string]string {
	var rows []struct{ Day, Name string }
	found := map[string]string{}
	if goatkit.Query(&rows, "SELECT day, name FROM cal_holiday WHERE day >= ? AND day < ? ORDER BY day LIMIT 2000",
		from.Format(recur.DayLayout), to.Format(recur.DayLayout)) != nil {
		return found
	}
	for _, each := range rows {
		found[each.Day] = each.Name
	}
	return found
}

func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

func hoursPage(r *request) any { return showHours(r) }

func showHours(r *request, problems ...string) any {
	w := &writer{r: r}
	w.f(`<p><a href="/calendar">‹ %s</a></p><h1>%s</h1>`, esc(r.t("calendar")), esc(r.t("hours")))
	w.problems(problems)
	w.f(`<p class="hint">%s</p><div class="cards"><section><h2>%s</h2>`, esc(fmt.Sprintf(r.t("hours_hint"), r.home)), esc(r.t("working_hours")))
	week := workingWeek()
	lock := " disabled"
	if r.admin {
		lock = ""
	}
	w.f(`<form method="post" action="/calendar/hours/save"><table class="gk-table"><thead><tr><th scope="col">%s</th><th scope="col">%s</th><th scope="col">%s</th></tr></thead><tbody>`,
		esc(r.t("weekday")), esc(r.t("start_time")), esc(r.t("end_time")))
	for n := range 7 {
		name := r.t("weekday_" + strconv.Itoa(n))
		from, to := "", ""
		if week[n].to > week[n].from {
			from, to = clock(week[n].from), clock(min(week[n].to, 24*60-1))
		}
		w.f(`<tr><th scope="row">%s</th>`, esc(name))
		for _, each := range [][3]string{{"from", from, "start_time"}, {"to", to, "end_time"}} {
			w.f(`<td><input class="gk-input" type="time" name="%s%d" value="%s" aria-label="%s, %s"%s></td>`, each[0], n, each[1], esc(name), esc(r.t(each[2])), lock)
		}
		w.f("</tr>")
	}
	w.f("</tbody></table>")
	if r.admin {
		w.f(`<p class="hint">%s</p><div class="actions"><button class="gk-btn-primary">%s</button></div>`, esc(r.t("empty_is_off")), esc(r.t("save")))
	}
	w.f(`</form></section><section><h2>%s</h2><ul>`, esc(r.t("holidays")))
	from := recur.Wall(r.now, r.home).AddDate(-1, 0, 0)
	all := holidaysBetween(from, from.AddDate(6, 0, 0))
	for day := from; day.Before(from.AddDate(6, 0, 0)); day = day.AddDate(0, 0, 1) {
		text := day.Format(recur.DayLayout)
		if name := all[text]; name != "" {
			w.f(`<li>%s: %s`, esc(r.longDay(day)), esc(name))
			if r.admin {
				w.f(` <form class="inline" method="post" action="/calendar/holidays/save"><input type="hidden" name="day" value="%s"><button class="gk-btn" name="remove" value="1" aria-label="%s">%s</button></form>`,
					text, esc(r.t("delete")+": "+name), esc(r.t("delete")))
			}
			w.f("</li>")
		}
	}
	w.f("</ul>")
	if r.admin {
		w.f(`<form method="post" action="/calendar/holidays/save"><div class="pair">`)
		w.input("date", "day", r.t("day"), "", "required")
		w.text("name", r.t("name"), "", `required maxlength="100"`)
		w.f(`</div><div class="actions"><button class="gk-btn-primary">%s</button></div></form>`, esc(r.t("add")))
	}
	w.f("</section></div>")
	return document(r, r.t("hours"), w.String())
}

func saveHours(r *request) any {
	if !r.admin {
		return failure(r, r.t("admins_only"))
	}
	var values []any
	for n := range 7 {
		from, to := r.field("from"+strconv.Itoa(n), 5), r.field("to"+strconv.Itoa(n), 5)
		first, err1 := time.Parse("15:04", from)
		last, err2 := time.Parse("15:04", to)
		switch {
		case from == "" && to == "":
			values = append(values, n, 0, 0)
		case err1 != nil || err2 != nil || !last.After(first):
			return showHours(r, fmt.Sprintf(r.t("bad_hours"), r.t("weekday_"+strconv.Itoa(n))))
		default:
			end := last.Hour()*60 + last.Minute()
			if end == 24*60-1 {
				end++
			}
			values = append(values, n, first.Hour()*60+first.Minute(), end)
		}
	}
	if _, err := goatkit.Exec("REPLACE INTO cal_hours (weekday, from_minute, to_minute) VALUES "+
		"(?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?)", values...); err != nil {
		return failure(r, r.t("not_kept"))
	}
	return map[string]any{"redirect": "/calendar/hours"}
}

func saveHoliday(r *request) any {
	if !r.admin {
		return failure(r, r.t("admins_only"))
	}
	day, err := time.Parse(recur.DayLayout, r.Text("day"))
	name := r.field("name", 100)
	switch {
	case err != nil || recur.CheckYear(day) != nil:
		return showHours(r, r.t("bad_day"))
	case r.Text("remove") != "":
		_, err = goatkit.Exec("DELETE FROM cal_holiday WHERE day = ?", day.Format(recur.DayLayout))
	case name == "":
		return showHours(r, r.t("need_name"))
	default:
		_, err = goatkit.Exec("REPLACE INTO cal_holiday (day, name) VALUES (?, ?)", day.Format(recur.DayLayout), name)
	}
	if err != nil {
		return failure(r, r.t("not_kept"))
	}
	return map[string]any{"redirect": "/calendar/hours"}
}

// workingHours answers other plugins and programs: the week, the holidays and the zone.
func workingHours(goatkit.Args) any {
	if prepare() != nil {
		return goatkit.Error("the calendar's tables cannot be opened", 503)
	}
	week := []map[string]any{}
	for n, each := range workingWeek() {
		if each.to > each.from {
			week = append(week, map[string]any{"weekday": n + 1, "from": clock(each.from), "to": clock(each.to)})
		}
	}
	now := time.Now()
	return map[string]any{"zone": siteZone().String(), "week": week,
		"holidays": holidaysBetween(now.AddDate(-1, 0, 0), now.AddDate(3, 0, 0))}
}

// workingTime counts working minutes from start to end, or finds when so many minutes from start on
// are over. Times are RFC 3339.
func workingTime(args goatkit.Args) any {
	start, err := time.Parse(time.RFC3339, args.Text("start"))
	if err != nil || start.Year() < 1970 || start.Year() > recur.LastYear {
		return goatkit.Error("start: expected a time such as 2027-03-01T09:00:00Z", 400)
	}
	if prepare() != nil {
		return goatkit.Error("the calendar's tables cannot be opened", 503)
	}
	minutes := -1
	switch given := args["minutes"].(type) {
	case float64:
		minutes = int(given)
	case string:
		if minutes, err = strconv.Atoi(given); err != nil {
			minutes = -1
		}
	}
	end, err := time.Parse(time.RFC3339, args.Text("end"))
	if minutes < 0 && err != nil || minutes > 1_000_000 {
		return goatkit.Error("expected end, or minutes from 0 to 1,000,000", 400)
	}
	limit := start.AddDate(10, 0, 0)
	if minutes < 0 && end.Before(limit) {
		limit = end
	}
	counted, at := workFrom(start, limit, minutes)
	if minutes < 0 {
		return map[string]any{"minutes": counted}
	}
	if counted < minutes {
		return goatkit.Error("there are not so many working minutes in the next ten years", 422)
	}
	return map[string]any{"at": at.UTC().Format(time.RFC3339)}
}

// workFrom counts whole working minutes until limit, or until wanted of them are over.
func workFrom(start, limit time.Time, wanted int) (int, time.Time) {
	zone, week := siteZone(), workingWeek()
	day := recur.Wall(start, zone).Truncate(24 * time.Hour)
	off := holidaysBetween(day, recur.Wall(limit, zone).AddDate(0, 0, 1))
	var counted time.Duration
	for ; recur.Instant(day, zone).Before(limit); day = day.AddDate(0, 0, 1) {
		each := week[(int(day.Weekday())+6)%7]
		if off[day.Format(recur.DayLayout)] != "" || each.to <= each.from {
			continue
		}
		from := recur.Instant(day.Add(time.Duration(each.from)*time.Minute), zone)
		to := recur.Instant(day.Add(time.Duration(each.to)*time.Minute), zone)
		if from.Before(start) {
			from = start
		}
		if to.After(limit) {
			to = limit
		}
		if !to.After(from) {
			continue
		}
		left := time.Duration(wanted)*time.Minute - counted
		if wanted >= 0 && to.Sub(from) >= left {
			return wanted, from.Add(left)
		}
		counted += to.Sub(from)
	}
	return int(counted / time.Minute), limit
}
