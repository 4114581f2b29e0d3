package main

import (
	_ "embed"
	"strings"
	"time"

	"example.com/process/goatkit"
)

//go:embed design.js
var designScript string

//go:embed design.css
var designCSS string

// design is the page on which an admin draws a process.
func design(args goatkit.Args) any {
	p, id := who(args), args.Text("id")
	t := p.texts
	kept, revision, err := get("process", id)
	process := processOf(kept)
	if err != nil {
		return page(t, t.say("design"), alert("warning", t.say("unavailable")))
	}
	if revision == 0 {
		return goatkit.Error(t.say("gone"), 404)
	}
	draft, seen, err := get("draft", id)
	d := definitionOf(draft)
	if err != nil {
		return page(t, t.say("design"), alert("warning", t.say("unavailable")))
	}
	states, _ := goatkit.Query("SELECT name FROM ticket_state ORDER BY id")
	names := []string{}
	for _, state := range states {
		names = append(names, members(state).text("name"))
	}
	// No text ends the script that it stands in: "<" is written by its number.
	given := goatkit.Encode(map[string]any{
		"id": id, "revision": seen, "definition": d, "texts": map[string]string(t), "statuses": names,
		"types": fieldTypes, "kinds": stepKinds, "operators": operators,
		"preview": preview(&d, t),
	})
	body := sprintf(`<p><a href="/processes/%s">%s</a></p><div id="design"></div><script type="application/json" id="given">%s</script><style>%s</style><script>%s</script>`,
		id, esc(process.Name), given, designCSS, designScript)
	return page(t, t.say("design"), body)
}

func preview(d *Definition, t texts) map[string]any {
	svg := ""
	if len(d.Steps) <= mostSteps {
		svg = d.picture(t, "", nil, true)
	}
	return map[string]any{"svg": svg, "problems": d.problems(t)}
}

// sent reads the definition that the designer sends, or says why it can't be.
func sent(args goatkit.Args, t texts) (*Definition, string) {
	text := args.Text("definition")
	if len(text) > mostJSON {
		return nil, t.say("too_big", len(text), mostJSON)
	}
	d, err := strict(text)
	if err != nil {
		return nil, t.say("bad_file", short(err.Error()))
	}
	return d, ""
}

func previewRoute(args goatkit.Args) any {
	t := who(args).texts
	d, problem := sent(args, t)
	if d == nil {
		return goatkit.Error(problem, 400)
	}
	return preview(d, t)
}

// save keeps the draft, and publishes it as the next version where that is asked.
func save(args goatkit.Args) any {
	p, id := who(args), args.Text("id")
	t, publish := p.texts, args.Text("publish") == "yes"
	d, problem := sent(args, t)
	if d == nil {
		return goatkit.Error(problem, 400)
	}
	kept, revision, err := get("process", id)
	process := processOf(kept)
	if err != nil || revision == 0 {
		return goatkit.Error(t.say("gone"), 404)
	}
	seen := ticketOf(args, "revision")
	records := []record{{Collection: "draft", Key: id, Value: d, Expect: &seen}}
	if publish {
		if problems := d.problems(t); len(problems) > 0 {
			return goatkit.Error(strings.Join(problems, " "), 422)
		}
		// The number of a version that was deleted is never given again.
		rows, err := list(map[string]any{"collection": "version", "prefix": id + "/", "limit": 500})
		if err != nil {
			return goatkit.Error(t.say("unavailable"), 503)
		}
		if len(rows) >= 499 {
			return goatkit.Error(t.say("too_many", len(rows)), 422)
		}
		none := 0
		process.Version++
		process.Name = d.Name
		records = append(records,
			record{Collection: "version", Key: versionKey(id, process.Version), Value: Version{*d, p.email, time.Now().Unix()}, Expect: &none},
			record{Collection: "process", Key: id, Value: process, Expect: &revision})
	}
	if err := write(records...); err == errMoved {
		return goatkit.Error(t.say("draft_moved"), 409)
	} else if err != nil {
		return goatkit.Error(t.say("unavailable"), 503)
	}
	return map[string]any{"revision": seen + 1, "version": process.Version}
}
