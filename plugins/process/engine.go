package main

import (
	"strings"
	"time"

	"example.com/process/goatkit"
)

// refusal is why something is not done, in the words of the person who asked.
type refusal string

func (r refusal) Error() string { return string(r) }

const mostComment = 2_000

// started is what begins a process on a ticket.
func start(p person, ticket int, id string) error {
	t := p.texts
	if !p.agent {
		return refusal(t.say("only_agents"))
	}
	found, revision, err := get("process", id)
	process := processOf(found)
	if err != nil {
		return err
	}
	if revision == 0 || process.Version == 0 || process.Archived {
		return refusal(t.say("no_process"))
	}
	active, err := version(id, process.Version)
	if err != nil {
		return err
	}
	if active == nil {
		return refusal(t.say("version_gone", process.Version))
	}
	now := time.Now().Unix()
	old, seen, err := run(ticket)
	if err != nil {
		return err
	}
	made := Run{Process: id, Version: process.Version, Started: now, Values: map[string]string{}}
	if old != nil {
		if !old.over() {
			return refusal(t.say("runs_already"))
		}
		made.Logged = old.Logged
	}
	first := &active.Definition.Steps[0]
	change := newChange(ticket, &made, seen, &active.Definition, now)
	change.log(Entry{Action: "start", By: p.email}, first)
	change.enter(first)
	change.tell(t.say("note_started", process.Name, first.Name))
	return change.commit(t)
}

// over tells whether the process has come to an end.
func (r *Run) over() bool { return r.Step == "" }

// act does what somebody decided in a step that they have seen.
func act(p person, ticket, entered int, action string, given map[string]string, comment string) error {
	for range 4 {
		err := actOnce(p, ticket, entered, action, given, comment)
		if err != errMoved {
			return err
		}
		// Several can approve at once where several are needed: those look again.
	}
	return refusal(p.texts.say("busy"))
}

func actOnce(p person, ticket, entered int, action string, given map[string]string, comment string) error {
	t := p.texts
	now := time.Now().Unix()
	running, seen, err := run(ticket)
	if err != nil {
		return err
	}
	if running == nil {
		return refusal(t.say("no_run"))
	}
	if running.over() || running.Entered != entered {
		return decided(ticket, entered, t)
	}
	current, err := version(running.Process, running.Version)
	if err != nil {
		return err
	}
	if current == nil {
		return refusal(t.say("version_gone", running.Version))
	}
	definition := &current.Definition
	step := definition.step(running.Step)
	if step == nil {
		return refusal(t.say("step_gone", running.Step))
	}
	if !p.may(step, ticket) {
		return refusal(t.say("not_yours", step.who(t)))
	}
	if !has(step.actions(), action) {
		return refusal(t.say("no_such_action"))
	}
	if len([]rune(comment)) > mostComment {
		return refusal(t.say("too_long_comment", len([]rune(comment)), mostComment))
	}
	if action == "reject" && strings.TrimSpace(comment) == "" {
		return invalid{"comment": t.say("reason_needed")}
	}
	changed, wrong := readValues(definition, step, running.Values, given, action, t)
	if len(wrong) > 0 {
		return wrong
	}
	change := newChange(ticket, running, seen, definition, now)
	if action == "approve" && (step.Need > 1 || step.All) {
		before := running.votedBy(p.email)
		if !before {
			running.Votes = append(running.Votes, Vote{p.email, now})
		}
		needed, err := running.needed(&p, step, ticket)
		if err != nil {
			return err
		}
		if len(running.Votes) < needed {
			if before {
				return refusal(t.say("voted"))
			}
			change.log(Entry{Action: "vote", By: p.email, Comment: comment, From: step.ID, Changed: changed}, step)
			change.tell(t.say("note_voted", step.Name, p.email, len(running.Votes), needed))
			return change.commit(t)
		}
	}
	to := definition.way(step, action, running.Values)
	if to == nil {
		return refusal(t.say("no_way_fits"))
	}
	change.log(Entry{Action: action, By: p.email, Comment: comment, From: step.ID, To: to.ID, Changed: changed}, to)
	change.enter(to)
	note := t.say("note_moved", definition.Name, step.Name, to.Name, t.say("by_"+action, p.email))
	if comment != "" {
		note += "\n\n> " + strings.ReplaceAll(markless(comment), "\n", "\n> ")
	}
	change.tell(note)
	return change.commit(t)
}

// cancel ends a process where it stands, by an agent, with a reason.
func cancel(p person, ticket int, comment string) error {
	t := p.texts
	running, seen, err := run(ticket)
	if err != nil {
		return err
	}
	if running == nil || running.over() {
		return refusal(t.say("no_run"))
	}
	if !p.admin && !p.agent {
		return refusal(t.say("only_agents"))
	}
	if strings.TrimSpace(comment) == "" {
		return refusal(t.say("reason_needed"))
	}
	if len([]rune(comment)) > mostComment {
		return refusal(t.say("too_long_comment", len([]rune(comment)), mostComment))
	}
	change := newChange(ticket, running, seen, nil, time.Now().Unix())
	change.log(Entry{Action: "cancel", By: p.email, From: running.Step, Comment: comment}, nil)
	running.Canceled = true
	change.leave()
	change.field = t.say("canceled")
	change.tell(t.say("note_canceled", p.email) + "\n\n> " + strings.ReplaceAll(markless(comment), "\n", "\n> "))
	err = change.commit(t)
	if err == errMoved {
		return refusal(t.say("busy"))
	}
	return err
}

// resume goes on by the current version where the one that it began with was deleted.
func resume(p person, ticket int) error {
	t := p.texts
	running, seen, err := run(ticket)
	if err != nil {
		return err
	}
	if running == nil || running.over() {
		return refusal(t.say("no_run"))
	}
	if !p.admin {
		return refusal(t.say("only_admins"))
	}
	found, _, err := get("process", running.Process)
	if err != nil {
		return err
	}
	process := processOf(found)
	current, err := version(running.Process, process.Version)
	if err != nil {
		return err
	}
	if current == nil || current.Definition.step(running.Step) == nil {
		return refusal(t.say("step_gone", running.Step))
	}
	change := newChange(ticket, running, seen, &current.Definition, time.Now().Unix())
	step := current.Definition.step(running.Step)
	change.log(Entry{Action: "resume", By: p.email, From: running.Step, To: running.Step}, step)
	running.Version = process.Version
	change.enter(step)
	return change.commit(t)
}

// decided says who decided in a step that somebody still has before them.
func decided(ticket, entered int, t texts) error {
	for next := entered + 1; next < entered+50; next++ {
		found, revision, err := get("log", logKey(ticket, next))
		entry := entryOf(found)
		if err != nil || revision == 0 {
			break
		}
		if entry.Action != "vote" {
			return refusal(t.say("decided", entry.By, t.say("did_"+entry.Action), when(entry.At)))
		}
	}
	return refusal(t.say("moved_on"))
}

// invalid is what is wrong with each field.
type invalid map[string]string

func (i invalid) Error() string { return "fields are wrong" }

// readValues puts what was given into the values; a rejection needs no fields.
func readValues(
	d *Definition, step *Step, values, given map[string]string, action string, t texts,
) (map[string]string, invalid) {
	changed, wrong := map[string]string{}, invalid{}
	if action == "reject" {
		return nil, nil
	}
	for _, id := range step.Fields {
		field := d.field(id)
		if field == nil {
			continue // it was removed: publishing refuses that, an import of old data may have it
		}
		value, problem := field.check(given[id], t)
		if problem != "" {
			wrong[id] = problem
			continue
		}
		if values[id] != value {
			changed[id] = value
			values[id] = value
		}
	}
	return changed, wrong
}

// change is one transaction: the run, its log, whom it waits for, and the ticket.
type change struct {
	ticket     int
	run        *Run
	seen       int
	definition *Definition
	now        int64
	before     Run
	records    []record
	status     string
	field      string
	note       string
}

func newChange(ticket int, r *Run, seen int, d *Definition, now int64) *change {
	return &change{ticket: ticket, run: r, seen: seen, definition: d, now: now, before: *r}
}

// log adds an entry; its number in the collection is how long the step before took.
func (c *change) log(entry Entry, to *Step) {
	entry.At = c.now
	c.run.Logged++
	tag, took := "", int64(0)
	if c.before.Step != "" {
		tag = stepTag(c.before.Process, c.before.Version, c.before.Step)
		took = c.now - c.before.Since
		if entry.Action == "vote" {
			tag = "" // the step goes on
		}
	}
	c.records = append(c.records, record{
		Collection: "log", Key: logKey(c.ticket, c.run.Logged), Value: entry, Tag: tag, At: took,
	})
}

// enter moves the run into a step; an end ends it.
func (c *change) enter(step *Step) {
	c.leave()
	c.status = step.Status
	c.field = c.definition.Name + ": " + step.Name
	if step.Kind == "end" {
		return
	}
	c.run.Step, c.run.Since, c.run.Entered = step.ID, c.now, c.run.Logged
	if step.DueHours > 0 {
		c.run.Due = c.now + int64(step.DueHours)*3600
		c.records = append(c.records, record{
			Collection: "due", Key: runKey(c.ticket), Value: step.Name, Tag: "open", At: c.run.Due,
		})
	}
	c.run.Waits = step.Who.keys()
	for _, who := range c.run.Waits {
		c.records = append(c.records, record{
			Collection: "wait", Key: who + "/" + runKey(c.ticket),
			Value: map[string]any{"process": c.definition.Name, "step": step.Name, "ticket": c.ticket, "due": c.run.Due},
		})
	}
}

// leave takes back what says that somebody is waited for.
func (c *change) leave() {
	for _, who := range c.run.Waits {
		c.records = append(c.records, record{Collection: "wait", Key: who + "/" + runKey(c.ticket)})
	}
	if c.run.Due != 0 {
		c.records = append(c.records, record{Collection: "due", Key: runKey(c.ticket)})
	}
	c.run.Step, c.run.Due, c.run.Waits, c.run.Votes, c.run.Since = "", 0, nil, nil, c.now
}

// tell writes a note that tells those whom the next step waits for.
func (c *change) tell(note string) {
	c.note = note
	if c.definition == nil {
		return
	}
	step := c.definition.step(c.run.Step)
	if step != nil && len(step.Who.People) > 0 && c.run.Entered != c.before.Entered {
		c.note += "\n\n@" + strings.Join(step.Who.People, " @")
	}
}

// commit writes all of it, or nothing.
func (c *change) commit(t texts) error {
	tag := "over"
	if !c.run.over() {
		tag = stepTag(c.run.Process, c.run.Version, c.run.Step)
	}
	c.records = append(c.records, record{
		Collection: "run", Key: runKey(c.ticket), Value: c.run, Tag: tag, At: c.run.Since, Expect: &c.seen,
	})
	args := map[string]any{
		"ticket_id": c.ticket, "note": c.note, "state": c.status, "records": listed(merged(c.records)),
	}
	if c.field != "" {
		args["fields"] = map[string]string{"step": short(c.field)}
	}
	answer, err := goatkit.Call("change_ticket", args)
	if err != nil {
		return err
	}
	done := object(answer)
	switch done.text("status") {
	case "moved":
		return errMoved
	case "refused":
		return refusal(t.say("desk_refused", done.text("reason")))
	}
	return nil
}

// merged leaves the last of what is written under one key.
func merged(records []record) []record {
	last := map[string]int{}
	for i, one := range records {
		last[one.Collection+"\n"+one.Key] = i
	}
	var kept []record
	for i, one := range records {
		if last[one.Collection+"\n"+one.Key] == i {
			kept = append(kept, one)
		}
	}
	return kept
}

// late tells of steps whose time is over; each once.
func late(goatkit.Args) any {
	now := time.Now().Unix()
	rows, err := list(map[string]any{"collection": "due", "tag": "open", "until": now, "limit": 50})
	if err != nil {
		return goatkit.Error("the due steps cannot be read", 503)
	}
	t := wordsOf("en")
	told := 0
	for _, row := range rows {
		var name string
		ticket := whole(row.Key)
		running, seen, err := run(ticket)
		if err != nil {
			continue
		}
		if running == nil || running.Due != row.At {
			// Nobody waits for that any more.
			_ = write(record{Collection: "due", Key: row.Key, Expect: &row.Revision})
			continue
		}
		name = running.Step
		note := ""
		if v, err := version(running.Process, running.Version); err == nil && v != nil {
			if step := v.Definition.step(running.Step); step != nil {
				name = step.Name
				if len(step.Who.People) > 0 {
					note = "\n\n@" + strings.Join(step.Who.People, " @")
				}
			}
		}
		tag := "late/" + stepTag(running.Process, running.Version, running.Step)
		answer, err := goatkit.Call("change_ticket", map[string]any{
			"ticket_id": ticket,
			"note":      t.say("note_late", name, when(running.Due)) + note,
			"records": listed([]record{
				{Collection: "due", Key: row.Key, Value: name, Tag: tag, At: row.At, Expect: &row.Revision},
				// So that the step is still the one that is late.
				{Collection: "run", Key: row.Key, Value: running, Tag: stepTag(running.Process, running.Version, running.Step), At: running.Since, Expect: &seen},
			}),
		})
		done := object(answer).text("status")
		if err == nil && done == "ok" {
			told++
		} else if err == nil && done == "refused" {
			// Its ticket is gone, or takes no notes: it is told of no more.
			_ = write(record{Collection: "due", Key: row.Key, Value: name, Tag: tag, At: row.At, Expect: &row.Revision})
		}
	}
	return map[string]any{"told": told}
}
