package main

import (
	"strings"

	"example.com/process/goatkit"
)

// person is who asks, as the host says.
type person struct {
	id     float64
	email  string
	admin  bool
	agent  bool
	texts  texts
	groups []string
	known  bool
}

func who(args goatkit.Args) person {
	role := args.Text("_user_role")
	id, _ := args["_user_id"].(float64)
	admin, _ := args["_is_admin"].(bool)
	return person{
		id: id, email: strings.ToLower(args.Text("_user_email")), admin: admin,
		agent: role == "Agent" || role == "Admin", texts: wordsOf(args.Text("_lang")),
	}
}

// memberOf returns the groups of the person; requesters are in none.
func (p *person) memberOf() []string {
	if !p.known && p.agent {
		rows, _ := goatkit.Query("SELECT g.name AS name FROM group_user m JOIN `groups` g "+
			"ON g.id = m.group_id WHERE m.user_id = ?", p.id)
		for _, row := range rows {
			p.groups = append(p.groups, members(row).text("name"))
		}
	}
	p.known = true
	return p.groups
}

// may tells whether the person may act in a step of a ticket's process; who is named may where they
// see the ticket, as staff or as its requester.
func (p *person) may(step *Step, ticket int) bool {
	if step.Who.Requester && p.isRequester(ticket) {
		return true
	}
	for _, email := range step.Who.People {
		if strings.EqualFold(email, p.email) {
			return p.sees(ticket)
		}
	}
	if !p.agent {
		return false
	}
	if step.Who.isOpen() {
		return true
	}
	if len(step.Who.Groups) == 0 {
		return false
	}
	for _, group := range p.memberOf() {
		for _, wanted := range step.Who.Groups {
			if strings.EqualFold(group, wanted) {
				return true
			}
		}
	}
	return false
}

// sees tells whether the ticket exists for the person: queries show what they may see.
func (p *person) sees(ticket int) bool {
	rows, err := goatkit.Query("SELECT id FROM ticket WHERE id = ?", ticket)
	return err == nil && len(rows) == 1
}

func (p *person) isRequester(ticket int) bool {
	email, err := requesterOf(ticket)
	return err == nil && email != "" && strings.EqualFold(email, p.email)
}

func requesterOf(ticket int) (string, error) {
	rows, err := goatkit.Query("SELECT customer_user_id AS email FROM ticket WHERE id = ?", ticket)
	if err != nil || len(rows) != 1 {
		return "", err
	}
	return members(rows[0]).text("email"), nil
}

// keys names those whom a step waits for, as they are looked up.
func (w *Who) keys() []string {
	var found []string
	for _, email := range w.People {
		found = append(found, "p:"+strings.ToLower(email))
	}
	for _, group := range w.Groups {
		found = append(found, "g:"+strings.ToLower(strings.ReplaceAll(group, "/", "-")))
	}
	return found
}

// waitsFor returns what is looked up for a person.
func (p *person) waitsFor() []string {
	found := []string{"p:" + p.email}
	for _, group := range p.memberOf() {
		found = append(found, "g:"+strings.ToLower(strings.ReplaceAll(group, "/", "-")))
	}
	return found
}

// who names those who may act in a step.
func (s *Step) who(t texts) string {
	named := append(append([]string{}, s.Who.People...), s.Who.Groups...)
	if s.Who.Requester {
		named = append(named, t.say("the_requester"))
	}
	if len(named) == 0 {
		return t.say("every_agent")
	}
	return strings.Join(named, ", ")
}

// markless keeps people's words from being read as Markdown or as mentions of others.
func markless(text string) string {
	var safe strings.Builder
	for _, letter := range text {
		if strings.ContainsRune("\\`*_[]<>#|~!", letter) {
			safe.WriteByte('\\')
		}
		safe.WriteRune(letter)
		if letter == '@' {
			safe.WriteRune('\u200b')
		}
	}
	return safe.String()
}
