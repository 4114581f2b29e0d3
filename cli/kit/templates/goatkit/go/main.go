// @TITLE@ shows how many tickets have which status.
package main

import (
	_ "embed"
	"fmt"
	"html"
	"strings"

	"example.com/@NAME@/goatkit"
)

//go:embed registration.json
var registration []byte

func init() {
	goatkit.Register(registration, map[string]goatkit.Function{
		"by_status": byStatus,
		"widget":    widget,
		"daily":     daily,
	})
}

type status struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

func count() ([]status, int, error) {
	var statuses []status
	err := goatkit.Query(&statuses, "SELECT s.name AS name, COUNT(*) AS count FROM ticket t "+
		"JOIN ticket_state s ON s.id = t.ticket_state_id GROUP BY s.name ORDER BY s.name")
	total := 0
	for _, each := range statuses {
		total += each.Count
	}
	return statuses, total, err
}

func byStatus(goatkit.Args) any {
	statuses, total, err := count()
	if err != nil {
		return goatkit.Error("the tickets cannot be read", 503)
	}
	return map[string]any{"total": total, "statuses": statuses}
}

func widget(goatkit.Args) any {
	statuses, total, err := count()
	if err != nil {
		return goatkit.Error("the tickets cannot be read", 503)
	}
	var page strings.Builder
	page.WriteString(`<table class="gk-table">`)
	for _, each := range statuses {
		fmt.Fprintf(&page, "<tr><td>%s</td><td>%d</td></tr>", html.EscapeString(each.Name), each.Count)
	}
	fmt.Fprintf(&page, "</table><p>%s: %d</p>", goatkit.Translate("@NAME@.total"), total)
	return map[string]any{"html": page.String()}
}

func daily(goatkit.Args) any {
	_, total, err := count()
	if err != nil {
		return goatkit.Error("the tickets cannot be read", 503)
	}
	goatkit.Infof("%d tickets", total)
	return map[string]any{"total": total}
}

func main() {@SERVE@}
