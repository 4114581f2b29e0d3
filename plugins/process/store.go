package main

import (
	"errors"
	"sort"
	"strings"

	"example.com/process/goatkit"
)

// Process is what is known of a process beside its versions.
type Process struct {
	ID       string
	Name     string
	Version  int // the active one, 0 where none was published
	Archived bool
}

// Version is a definition as it was published; it never changes.
type Version struct {
	Definition Definition
	By         string
	At         int64
}

// Run is a process on a ticket.
type Run struct {
	Process  string
	Version  int
	Step     string
	Entered  int   // the entry of the log that led here
	Since    int64 // seconds since 1970
	Due      int64
	Started  int64
	Values   map[string]string
	Votes    []Vote
	Waits    []string // keys of those it waits for
	Logged   int
	Canceled bool
}

// Vote is one approval of several that a step needs.
type Vote struct {
	By string
	At int64
}

// Entry is one line of the log: who did what, when.
type Entry struct {
	At      int64
	By      string
	Action  string
	From    string
	To      string
	Comment string
	Changed map[string]string
}

type record struct {
	Collection string
	Key        string
	Value      any
	Tag        string
	At         int64
	Expect     *int
}

func (r record) JSON() any {
	made := map[string]any{
		"collection": r.Collection, "key": r.Key, "value": r.Value, "tag": r.Tag, "at": r.At,
	}
	if r.Expect != nil {
		made["expect"] = *r.Expect
	}
	return made
}

type found struct {
	Key      string
	Revision int
	At       int64
	Value    members
}

type counted struct {
	Tag   string
	Count int
	Least int64
	Total int64
}

var errMoved = errors.New("somebody else changed it meanwhile")

// get reads a record; the revision is 0 where there is none.
func get(collection, key string) (members, int, error) {
	answer, err := goatkit.Call("records_get", map[string]any{"collection": collection, "key": key})
	if err != nil || answer == nil {
		return nil, 0, err
	}
	one := object(answer)
	return one.object("value"), one.whole("revision"), nil
}

func list(args map[string]any) ([]found, error) {
	answer, err := goatkit.Call("records_list", args)
	var all []found
	for _, each := range array(answer) {
		one := object(each)
		all = append(all, found{one.text("key"), one.whole("revision"), one.long("at"), one.object("value")})
	}
	return all, err
}

func counts(collection string) ([]counted, error) {
	answer, err := goatkit.Call("records_count", map[string]any{"collection": collection})
	var all []counted
	for _, each := range array(answer) {
		one := object(each)
		all = append(all, counted{one.text("tag"), one.whole("count"), one.long("least"), one.long("total")})
	}
	return all, err
}

func write(records ...record) error {
	answer, err := goatkit.Call("records_write", map[string]any{"records": listed(records)})
	if err == nil && object(answer).text("status") == "moved" {
		return errMoved
	}
	return err
}

func listed(records []record) []any {
	var all []any
	for _, one := range records {
		all = append(all, one)
	}
	return all
}

// processes returns all of them by name.
func processes() ([]Process, error) {
	rows, err := list(map[string]any{"collection": "process", "limit": mostProcesses})
	var all []Process
	for _, row := range rows {
		all = append(all, processOf(row.Value))
	}
	sort.Slice(all, func(i, j int) bool {
		return strings.ToLower(all[i].Name) < strings.ToLower(all[j].Name)
	})
	return all, err
}

func versionKey(process string, version int) string {
	return process + "/" + padded(version, 6)
}

// version returns a published version, nil where it was deleted.
func version(process string, number int) (*Version, error) {
	found, revision, err := get("version", versionKey(process, number))
	if err != nil || revision == 0 {
		return nil, err
	}
	one := versionOf(found)
	return &one, nil
}

func runKey(ticket int) string { return padded(ticket, 10) }

func logKey(ticket, entry int) string { return runKey(ticket) + "/" + padded(entry, 6) }

// run returns the process of a ticket with its revision, nil where there is none.
func run(ticket int) (*Run, int, error) {
	found, revision, err := get("run", runKey(ticket))
	if err != nil || revision == 0 {
		return nil, 0, err
	}
	one := runOf(found)
	return &one, revision, nil
}

// logOf returns a ticket's entries, the newest first.
func logOf(ticket int) ([]Entry, error) {
	rows, err := list(map[string]any{
		"collection": "log", "prefix": runKey(ticket) + "/", "limit": 500,
	})
	var all []Entry
	for i := len(rows) - 1; i >= 0; i-- {
		all = append(all, entryOf(rows[i].Value))
	}
	return all, err
}

func stepTag(process string, version int, step string) string {
	return sprintf("%s/%d/%s", process, version, step)
}

// readTag takes a tag apart again.
func readTag(tag string) (process string, version int, step string) {
	parts := strings.SplitN(tag, "/", 3)
	if len(parts) != 3 {
		return tag, 0, ""
	}
	return parts[0], whole(parts[1]), parts[2]
}
