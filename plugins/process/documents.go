package main

import (
	"errors"
	"strconv"
	"strings"

	"example.com/process/goatkit"
)

// members are those of a JSON object; what is missing or of another kind is empty.
type members map[string]any

func object(value any) members {
	found, _ := value.(map[string]any)
	return found
}

func array(value any) []any {
	found, _ := value.([]any)
	return found
}

func (m members) text(name string) string {
	found, _ := m[name].(string)
	return found
}

func (m members) long(name string) int64 {
	found, _ := m[name].(float64)
	return int64(found)
}

func (m members) whole(name string) int { return int(m.long(name)) }

func (m members) is(name string) bool {
	found, _ := m[name].(bool)
	return found
}

func (m members) object(name string) members { return object(m[name]) }

func (m members) lines(name string) []string {
	var all []string
	for _, each := range array(m[name]) {
		if text, is := each.(string); is {
			all = append(all, text)
		}
	}
	return all
}

func (m members) words(name string) map[string]string {
	all := map[string]string{}
	for key, each := range m.object(name) {
		all[key], _ = each.(string)
	}
	return all
}

func (m members) bound(name string) *float64 {
	if found, is := m[name].(float64); is {
		return &found
	}
	return nil
}

// strict reads a definition, and refuses what it would not keep.
func strict(text string) (*Definition, error) {
	document, err := goatkit.Decode(text)
	if err != nil {
		return nil, err
	}
	root, is := document.(map[string]any)
	if !is {
		return nil, errors.New("an object with name and steps")
	}
	err = only(root, "name description fields steps")
	for _, each := range array(root["fields"]) {
		err = errors.Join(err, only(object(each), "id label type help required min max options"))
	}
	for _, each := range array(root["steps"]) {
		step := object(each)
		err = errors.Join(err, only(step, "id name kind help fields who need all due_hours status next"),
			only(step.object("who"), "people groups requester"))
		for _, each := range array(step["next"]) {
			next := object(each)
			err = errors.Join(err, only(next, "on to when"))
			for _, each := range array(next["when"]) {
				err = errors.Join(err, only(object(each), "field op value"))
			}
		}
	}
	if err != nil {
		return nil, err
	}
	d := definitionOf(root)
	return &d, nil
}

func only(m members, names string) error {
	for key := range m {
		if !has(strings.Fields(names), key) {
			return errors.New(short(key))
		}
	}
	return nil
}

func definitionOf(m members) Definition {
	d := Definition{Name: m.text("name"), Description: m.text("description")}
	for _, each := range array(m["fields"]) {
		f := object(each)
		d.Fields = append(d.Fields, Field{
			f.text("id"), f.text("label"), f.text("type"), f.text("help"), f.is("required"),
			f.bound("min"), f.bound("max"), f.lines("options"),
		})
	}
	for _, each := range array(m["steps"]) {
		s := object(each)
		w := s.object("who")
		step := Step{
			ID: s.text("id"), Name: s.text("name"), Kind: s.text("kind"), Help: s.text("help"),
			Fields: s.lines("fields"), Who: Who{w.lines("people"), w.lines("groups"), w.is("requester")},
			Need: s.whole("need"), All: s.is("all"), DueHours: s.whole("due_hours"), Status: s.text("status"),
		}
		for _, each := range array(s["next"]) {
			n := object(each)
			next := Next{On: n.text("on"), To: n.text("to")}
			for _, each := range array(n["when"]) {
				t := object(each)
				next.When = append(next.When, Test{t.text("field"), t.text("op"), t.text("value")})
			}
			step.Next = append(step.Next, next)
		}
		d.Steps = append(d.Steps, step)
	}
	return d
}

// full leaves out what is empty.
func full(m map[string]any) map[string]any {
	for key, value := range m {
		switch found := value.(type) {
		case string:
			if found == "" {
				delete(m, key)
			}
		case bool:
			if !found {
				delete(m, key)
			}
		case int:
			if found == 0 {
				delete(m, key)
			}
		case []string:
			if len(found) == 0 {
				delete(m, key)
			}
		case []any:
			if len(found) == 0 {
				delete(m, key)
			}
		case map[string]any:
			if len(found) == 0 {
				delete(m, key)
			}
		}
	}
	return m
}

// JSON returns the definition as it is kept and exported.
func (d Definition) JSON() any {
	var fields, steps []any
	for _, f := range d.Fields {
		field := full(map[string]any{
			"id": f.ID, "label": f.Label, "type": f.Type, "help": f.Help, "required": f.Required,
			"options": f.Options,
		})
		if f.Min != nil {
			field["min"] = *f.Min
		}
		if f.Max != nil {
			field["max"] = *f.Max
		}
		fields = append(fields, field)
	}
	for _, s := range d.Steps {
		var ways []any
		for _, n := range s.Next {
			var tests []any
			for _, t := range n.When {
				tests = append(tests, full(map[string]any{"field": t.Field, "op": t.Op, "value": t.Value}))
			}
			ways = append(ways, full(map[string]any{"on": n.On, "to": n.To, "when": tests}))
		}
		who := full(map[string]any{"people": s.Who.People, "groups": s.Who.Groups, "requester": s.Who.Requester})
		steps = append(steps, full(map[string]any{
			"id": s.ID, "name": s.Name, "kind": s.Kind, "help": s.Help, "fields": s.Fields, "who": who,
			"need": s.Need, "all": s.All, "due_hours": s.DueHours, "status": s.Status, "next": ways,
		}))
	}
	return full(map[string]any{"name": d.Name, "description": d.Description, "fields": fields, "steps": steps})
}

func processOf(m members) Process {
	return Process{m.text("id"), m.text("name"), m.whole("version"), m.is("archived")}
}

// JSON returns the process as it is kept.
func (p Process) JSON() any {
	return map[string]any{"id": p.ID, "name": p.Name, "version": p.Version, "archived": p.Archived}
}

func versionOf(m members) Version {
	return Version{definitionOf(m.object("definition")), m.text("by"), m.long("at")}
}

// JSON returns the version as it is kept.
func (v Version) JSON() any {
	return map[string]any{"definition": v.Definition, "by": v.By, "at": v.At}
}

func runOf(m members) Run {
	r := Run{
		Process: m.text("process"), Version: m.whole("version"), Step: m.text("step"),
		Entered: m.whole("entered"), Since: m.long("since"), Due: m.long("due"),
		Started: m.long("started"), Values: m.words("values"), Waits: m.lines("waits"),
		Logged: m.whole("logged"), Canceled: m.is("canceled"),
	}
	for _, each := range array(m["votes"]) {
		vote := object(each)
		r.Votes = append(r.Votes, Vote{vote.text("by"), vote.long("at")})
	}
	return r
}

// JSON returns the run as it is kept.
func (r *Run) JSON() any {
	var votes []any
	for _, vote := range r.Votes {
		votes = append(votes, map[string]any{"by": vote.By, "at": vote.At})
	}
	return map[string]any{
		"process": r.Process, "version": r.Version, "step": r.Step, "entered": r.Entered,
		"since": r.Since, "due": r.Due, "started": r.Started, "values": r.Values, "votes": votes,
		"waits": r.Waits, "logged": r.Logged, "canceled": r.Canceled,
	}
}

func entryOf(m members) Entry {
	return Entry{
		m.long("at"), m.text("by"), m.text("action"), m.text("from"), m.text("to"),
		m.text("comment"), m.words("changed"),
	}
}

// JSON returns the entry as it is kept.
func (e Entry) JSON() any {
	return map[string]any{
		"at": e.At, "by": e.By, "action": e.Action, "from": e.From, "to": e.To,
		"comment": e.Comment, "changed": e.Changed,
	}
}

// sprintf fills in %s and %d; fmt would be a fifth of the module.
func sprintf(format string, args ...any) string {
	var out strings.Builder
	fprintf(&out, format, args...)
	return out.String()
}

func fprintf(out *strings.Builder, format string, args ...any) {
	for {
		plain, rest, more := strings.Cut(format, "%")
		out.WriteString(plain)
		if !more || rest == "" {
			return
		}
		format = rest[1:]
		if rest[0] == '%' || len(args) == 0 {
			out.WriteByte('%')
			continue
		}
		out.WriteString(sprint(args[0]))
		args = args[1:]
	}
}

func sprint(value any) string {
	switch found := value.(type) {
	case string:
		return found
	case int:
		return strconv.Itoa(found)
	case int64:
		return strconv.FormatInt(found, 10)
	}
	return ""
}

func padded(number, width int) string {
	text := strconv.Itoa(number)
	return strings.Repeat("0", max(width-len(text), 0)) + text
}

// whole reads a number that somebody sent or that a key has; 0 where there is none.
func whole(text string) int {
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 || number > 1<<40 {
		return 0
	}
	return number
}
