// Command goatkit is a GoatKit plugin in standard Go: it counts tickets by status.
package main

import (
	"encoding/json"
	"unsafe"
)

//go:wasmimport gk host_call
func hostCall(name unsafe.Pointer, nameLength uint32, args unsafe.Pointer, argsLength uint32) uint64

//go:wasmimport gk log
func hostLog(level uint32, text unsafe.Pointer, length uint32)

// Blocks that only the host points at: the garbage collector must not take them.
var blocks = map[uint32][]byte{}

//go:wasmexport gk_malloc
func malloc(size uint32) uint32 {
	block := make([]byte, size)
	at := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(block))))
	blocks[at] = block
	return at
}

//go:wasmexport gk_free
func free(at uint32) {
	delete(blocks, at)
}

func pack(value any) uint64 {
	raw, err := json.Marshal(value)
	if err != nil {
		return 0
	}
	at := malloc(uint32(len(raw)))
	copy(blocks[at], raw)
	return uint64(at)<<32 | uint64(len(raw))
}

func text(at, length uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(at))), length)
}

func call(name string, args any) []byte {
	raw, _ := json.Marshal(args)
	packed := hostCall(
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(raw)), uint32(len(raw)),
	)
	if packed == 0 {
		return nil
	}
	return text(uint32(packed>>32), uint32(packed))
}

//go:wasmexport gk_register
func register() uint64 {
	return pack(map[string]any{
		"name": "go-count", "version": "1.0.0", "description": "Counts tickets by status.",
		"routes": []map[string]any{
			{"method": "GET", "path": "/api/plugins/go-count/by-status", "handler": "by_status", "middleware": []string{"auth"}},
		},
		"widgets": []map[string]any{
			{"id": "by-status", "title": "Tickets by status", "handler": "widget", "location": "dashboard", "size": "small"},
		},
		"resources": map[string]any{"permissions": []map[string]any{
			{"type": "db", "access": "read", "scope": []string{"ticket", "ticket_state"}},
		}},
	})
}

const query = "SELECT s.name AS name, COUNT(*) AS count FROM ticket t " +
	"JOIN ticket_state s ON s.id = t.ticket_state_id GROUP BY s.name ORDER BY s.name"

type row struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

//go:wasmexport gk_call
func gkCall(name, nameLength, args, argsLength uint32) uint64 {
	function := string(text(name, nameLength))
	var rows []row
	if answer := call("db_query", map[string]any{"query": query, "args": nil}); answer != nil {
		_ = json.Unmarshal(answer, &rows)
	}
	switch function {
	case "by_status":
		return pack(rows)
	case "widget":
		html := ""
		for _, each := range rows {
			html += "<p class=\"gk-stat-label\">" + each.Name + "</p>"
		}
		return pack(map[string]any{"html": html})
	}
	line := "asked for " + function
	hostLog(2, unsafe.Pointer(unsafe.StringData(line)), uint32(len(line)))
	return pack(map[string]any{"error": "unknown function: " + function})
}

func main() {}
