package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"openhelpdesk.example/calendar/recur"
)

// show writes the page on which an appointment is made or changed.
func (f *form) show(r *request) any {
	calendars, err := visible(r.email, r.admin)
	if err != nil {
		return failure(r, r.t("no_data"))
	}
	w := &writer{r: r}
	heading := r.t("new_event")
	if f.id != "" {
		heading = r.t("event")
	}
	w.f(`<p><a href="/calendar?date=%s">‹ %s</a></p><h1>%s</h1>`, esc(f.startDay), esc(r.t("calendar")), esc(heading))
	w.problems(f.problems)
	w.f(`<form class="form" method="post" action="/calendar/event/save" novalidate>`)
	w.hidden("id", f.id)
	w.hidden("at", f.at)
	if len(f.clashes) > 0 {
		w.f(`<div class="gk-alert gk-alert-warning" role="alert"><p>%s</p><ul>`, esc(r.t("clash")))
		for _, each := range f.clashes {
			w.f("<li>%s</li>", esc(each))
		}
		w.f(`</ul><div class="checks"><label><input type="checkbox" name="anyway" value="1"> %s</label></div></div>`, esc(r.t("book_anyway")))
	}
	f.whenFields(w, calendars)
	f.details(w, calendars)
	if f.inSeries {
		w.f(`<fieldset><legend>%s</legend><div class="checks">`, esc(r.t("changes_what")))
		scopes := []option{{"one", r.t("this_one")}, {"following", r.t("this_and_following")}, {"all", r.t("whole_series")}}
		if f.at == "" {
			scopes = scopes[2:]
		}
		if f.scope == "" || f.at == "" {
			f.scope = scopes[0].value
		}
		for _, each := range scopes {
			w.f(`<label><input type="radio" name="scope" value="%s"%s> %s</label>`, each.value, checked(f.scope == each.value), esc(each.label))
		}
		w.f("</div></fieldset>")
	}
	if !f.part {
		f.repeats(w)
	}
	w.f(`<label class="gk-form-label" for="note">%s</label><textarea class="gk-textarea" id="note" name="note" rows="4" maxlength="4000">%s</textarea>`,
		esc(r.t("note")), esc(f.note))
	w.f(`<div class="actions"><button class="gk-btn-primary">%s</button></div></form>`, esc(r.t("save")))
	f.deletion(w)
	return document(r, heading, w.String())
}

func (f *form) whenFields(w *writer, calendars []*calendar) {
	r := w.r
	w.text("title", r.t("title"), f.title, `required maxlength="200" autocomplete="off"`)
	w.checks(check{"all_day", "1", r.t("all_day"), f.allDay})
	w.f(`<div class="pair">`)
	w.input("date", "start_day", r.t("start_day"), f.startDay, "required")
	w.f(`<div data-for="all_day=false">`)
	w.input("time", "start_time", r.t("start_time"), f.startTime, "required")
	w.f(`</div></div><div class="pair">`)
	w.input("date", "end_day", r.t("end_day"), f.endDay, "required")
	w.f(`<div data-for="all_day=false">`)
	w.input("time", "end_time", r.t("end_time"), f.endTime, "required")
	w.f(`</div></div><div class="pair">`)
	w.choose("calendar", r.t("in_calendar"), f.calendar, writable(r, calendars))
	w.f(`<div data-for="all_day=false">`)
	w.text("zone", r.t("zone"), f.zone, `list="zones" autocomplete="off"`)
	w.f(`</div></div><datalist id="zones">`)
	for _, zone := range commonZones {
		w.f(`<option value="%s">`, zone)
	}
	w.f("</datalist>")
}

func (f *form) details(w *writer, calendars []*calendar) {
	r := w.r
	w.f(`<div class="pair">`)
	w.text("place", r.t("place"), f.place, `maxlength="200"`)
	w.text("ticket", r.t("ticket"), f.ticket, `inputmode="numeric" maxlength="20"`)
	w.f(`</div>`)
	w.checks(check{"is_due", "1", r.t("is_due"), f.isDue})
	w.resources(calendars, f.resources)
	var minutes []option
	for _, each := range withNow(reminders, f.remind) {
		minutes = append(minutes, option{strconv.Itoa(each), r.remindText(each)})
	}
	w.choose("remind", r.t("remind"), f.remind, minutes)
}

func (f *form) repeats(w *writer) {
	r := w.r
	w.f(`<fieldset><legend>%s</legend>`, esc(r.t("repetition")))
	var kinds []option
	for _, each := range []string{"none", "daily", "weekly", "monthly", "yearly", "own"} {
		kinds = append(kinds, option{each, r.t("repeat_" + each)})
	}
	w.choose("repeat", r.t("repeat"), f.repeat, kinds)
	w.f(`<div data-for="repeat=daily|weekly|monthly|yearly">`)
	w.input("number", "interval", r.t("interval"), f.interval, `min="1" max="999"`)
	w.f(`</div><div data-for="repeat=weekly"><p class="gk-form-label" id="days-label">%s</p><div class="checks" role="group" aria-labelledby="days-label">`, esc(r.t("on_days")))
	for n, each := range recur.WeekdayNames {
		w.f(`<label><input type="checkbox" name="days" value="%s"%s> %s</label>`, each, checked(slices.Contains(f.days, each)), esc(r.t("weekday_"+strconv.Itoa(n))))
	}
	w.f(`</div></div><div data-for="repeat=monthly">`)
	w.choose("monthly", r.t("monthly_on"), f.monthly, []option{{"day", r.t("monthly_day")}, {"nth", r.t("monthly_nth")}, {"last", r.t("monthly_last")}})
	w.f(`</div><div data-for="repeat=own">`)
	w.text("own_rule", r.t("own_rule"), f.own, `maxlength="1000" placeholder="FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"`)
	w.f(`</div><div data-for="repeat=daily|weekly|monthly|yearly"><div class="pair">`)
	w.choose("ends", r.t("ends"), f.ends, []option{{"never", r.t("ends_never")}, {"until", r.t("ends_until")}, {"count", r.t("ends_count")}})
	w.f(`<div data-for="ends=until">`)
	w.input("date", "until", r.t("until"), f.until, "")
	w.f(`</div><div data-for="ends=count">`)
	w.input("number", "count", r.t("count"), f.count, `min="1" max="10000"`)
	w.f("</div></div></div></fieldset>")
}

func (f *form) deletion(w *writer) {
	if f.id == "" {
		return
	}
	r := w.r
	w.f(`<form class="form" method="post" action="/calendar/event/delete"><fieldset><legend>%s</legend>`, esc(r.t("delete")))
	w.hidden("id", f.id)
	w.hidden("at", f.at)
	if f.inSeries && f.at != "" {
		w.f(`<div class="checks"><label><input type="radio" name="scope" value="one" checked> %s</label><label><input type="radio" name="scope" value="following"> %s</label><label><input type="radio" name="scope" value="all"> %s</label></div>`,
			esc(r.t("this_one")), esc(r.t("this_and_following")), esc(r.t("whole_series")))
	}
	w.f(`<button class="gk-btn-danger">%s</button></fieldset></form>`, esc(r.t("delete_event")))
}

// readOnly shows an appointment of a calendar that the caller can only read.
func readOnly(r *request, e *event, f *form, in *calendar) any {
	w := &writer{r: r}
	w.f(`<p><a href="/calendar?date=%s">‹ %s</a></p><h1>%s</h1><table class="gk-table">`, esc(f.startDay), esc(r.t("calendar")), esc(e.Title))
	row := func(name, value string) {
		if value != "" {
			w.f(`<tr><th scope="row">%s</th><td>%s</td></tr>`, esc(name), value)
		}
	}
	when := f.startDay + " " + f.startTime + " – " + f.endDay + " " + f.endTime + " (" + f.zone + ")"
	if f.allDay {
		when = f.startDay + " – " + f.endDay + ", " + r.t("all_day")
	}
	row(r.t("when"), esc(when))
	row(r.t("in_calendar"), esc(in.title(r)))
	row(r.t("place"), esc(e.Place))
	if e.Ticket != 0 {
		row(r.t("ticket"), fmt.Sprintf(`<a href="/tickets/%d">#%d</a>`, e.Ticket, e.Ticket))
	}
	row(r.t("repetition"), esc(e.Rule))
	row(r.t("note"), strings.ReplaceAll(esc(e.Note), "\n", "<br>"))
	w.f("</table>")
	return document(r, e.Title, w.String())
}

type option struct{ value, label string }

func writable(r *request, calendars []*calendar) []option {
	var found []option
	for _, each := range calendars {
		if each.canWrite() && each.Kind != resource {
			found = append(found, option{each.ID, each.title(r)})
		}
	}
	return found
}

func withNow(list []int, chosen string) []int {
	if one, err := strconv.Atoi(chosen); err == nil && !slices.Contains(list, one) {
		list = append(slices.Clone(list), one)
		slices.Sort(list)
	}
	return list
}

func (r *request) remindText(minutes int) string {
	switch {
	case minutes < 0:
		return r.t("remind_never")
	case minutes == 0:
		return r.t("remind_start")
	case minutes%1440 == 0:
		return fmt.Sprintf(r.t("remind_days"), minutes/1440)
	case minutes%60 == 0:
		return fmt.Sprintf(r.t("remind_hours"), minutes/60)
	}
	return fmt.Sprintf(r.t("remind_minutes"), minutes)
}

func checked(is bool) string {
	if is {
		return " checked"
	}
	return ""
}

func (w *writer) problems(problems []string) {
	if len(problems) == 0 {
		return
	}
	w.f(`<div class="gk-alert gk-alert-danger" role="alert"><ul>`)
	for _, each := range problems {
		w.f("<li>%s</li>", esc(each))
	}
	w.f("</ul></div>")
}

func (w *writer) hidden(name, value string) {
	w.f(`<input type="hidden" name="%s" value="%s">`, name, esc(value))
}

func (w *writer) input(kind, name, label, value, more string) {
	w.f(`<div><label class="gk-form-label" for="%s">%s</label><input class="gk-input" type="%s" id="%s" name="%s" value="%s" %s></div>`,
		name, esc(label), kind, name, name, esc(value), more)
}

func (w *writer) text(name, label, value, more string) { w.input("text", name, label, value, more) }

func (w *writer) choose(name, label, value string, options []option) {
	w.f(`<div><label class="gk-form-label" for="%s">%s</label><select class="gk-select" id="%s" name="%s">`, name, esc(label), name, name)
	for _, each := range options {
		selected := ""
		if each.value == value {
			selected = " selected"
		}
		w.f(`<option value="%s"%s>%s</option>`, esc(each.value), selected, esc(each.label))
	}
	w.f("</select></div>")
}

type check struct {
	name, value, label string
	on                 bool
}

func (w *writer) checks(all ...check) {
	w.f(`<div class="checks">`)
	for _, each := range all {
		w.f(`<label><input type="checkbox" name="%s" value="%s"%s> %s</label>`, each.name, esc(each.value), checked(each.on), esc(each.label))
	}
	w.f("</div>")
}

func (w *writer) resources(calendars []*calendar, booked []string) {
	var all []check
	for _, each := range calendars {
		if each.Kind == resource {
			all = append(all, check{"resources", each.ID, each.title(w.r), slices.Contains(booked, each.ID)})
		}
	}
	if len(all) > 0 {
		w.f(`<fieldset><legend>%s</legend>`, esc(w.r.t("resources")))
		w.checks(all...)
		w.f("</fieldset>")
	}
}

var commonZones = []string{"Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "America/Bogota", "America/Chicago",
	"America/Denver", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "Asia/Dubai",
	"Asia/Hong_Kong", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney",
	"Europe/Athens", "Europe/Berlin", "Europe/Istanbul", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Paris",
	"Europe/Vienna", "Europe/Zurich", "Pacific/Auckland", "UTC"}
