package main

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/ics"
	"openhelpdesk.example/calendar/recur"
)

const feedPath = "/calendar/feed/"

// Only a digest of the secret is kept: 160 random bits are not guessed from it.

// makeFeed gives the caller a new secret address, or takes it away. The old one stops at once.
func makeFeed(r *request) any {
	if r.Text("do") == "revoke" {
		if _, err := goatkit.Exec("DELETE FROM cal_feed WHERE email = ?", r.email); err != nil {
			return failure(r, r.t("not_kept"))
		}
		return showCalendars(r, nil, "", r.t("feed_revoked"))
	}
	secret := newID(20)
	if _, err := goatkit.Exec("REPLACE INTO cal_feed (email, secret_hash) VALUES (?, MD5(?))", r.email, secret); err != nil {
		return failure(r, r.t("not_kept"))
	}
	if keepGroups([]string{r.email}) != nil {
		return failure(r, r.t("not_kept"))
	}
	return showCalendars(r, nil, feedPath+secret+".ics")
}

// feed answers whoever knows the secret address of somebody's calendar.
func feed(args goatkit.Args) any {
	none := goatkit.Error("there is no such feed", 404)
	secret := strings.TrimSuffix(args.Text("token"), ".ics")
	if len(secret) != 32 || prepare() != nil {
		return none
	}
	var rows []struct{ Email string }
	if goatkit.Query(&rows, "SELECT email FROM cal_feed WHERE secret_hash = MD5(?)", secret) != nil || len(rows) == 0 {
		return none
	}
	r := newRequest(args)
	r.email, r.admin, r.lang = rows[0].Email, false, "en"
	calendars, err := visibleTo(r.email, false, keptGroups)
	if err != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	calendars = slices.DeleteFunc(calendars, func(c *calendar) bool { return c.Kind == resource })
	return written(r, "Open Help Desk", calendars, time.Now().AddDate(0, -3, 0))
}

// export gives one calendar as a file.
func export(r *request) any {
	calendars, err := visible(r.email, r.admin)
	c := byID(calendars, r.Text("calendar"))
	if err != nil || c == nil {
		return failure(r, r.t("no_event"))
	}
	return written(r, c.title(r), []*calendar{c}, time.Unix(-1<<35, 0))
}

func written(r *request, name string, calendars []*calendar, from time.Time) any {
	rows, err := between(calendars, from, time.Unix(recur.Forever, 0), false)
	if err != nil {
		return goatkit.Error("the calendar cannot be read", 503)
	}
	known := map[string]*event{}
	for _, row := range rows {
		known[row.ID] = row
	}
	var events []ics.Event
	for _, row := range rows {
		one := ics.Event{UID: row.UID, Title: row.Title, Place: row.Place, Note: row.Note, Rule: row.Rule, Zone: row.series().Zone.String(),
			Series: *row.series(), Cancelled: row.Cancelled == 1, Remind: row.Remind}
		if row.Parent != "" {
			parent := known[row.Parent]
			if parent == nil {
				continue
			}
			wall, _ := time.Parse(recur.WallLayout, row.RecurWall)
			one.Recurrence, one.Rule = recur.Wall(recur.Instant(wall, parent.series().Zone), one.Series.Zone), ""
		}
		if row.Ticket != 0 {
			one.Note = strings.TrimSpace(one.Note + fmt.Sprintf("\n#%d", row.Ticket))
		}
		events = append(events, one)
	}
	// The stamp is the day's: whoever asks for a feed again learns that nothing has changed.
	text := ics.Write(name, events, r.now.UTC().Truncate(24*time.Hour))
	return map[string]any{"_binary": true, "content_type": "text/calendar", "filename": recur.Cut(name, 60) + ".ics",
		"data": base64.StdEncoding.EncodeToString([]byte(text))}
}

// importFile reads an .ics file into a calendar. What has the same UID is replaced.
func importFile(r *request) any {
	calendars, err := visible(r.email, r.admin)
	target := byID(calendars, r.Text("calendar"))
	if err != nil || target == nil || !target.canWrite() || target.Kind == resource {
		return showCalendars(r, []string{r.t("need_calendar")}, "")
	}
	file, _ := r.Args["file"].(map[string]any)
	data, _ := file["data"].(string)
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil || len(raw) == 0 {
		return showCalendars(r, []string{r.t("need_file")}, "")
	}
	events, problems := ics.Read(string(raw), r.zone.String())
	rows, more := rowsOf(events, target.ID, r.email)
	problems = append(problems, more...)
	if err := replace(target.ID, rows); err != nil {
		return failure(r, r.t("not_kept"))
	}
	if len(problems) > 0 {
		problems = append([]string{r.t("import_problems")}, problems...)
	}
	return showCalendars(r, problems, "", fmt.Sprintf(r.t("imported"), len(rows)))
}

// rowsOf makes rows of events; what changes one occurrence belongs to its series in the same file.
func rowsOf(events []ics.Event, calendar, by string) (rows []*event, problems []string) {
	masters := map[string]*event{}
	slices.SortStableFunc(events, func(a, b ics.Event) int {
		return number(!a.Recurrence.IsZero()) - number(!b.Recurrence.IsZero())
	})
	seen := map[string]bool{}
	for _, one := range events {
		uid := one.UID
		if uid == "" {
			sum := fnv.New64a()
			sum.Write([]byte(one.Title + one.Series.Start.String()))
			uid = fmt.Sprintf("%x@openhelpdesk", sum.Sum64())
		}
		row := &event{ID: newID(10), Calendar: calendar, UID: uid, Title: one.Title, Place: one.Place, Note: one.Note, Zone: one.Zone,
			AllDay: number(one.Series.AllDay), StartWall: one.Series.Start.Format(recur.WallLayout), Rule: one.Rule,
			Seconds: int64(one.Series.Length / time.Second), RDates: wallTexts(one.Series.Extra), ExDates: wallTexts(one.Series.Excluded),
			Cancelled: number(one.Cancelled), Remind: one.Remind, CreatedBy: by}
		if row.Title == "" {
			row.Title = "–"
		}
		if master := masters[uid]; !one.Recurrence.IsZero() && master != nil {
			was := recur.Wall(recur.Instant(one.Recurrence, one.Series.Zone), master.series().Zone)
			if master.AllDay == 1 {
				was = one.Recurrence.Truncate(24 * time.Hour)
			}
			row.Parent, row.RecurWall, row.Rule = master.ID, was.Format(recur.WallLayout), ""
		}
		key := uid + "\n" + row.RecurWall
		if row.Parent == "" && !one.Recurrence.IsZero() {
			key = uid + "\n" + row.StartWall
			row.UID = recur.Cut(uid, 220) + "/" + row.StartWall
		}
		if err := row.span(); err != nil {
			problems = append(problems, row.Title+": "+err.Error())
			continue
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		if row.Parent == "" && one.Recurrence.IsZero() {
			masters[uid] = row
		}
		rows = append(rows, row)
	}
	return rows, problems
}

// replace writes rows in the place of those with the same UID.
func replace(calendar string, rows []*event) error {
	var uids []string
	for _, row := range rows {
		if row.Parent == "" {
			uids = append(uids, row.UID)
		}
	}
	for part := range slices.Chunk(uids, 500) {
		// Series of others are not touched: a UID is looked for in this calendar alone.
		values := append([]any{calendar}, anys(part)...)
		if _, err := goatkit.Exec("DELETE FROM cal_event WHERE calendar_id = ? AND uid IN ("+marks(len(part))+")", values...); err != nil {
			return err
		}
	}
	return keep(rows...)
}
