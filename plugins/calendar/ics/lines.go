// Package ics reads and writes iCalendar files (RFC 5545), tolerantly: a broken part costs that part.
package ics

import (
	"strings"
	"unicode/utf8"
)

const (
	mostLine  = 64 * 1024
	mostLines = 200_000
)

// line is one content line: NAME;PARAM=VALUE:VALUE.
type line struct {
	name   string
	params map[string]string
	value  string
}

// unfold calls each with the content lines of a file; false ends it.
func unfold(text string, each func(string) bool) {
	text = strings.TrimPrefix(text, "\ufeff")
	var held strings.Builder
	begun := false
	for n := 0; text != "" && n < mostLines; n++ {
		var row string
		at := strings.IndexAny(text, "\r\n")
		if at < 0 {
			row, text = text, ""
		} else {
			row = text[:at]
			text = strings.TrimPrefix(text[at:], "\r")
			text = strings.TrimPrefix(text, "\n")
		}
		if begun && row != "" && (row[0] == ' ' || row[0] == '\t') {
			if held.Len() < mostLine {
				held.WriteString(row[1:])
			}
			continue
		}
		if begun && held.Len() > 0 && !each(held.String()) {
			return
		}
		held.Reset()
		held.WriteString(row[:min(len(row), mostLine)])
		begun = true
	}
	if held.Len() > 0 {
		each(held.String())
	}
}

// parse splits a content line; ok is false for what is none.
func parse(text string) (found line, ok bool) {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	quoted := false
	end := -1
	cuts := []int{}
	for at := range len(text) {
		switch text[at] {
		case '"':
			quoted = !quoted
		case ';':
			if !quoted {
				cuts = append(cuts, at)
			}
		case ':':
			if !quoted {
				end = at
			}
		}
		if end >= 0 {
			break
		}
	}
	if end < 1 {
		return found, false
	}
	parts := []string{}
	from := 0
	for _, cut := range append(cuts, end) {
		parts = append(parts, text[from:cut])
		from = cut + 1
	}
	found = line{strings.ToUpper(strings.TrimSpace(parts[0])), map[string]string{}, text[end+1:]}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		found.params[strings.ToUpper(key)] = strings.Trim(value, `"`)
	}
	return found, found.name != ""
}

var unescaper = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";")
var escaper = strings.NewReplacer(`\`, `\\`, "\r\n", `\n`, "\n", `\n`, "\r", "", ",", `\,`, ";", `\;`)

// fold ends a line and breaks it after at most 75 bytes, never within a letter.
func fold(out *strings.Builder, text string) {
	room := 75
	for len(text) > room {
		cut := room
		for cut > 1 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		out.WriteString(text[:cut])
		out.WriteString("\r\n ")
		text, room = text[cut:], 74
	}
	out.WriteString(text)
	out.WriteString("\r\n")
}
