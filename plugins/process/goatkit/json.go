package goatkit

import (
	"errors"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSON in as little code as it takes: encoding/json would be half of the module. Values are nil,
// bool, float64, string, []any and map[string]any; Encode takes a few more.

var errJSON = errors.New("this is not JSON")

// Raw is JSON that is written as it is.
type Raw string

// Document has a form as JSON.
type Document interface{ JSON() any }

// Encode returns a value as JSON; what has no form is null.
func Encode(value any) string {
	var out strings.Builder
	encode(&out, value)
	return out.String()
}

func encode(out *strings.Builder, value any) {
	switch found := value.(type) {
	case Document:
		encode(out, found.JSON())
	case Raw:
		out.WriteString(string(found))
	case bool:
		out.WriteString(strconv.FormatBool(found))
	case int:
		out.WriteString(strconv.Itoa(found))
	case int64:
		out.WriteString(strconv.FormatInt(found, 10))
	case float64:
		out.WriteString(strconv.FormatFloat(found, 'f', -1, 64))
	case string:
		quote(out, found)
	case []string:
		out.WriteByte('[')
		for i, each := range found {
			if i > 0 {
				out.WriteByte(',')
			}
			quote(out, each)
		}
		out.WriteByte(']')
	case []any:
		out.WriteByte('[')
		for i, each := range found {
			if i > 0 {
				out.WriteByte(',')
			}
			encode(out, each)
		}
		out.WriteByte(']')
	case map[string]string:
		members := map[string]any{}
		for key, each := range found {
			members[key] = each
		}
		encode(out, members)
	case map[string]any:
		keys := make([]string, 0, len(found))
		for key := range found {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		out.WriteByte('{')
		for i, key := range keys {
			if i > 0 {
				out.WriteByte(',')
			}
			quote(out, key)
			out.WriteByte(':')
			encode(out, found[key])
		}
		out.WriteByte('}')
	default:
		out.WriteString("null")
	}
}

func quote(out *strings.Builder, text string) {
	const digits = "0123456789abcdef"
	out.WriteByte('"')
	for _, letter := range text { // what is no UTF-8 becomes U+FFFD
		switch {
		case letter == '"' || letter == '\\':
			out.WriteByte('\\')
			out.WriteRune(letter)
		case letter < ' ' || letter == '<':
			out.WriteString(`\u00`)
			out.WriteByte(digits[letter>>4])
			out.WriteByte(digits[letter&15])
		default:
			out.WriteRune(letter)
		}
	}
	out.WriteByte('"')
}

type reader struct {
	text string
	at   int
}

// Decode reads a whole text.
func Decode(text string) (any, error) {
	r := &reader{text: text}
	value, ok := r.value(0)
	r.space()
	if !ok || r.at != len(text) {
		return nil, errJSON
	}
	return value, nil
}

func (r *reader) space() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

func (r *reader) take(letter byte) bool {
	r.space()
	if r.at < len(r.text) && r.text[r.at] == letter {
		r.at++
		return true
	}
	return false
}

func (r *reader) value(depth int) (any, bool) {
	r.space()
	if depth > 32 || r.at >= len(r.text) {
		return nil, false
	}
	switch r.text[r.at] {
	case '{':
		r.at++
		found := map[string]any{}
		if r.take('}') {
			return found, true
		}
		for {
			r.space()
			key, ok := r.quoted()
			if !ok || !r.take(':') {
				return nil, false
			}
			value, ok := r.value(depth + 1)
			if !ok {
				return nil, false
			}
			found[key] = value
			if !r.take(',') {
				return found, r.take('}')
			}
		}
	case '[':
		r.at++
		found := []any{}
		if r.take(']') {
			return found, true
		}
		for {
			value, ok := r.value(depth + 1)
			if !ok {
				return nil, false
			}
			found = append(found, value)
			if !r.take(',') {
				return found, r.take(']')
			}
		}
	case '"':
		return r.quoted()
	}
	start := r.at
	for r.at < len(r.text) && strings.IndexByte(",]} \t\r\n", r.text[r.at]) < 0 {
		r.at++
	}
	switch word := r.text[start:r.at]; word {
	case "null":
		return nil, true
	case "true":
		return true, true
	case "false":
		return false, true
	default:
		number, err := strconv.ParseFloat(word, 64)
		return number, err == nil && number == number
	}
}

func (r *reader) quoted() (string, bool) {
	if r.at >= len(r.text) || r.text[r.at] != '"' {
		return "", false
	}
	r.at++
	var out strings.Builder
	for {
		plain := strings.IndexAny(r.text[r.at:], "\"\\")
		if plain < 0 {
			return "", false
		}
		out.WriteString(r.text[r.at : r.at+plain])
		r.at += plain + 1
		if r.text[r.at-1] == '"' {
			return out.String(), true
		}
		if r.at >= len(r.text) {
			return "", false
		}
		letter := r.text[r.at]
		r.at++
		switch letter {
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'r':
			out.WriteByte('\r')
		case 'b':
			out.WriteByte('\b')
		case 'f':
			out.WriteByte('\f')
		case '"', '\\', '/':
			out.WriteByte(letter)
		case 'u':
			first, ok := r.hex()
			if !ok {
				return "", false
			}
			if first >= 0xd800 && first < 0xdc00 && strings.HasPrefix(r.text[r.at:], `\u`) {
				rest := r.at
				r.at += 2
				second, ok := r.hex()
				if ok && second >= 0xdc00 && second < 0xe000 {
					out.WriteRune((first-0xd800)<<10 + second - 0xdc00 + 0x10000)
					continue
				}
				r.at = rest
			}
			if !utf8.ValidRune(first) {
				first = utf8.RuneError
			}
			out.WriteRune(first)
		default:
			return "", false
		}
	}
}

func (r *reader) hex() (rune, bool) {
	if r.at+4 > len(r.text) {
		return 0, false
	}
	number, err := strconv.ParseUint(r.text[r.at:r.at+4], 16, 32)
	r.at += 4
	return rune(number), err == nil
}
