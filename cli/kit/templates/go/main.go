// @TITLE@ greets whoever opens a ticket.
package main

import (
	"fmt"

	"example.com/@NAME@/ohd"
)

// Config is what an admin sets; the manifest's config_schema has the same names.
type Config struct {
	Greeting string `json:"greeting"`
}

//go:wasmexport on_event
func onEvent(payload string) {
	event, err := ohd.Parse[Config](payload)
	if err != nil {
		ohd.Errorf("not the event that was expected: %s", err)
		return
	}
	if event.Event == "ticket.created" {
		greet(event)
	}
}

func greet(event ohd.Event[Config]) {
	ticket := event.Ticket
	text := fmt.Sprintf("%s, %s. We have \"%s\".",
		event.Config.Greeting, ticket.Submitter.Name, ticket.Subject)
	if err := ohd.Reply(ticket.ID, text); err != nil {
		ohd.Errorf("the reply was refused: %s", err)
		return
	}
	if err := ohd.SetField(ticket.ID, "greeted", "yes"); err != nil {
		ohd.Errorf("the field was refused: %s", err)
	}
	ohd.Infof("greeted %s", ticket.ID)
}

func main() {}
