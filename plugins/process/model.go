package main

import (
	"strconv"
	"strings"
)

// Bounds of a definition. A step's people and groups are bounded by what one change may write.
const (
	mostSteps     = 60
	mostFields    = 60
	mostNext      = 12
	mostWho       = 15
	mostTests     = 8
	mostOptions   = 50
	mostName      = 80
	mostHelp      = 500
	mostText      = 4_000
	mostLongText  = 10_000
	mostDueHours  = 24 * 366
	mostNeed      = 10
	mostProcesses = 200
	mostJSON      = 100_000
)

// Definition is a process: steps, what is asked in them, and the ways between them.
type Definition struct {
	Name        string
	Description string
	Fields      []Field
	Steps       []Step
}

// Field is something that a step asks for.
type Field struct {
	ID       string
	Label    string
	Type     string
	Help     string
	Required bool
	Min      *float64
	Max      *float64
	Options  []string
}

// Step is a state: a form, an approval or a task that waits for people, or an end.
type Step struct {
	ID       string
	Name     string
	Kind     string
	Help     string
	Fields   []string
	Who      Who
	Need     int
	All      bool // everybody who is named has to approve
	DueHours int
	Status   string
	Next     []Next
}

// Who may act in a step; nobody named is every agent.
type Who struct {
	People    []string
	Groups    []string
	Requester bool
}

// Next is a way out of a step: the first whose conditions hold is taken.
type Next struct {
	On   string
	To   string
	When []Test
}

// Test is a condition on a field.
type Test struct {
	Field string
	Op    string
	Value string
}

var (
	fieldTypes = []string{"text", "textarea", "number", "date", "select", "checkbox", "email"}
	stepKinds  = []string{"form", "approval", "task", "end"}
	operators  = []string{"=", "!=", ">", "<", ">=", "<=", "contains", "empty", "filled"}
)

func (d *Definition) step(id string) *Step {
	for i := range d.Steps {
		if d.Steps[i].ID == id {
			return &d.Steps[i]
		}
	}
	return nil
}

func (d *Definition) field(id string) *Field {
	for i := range d.Fields {
		if d.Fields[i].ID == id {
			return &d.Fields[i]
		}
	}
	return nil
}

// actions returns what people can do in a step.
func (s *Step) actions() []string {
	switch s.Kind {
	case "approval":
		return []string{"approve", "reject"}
	case "end":
		return nil
	}
	return []string{"done"}
}

// asksAll tells whether nobody in particular is named.
func (w *Who) isOpen() bool { return len(w.People)+len(w.Groups) == 0 && !w.Requester }

// way returns the step that an action leads to with these values, nil where no way fits.
func (d *Definition) way(from *Step, action string, values map[string]string) *Step {
	for _, next := range from.Next {
		if next.On == action && holds(next.When, values) {
			return d.step(next.To)
		}
	}
	return nil
}

func holds(tests []Test, values map[string]string) bool {
	for _, test := range tests {
		if !test.holds(values[test.Field]) {
			return false
		}
	}
	return true
}

func (t *Test) holds(found string) bool {
	switch t.Op {
	case "empty":
		return found == ""
	case "filled":
		return found != ""
	case "contains":
		return strings.Contains(strings.ToLower(found), strings.ToLower(t.Value))
	}
	order := strings.Compare(found, t.Value)
	a, problemA := strconv.ParseFloat(found, 64)
	b, problemB := strconv.ParseFloat(t.Value, 64)
	numbers := problemA == nil && problemB == nil
	if numbers {
		order = 0
		if a < b {
			order = -1
		} else if a > b {
			order = 1
		}
	}
	switch t.Op {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	}
	// Nothing is neither less nor more than something.
	if found == "" {
		return false
	}
	switch t.Op {
	case ">":
		return order > 0
	case "<":
		return order < 0
	case ">=":
		return order >= 0
	}
	return order <= 0
}

// problems returns what keeps a definition from being published, in the reader's language.
func (d *Definition) problems(t texts) []string {
	var found []string
	say := func(key string, args ...any) { found = append(found, t.say(key, args...)) }
	if strings.TrimSpace(d.Name) == "" || len([]rune(d.Name)) > mostName {
		say("bad_name", mostName)
	}
	if len(d.Steps) == 0 || len(d.Steps) > mostSteps {
		say("bad_steps", mostSteps)
	}
	if len(d.Fields) > mostFields {
		say("bad_fields", mostFields)
	}
	if len(found) > 0 {
		return found
	}
	fields := map[string]bool{}
	for _, field := range d.Fields {
		d.fieldProblems(field, fields, say)
		fields[field.ID] = true
	}
	steps := map[string]bool{}
	for _, step := range d.Steps {
		if !isID(step.ID) || steps[step.ID] {
			say("bad_step_id", step.ID)
		}
		steps[step.ID] = true
	}
	for i := range d.Steps {
		d.stepProblems(&d.Steps[i], fields, steps, say)
	}
	if len(found) == 0 {
		d.pathProblems(say)
	}
	if len(found) > 12 {
		found = append(found[:12], t.say("and_more", len(found)-12))
	}
	return found
}

func (d *Definition) fieldProblems(field Field, known map[string]bool, say func(string, ...any)) {
	if !isID(field.ID) || known[field.ID] {
		say("bad_field_id", short(field.ID))
	}
	if strings.TrimSpace(field.Label) == "" || len([]rune(field.Label)) > mostName {
		say("bad_label", short(field.ID))
	}
	if !has(fieldTypes, field.Type) {
		say("bad_type", short(field.Label), short(field.Type), strings.Join(fieldTypes, ", "))
	}
	if field.Type == "select" && (len(field.Options) == 0 || len(field.Options) > mostOptions) {
		say("bad_options", short(field.Label), mostOptions)
	}
}

func (d *Definition) stepProblems(step *Step, fields, steps map[string]bool, say func(string, ...any)) {
	name := short(step.Name)
	if strings.TrimSpace(step.Name) == "" || len([]rune(step.Name)) > mostName {
		say("bad_step_name", short(step.ID), mostName)
	}
	if step.Kind == "process" {
		say("nested", name)
		return
	}
	if !has(stepKinds, step.Kind) {
		say("bad_kind", name, short(step.Kind), strings.Join(stepKinds, ", "))
		return
	}
	for _, id := range step.Fields {
		if !fields[id] {
			say("no_field", name, short(id))
		}
	}
	if len(step.Who.People)+len(step.Who.Groups) > mostWho {
		say("many_people", name, mostWho)
	}
	for _, email := range step.Who.People {
		if !strings.Contains(email, "@") || strings.ContainsAny(email, " <>,;") {
			say("bad_person", name, short(email))
		}
	}
	if step.Kind == "approval" && step.Who.isOpen() {
		say("no_approver", name)
	}
	if step.Need < 0 || step.Need > mostNeed {
		say("bad_need", name, mostNeed)
	}
	if step.Need > len(step.Who.People) && step.Need > 1 && len(step.Who.Groups) == 0 {
		say("need_more_people", name, step.Need)
	}
	if step.DueHours < 0 || step.DueHours > mostDueHours {
		say("bad_due", name, mostDueHours)
	}
	if len(step.Next) > mostNext {
		say("many_ways", name, mostNext)
	}
	if step.Kind == "end" && len(step.Next) > 0 {
		say("end_goes_on", name)
	}
	for _, next := range step.Next {
		if !steps[next.To] {
			say("no_step", name, short(next.To))
		}
		if !has(step.actions(), next.On) {
			say("bad_action", name, short(next.On))
		}
		if len(next.When) > mostTests {
			say("many_tests", name, mostTests)
		}
		for _, test := range next.When {
			if !fields[test.Field] {
				say("test_no_field", name, short(test.Field))
			}
			if !has(operators, test.Op) {
				say("bad_operator", name, short(test.Op), strings.Join(operators, " "))
			}
		}
	}
	for _, action := range step.actions() {
		last := false
		for _, next := range step.Next {
			last = last || next.On == action && len(next.When) == 0
		}
		if !last {
			say("no_way", name, say2(action))
		}
	}
}

// pathProblems says which steps nothing leads to, and which never lead to an end.
func (d *Definition) pathProblems(say func(string, ...any)) {
	reached := d.reachable([]string{d.Steps[0].ID}, func(s *Step) []string {
		var to []string
		for _, next := range s.Next {
			to = append(to, next.To)
		}
		return to
	})
	var ends []string
	before := map[string][]string{}
	for i := range d.Steps {
		step := &d.Steps[i]
		if step.Kind == "end" {
			ends = append(ends, step.ID)
		}
		for _, next := range step.Next {
			before[next.To] = append(before[next.To], step.ID)
		}
	}
	if len(ends) == 0 {
		say("no_end")
		return
	}
	leads := d.reachable(ends, func(s *Step) []string { return before[s.ID] })
	for _, step := range d.Steps {
		if !reached[step.ID] {
			say("unreached", short(step.Name))
		} else if !leads[step.ID] {
			say("endless", short(step.Name))
		}
	}
}

func (d *Definition) reachable(from []string, more func(*Step) []string) map[string]bool {
	seen := map[string]bool{}
	for len(from) > 0 {
		id := from[len(from)-1]
		from = from[:len(from)-1]
		if step := d.step(id); step != nil && !seen[id] {
			seen[id] = true
			from = append(from, more(step)...)
		}
	}
	return seen
}

// check returns a field's value as it is kept, or what is wrong with it.
func (f *Field) check(value string, t texts) (string, string) {
	value = strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))
	most := mostText
	if f.Type == "textarea" {
		most = mostLongText
	}
	if size := len([]rune(value)); size > most {
		return "", t.say("too_long", size, most)
	}
	if value == "" || f.Type == "checkbox" && value != "yes" {
		if f.Required {
			return "", t.say("required")
		}
		return "", ""
	}
	switch f.Type {
	case "number":
		number, err := strconv.ParseFloat(strings.Replace(value, ",", ".", 1), 64)
		if err != nil || number != number || number > 1e15 || number < -1e15 {
			return "", t.say("no_number")
		}
		if f.Min != nil && number < *f.Min {
			return "", t.say("too_small", plain(*f.Min))
		}
		if f.Max != nil && number > *f.Max {
			return "", t.say("too_large", plain(*f.Max))
		}
		return plain(number), ""
	case "date":
		if !isDate(value) {
			return "", t.say("no_date")
		}
	case "select":
		if !has(f.Options, value) {
			return "", t.say("no_option")
		}
	case "email":
		local, domain, at := strings.Cut(value, "@")
		if !at || local == "" || !strings.Contains(domain, ".") || strings.ContainsAny(value, " <>,;\n") {
			return "", t.say("no_email")
		}
	case "text":
		if strings.Contains(value, "\n") {
			value = strings.Join(strings.Fields(value), " ")
		}
	}
	return value, ""
}

func isDate(text string) bool {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return false
	}
	year, e1 := strconv.Atoi(text[:4])
	month, e2 := strconv.Atoi(text[5:7])
	day, e3 := strconv.Atoi(text[8:])
	if e1 != nil || e2 != nil || e3 != nil || year < 1 || month < 1 || month > 12 || day < 1 {
		return false
	}
	days := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days[1] = 29
	}
	return day <= days[month-1]
}

func plain(number float64) string { return strconv.FormatFloat(number, 'f', -1, 64) }

func isID(text string) bool {
	if text == "" || len(text) > 40 {
		return false
	}
	for _, letter := range text {
		if !(letter >= 'a' && letter <= 'z' || letter >= '0' && letter <= '9' || letter == '_' || letter == '-') {
			return false
		}
	}
	return true
}

func has(list []string, word string) bool {
	for _, each := range list {
		if each == word {
			return true
		}
	}
	return false
}

func short(text string) string {
	letters := []rune(text)
	if len(letters) > 60 {
		return string(letters[:60]) + "…"
	}
	return text
}
