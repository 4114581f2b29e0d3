// Package goatkit is what stands between a plugin and its help desk: functions by name, and the
// host's functions without pointers.
package goatkit

import (
	"errors"
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

// Call calls a function of the host, such as records_get, and returns its answer.
func Call(name string, args map[string]any) (any, error) {
	packed := hostCall(name, Encode(args))
	if packed == 0 {
		return nil, ErrNoAnswer
	}
	at := uint32(packed >> 32)
	answer := blocks[at] // allocated by gkMalloc, and the plugin's from now on
	delete(blocks, at)
	return Decode(string(answer[:uint32(packed)]))
}

// Query reads rows.
func Query(statement string, args ...any) ([]map[string]any, error) {
	answer, err := Call("db_query", map[string]any{"query": statement, "args": args})
	var rows []map[string]any
	found, _ := answer.([]any)
	for _, each := range found {
		if row, is := each.(map[string]any); is {
			rows = append(rows, row)
		}
	}
	return rows, err
}

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
		found, err := Decode(string(blocks[args][:argsLength]))
		members, is := found.(map[string]any)
		if err != nil || !is {
			return answer(Error("the arguments are no JSON object", 400))
		}
		given = members
	}
	return answer(function(given))
}

func answer(value any) uint64 { return give([]byte(Encode(value))) }

//go:wasmimport gk host_call
func hostCall(name, args string) uint64
