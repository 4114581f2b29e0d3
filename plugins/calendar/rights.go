package main

import (
	"slices"
	"strings"

	"openhelpdesk.example/calendar/goatkit"
)

// Kinds of calendars.
const (
	personal = "personal"
	shared   = "shared"
	resource = "resource" // a room, a car: every one of the staff can book it
)

const mostCalendars = 200

// calendar is one that the caller can see.
type calendar struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Colour int    `json:"colour"`
	Owner  string `json:"owner"`
	Level  string `json:"-"` // read, write or own
}

func (c *calendar) canWrite() bool { return c.Level == "write" || c.Level == "own" }

type sharing struct {
	Calendar string `json:"calendar_id"`
	Who      string `json:"who"`
	Level    string `json:"level"`
}

// visible returns the calendars that somebody can see: their own, those that are shared with them,
// with a group of theirs or with all staff, and everything that can be booked.
func visible(email string, admin bool) ([]*calendar, error) {
	return visibleTo(email, admin, groupsOf)
}

func visibleTo(email string, admin bool, groupsOf func(string) map[string]bool) ([]*calendar, error) {
	var all []*calendar
	if err := goatkit.Query(&all, "SELECT id, name, kind, colour, owner FROM cal_calendar ORDER BY kind, name LIMIT 1000"); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(c *calendar) bool { return c.Kind == personal && c.Owner == email }) {
		mine := &calendar{newID(10), "", personal, 0, email, "own"}
		if _, err := goatkit.Exec("INSERT INTO cal_calendar (id, name, kind, colour, owner) VALUES (?, ?, ?, ?, ?)",
			mine.ID, mine.Name, mine.Kind, mine.Colour, mine.Owner); err != nil {
			return nil, err
		}
		all = append([]*calendar{mine}, all...)
	}
	var shares []sharing
	if err := goatkit.Query(&shares, "SELECT calendar_id, who, level FROM cal_share LIMIT 5000"); err != nil {
		return nil, err
	}
	levels := map[string]string{}
	groups := map[string]bool{}
	if slices.ContainsFunc(shares, func(s sharing) bool { return strings.HasPrefix(s.Who, "g:") }) {
		groups = groupsOf(email)
	}
	for _, each := range shares {
		meant := each.Who == "*" || each.Who == "u:"+email || strings.HasPrefix(each.Who, "g:") && groups[each.Who[2:]]
		if meant && levels[each.Calendar] != "write" {
			levels[each.Calendar] = each.Level
		}
	}
	var found []*calendar
	for _, each := range all {
		switch {
		case each.Owner == email, admin && each.Kind != personal:
			each.Level = "own"
		case levels[each.ID] != "":
			each.Level = levels[each.ID]
		case each.Kind == resource:
			each.Level = "read"
		default:
			continue
		}
		if len(found) < mostCalendars {
			found = append(found, each)
		}
	}
	slices.SortStableFunc(found, func(a, b *calendar) int { return rank(a, email) - rank(b, email) })
	return found, nil
}

func rank(c *calendar, email string) int {
	switch {
	case c.Owner == email && c.Kind == personal:
		return 0
	case c.Kind == shared:
		return 1
	case c.Kind == personal:
		return 2
	}
	return 3
}

func groupsOf(email string) map[string]bool {
	var rows []struct{ Name string }
	err := goatkit.Query(&rows, "SELECT g.name AS name FROM `groups` g JOIN group_user m ON m.group_id = g.id "+
		"JOIN users u ON u.id = m.user_id WHERE u.login = ?", email)
	found := map[string]bool{}
	if err != nil {
		return found
	}
	for _, each := range rows {
		found[each.Name] = true
	}
	return found
}

func byID(all []*calendar, id string) *calendar {
	for _, each := range all {
		if each.ID == id {
			return each
		}
	}
	return nil
}

// title returns what a calendar is called for somebody.
func (c *calendar) title(r *request) string {
	if c.Name != "" {
		return c.Name
	}
	if c.Owner == r.email {
		return r.t("my_calendar")
	}
	return c.Owner
}
