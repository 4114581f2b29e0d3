package main

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"

	_ "embed"

	"openhelpdesk.example/calendar/recur"
)

//go:embed page.css
var style string

//go:embed page.js
var script string

func esc(text string) string { return html.EscapeString(text) }

// document makes an answer that is shown as a page.
func document(r *request, title, body string) any {
	// The page around the frame has the title as its heading.
	if before, rest, ok := strings.Cut(body, "<h1>"); ok {
		_, after, _ := strings.Cut(rest, "</h1>")
		body = before + after
	}
	return map[string]any{"title": title, "html": "<style>" + style + "</style><div class=\"cal\">" + body +
		"</div><script>" + script + "</script>"}
}

// failure is a page that says what went wrong, with a way back.
func failure(r *request, problem string) any {
	return document(r, r.t("calendar"), fmt.Sprintf(`<h1>%s</h1><p class="gk-alert gk-alert-danger" role="alert">%s</p>`+
		`<p><a href="/calendar">%s</a></p>`, esc(r.t("calendar")), esc(problem), esc(r.t("back"))))
}

var views = []string{"month", "week", "day", "agenda"}

// page shows a month, a week, a day or the next thirty days.
func page(r *request) any {
	view := r.Text("view")
	if view != "week" && view != "day" && view != "agenda" {
		view = "month"
	}
	today := recur.Wall(r.now, r.zone).Truncate(24 * time.Hour)
	day, err := time.Parse(recur.DayLayout, r.Text("date"))
	if err != nil || recur.CheckYear(day) != nil {
		day = today
	}
	from, to := period(view, day)
	calendars, err := visible(r.email, r.admin)
	if err != nil {
		return failure(r, r.t("no_data"))
	}
	only := byID(calendars, r.Text("only"))
	start, end := recur.Instant(from, r.zone), recur.Instant(to, r.zone)
	found, notes, err := window(r, calendars, start, end, true)
	if err != nil {
		return failure(r, r.t("no_data"))
	}
	found = chosen(found, only)
	w := &writer{r: r, view: view, day: day, today: today, from: from, to: to, only: only}
	w.head(calendars, notes)
	w.holidays, w.week = holidaysBetween(from, to), workingWeek()
	switch view {
	case "month":
		w.month(found)
	case "agenda":
		w.agenda(found)
	default:
		w.grid(found)
	}
	w.legend(calendars)
	return document(r, w.title(), w.String())
}

// chosen leaves what the caller can see, or what one calendar or resource has.
func chosen(found []*shown, only *calendar) []*shown {
	var left []*shown
	for _, each := range found {
		booked := only != nil && strings.Contains(each.event.Resources, ","+only.ID+",")
		isDue := each.event.IsDue == 1 && each.event.Ticket != 0
		if only == nil && each.calendar == nil && !isDue || only != nil && each.event.Calendar != only.ID && !booked {
			continue
		}
		left = append(left, each)
	}
	return left
}

func period(view string, day time.Time) (from, to time.Time) {
	monday := func(at time.Time) time.Time { return at.AddDate(0, 0, -((int(at.Weekday()) + 6) % 7)) }
	switch view {
	case "week":
		return monday(day), monday(day).AddDate(0, 0, 7)
	case "day":
		return day, day.AddDate(0, 0, 1)
	case "agenda":
		return day, day.AddDate(0, 0, 30)
	}
	first := day.AddDate(0, 0, 1-day.Day())
	last := first.AddDate(0, 1, 0)
	return monday(first), monday(last.AddDate(0, 0, -1)).AddDate(0, 0, 7)
}

// writer writes a view.
type writer struct {
	strings.Builder
	r          *request
	view       string
	day, today time.Time
	from, to   time.Time // days on the caller's wall
	only       *calendar
	holidays   map[string]string
	week       [7]hours
}

func (w *writer) f(format string, args ...any) { fmt.Fprintf(w, format, args...) }

// link returns the address of a view.
func (w *writer) link(view string, day time.Time) string {
	only := ""
	if w.only != nil {
		only = "&only=" + w.only.ID
	}
	return esc("/calendar?view=" + view + "&date=" + day.Format(recur.DayLayout) + only)
}

func (w *writer) head(calendars []*calendar, notes []string) {
	r := w.r
	back, next := w.day.AddDate(0, 0, -1), w.day.AddDate(0, 0, 1)
	switch w.view {
	case "month":
		first := w.day.AddDate(0, 0, 1-w.day.Day())
		back, next = first.AddDate(0, -1, 0), first.AddDate(0, 1, 0)
	case "week":
		back, next = w.day.AddDate(0, 0, -7), w.day.AddDate(0, 0, 7)
	case "agenda":
		back, next = w.day.AddDate(0, 0, -30), w.day.AddDate(0, 0, 30)
	}
	w.f(`<h1>%s</h1><div class="bar"><nav class="views" aria-label="%s">`, esc(w.title()), esc(r.t("view")))
	for _, each := range views {
		current := ""
		if each == w.view {
			current = ` aria-current="page"`
		}
		w.f(`<a href="%s"%s>%s</a>`, w.link(each, w.day), current, esc(r.t(each)))
	}
	w.f(`</nav><nav class="steps" aria-label="%s"><a href="%s" aria-label="%s">‹</a><a href="%s">%s</a><a href="%s" aria-label="%s">›</a></nav>`,
		esc(r.t("period")), w.link(w.view, back), esc(r.t("earlier")), w.link(w.view, w.today), esc(r.t("today")),
		w.link(w.view, next), esc(r.t("later")))
	w.f(`<a class="gk-btn-primary new" href="/calendar/event/new?date=%s">%s</a></div>`,
		w.startOfNew().Format(recur.DayLayout), esc(r.t("new_event")))
	for _, note := range notes {
		text := fmt.Sprintf(r.t("cut_series"), note)
		if note == "more" {
			text = r.t("too_many")
		}
		w.f(`<p class="gk-alert gk-alert-warning" role="status">%s</p>`, esc(text))
	}
}

func (w *writer) startOfNew() time.Time {
	if !w.today.Before(w.from) && w.today.Before(w.to) && w.view != "day" {
		return w.today
	}
	return w.day
}

// title names what is shown: "March 2027", "Week 12, 22 to 28 March 2027".
func (w *writer) title() string {
	r, last := w.r, w.to.AddDate(0, 0, -1)
	switch w.view {
	case "month":
		return r.t("month_"+strconv.Itoa(int(w.day.Month()))) + " " + strconv.Itoa(w.day.Year())
	case "day":
		return r.longDay(w.day)
	case "week":
		_, week := w.day.ISOWeek()
		return fmt.Sprintf(r.t("week_title"), week, r.shortDay(w.from), r.shortDay(last)+" "+strconv.Itoa(last.Year()))
	}
	return fmt.Sprintf(r.t("agenda_title"), r.shortDay(w.from), r.shortDay(last)+" "+strconv.Itoa(last.Year()))
}

func (r *request) shortDay(day time.Time) string {
	return fmt.Sprintf(r.t("day_short"), day.Day(), r.t("month_"+strconv.Itoa(int(day.Month()))))
}

func (r *request) longDay(day time.Time) string {
	return fmt.Sprintf("%s, %s %d", r.t("weekday_"+strconv.Itoa((int(day.Weekday())+6)%7)), r.shortDay(day), day.Year())
}

// item writes one occurrence as a link, as it is listed on a day.
func (w *writer) item(each *shown, day string) {
	when := w.when(each, day)
	title, colour, href := w.r.t("busy"), 7, ""
	if each.calendar != nil {
		title, colour = each.event.Title, each.calendar.Colour
		href = esc("/calendar/event/" + each.event.ID + "?at=" + each.wall.Format(recur.WallLayout))
	} else if each.event.IsDue == 1 && each.event.Ticket != 0 {
		title, href = strings.TrimSpace(fmt.Sprintf("#%d %s", each.event.Ticket, each.ticket)), fmt.Sprintf("/tickets/%d", each.event.Ticket)
	}
	var marks strings.Builder
	mark := func(sign, words string) {
		fmt.Fprintf(&marks, ` <span class="mark" aria-hidden="true">%s</span><span class="sr">, %s</span>`, sign, esc(words))
	}
	if each.event.Rule != "" || each.event.RDates != "" {
		mark("↻", w.r.t("repeats"))
	}
	if each.event.IsDue == 1 {
		mark("⚑", w.r.t("due"))
	}
	if each.conflict && each.calendar != nil {
		fmt.Fprintf(&marks, ` <span class="gk-badge gk-badge-danger">%s</span>`, esc(w.r.t("conflict")))
	}
	tag, close := fmt.Sprintf(`<a class="item c%d" href="%s">`, colour, href), "</a>"
	if href == "" {
		tag, close = fmt.Sprintf(`<span class="item c%d">`, colour), "</span>"
	}
	w.f(`%s<span class="when">%s</span> <span class="what">%s</span>%s%s`, tag, esc(when), esc(title), marks.String(), close)
}

// when returns the time of an occurrence on one of its days.
func (w *writer) when(each *shown, day string) string {
	if each.allDay() {
		return w.r.t("all_day")
	}
	start, end := each.start.In(w.r.zone).Format("15:04"), each.end.In(w.r.zone).Format("15:04")
	switch {
	case each.day == day && each.last == day:
		if each.start.Equal(each.end) {
			return start
		}
		return start + "–" + end
	case each.day == day:
		return start + " →"
	case each.last == day:
		return "→ " + end
	}
	return w.r.t("all_day")
}

func (w *writer) legend(calendars []*calendar) {
	r := w.r
	w.f(`<section class="legend"><h2>%s</h2><ul>`, esc(r.t("calendars")))
	if w.only != nil {
		w.f(`<li><a href="/calendar?view=%s&amp;date=%s">%s</a></li>`, w.view, w.day.Format(recur.DayLayout), esc(r.t("show_all")))
	}
	for _, each := range calendars {
		current := ""
		if w.only != nil && w.only.ID == each.ID {
			current = ` aria-current="true"`
		}
		w.f(`<li><a class="item c%d" href="/calendar?view=%s&amp;date=%s&amp;only=%s"%s>%s</a></li>`, each.Colour, w.view,
			w.day.Format(recur.DayLayout), each.ID, current, esc(each.title(r)))
	}
	w.f(`</ul><p class="more"><a href="/calendar/calendars">%s</a> · <a href="/calendar/hours">%s</a> · %s: %s</p></section>`,
		esc(r.t("manage")), esc(r.t("hours")), esc(r.t("zone")), esc(r.zone.String()))
}
