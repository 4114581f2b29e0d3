package main

import (
	_ "embed"
	"time"

	"example.com/process/goatkit"
)

//go:embed texts/en.json
var english []byte

//go:embed texts/de.json
var german []byte

// texts are the plugin's words in one language.
type texts map[string]string

var languages = map[string]texts{"en": read(english), "de": read(german)}

func read(raw []byte) texts {
	found := texts{}
	document, err := goatkit.Decode(string(raw))
	if err != nil {
		panic(err)
	}
	for key, value := range object(document) {
		found[key], _ = value.(string)
	}
	return found
}

// wordsOf returns the texts of a language, English ones where there are none.
func wordsOf(language string) texts {
	if found, known := languages[language]; known {
		return found
	}
	return languages["en"]
}

// say returns a text with what stands in it.
func (t texts) say(key string, args ...any) string {
	text, known := t[key]
	if !known {
		return key
	}
	if len(args) == 0 {
		return text
	}
	return sprintf(text, args...)
}

func say2(action string) string { return action }

// when returns a time for people; pages show it in the reader's zone.
func when(at int64) string { return time.Unix(at, 0).UTC().Format("2006-01-02 15:04 UTC") }

// span returns a duration in the largest unit that fits.
func (t texts) span(seconds int64) string {
	switch {
	case seconds < 90:
		return t.say("seconds", max(seconds, 0))
	case seconds < 90*60:
		return t.say("minutes", (seconds+30)/60)
	case seconds < 36*3600:
		return t.say("hours", (seconds+1800)/3600)
	}
	return t.say("days", (seconds+43200)/86400)
}
