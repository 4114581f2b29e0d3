// The Slack example of the plugin document, built with standard Go.
//
// What standard Go needs beyond the document's source is marked "standard Go": the directive that
// exports a function, an allocator for the host to write into, and a fixed place for what the host
// writes back (a goroutine's stack may move while the host is at work).
package main

import (
	"encoding/json"
	"fmt"
	"unsafe"
)

// ── Host imports ──────────────────────────────────────────────────────────────

//go:wasmimport ohd ohd_log
func hostLog(ptr, length, level uint32)

//go:wasmimport ohd ohd_http_request
func hostHTTP(reqPtr, reqLen, respPtrOut, respLenOut uint32) uint32

// ── Memory that the host writes into (standard Go) ────────────────────────────

// Holding a buffer here keeps the garbage collector from taking it while the host has its address.
var held = map[uint32][]byte{}

var respPtr, respLen uint32

//go:wasmexport ohd_alloc
func ohdAlloc(size uint32) uint32 {
	if size == 0 {
		return 0
	}
	buffer := make([]byte, size)
	ptr, _ := ptrLen(buffer)
	held[ptr] = buffer
	return ptr
}

//go:wasmexport ohd_free
func ohdFree(ptr, size uint32) {
	delete(held, ptr)
}

// ── Helpers ───────────────────────────────────────────────────────────────────

func ptrLen(b []byte) (uint32, uint32) {
	if len(b) == 0 {
		return 0, 0
	}
	return uint32(uintptr(unsafe.Pointer(&b[0]))), uint32(len(b))
}

func readBytes(ptr, length uint32) []byte {
	b := make([]byte, length)
	copy(b, unsafe.Slice((*byte)(unsafe.Pointer(uintptr(ptr))), length))
	return b
}

func logf(level uint32, format string, args ...any) {
	msg := []byte(fmt.Sprintf(format, args...))
	p, l := ptrLen(msg)
	hostLog(p, l, level)
}

func httpPost(url, contentType, body string) uint32 {
	req, _ := json.Marshal(map[string]any{
		"method":  "POST",
		"url":     url,
		"headers": map[string]string{"Content-Type": contentType},
		"body":    body,
	})
	p, l := ptrLen(req)
	status := hostHTTP(p, l,
		uint32(uintptr(unsafe.Pointer(&respPtr))),
		uint32(uintptr(unsafe.Pointer(&respLen))),
	)
	ohdFree(respPtr, respLen) // the response is the plugin's own, and not needed here
	return status
}

// ── Types ─────────────────────────────────────────────────────────────────────

type Event struct {
	Event  string `json:"event"`
	Ticket Ticket `json:"ticket"`
	Config Config `json:"config"`
}

type Ticket struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Status  string `json:"status"`
	URL     string `json:"url"`
}

type Config struct {
	WebhookURL string `json:"webhook_url"`
	Channel    string `json:"channel"`
}

// ── Handler ───────────────────────────────────────────────────────────────────

//go:wasmexport on_event
func onEvent(ptr, length uint32) {
	var ev Event
	if err := json.Unmarshal(readBytes(ptr, length), &ev); err != nil {
		logf(3, "unmarshal error: %s", err)
		return
	}

	var text string
	switch ev.Event {
	case "ticket.created":
		text = fmt.Sprintf(":ticket: *New ticket*: <%s|%s>", ev.Ticket.URL, ev.Ticket.Subject)
	case "ticket.resolved":
		text = fmt.Sprintf(":white_check_mark: *Resolved*: <%s|%s>", ev.Ticket.URL, ev.Ticket.Subject)
	default:
		return
	}

	payload, _ := json.Marshal(map[string]any{
		"channel": ev.Config.Channel,
		"text":    text,
	})

	status := httpPost(ev.Config.WebhookURL, "application/json", string(payload))
	if status != 200 {
		logf(2, "slack returned HTTP %d", status)
	}
}

func main() {}
