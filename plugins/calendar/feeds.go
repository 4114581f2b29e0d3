package main

import (
	"slices"
	"strings"

	"openhelpdesk.example/calendar/goatkit"
)

// A feed is read by nobody in particular, for whom the help desk shows neither accounts nor groups. What
// is needed of them is kept, by whoever makes a feed and by the job.

// checkFeeds revokes the feeds of people who are no longer staff, and keeps the groups of the others.
func checkFeeds() error {
	var rows []struct{ Email string }
	if err := goatkit.Query(&rows, "SELECT email FROM cal_feed ORDER BY email LIMIT 5000"); err != nil {
		return err
	}
	var emails []string
	for _, each := range rows {
		emails = append(emails, each.Email)
	}
	for part := range slices.Chunk(emails, 400) {
		var known []struct{ Login string }
		if err := goatkit.Query(&known, "SELECT LOWER(login) AS login FROM users WHERE valid_id = 1 AND login IN ("+marks(len(part))+")", anys(part)...); err != nil {
			return err
		}
		valid := map[string]bool{}
		for _, each := range known {
			valid[each.Login] = true
		}
		var left []string
		for _, email := range part {
			if valid[email] {
				left = append(left, email)
			} else if _, err := goatkit.Exec("DELETE FROM cal_feed WHERE email = ?", email); err != nil {
				return err
			}
		}
		if err := keepGroups(left); err != nil {
			return err
		}
	}
	return nil
}

// keepGroups notes in which groups people are; what is noted already is not written again.
func keepGroups(emails []string) error {
	if len(emails) == 0 {
		return nil
	}
	type member struct{ Email, Name string }
	var now, before []member
	if err := goatkit.Query(&now, "SELECT LOWER(u.login) AS email, g.name AS name FROM `groups` g JOIN group_user m ON m.group_id = g.id "+
		"JOIN users u ON u.id = m.user_id WHERE u.login IN ("+marks(len(emails))+") LIMIT 10000", anys(emails)...); err != nil {
		return err
	}
	if err := goatkit.Query(&before, "SELECT email, name FROM cal_feed_group WHERE email IN ("+marks(len(emails))+")", anys(emails)...); err != nil {
		return err
	}
	for _, each := range before {
		if !slices.Contains(now, each) {
			if _, err := goatkit.Exec("DELETE FROM cal_feed_group WHERE email = ? AND name = ?", each.Email, each.Name); err != nil {
				return err
			}
		}
	}
	now = slices.DeleteFunc(now, func(each member) bool { return slices.Contains(before, each) })
	for part := range slices.Chunk(now, 400) {
		var values []any
		for _, each := range part {
			values = append(values, each.Email, each.Name)
		}
		if _, err := goatkit.Exec("REPLACE INTO cal_feed_group (email, name) VALUES "+
			strings.TrimSuffix(strings.Repeat("(?, ?), ", len(part)), ", "), values...); err != nil {
			return err
		}
	}
	return nil
}

func keptGroups(email string) map[string]bool {
	var rows []struct{ Name string }
	found := map[string]bool{}
	if goatkit.Query(&rows, "SELECT name FROM cal_feed_group WHERE email = ?", email) == nil {
		for _, each := range rows {
			found[each.Name] = true
		}
	}
	return found
}
