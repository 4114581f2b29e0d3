package main

import (
	"fmt"
	"strings"
	"time"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/recur"
)

var schema = []string{
	`CREATE TABLE IF NOT EXISTS cal_calendar (id VARCHAR(32) PRIMARY KEY, name VARCHAR(100) NOT NULL,
		kind VARCHAR(10) NOT NULL, colour INT NOT NULL, owner VARCHAR(320) NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS cal_share (calendar_id VARCHAR(32) NOT NULL, who VARCHAR(330) NOT NULL,
		level VARCHAR(5) NOT NULL, PRIMARY KEY (calendar_id, who))`,
	`CREATE TABLE IF NOT EXISTS cal_event (id VARCHAR(32) PRIMARY KEY, calendar_id VARCHAR(32) NOT NULL,
		uid VARCHAR(250) NOT NULL, parent_id VARCHAR(32) NOT NULL, recur_wall VARCHAR(19) NOT NULL,
		cancelled INT NOT NULL, title VARCHAR(200) NOT NULL, place VARCHAR(200) NOT NULL, note TEXT NOT NULL,
		zone VARCHAR(60) NOT NULL, all_day INT NOT NULL, start_wall VARCHAR(19) NOT NULL,
		seconds BIGINT NOT NULL, rule TEXT NOT NULL, rdates TEXT NOT NULL, exdates TEXT NOT NULL,
		ticket_id INT NOT NULL, is_due INT NOT NULL, remind INT NOT NULL, resources TEXT NOT NULL,
		first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, created_by VARCHAR(320) NOT NULL)`,
	`CREATE INDEX IF NOT EXISTS cal_event_span ON cal_event (last_at, first_at)`,
	`CREATE INDEX IF NOT EXISTS cal_event_parent ON cal_event (parent_id)`,
	`CREATE TABLE IF NOT EXISTS cal_pref (email VARCHAR(320) PRIMARY KEY, zone VARCHAR(60) NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS cal_feed (email VARCHAR(320) PRIMARY KEY, secret_hash VARCHAR(64) NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS cal_hours (weekday INT PRIMARY KEY, from_minute INT NOT NULL, to_minute INT NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS cal_holiday (day VARCHAR(10) PRIMARY KEY, name VARCHAR(100) NOT NULL)`,
	`CREATE INDEX IF NOT EXISTS cal_event_ticket ON cal_event (ticket_id)`,
	`CREATE TABLE IF NOT EXISTS cal_feed_group (email VARCHAR(320) NOT NULL, name VARCHAR(320) NOT NULL,
		PRIMARY KEY (email, name))`,
	`CREATE TABLE IF NOT EXISTS cal_reminded (what VARCHAR(400) PRIMARY KEY, at BIGINT NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS cal_state (name VARCHAR(40) PRIMARY KEY, value BIGINT NOT NULL)`,
}

// schemaVersion is kept beside the tables: a newer plugin adds what an older one did not have.
const schemaVersion = 2

var prepared bool

// prepare makes the tables once for each process.
func prepare() error {
	if prepared {
		return nil
	}
	// Last of the schema, and made first: a query of a table that is not there would be a warning.
	if _, err := goatkit.Exec(schema[len(schema)-1]); err != nil {
		return err
	}
	var found []struct{ Value int64 }
	if goatkit.Query(&found, "SELECT value FROM cal_state WHERE name = 'schema'") == nil && len(found) > 0 && found[0].Value >= schemaVersion {
		prepared = true
		return nil
	}
	for _, statement := range schema[:len(schema)-1] {
		if _, err := goatkit.Exec(statement); err != nil {
			return err
		}
	}
	if _, err := goatkit.Exec("REPLACE INTO cal_state (name, value) VALUES ('schema', ?)", schemaVersion); err != nil {
		return err
	}
	prepared = true
	return nil
}

// event is a row of cal_event: an appointment, a series, or one changed occurrence of a series.
type event struct {
	ID         string `json:"id"`
	Calendar   string `json:"calendar_id"`
	UID        string `json:"uid"`
	Parent     string `json:"parent_id"`
	RecurWall  string `json:"recur_wall"`
	Cancelled  int    `json:"cancelled"`
	Title      string `json:"title"`
	Place      string `json:"place"`
	Note       string `json:"note"`
	Zone       string `json:"zone"`
	AllDay     int    `json:"all_day"`
	StartWall  string `json:"start_wall"`
	Seconds    int64  `json:"seconds"`
	Rule       string `json:"rule"`
	RDates     string `json:"rdates"`
	ExDates    string `json:"exdates"`
	Ticket     int64  `json:"ticket_id"`
	IsDue      int    `json:"is_due"`
	Remind     int    `json:"remind"`
	Resources  string `json:"resources"`
	FirstAt    int64  `json:"first_at"`
	LastAt     int64  `json:"last_at"`
	CreatedBy  string `json:"created_by"`
	seriesMade *recur.Series
}

const columns = "id, calendar_id, uid, parent_id, recur_wall, cancelled, title, place, note, zone, all_day, " +
	"start_wall, seconds, rule, rdates, exdates, ticket_id, is_due, remind, resources, first_at, last_at, created_by"

const pageColumns = "id, calendar_id, parent_id, recur_wall, cancelled, title, place, zone, all_day, start_wall, seconds, " +
	"rule, rdates, exdates, ticket_id, is_due, resources"

const columnCount = 23

func (e *event) values() []any {
	return []any{e.ID, e.Calendar, e.UID, e.Parent, e.RecurWall, e.Cancelled, e.Title, e.Place, e.Note, e.Zone,
		e.AllDay, e.StartWall, e.Seconds, e.Rule, e.RDates, e.ExDates, e.Ticket, e.IsDue, e.Remind, e.Resources,
		e.FirstAt, e.LastAt, e.CreatedBy}
}

// keep writes events, as many as fit into a statement at once.
func keep(events ...*event) error {
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", columnCount), ", ") + ")"
	for len(events) > 0 {
		part := events[:min(len(events), 40)]
		events = events[len(part):]
		var rows []string
		var values []any
		for _, each := range part {
			rows = append(rows, one)
			values = append(values, each.values()...)
		}
		statement := "REPLACE INTO cal_event (" + columns + ") VALUES " + strings.Join(rows, ", ")
		if _, err := goatkit.Exec(statement, values...); err != nil {
			return err
		}
	}
	return nil
}

// series makes what recur knows of a row; a row that cannot be read is one appointment.
func (e *event) series() *recur.Series {
	if e.seriesMade != nil {
		return e.seriesMade
	}
	zone, err := recur.Zone(e.Zone)
	if err != nil {
		zone = siteZone()
	}
	start, _ := time.Parse(recur.WallLayout, e.StartWall)
	made := &recur.Series{Zone: zone, AllDay: e.AllDay == 1, Start: start,
		Length: time.Duration(e.Seconds) * time.Second, Extra: walls(e.RDates), Excluded: walls(e.ExDates)}
	if e.Rule != "" {
		if rule, err := recur.ParseRule(e.Rule, zone); err == nil {
			made.Rule = rule
		}
	}
	e.seriesMade = made
	return made
}

// span sets between which seconds the event can be found.
func (e *event) span() error {
	e.seriesMade = nil
	first, last, err := e.series().Span()
	if err != nil {
		return err
	}
	if e.RecurWall != "" {
		if was, err := time.Parse(recur.WallLayout, e.RecurWall); err == nil {
			at := recur.Instant(was, e.series().Zone).Unix()
			first, last = min(first, at), max(last, at)
		}
	}
	// All-day appointments are days wherever one is.
	if e.AllDay == 1 {
		first, last = first-14*3600, last+14*3600
	}
	e.FirstAt, e.LastAt = first, last
	return nil
}

func walls(text string) []time.Time {
	var found []time.Time
	for each := range strings.FieldsSeq(text) {
		if wall, err := time.Parse(recur.WallLayout, each); err == nil {
			found = append(found, wall)
		}
	}
	return found
}

func wallTexts(walls []time.Time) string {
	var found []string
	for _, wall := range walls {
		found = append(found, wall.Format(recur.WallLayout))
	}
	return strings.Join(found, " ")
}

func findEvent(id string) (*event, error) {
	var rows []*event
	err := goatkit.Query(&rows, "SELECT "+columns+" FROM cal_event WHERE id = ?", id)
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("there is no such appointment")
	}
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// marks returns so many question marks for a statement.
func marks(count int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", count), ", ")
}

func anys(texts []string) []any {
	var found []any
	for _, each := range texts {
		found = append(found, each)
	}
	return found
}

func zoneOf(email string) *time.Location {
	var rows []struct{ Zone string }
	if goatkit.Query(&rows, "SELECT zone FROM cal_pref WHERE email = ?", email) == nil && len(rows) > 0 {
		if zone, err := recur.Zone(rows[0].Zone); err == nil {
			return zone
		}
	}
	return siteZone()
}
