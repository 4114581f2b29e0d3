package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/ics"
	"openhelpdesk.example/calendar/recur"
)

func calendarsPage(r *request) any { return showCalendars(r, nil, "") }

// showCalendars writes the page with the caller's settings, feed and calendars. secret is the address of a
// feed that was just made: it is shown once, as only its digest is kept.
func showCalendars(r *request, problems []string, secret string, done ...string) any {
	calendars, err := visible(r.email, r.admin)
	if err != nil {
		return failure(r, r.t("no_data"))
	}
	w := &writer{r: r}
	w.f(`<p><a href="/calendar">‹ %s</a></p><h1>%s</h1>`, esc(r.t("calendar")), esc(r.t("manage")))
	w.problems(problems)
	for _, each := range done {
		w.f(`<p class="gk-alert gk-alert-success" role="status">%s</p>`, esc(each))
	}
	w.f(`<div class="cards">`)
	w.feedCard(secret)
	w.importCard(calendars)
	w.f(`<section><h2>%s</h2><form method="post" action="/calendar/settings">`, esc(r.t("settings")))
	w.text("zone", r.t("zone"), r.zone.String(), `list="zones" required`)
	w.f(`<datalist id="zones">`)
	for _, zone := range commonZones {
		w.f(`<option value="%s">`, zone)
	}
	w.f(`</datalist><div class="actions"><button class="gk-btn-primary">%s</button></div></form></section>`, esc(r.t("save")))
	w.f(`<section><h2>%s</h2><form method="post" action="/calendar/calendars/save">`, esc(r.t("new_calendar")))
	w.text("name", r.t("name"), "", `required maxlength="100"`)
	kinds := []option{{shared, r.t("kind_shared")}}
	if r.admin {
		kinds = append(kinds, option{resource, r.t("kind_resource")})
	}
	w.choose("kind", r.t("kind"), shared, kinds)
	w.colours("colour", "1")
	w.f(`<div class="actions"><button class="gk-btn-primary">%s</button></div></form></section></div>`, esc(r.t("add")))
	var shares []sharing
	if goatkit.Query(&shares, "SELECT calendar_id, who, level FROM cal_share ORDER BY who LIMIT 5000") != nil {
		return failure(r, r.t("no_data"))
	}
	people, groups := staff()
	w.f(`<h2>%s</h2><div class="cards">`, esc(r.t("calendars")))
	for _, each := range calendars {
		w.calendarCard(each, shares, people, groups)
	}
	w.f("</div>")
	return document(r, r.t("manage"), w.String())
}

func (w *writer) colours(id, chosen string) {
	var all []option
	for n := range 8 {
		all = append(all, option{strconv.Itoa(n), w.r.t("colour_" + strconv.Itoa(n))})
	}
	w.choose(id, w.r.t("colour"), chosen, all)
}

func (w *writer) feedCard(secret string) {
	r := w.r
	w.f(`<section><h2>%s</h2><p class="hint">%s</p>`, esc(r.t("feed")), esc(r.t("feed_hint")))
	if secret != "" {
		w.f(`<p role="status">%s</p><p><code class="secret">%s</code></p>`, esc(r.t("feed_once")), esc(secret))
	}
	var rows []struct{ Email string }
	has := goatkit.Query(&rows, "SELECT email FROM cal_feed WHERE email = ?", r.email) == nil && len(rows) > 0
	label := r.t("feed_make")
	if has {
		label = r.t("feed_renew")
	}
	w.f(`<form method="post" action="/calendar/feed-address"><div class="actions"><button class="gk-btn-primary" name="do" value="make">%s</button>`, esc(label))
	if has {
		w.f(`<button class="gk-btn-danger" name="do" value="revoke">%s</button>`, esc(r.t("feed_revoke")))
	}
	w.f("</div></form></section>")
}

func (w *writer) importCard(calendars []*calendar) {
	r := w.r
	w.f(`<section><h2>%s</h2><form method="post" action="/calendar/import" enctype="multipart/form-data">`, esc(r.t("import")))
	w.f(`<label class="gk-form-label" for="file">%s</label><input type="file" id="file" name="file" accept=".ics,text/calendar" required data-most="%d" aria-describedby="file-problem">`,
		esc(r.t("file")), mostFile)
	w.f(`<p id="file-problem" class="gk-alert gk-alert-danger" role="alert" hidden>%s</p>`, esc(r.t("file_large")))
	w.choose("calendar", r.t("in_calendar"), "", writable(r, calendars))
	w.f(`<div class="actions"><button class="gk-btn-primary">%s</button></div></form></section>`, esc(r.t("import")))
}

func (w *writer) calendarCard(c *calendar, shares []sharing, people, groups []option) {
	r := w.r
	w.f(`<section><h3 class="item c%d">%s</h3><p class="hint">%s</p>`, c.Colour, esc(c.title(r)), esc(r.t("kind_"+c.Kind)+", "+r.t("level_"+c.Level)))
	w.f(`<p><a href="/calendar/export?calendar=%s">%s</a></p>`, c.ID, esc(r.t("export")))
	if c.Level != "own" {
		w.f("</section>")
		return
	}
	w.shares(c, shares, people, groups)
	w.shareForm(c, people, groups)
	w.changeForm(c)
	w.f("</section>")
}

func (w *writer) shares(c *calendar, shares []sharing, people, groups []option) {
	r := w.r
	names := map[string]string{"*": r.t("all_staff")}
	for _, each := range append(slices.Clone(people), groups...) {
		names[each.value] = each.label
	}
	w.f("<ul>")
	for _, each := range shares {
		if each.Calendar != c.ID {
			continue
		}
		name := names[each.Who]
		if name == "" {
			name = each.Who[2:]
		}
		w.f(`<li>%s: %s <form class="inline" method="post" action="/calendar/share"><input type="hidden" name="calendar" value="%s"><input type="hidden" name="who" value="%s"><button class="gk-btn" name="level" value="none" aria-label="%s">%s</button></form></li>`,
			esc(name), esc(r.t("level_"+each.Level)), c.ID, esc(each.Who), esc(fmt.Sprintf(r.t("unshare"), name)), esc(r.t("remove")))
	}
	w.f("</ul>")
}

func (w *writer) shareForm(c *calendar, people, groups []option) {
	r := w.r
	w.f(`<details><summary>%s</summary><form method="post" action="/calendar/share">`, esc(r.t("share")))
	w.hidden("calendar", c.ID)
	w.f(`<label class="gk-form-label" for="who-%s">%s</label><select class="gk-select" id="who-%s" name="who"><option value="*">%s</option>`, c.ID, esc(r.t("with")), c.ID, esc(r.t("all_staff")))
	for _, part := range []struct {
		label string
		all   []option
	}{{r.t("groups"), groups}, {r.t("people"), people}} {
		w.f(`<optgroup label="%s">`, esc(part.label))
		for _, each := range part.all {
			w.f(`<option value="%s">%s</option>`, esc(each.value), esc(each.label))
		}
		w.f("</optgroup>")
	}
	w.f(`</select><label class="gk-form-label" for="level-%s">%s</label><select class="gk-select" id="level-%s" name="level"><option value="read">%s</option><option value="write">%s</option></select>`,
		c.ID, esc(r.t("may")), c.ID, esc(r.t("level_read")), esc(r.t("level_write")))
	w.f(`<div class="actions"><button class="gk-btn-primary">%s</button></div></form></details>`, esc(r.t("share")))
}

func (w *writer) changeForm(c *calendar) {
	r := w.r
	w.f(`<details><summary>%s</summary><form method="post" action="/calendar/calendars/save">`, esc(r.t("change")))
	w.hidden("id", c.ID)
	w.f(`<label class="gk-form-label" for="name-%s">%s</label><input class="gk-input" id="name-%s" name="name" value="%s" maxlength="100">`, c.ID, esc(r.t("name")), c.ID, esc(c.Name))
	w.f(`<label class="gk-form-label" for="colour-%s">%s</label><select class="gk-select" id="colour-%s" name="colour">`, c.ID, esc(r.t("colour")), c.ID)
	for n := range 8 {
		selected := ""
		if n == c.Colour {
			selected = " selected"
		}
		w.f(`<option value="%d"%s>%s</option>`, n, selected, esc(r.t("colour_"+strconv.Itoa(n))))
	}
	w.f(`</select><div class="actions"><button class="gk-btn-primary">%s</button></div></form>`, esc(r.t("save")))
	if c.Kind != personal {
		w.f(`<form method="post" action="/calendar/calendars/delete"><input type="hidden" name="id" value="%s"><div class="checks"><label><input type="checkbox" name="sure" value="1" required> %s</label></div><button class="gk-btn-danger">%s</button></form>`,
			c.ID, esc(r.t("delete_all")), esc(r.t("delete")))
	}
	w.f("</details>")
}

// staff returns people and groups to share with.
func staff() (people, groups []option) {
	var rows []struct {
		Login string `json:"login"`
		First string `json:"first_name"`
		Last  string `json:"last_name"`
	}
	if goatkit.Query(&rows, "SELECT login, first_name, last_name FROM users WHERE valid_id = 1 ORDER BY first_name, last_name LIMIT 1000") == nil {
		for _, each := range rows {
			people = append(people, option{"u:" + strings.ToLower(each.Login), strings.TrimSpace(each.First + " " + each.Last)})
		}
	}
	var names []struct{ Name string }
	if goatkit.Query(&names, "SELECT name FROM `groups` WHERE valid_id = 1 AND name <> 'users' ORDER BY name LIMIT 500") == nil {
		for _, each := range names {
			groups = append(groups, option{"g:" + each.Name, each.Name})
		}
	}
	return people, groups
}

func saveCalendar(r *request) any {
	name, kind := r.field("name", 100), r.Text("kind")
	colour, err := strconv.Atoi(r.Text("colour"))
	if err != nil || colour < 0 || colour > 7 {
		colour = 0
	}
	calendars, err := visible(r.email, r.admin)
	if err != nil {
		return failure(r, r.t("no_data"))
	}
	c := byID(calendars, r.Text("id"))
	switch {
	case r.Text("id") != "" && (c == nil || c.Level != "own"):
		return failure(r, r.t("may_not_write"))
	case name == "" && (c == nil || c.Kind != personal):
		return showCalendars(r, []string{r.t("need_name")}, "")
	case c != nil:
		_, err = goatkit.Exec("UPDATE cal_calendar SET name = ?, colour = ? WHERE id = ?", name, colour, c.ID)
	case kind != shared && (kind != resource || !r.admin):
		return failure(r, r.t("admins_only"))
	case len(calendars) >= mostCalendars:
		return showCalendars(r, []string{r.t("many_calendars")}, "")
	default:
		_, err = goatkit.Exec("INSERT INTO cal_calendar (id, name, kind, colour, owner) VALUES (?, ?, ?, ?, ?)", newID(10), name, kind, colour, r.email)
	}
	if err != nil {
		return failure(r, r.t("not_kept"))
	}
	return map[string]any{"redirect": "/calendar/calendars"}
}

func dropCalendar(r *request) any {
	calendars, err := visible(r.email, r.admin)
	c := byID(calendars, r.Text("id"))
	if err != nil || c == nil || c.Level != "own" || c.Kind == personal || r.Text("sure") == "" {
		return failure(r, r.t("may_not_write"))
	}
	for _, statement := range []string{"DELETE FROM cal_event WHERE calendar_id = ?", "DELETE FROM cal_share WHERE calendar_id = ?",
		"DELETE FROM cal_calendar WHERE id = ?"} {
		if _, err := goatkit.Exec(statement, c.ID); err != nil {
			return failure(r, r.t("not_kept"))
		}
	}
	// What booked it stays, without it.
	if c.Kind == resource {
		if _, err := goatkit.Exec("UPDATE cal_event SET resources = REPLACE(resources, ?, ',') WHERE resources LIKE ?", ","+c.ID+",", "%,"+c.ID+",%"); err != nil {
			return failure(r, r.t("not_kept"))
		}
	}
	return map[string]any{"redirect": "/calendar/calendars"}
}

func share(r *request) any {
	calendars, err := visible(r.email, r.admin)
	c := byID(calendars, r.Text("calendar"))
	who, level := r.field("who", 330), r.Text("level")
	people, groups := staff()
	known := who == "*" || slices.ContainsFunc(append(people, groups...), func(o option) bool { return o.value == who })
	switch {
	case err != nil || c == nil || c.Level != "own":
		return failure(r, r.t("may_not_write"))
	case level == "none":
		_, err = goatkit.Exec("DELETE FROM cal_share WHERE calendar_id = ? AND who = ?", c.ID, who)
	case level != "read" && level != "write" || !known:
		return showCalendars(r, []string{r.t("bad_share")}, "")
	default:
		_, err = goatkit.Exec("REPLACE INTO cal_share (calendar_id, who, level) VALUES (?, ?, ?)", c.ID, who, level)
	}
	if err != nil {
		return failure(r, r.t("not_kept"))
	}
	return map[string]any{"redirect": "/calendar/calendars"}
}

func saveSettings(r *request) any {
	zone, err := recur.Zone(r.field("zone", 60))
	if err != nil {
		return showCalendars(r, []string{fmt.Sprintf(r.t("bad_zone"), r.field("zone", 60))}, "")
	}
	if _, err := goatkit.Exec("REPLACE INTO cal_pref (email, zone) VALUES (?, ?)", r.email, zone.String()); err != nil {
		return failure(r, r.t("not_kept"))
	}
	return map[string]any{"redirect": "/calendar/calendars"}
}

// mostFile is a little less than a request may have, in bytes.
const mostFile = ics.MostBytes - 64*1024
