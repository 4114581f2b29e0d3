package main

import (
	_ "embed"
	"errors"
	"sort"
	"strings"
	"time"

	"example.com/process/goatkit"
)

//go:embed page.css
var css string

// Times are the server's in the markup and the reader's once their browser has run this.
const localTimes = `<script>for(const t of document.querySelectorAll("time"))t.textContent=new Date(t.dateTime).toLocaleString(document.documentElement.lang||undefined,{dateStyle:"medium",timeStyle:"short"});</script>`

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

func esc(text string) string { return entities.Replace(text) }

func shown(body string) string {
	return `<style>` + css + `</style><div class="pm">` + body + `</div>` + localTimes
}

func clock(at int64) string {
	return sprintf(`<time datetime="%s">%s</time>`, time.Unix(at, 0).UTC().Format(time.RFC3339), when(at))
}

func ticketOf(args goatkit.Args, name string) int {
	switch value := args[name].(type) {
	case float64:
		return int(value)
	case string:
		return whole(value)
	}
	return 0
}

// typed is what somebody has filled in, and what is wrong with it.
type typed struct {
	values  map[string]string
	wrong   invalid
	comment string
}

// panel is what stands on a ticket: the step that it waits in, or the way to begin.
func panel(args goatkit.Args) any {
	p := who(args)
	return map[string]any{"html": shown(panelBody(&p, ticketOf(args, "ticket_id"), nil))}
}

func panelBody(p *person, ticket int, with *typed) string {
	t := p.texts
	running, _, err := run(ticket)
	if err != nil {
		return alert("warning", t.say("unavailable"))
	}
	if running == nil || running.over() {
		if !p.agent {
			return lastRun(p, running)
		}
		return lastRun(p, running) + startForm(p, ticket)
	}
	current, err := version(running.Process, running.Version)
	if err != nil {
		return alert("warning", t.say("unavailable"))
	}
	if current == nil {
		return alert("warning", t.say("version_gone", running.Version)) + lost(p, ticket)
	}
	definition := &current.Definition
	step := definition.step(running.Step)
	if step == nil {
		return alert("warning", t.say("step_gone", running.Step)) + lost(p, ticket)
	}
	var out strings.Builder
	fprintf(&out, `<p><strong>%s</strong><br>%s</p><dl>`, esc(step.Name), esc(definition.Name))
	if p.agent {
		fprintf(&out, `<dt>%s</dt><dd>%s</dd>`, t.say("waits_for"), esc(step.who(t)))
	}
	fprintf(&out, `<dt>%s</dt><dd>%s</dd>`, t.say("since"), clock(running.Since))
	if running.Due != 0 {
		word := t.say("due")
		if running.Due < time.Now().Unix() {
			word = `<span class="gk-badge gk-badge-danger">` + t.say("overdue") + `</span>`
		}
		fprintf(&out, `<dt>%s</dt><dd>%s</dd>`, word, clock(running.Due))
	}
	out.WriteString(`</dl>`)
	if len(running.Votes) > 0 && p.agent {
		var names []string
		for _, vote := range running.Votes {
			names = append(names, vote.By)
		}
		if needed, err := running.needed(p, step, ticket); err == nil {
			fprintf(&out, `<p>%s</p>`, esc(t.say("votes", strings.Join(names, ", "), len(running.Votes), max(needed, len(names)))))
		}
	}
	out.WriteString(p.stuck(running, step, ticket))
	if p.may(step, ticket) {
		out.WriteString(stepForm(p, ticket, running, definition, step, with))
	} else {
		fprintf(&out, `<p class="pm-help">%s</p>`, t.say("not_for_you"))
	}
	out.WriteString(pictureOf(t, definition, running.Step))
	if p.agent {
		out.WriteString(valuesOf(t, definition, running.Values) + history(t, definition, ticket))
		fprintf(&out, `<details><summary>%s</summary><form method="post" action="/processes/cancel">`+
			`<input type="hidden" name="ticket" value="%d"><div class="pm-f"><label for="why">%s</label>`+
			`<textarea id="why" name="comment" required maxlength="%d"></textarea></div><button class="gk-btn gk-btn-danger">%s</button></form></details>`,
			t.say("cancel"), ticket, t.say("why_cancel"), mostComment, t.say("cancel"))
	}
	return out.String()
}

func resumeForm(p *person, ticket int) string {
	if !p.admin {
		return ""
	}
	return sprintf(`<form method="post" action="/processes/resume"><input type="hidden" name="ticket" value="%d"><p><button class="gk-btn">%s</button></p></form>`, ticket, p.texts.say("resume"))
}

func lost(p *person, ticket int) string {
	t, out := p.texts, resumeForm(p, ticket)
	if p.agent {
		out += sprintf(`<form method="post" action="/processes/cancel"><input type="hidden" name="ticket" value="%d"><div class="pm-f"><label for="why">%s</label><textarea id="why" name="comment" required></textarea></div><button class="gk-btn gk-btn-danger">%s</button></form>`, ticket, t.say("why_cancel"), t.say("cancel"))
	}
	return out
}

func lastRun(p *person, last *Run) string {
	if last == nil {
		return ""
	}
	found, revision, err := get("process", last.Process)
	process := processOf(found)
	if err != nil || revision == 0 {
		process.Name = last.Process
	}
	word := "finished"
	if last.Canceled {
		word = "was_canceled"
	}
	return `<p>` + esc(p.texts.say(word, process.Name)) + `</p>`
}

func startForm(p *person, ticket int) string {
	t := p.texts
	all, err := processes()
	if err != nil {
		return alert("warning", t.say("unavailable"))
	}
	var options strings.Builder
	for _, one := range all {
		if one.Version > 0 && !one.Archived {
			fprintf(&options, `<option value="%s">%s</option>`, esc(one.ID), esc(one.Name))
		}
	}
	if options.Len() == 0 {
		return sprintf(`<p>%s</p><p><a class="gk-btn" href="/processes">%s</a></p>`, t.say("none_published"), t.say("get_one"))
	}
	return sprintf(`<form method="post" action="/processes/start"><input type="hidden" name="ticket" value="%d">`+
		`<div class="pm-f"><label for="process">%s</label><select id="process" name="process">%s</select></div>`+
		`<button class="gk-btn gk-btn-primary">%s</button></form>`, ticket, t.say("choose"), options.String(), t.say("start"))
}

func stepForm(p *person, ticket int, r *Run, d *Definition, step *Step, with *typed) string {
	t := p.texts
	var out strings.Builder
	fprintf(&out, `<form method="post" action="/processes/act" novalidate><input type="hidden" name="ticket" value="%d"><input type="hidden" name="entered" value="%d">`, ticket, r.Entered)
	if step.Help != "" {
		fprintf(&out, `<p>%s</p>`, strings.ReplaceAll(esc(step.Help), "\n", "<br>"))
	}
	if with != nil && len(with.wrong) > 0 {
		out.WriteString(alert("danger", t.say("check_fields")))
	}
	for _, id := range step.Fields {
		if field := d.field(id); field != nil {
			value := r.Values[id]
			problem := ""
			if with != nil {
				value, problem = with.values[id], with.wrong[id]
			}
			out.WriteString(input(t, field, value, problem))
		}
	}
	comment, problem := "", ""
	if with != nil {
		comment, problem = with.comment, with.wrong["comment"]
	}
	help := ""
	if step.Kind == "approval" {
		help = t.say("comment_help")
	}
	field := Field{ID: "", Label: t.say("comment"), Type: "textarea", Help: help}
	out.WriteString(strings.ReplaceAll(input(t, &field, comment, problem), `name="f_"`, `name="comment"`))
	out.WriteString(`<div class="pm-acts">`)
	for i, action := range step.actions() {
		style := "gk-btn"
		if i == 0 {
			style = "gk-btn gk-btn-primary"
		}
		fprintf(&out, `<button class="%s" name="action" value="%s">%s</button>`, style, action, t.say(action))
	}
	out.WriteString(`</div></form>`)
	return out.String()
}

func input(t texts, f *Field, value, problem string) string {
	name := "f_" + f.ID
	about, more := "", ""
	if f.Help != "" {
		more += sprintf(`<p class="pm-help" id="h_%s">%s</p>`, f.ID, esc(f.Help))
		about = "h_" + f.ID
	}
	if problem != "" {
		more += sprintf(`<p class="pm-bad" id="e_%s">%s</p>`, f.ID, esc(problem))
		about = strings.TrimSpace(about + " e_" + f.ID)
	}
	attributes := sprintf(`id="%s" name="%s"`, name, name)
	if about != "" {
		attributes += sprintf(` aria-describedby="%s"`, about)
	}
	if problem != "" {
		attributes += ` aria-invalid="true"`
	}
	if f.Required {
		attributes += ` required`
	}
	star := ""
	if f.Required {
		star = ` <span aria-hidden="true">*</span>`
	}
	label := sprintf(`<label for="%s">%s%s</label>`, name, esc(f.Label), star)
	control := ""
	switch f.Type {
	case "textarea":
		control = sprintf("<textarea %s>\n%s</textarea>", attributes, esc(cut(value)))
	case "checkbox":
		checked := ""
		if value == "yes" {
			checked = " checked"
		}
		return sprintf(`<div class="pm-f"><input type="checkbox" value="yes" %s%s> %s%s</div>`, attributes, checked, label, more)
	case "select":
		control = sprintf(`<select %s><option value=""></option>`, attributes)
		for _, option := range f.Options {
			chosen := ""
			if option == value {
				chosen = " selected"
			}
			control += sprintf(`<option%s>%s</option>`, chosen, esc(option))
		}
		control += `</select>`
	default:
		kind := map[string]string{"date": "date", "email": "email"}[f.Type]
		if kind == "" {
			kind = "text"
		}
		if f.Type == "number" {
			attributes += ` inputmode="decimal"`
		}
		control = sprintf(`<input type="%s" %s value="%s">`, kind, attributes, esc(cut(value)))
	}
	return `<div class="pm-f">` + label + control + more + `</div>`
}

// cut keeps a page small that gives back what was much too long.
func cut(value string) string {
	if len(value) > 4*mostLongText {
		return strings.ToValidUTF8(value[:4*mostLongText], "")
	}
	return value
}

func pictureOf(t texts, d *Definition, current string) string {
	var steps strings.Builder
	for _, step := range d.Steps {
		here := ""
		if step.ID == current {
			here = " – <strong>" + t.say("here") + "</strong>"
		}
		fprintf(&steps, `<li>%s%s</li>`, esc(step.Name), here)
	}
	return sprintf(`<details open><summary>%s</summary>%s<details><summary>%s</summary><ol>%s</ol></details></details>`,
		t.say("picture"), d.picture(t, current, nil, false), t.say("all_steps"), steps.String())
}

func valuesOf(t texts, d *Definition, values map[string]string) string {
	var rows strings.Builder
	for _, field := range d.Fields {
		if value := values[field.ID]; value != "" {
			if field.Type == "checkbox" {
				value = t.say("yes")
			}
			fprintf(&rows, `<dt>%s</dt><dd>%s</dd>`, esc(field.Label), strings.ReplaceAll(esc(value), "\n", "<br>"))
		}
	}
	if rows.Len() == 0 {
		return ""
	}
	return sprintf(`<details><summary>%s</summary><dl>%s</dl></details>`, t.say("values"), rows.String())
}

func history(t texts, d *Definition, ticket int) string {
	entries, err := logOf(ticket)
	if err != nil || len(entries) == 0 {
		return ""
	}
	var rows strings.Builder
	for _, entry := range entries {
		where := ""
		if step := d.step(entry.From); step != nil {
			where = esc(step.Name)
		}
		if step := d.step(entry.To); step != nil && entry.To != entry.From {
			where += " → " + esc(step.Name)
		}
		fprintf(&rows, `<li><strong>%s</strong> %s<br>%s %s`, esc(entry.By), t.say("did_"+entry.Action), where, clock(entry.At))
		if entry.Comment != "" {
			fprintf(&rows, `<br>%s`, strings.ReplaceAll(esc(entry.Comment), "\n", "<br>"))
		}
		var names []string
		for id := range entry.Changed {
			names = append(names, id)
		}
		sort.Strings(names)
		for _, id := range names {
			label := id
			if field := d.field(id); field != nil {
				label = field.Label
			}
			fprintf(&rows, `<br><span class="pm-help">%s: %s</span>`, esc(label), esc(short(entry.Changed[id])))
		}
		rows.WriteString(`</li>`)
	}
	return sprintf(`<details><summary>%s</summary><ol class="pm-log" reversed>%s</ol></details>`, t.say("history"), rows.String())
}

func alert(kind, text string) string {
	return sprintf(`<div class="gk-alert gk-alert-%s" role="alert">%s</div>`, kind, esc(text))
}

// done answers a change of a ticket: back to it, or what is in the way.
func done(p *person, ticket int, err error, with *typed) any {
	if err == nil {
		return map[string]any{"redirect": sprintf("/tickets/%d", ticket)}
	}
	t := p.texts
	if !p.sees(ticket) {
		return goatkit.Error(t.say("no_run"), 404)
	}
	body := ""
	var wrong invalid
	var refused refusal
	switch {
	case errors.As(err, &wrong):
		with.wrong = wrong
		body = panelBody(p, ticket, with)
	case errors.As(err, &refused):
		body = alert("danger", string(refused)) + panelBody(p, ticket, with)
	default:
		body = alert("danger", t.say("unavailable"))
	}
	back := sprintf(`<p><a href="/tickets/%d">%s (#%d)</a></p>`, ticket, t.say("back"), ticket)
	return map[string]any{"html": shown(back + body), "title": t.say("not_done")}
}

func startRoute(args goatkit.Args) any {
	p, ticket := who(args), ticketOf(args, "ticket")
	if !p.sees(ticket) {
		return goatkit.Error(p.texts.say("no_run"), 404)
	}
	err := start(p, ticket, args.Text("process"))
	if err == errMoved {
		err = refusal(p.texts.say("runs_already"))
	}
	return done(&p, ticket, err, nil)
}

func actRoute(args goatkit.Args) any {
	p, ticket := who(args), ticketOf(args, "ticket")
	if !p.sees(ticket) {
		return goatkit.Error(p.texts.say("no_run"), 404)
	}
	given := map[string]string{}
	for name, value := range args {
		if id, ours := strings.CutPrefix(name, "f_"); ours {
			text, _ := value.(string)
			given[id] = text
		}
	}
	with := &typed{values: given, comment: args.Text("comment")}
	err := act(p, ticket, ticketOf(args, "entered"), args.Text("action"), given, with.comment)
	return done(&p, ticket, err, with)
}

func cancelRoute(args goatkit.Args) any {
	p, ticket := who(args), ticketOf(args, "ticket")
	return done(&p, ticket, cancel(p, ticket, args.Text("comment")), nil)
}

func resumeRoute(args goatkit.Args) any {
	p, ticket := who(args), ticketOf(args, "ticket")
	return done(&p, ticket, resume(p, ticket), nil)
}
