// Does what the first word of a ticket's subject says: the twelve behaviours of the matrix.
package main

import (
	"strings"

	"example.com/greeter/ohd"
)

type config struct {
	Greeting string `json:"greeting"`
	Token    string `json:"token"`
	Count    int    `json:"count"`
	Loud     bool   `json:"loud"`
}

var kept [][]byte

//go:wasmexport on_event
func onEvent(payload string) {
	event, err := ohd.Parse[config](payload)
	if err != nil {
		ohd.Errorf("%s", err)
		return
	}
	word, rest, _ := strings.Cut(event.Ticket.Subject, " ")
	switch word {
	case "event":
		showEvent(event)
	case "log":
		ohd.Debugf("%s", rest)
		ohd.Infof("%s", rest)
		ohd.Warnf("%s", rest)
		ohd.Errorf("%s", rest)
	case "http":
		request(event, rest)
	case "reply":
		show(ohd.Reply(event.Ticket.ID, event.Ticket.Description))
	case "note":
		show(ohd.Note(event.Ticket.ID, event.Ticket.Description))
	case "field":
		show(ohd.SetField(event.Ticket.ID, "seen", event.Ticket.Description))
	case "config":
		ohd.Infof("%s %d %t", event.Config.Greeting, event.Config.Count, event.Config.Loud)
	case "trap":
		panic("told to")
	case "loop":
		for {
		}
	case "memory":
		for {
			kept = append(kept, make([]byte, 1<<20))
		}
	case "large":
		text := event.Ticket.Description
		ohd.Infof("%d %s", len(text), text[len(text)-3:])
	}
}

//go:wasmexport render_panel
func renderPanel(ticketID string) uint64 {
	return ohd.Text("https://panel.example.com/" + ticketID)
}

func showEvent(event ohd.Event[config]) {
	ticket := event.Ticket
	assignee := "nobody"
	if ticket.Assignee != nil {
		assignee = ticket.Assignee.Name
	}
	ohd.Infof("%s", strings.Join([]string{
		event.Event, event.OccurredAt, ticket.ID, ticket.Subject, ticket.Status, ticket.Priority,
		ticket.Category, ticket.Type, ticket.Item, ticket.Submitter.Name, ticket.Submitter.Email,
		assignee, ticket.CreatedAt, ticket.URL, event.Actor.Role, ticket.CustomFields["severity"],
		event.Data.ToStatus,
	}, "|"))
}

func request(event ohd.Event[config], url string) {
	status, body := ohd.Fetch(ohd.Request{
		Method:  "POST",
		URL:     url,
		Headers: map[string]string{"Authorization": "Bearer " + event.Config.Token},
		Body:    event.Ticket.Description,
	})
	ohd.Infof("%d %s", status, body)
}

func show(err error) {
	if err == nil {
		ohd.Infof("done")
	} else {
		ohd.Errorf("%s", err)
	}
}

func main() {}
