// Package goatkit is what stands between a plugin and its help desk: functions by name, and the
// host's functions without pointers.
package goatkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"unsafe"
)

// Args is what a function is called with: path parameters, query and body of a request in one
// object, and what the host says of the person, such as _user_email.
type Args map[string]any

// Text returns an argument that is a text, "" where there is none.
func (a Args) Text(name string) string {
	text, _ := a[name].(string)
	return text
}

// Function is a handler of a route, a widget or a job. What it returns is written as JSON.
type Function func(Args) any

// ErrNoAnswer is all that a guest learns of a call that failed: the reason is in its log.
var ErrNoAnswer = errors.New("the host gave no answer; the plugin's log says why")

// Register says what the plugin is, and which functions it has. Call it from init.
func Register(document []byte, byName map[string]Function) {
	registration, functions = document, byName
}

// Error is the answer of a function that failed, with the status that a route responds with.
func Error(text string, status int) any {
	return map[string]any{"error": text, "status": status}
}

// Call calls a function of the host, such as cache_get or send_email, and reads its answer into
// result, which may be nil.
func Call(name string, args, result any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return err
	}
	packed := hostCall(name, string(raw))
	if packed == 0 {
		return ErrNoAnswer
	}
	at := uint32(packed >> 32)
	answer := blocks[at] // allocated by gkMalloc, and the plugin's from now on
	delete(blocks, at)
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer[:uint32(packed)], result)
}

// Query reads rows; rows is a pointer to a slice. Without rows the slice stays nil.
func Query(rows any, statement string, args ...any) error {
	return Call("db_query", map[string]any{"query": statement, "args": args}, rows)
}

// Exec changes the plugin's own tables and returns how many rows it changed.
func Exec(statement string, args ...any) (int, error) {
	var done struct{ Affected int }
	err := Call("db_exec", map[string]any{"query": statement, "args": args}, &done)
	return done.Affected, err
}

// Translate returns a text in the viewer's language, the key where there is none.
func Translate(key string) string {
	var found struct{ Value string }
	if Call("translate", map[string]any{"key": key}, &found) != nil {
		return key
	}
	return found.Value
}

// Debugf, Infof, Warnf and Errorf write a line to the plugin's log.
func Debugf(format string, args ...any) { hostLog(0, fmt.Sprintf(format, args...)) }
func Infof(format string, args ...any)  { hostLog(1, fmt.Sprintf(format, args...)) }
func Warnf(format string, args ...any)  { hostLog(2, fmt.Sprintf(format, args...)) }
func Errorf(format string, args ...any) { hostLog(3, fmt.Sprintf(format, args...)) }

var registration []byte
var functions map[string]Function

// A block that only the host knows of would be garbage to the collector.
var blocks = map[uint32][]byte{}

func give(answer []byte) uint64 {
	at := gkMalloc(uint32(len(answer)))
	copy(blocks[at], answer)
	return uint64(at)<<32 | uint64(len(answer))
}

//go:wasmexport gk_malloc
func gkMalloc(size uint32) uint32 {
	block := make([]byte, max(size, 1))
	at := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(block))))
	blocks[at] = block
	return at
}

//go:wasmexport gk_free
func gkFree(at uint32) { delete(blocks, at) }

//go:wasmexport gk_register
func gkRegister() uint64 { return give(registration) }

//go:wasmexport gk_call
func gkCall(name, nameLength, args, argsLength uint32) uint64 {
	called := string(blocks[name][:nameLength])
	function, known := functions[called]
	if !known {
		return answer(map[string]any{"error": "unknown function: " + called})
	}
	given := Args{}
	if argsLength > 0 {
		if err := json.Unmarshal(blocks[args][:argsLength], &given); err != nil {
			return answer(Error("the arguments are no JSON object", 400))
		}
	}
	return answer(function(given))
}

func answer(value any) uint64 {
	raw, err := json.Marshal(value)
	if err != nil {
		raw, _ = json.Marshal(Error("the answer has no JSON form: "+err.Error(), 500))
	}
	return give(raw)
}

//go:wasmimport gk host_call
func hostCall(name, args string) uint64

//go:wasmimport gk log
func hostLog(level uint32, text string)
