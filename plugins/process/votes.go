package main

import (
	"strings"

	"example.com/process/goatkit"
)

// abilities say who can decide a step at this moment, and who is named in vain.
type abilities struct {
	able    []string // addresses, each once
	unable  []string // people and groups
	unknown int      // groups whose members a requester can't learn
}

// abilitiesOf looks up who is named in a step: accounts are disabled and people leave groups.
func (p *person) abilitiesOf(step *Step, ticket int) (abilities, error) {
	var found abilities
	if !p.agent {
		// Requesters learn of nobody: whoever is named counts as able.
		for _, email := range step.Who.People {
			found.add(email)
		}
		found.unknown = len(step.Who.Groups)
		return found, nil
	}
	staff := map[string]bool{}
	if len(step.Who.People) > 0 {
		err := logins(staff, "SELECT login FROM users WHERE valid_id = 1 AND login IN ("+
			places(len(step.Who.People))+")", lowered(step.Who.People)...)
		if err != nil {
			return found, err
		}
	}
	requester, err := requesterOf(ticket)
	if err != nil {
		return found, err
	}
	for _, email := range step.Who.People {
		if staff[strings.ToLower(email)] || strings.EqualFold(email, requester) {
			found.add(email)
		} else {
			found.unable = append(found.unable, email)
		}
	}
	for _, group := range step.Who.Groups {
		members := map[string]bool{}
		err := logins(members, "SELECT u.login AS login FROM group_user m JOIN `groups` g ON g.id = m.group_id "+
			"JOIN users u ON u.id = m.user_id WHERE u.valid_id = 1 AND LOWER(g.name) = ?", strings.ToLower(group))
		if err != nil {
			return found, err
		}
		if len(members) == 0 {
			found.unable = append(found.unable, group)
		}
		for email := range members {
			found.add(email)
		}
	}
	if step.Who.Requester {
		found.add(requester)
	}
	return found, nil
}

func (a *abilities) add(email string) {
	email = strings.ToLower(email)
	if email != "" && !has(a.able, email) {
		a.able = append(a.able, email)
	}
}

func logins(into map[string]bool, query string, args ...any) error {
	rows, err := goatkit.Query(query, args...)
	for _, row := range rows {
		into[strings.ToLower(members(row).text("login"))] = true
	}
	return err
}

func lowered(texts []string) []any {
	var all []any
	for _, each := range texts {
		all = append(all, strings.ToLower(each))
	}
	return all
}

func places(count int) string { return strings.TrimSuffix(strings.Repeat("?, ", count), ", ") }

func (r *Run) votedBy(email string) bool {
	for _, vote := range r.Votes {
		if strings.EqualFold(vote.By, email) {
			return true
		}
	}
	return false
}

// needed returns how many approvals a step needs by all who are counted now. An approval stays one
// when who gave it leaves the group; of everybody, those are asked for who still can.
func (r *Run) needed(p *person, step *Step, ticket int) (int, error) {
	if !step.All {
		return max(step.Need, 1), nil
	}
	now, err := p.abilitiesOf(step, ticket)
	if err != nil {
		return 0, err
	}
	missing := now.unknown
	for _, email := range now.able {
		if !r.votedBy(email) {
			missing++
		}
	}
	return len(r.Votes) + missing, nil
}

// stuck says who is named in vain in a step, and whether too few are left who can decide.
func (p *person) stuck(r *Run, step *Step, ticket int) string {
	if !p.agent || step.Who.isOpen() {
		return ""
	}
	now, err := p.abilitiesOf(step, ticket)
	if err != nil {
		return ""
	}
	t, left := p.texts, 0
	for _, email := range now.able {
		if !r.votedBy(email) {
			left++
		}
	}
	out := ""
	if len(now.unable) > 0 {
		out += alert("warning", t.say("unable", strings.Join(now.unable, ", ")))
	}
	if len(now.able) == 0 || !step.All && len(r.Votes)+left < step.Need {
		out += alert("danger", t.say("too_few", max(step.Need, 1), len(r.Votes)+left)) + resumeForm(p, ticket)
	}
	return out
}
