package main

import (
	"embed"
	"encoding/base64"
	"sort"
	"strings"
	"time"

	"example.com/process/goatkit"
)

//go:embed templates/*.json
var templates embed.FS

var templateNames = []string{"employee", "purchase", "change"}

// template returns a definition that is ready to use, in the person's language.
func template(name string, german bool, me string) (*Definition, error) {
	raw, err := templates.ReadFile("templates/" + name + ".json")
	if err != nil {
		return nil, err
	}
	whole, err := goatkit.Decode(string(raw))
	if err != nil {
		return nil, err
	}
	made := definitionOf(object(inLanguage(whole, german, me)))
	return &made, nil
}

func inLanguage(value any, german bool, me string) any {
	switch found := value.(type) {
	case string:
		if found == "{me}" {
			return me
		}
		first, second, both := strings.Cut(found, " ¦ ")
		if both && german {
			return second
		}
		return first
	case []any:
		for i := range found {
			found[i] = inLanguage(found[i], german, me)
		}
	case map[string]any:
		for key := range found {
			found[key] = inLanguage(found[key], german, me)
		}
	}
	return value
}

func page(t texts, title, body string) any {
	return map[string]any{"html": shown(body), "title": title}
}

// index lists the processes, what waits for the person, and the templates.
func index(args goatkit.Args) any {
	p := who(args)
	if !p.agent {
		return goatkit.Error(p.texts.say("only_agents"), 403)
	}
	return page(p.texts, p.texts.say("title"), indexBody(&p, ""))
}

func indexBody(p *person, problem string) string {
	t := p.texts
	all, err := processes()
	if err != nil {
		return alert("warning", t.say("unavailable"))
	}
	running, err := counts("run")
	if err != nil {
		return alert("warning", t.say("unavailable"))
	}
	now := time.Now().Unix()
	open := map[string]counted{}
	for _, one := range running {
		id, _, step := readTag(one.Tag)
		if step == "" {
			continue
		}
		sum, seen := open[id]
		sum.Count += one.Count
		sum.Total += one.Total
		if !seen || one.Least < sum.Least {
			sum.Least = one.Least
		}
		open[id] = sum
	}
	var out strings.Builder
	if problem != "" {
		out.WriteString(alert("danger", problem))
	}
	fprintf(&out, `<p>%s</p><h2>%s</h2>%s`, t.say("lead"), t.say("yours"), waiting(p, 20))
	if len(all) > 0 {
		fprintf(&out, `<h2>%s</h2><div class="pm-scroll" tabindex="0" role="region" aria-label="%s"><table class="gk-table"><thead><tr><th scope="col">%s</th><th scope="col" class="num">%s</th><th scope="col" class="num">%s</th><th scope="col" class="num">%s</th><th scope="col" class="num">%s</th></tr></thead><tbody>`,
			t.say("title"), t.say("title"), t.say("name"), t.say("version"), t.say("running"), t.say("average"), t.say("oldest"))
		for _, one := range all {
			sum := open[one.ID]
			average, oldest := "–", "–"
			if sum.Count > 0 {
				average, oldest = t.span(now-sum.Total/int64(sum.Count)), t.span(now-sum.Least)
			}
			badge := ""
			if one.Archived {
				badge = ` <span class="gk-badge">` + t.say("archived") + `</span>`
			}
			fprintf(&out, `<tr><td><a href="/processes/%s">%s</a>%s</td><td class="num">%d</td><td class="num">%d</td><td class="num">%s</td><td class="num">%s</td></tr>`,
				one.ID, esc(one.Name), badge, one.Version, sum.Count, average, oldest)
		}
		out.WriteString(`</tbody></table></div>`)
	}
	if !p.admin {
		return out.String()
	}
	fprintf(&out, `<h2>%s</h2><p>%s</p><div class="pm-cards">`, t.say("templates"), t.say("templates_lead"))
	for _, name := range templateNames {
		if d, err := template(name, t["title"] == languages["de"]["title"], p.email); err == nil {
			fprintf(&out, `<form class="gk-card" method="post" action="/processes/use"><div class="gk-card-body"><h3>%s</h3><p>%s</p><input type="hidden" name="template" value="%s"><button class="gk-btn" aria-label="%s: %s">%s</button></div></form>`,
				esc(d.Name), esc(d.Description), name, t.say("use"), esc(d.Name), t.say("use"))
		}
	}
	fprintf(&out, `<form class="gk-card" method="post" action="/processes/use"><div class="gk-card-body"><h3>%s</h3><input type="hidden" name="template" value=""><button class="gk-btn">%s</button></div></form>`, t.say("new"), t.say("new"))
	fprintf(&out, `<form class="gk-card" method="post" action="/processes/import" enctype="multipart/form-data"><div class="gk-card-body"><h3>%s</h3><div class="pm-f"><label for="file">%s</label><input id="file" type="file" name="file" accept=".json,application/json" required aria-describedby="ih"><p class="pm-help" id="ih">%s</p></div><button class="gk-btn">%s</button></div></form></div>`,
		t.say("import"), t.say("file"), t.say("import_help"), t.say("import"))
	return out.String()
}

type waited struct {
	Process string
	Step    string
	Ticket  int
	Due     int64
}

// waiting lists what waits for a person and their groups, what is due first.
func waiting(p *person, most int) string {
	t := p.texts
	seen := map[int]waited{}
	for _, key := range p.waitsFor() {
		rows, err := list(map[string]any{"collection": "wait", "prefix": key + "/", "limit": 100})
		if err != nil {
			return alert("warning", t.say("unavailable"))
		}
		for _, row := range rows {
			value := row.Value
			one := waited{value.text("process"), value.text("step"), value.whole("ticket"), value.long("due")}
			seen[one.Ticket] = one
		}
	}
	var all []waited
	for _, one := range seen {
		all = append(all, one)
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if (a.Due == 0) != (b.Due == 0) {
			return a.Due != 0
		}
		return a.Due < b.Due || a.Due == b.Due && a.Ticket < b.Ticket
	})
	if len(all) == 0 {
		return `<p>` + t.say("nothing_yours") + `</p>`
	}
	var out strings.Builder
	out.WriteString(`<ul>`)
	for i, one := range all {
		if i == most {
			fprintf(&out, `<li>%s</li>`, t.say("and_more", len(all)-most))
			break
		}
		due := ""
		if one.Due != 0 {
			due = ` · ` + t.say("due") + ` ` + clock(one.Due)
		}
		fprintf(&out, `<li><a href="/tickets/%d">#%d</a> %s: <strong>%s</strong>%s</li>`, one.Ticket, one.Ticket, esc(one.Process), esc(one.Step), due)
	}
	out.WriteString(`</ul>`)
	return out.String()
}

func widget(args goatkit.Args) any {
	p := who(args)
	return map[string]any{"html": shown(waiting(&p, 10))}
}

// one is the page of a process: its picture, where tickets wait, its versions.
func one(args goatkit.Args) any {
	p := who(args)
	if !p.agent {
		return goatkit.Error(p.texts.say("only_agents"), 403)
	}
	return onePage(&p, args.Text("id"), "")
}

func onePage(p *person, id, problem string) any {
	t := p.texts
	kept, revision, err := get("process", id)
	process := processOf(kept)
	if err != nil {
		return page(t, t.say("title"), alert("warning", t.say("unavailable")))
	}
	if revision == 0 {
		return goatkit.Error(t.say("gone"), 404)
	}
	var out strings.Builder
	fprintf(&out, `<p><a href="/processes">%s</a></p>`, t.say("title"))
	if problem != "" {
		out.WriteString(alert("danger", problem))
	}
	current, err := version(id, process.Version)
	if err != nil {
		return page(t, process.Name, alert("warning", t.say("unavailable")))
	}
	if p.admin {
		label, value := t.say("archive"), "yes"
		if process.Archived {
			label, value = t.say("unarchive"), ""
		}
		fprintf(&out, `<div class="pm-acts"><a class="gk-btn gk-btn-primary" href="/processes/%s/design">%s</a><a class="gk-btn" href="/processes/%s/export">%s</a><form method="post" action="/processes/%s/archive"><input type="hidden" name="archived" value="%s"><button class="gk-btn" title="%s">%s</button></form></div>`,
			id, t.say("edit"), id, t.say("export"), id, value, t.say("archive_help"), label)
	}
	if current != nil {
		out.WriteString(figures(t, id, &current.Definition))
	}
	out.WriteString(versions(p, &process))
	return page(t, process.Name, out.String())
}

// figures says where tickets wait and how long steps took, over all versions.
func figures(t texts, id string, d *Definition) string {
	now := time.Now().Unix()
	sums := func(collection, prefix string) (map[string]counted, map[string]bool) {
		found, others := map[string]counted{}, map[string]bool{}
		rows, _ := counts(collection)
		for _, row := range rows {
			tag, ours := strings.CutPrefix(row.Tag, prefix)
			process, _, step := readTag(tag)
			if !ours || process != id || step == "" {
				continue
			}
			sum, seen := found[step]
			sum.Count += row.Count
			sum.Total += row.Total
			if !seen || row.Least < sum.Least {
				sum.Least = row.Least
			}
			found[step] = sum
			others[step] = true
		}
		return found, others
	}
	open, old := sums("run", "")
	past, _ := sums("log", "")
	overdue, _ := sums("due", "late/")
	marks := map[string]string{}
	for step, sum := range open {
		if sum.Count > 999 {
			marks[step] = "999+"
		} else {
			marks[step] = sprint(sum.Count)
		}
	}
	var out strings.Builder
	fprintf(&out, `<h2>%s</h2>%s<div class="pm-scroll" tabindex="0" role="region" aria-label="%s"><table class="gk-table"><thead><tr>`,
		t.say("where"), d.picture(t, "", marks, false), t.say("where"))
	for _, key := range []string{"step", "waiting", "late", "average", "oldest", "passed", "took"} {
		class := ` class="num"`
		if key == "step" {
			class = ""
		}
		fprintf(&out, `<th scope="col"%s>%s</th>`, class, t.say(key))
	}
	out.WriteString(`</tr></thead><tbody>`)
	row := func(stepID, name string) {
		average, oldest, took := "–", "–", "–"
		if sum := open[stepID]; sum.Count > 0 {
			average, oldest = t.span(now-sum.Total/int64(sum.Count)), t.span(now-sum.Least)
		}
		if sum := past[stepID]; sum.Count > 0 {
			took = t.span(sum.Total / int64(sum.Count))
		}
		fprintf(&out, `<tr><td>%s</td><td class="num">%d</td><td class="num">%d</td><td class="num">%s</td><td class="num">%s</td><td class="num">%d</td><td class="num">%s</td></tr>`,
			esc(name), open[stepID].Count, overdue[stepID].Count, average, oldest, past[stepID].Count, took)
	}
	for _, step := range d.Steps {
		delete(old, step.ID)
		if step.Kind != "end" {
			row(step.ID, step.Name)
		}
	}
	// Steps that only older versions have.
	var rest []string
	for id := range old {
		rest = append(rest, id)
	}
	sort.Strings(rest)
	for _, id := range rest {
		row(id, id)
	}
	out.WriteString(`</tbody></table></div>`)
	return out.String()
}

func versions(p *person, process *Process) string {
	t := p.texts
	rows, err := list(map[string]any{"collection": "version", "prefix": process.ID + "/", "limit": 500})
	if err != nil || len(rows) == 0 {
		return ""
	}
	running, _ := counts("run")
	var out strings.Builder
	fprintf(&out, `<h2>%s</h2><p>%s</p><div class="pm-scroll" tabindex="0" role="region" aria-label="%s"><table class="gk-table"><thead><tr><th scope="col" class="num">%s</th><th scope="col">%s</th><th scope="col">%s</th><th scope="col" class="num">%s</th><th></th></tr></thead><tbody>`,
		t.say("versions"), t.say("publish_help"), t.say("versions"), t.say("version"), t.say("published_by"), t.say("published"), t.say("running"))
	for i := len(rows) - 1; i >= 0; i-- {
		one := versionOf(rows[i].Value)
		_, text, _ := strings.Cut(rows[i].Key, "/")
		number := whole(text)
		act := ""
		switch {
		case number == process.Version:
			act = `<span class="gk-badge gk-badge-success">` + t.say("current") + `</span>`
		case p.admin:
			act = sprintf(`<form method="post" action="/processes/%s/delete"><input type="hidden" name="version" value="%d"><button class="gk-btn" aria-label="%s: %s %d">%s</button></form>`,
				process.ID, number, t.say("delete"), t.say("version"), number, t.say("delete"))
		}
		fprintf(&out, `<tr><td class="num">%d</td><td>%s</td><td>%s</td><td class="num">%d</td><td>%s</td></tr>`,
			number, esc(one.By), clock(one.At), inUse(running, process.ID, number), act)
	}
	out.WriteString(`</tbody></table></div>`)
	return out.String()
}

func inUse(running []counted, id string, number int) int {
	count := 0
	for _, row := range running {
		process, version, step := readTag(row.Tag)
		if process == id && version == number && step != "" {
			count += row.Count
		}
	}
	return count
}

// use makes a process of a template, published at once; an empty one is only a draft.
func use(args goatkit.Args) any {
	p := who(args)
	name := args.Text("template")
	if name == "" {
		t := p.texts
		blank := &Definition{Name: t.say("new"), Steps: []Step{
			{ID: "first", Name: t.say("new_step"), Kind: "form", Next: []Next{{On: "done", To: "end"}}},
			{ID: "end", Name: t.say("kind_end"), Kind: "end"},
		}}
		return create(&p, blank, false)
	}
	german := args.Text("_lang") == "de"
	d, err := template(name, german, p.email)
	if err != nil {
		return goatkit.Error(p.texts.say("gone"), 404)
	}
	return create(&p, d, true)
}

// create keeps a new process; what can't be published is a draft to be worked on.
func create(p *person, d *Definition, publish bool) any {
	t := p.texts
	all, err := processes()
	if err != nil {
		return page(t, t.say("title"), alert("warning", t.say("unavailable")))
	}
	if len(all) >= mostProcesses {
		return page(t, t.say("title"), indexBody(p, t.say("too_many", len(all))))
	}
	taken := map[string]bool{}
	names := map[string]bool{}
	for _, one := range all {
		taken[one.ID], names[one.Name] = true, true
	}
	base := slug(d.Name)
	id := base
	for i := 2; taken[id]; i++ {
		id = sprintf("%s-%d", base, i)
	}
	for i, name := 2, d.Name; names[d.Name]; i++ {
		d.Name = sprintf("%s %d", name, i)
	}
	none := 0
	process := Process{ID: id, Name: d.Name}
	records := []record{{Collection: "draft", Key: id, Value: d, Expect: &none}}
	target := "/processes/" + id + "/design"
	if publish && len(d.problems(t)) == 0 {
		process.Version = 1
		records = append(records, record{Collection: "version", Key: versionKey(id, 1),
			Value: Version{*d, p.email, time.Now().Unix()}, Expect: &none})
		target = "/processes/" + id
	}
	records = append(records, record{Collection: "process", Key: id, Value: process, Expect: &none})
	if err := write(records...); err != nil {
		return page(t, t.say("title"), indexBody(p, t.say("unavailable")))
	}
	return map[string]any{"redirect": target}
}

func slug(name string) string {
	var made strings.Builder
	for _, letter := range strings.ToLower(name) {
		switch {
		case letter >= 'a' && letter <= 'z' || letter >= '0' && letter <= '9':
			made.WriteRune(letter)
		case made.Len() > 0 && !strings.HasSuffix(made.String(), "-"):
			made.WriteByte('-')
		}
		if made.Len() >= 30 {
			break
		}
	}
	found := strings.Trim(made.String(), "-")
	switch found {
	case "", "use", "import", "start", "act", "cancel", "resume", "preview":
		return "process"
	}
	return found
}

// imported reads a file that export has made, or a definition alone.
func imported(args goatkit.Args) any {
	p := who(args)
	t := p.texts
	fail := func(why string) any {
		return page(t, t.say("title"), indexBody(&p, t.say("bad_file", why)))
	}
	file, _ := args["file"].(map[string]any)
	encoded, _ := file["data"].(string)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) == 0 {
		return fail(t.say("required"))
	}
	if len(raw) > mostJSON {
		return fail(t.say("too_big", len(raw), mostJSON))
	}
	d, err := strict(string(raw))
	if err != nil {
		return fail(short(err.Error()))
	}
	if problems := d.problems(t); len(problems) > 0 {
		return fail(strings.Join(problems, " "))
	}
	return create(&p, d, true)
}

func export(args goatkit.Args) any {
	p, id := who(args), args.Text("id")
	kept, revision, err := get("process", id)
	process := processOf(kept)
	if err != nil || revision == 0 {
		return goatkit.Error(p.texts.say("gone"), 404)
	}
	var d Definition
	if v, err := version(id, process.Version); err == nil && v != nil {
		d = v.Definition
	} else if draft, _, err := get("draft", id); err == nil {
		d = definitionOf(draft)
	} else {
		return goatkit.Error(p.texts.say("unavailable"), 503)
	}
	raw := []byte(goatkit.Encode(d))
	return map[string]any{
		"_binary": true, "content_type": "application/json", "filename": id + ".json",
		"data": base64.StdEncoding.EncodeToString(raw),
	}
}

func archive(args goatkit.Args) any {
	p, id := who(args), args.Text("id")
	kept, revision, err := get("process", id)
	process := processOf(kept)
	if err != nil || revision == 0 {
		return goatkit.Error(p.texts.say("gone"), 404)
	}
	process.Archived = args.Text("archived") == "yes"
	if err := write(record{Collection: "process", Key: id, Value: process, Expect: &revision}); err != nil {
		return onePage(&p, id, p.texts.say("busy"))
	}
	return map[string]any{"redirect": "/processes/" + id}
}

func deleteVersion(args goatkit.Args) any {
	p, id := who(args), args.Text("id")
	t, number := p.texts, ticketOf(args, "version")
	kept, revision, err := get("process", id)
	process := processOf(kept)
	if err != nil || revision == 0 {
		return goatkit.Error(t.say("gone"), 404)
	}
	if number == process.Version {
		return onePage(&p, id, t.say("delete_current"))
	}
	running, err := counts("run")
	if err != nil {
		return onePage(&p, id, t.say("unavailable"))
	}
	if count := inUse(running, id, number); count > 0 {
		return onePage(&p, id, t.say("delete_in_use", number, count))
	}
	// Written anew, so that one that is published or deleted meanwhile refuses this.
	err = write(record{Collection: "version", Key: versionKey(id, number)},
		record{Collection: "process", Key: id, Value: process, Expect: &revision})
	if err != nil {
		return onePage(&p, id, t.say("busy"))
	}
	return map[string]any{"redirect": "/processes/" + id}
}
