// Package ohd is what stands between a plugin and its help desk: the events as Go types, and the
// host's functions without pointers.
package ohd

import (
	"encoding/json"
	"fmt"
	"unsafe"
)

// Event is what happened. C is the plugin's own type for its configuration.
type Event[C any] struct {
	Event      string `json:"event"`
	OccurredAt string `json:"occurred_at"` // UTC, RFC 3339
	Ticket     Ticket `json:"ticket"`
	Actor      Actor  `json:"actor"`
	Data       Data   `json:"data"`
	Config     C      `json:"config"`
}

// Ticket is as it was when the event happened. A category, type or item that is not set is "".
type Ticket struct {
	ID           string            `json:"id"`
	Subject      string            `json:"subject"`
	Description  string            `json:"description"`
	Status       string            `json:"status"`
	Priority     string            `json:"priority"`
	Category     string            `json:"category"`
	Type         string            `json:"type"`
	Item         string            `json:"item"`
	Submitter    Person            `json:"submitter"`
	Assignee     *Person           `json:"assignee"` // nil where there is none
	CreatedAt    string            `json:"created_at"`
	URL          string            `json:"url"`
	CustomFields map[string]string `json:"custom_fields"`
}

// Person is a user or, as an assignee without an address, a group.
type Person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Actor is who did it: a user, staff, an admin, or a plugin.
type Actor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// Data is what some events add; the rest of it is empty.
type Data struct {
	Assignee        *Person `json:"assignee"`         // assigned
	FromStatus      string  `json:"from_status"`      // status_changed
	ToStatus        string  `json:"to_status"`        // status_changed
	ReplyID         string  `json:"reply_id"`         // reply_added, note_added
	Body            string  `json:"body"`             // reply_added, note_added
	IsInternal      bool    `json:"is_internal"`      // reply_added, note_added
	Author          *Actor  `json:"author"`           // reply_added, note_added
	ResolutionNotes string  `json:"resolution_notes"` // resolved
	Reason          string  `json:"reason"`           // reopened
}

// Parse reads the payload that on_event was called with.
func Parse[C any](payload string) (Event[C], error) {
	var event Event[C]
	err := json.Unmarshal([]byte(payload), &event)
	return event, err
}

// Debugf, Infof, Warnf and Errorf write a line to the plugin's log.
func Debugf(format string, args ...any) { hostLog(fmt.Sprintf(format, args...), 0) }
func Infof(format string, args ...any)  { hostLog(fmt.Sprintf(format, args...), 1) }
func Warnf(format string, args ...any)  { hostLog(fmt.Sprintf(format, args...), 2) }
func Errorf(format string, args ...any) { hostLog(fmt.Sprintf(format, args...), 3) }

// Request is an HTTP request to a host that the manifest declares.
type Request struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// Fetch makes an HTTP request. The status is 403 for a host that the manifest does not declare, and
// 0 where no answer came.
func Fetch(request Request) (status int, body []byte) {
	response, responseLen = 0, 0
	status = int(hostHTTP(encode(request), &response, &responseLen))
	body = held[response] // allocated by ohdAlloc, and the plugin's from now on
	ohdFree(response, responseLen)
	return status, body
}

// Reply answers on a ticket, where the submitter sees it.
func Reply(ticketID, body string) error { return addReply(ticketID, body, false) }

// Note adds an internal note to a ticket.
func Note(ticketID, body string) error { return addReply(ticketID, body, true) }

// SetField sets a custom field of a ticket.
func SetField(ticketID, key, value string) error {
	return failure(hostField(encode(map[string]string{
		"ticket_id": ticketID, "key": key, "value": value,
	})))
}

// Text hands a text to the host: the result of render_panel.
func Text(text string) uint64 {
	returned = []byte(text)
	return uint64(address(returned))<<32 | uint64(len(returned))
}

// Status is why the host refused a change.
type Status uint32

func (s Status) Error() string {
	reasons := []string{"done", "malformed payload", "no such ticket", "not permitted",
		"a limit was reached", "the host failed"}
	if int(s) < len(reasons) {
		return reasons[s]
	}
	return fmt.Sprintf("status %d", uint32(s))
}

func addReply(ticketID, body string, internal bool) error {
	return failure(hostReply(encode(map[string]any{
		"ticket_id": ticketID, "body": body, "is_internal": internal,
	})))
}

func failure(status uint32) error {
	if status == 0 {
		return nil
	}
	return Status(status)
}

func encode(value any) string {
	text, _ := json.Marshal(value) // strings, numbers and maps of them always have a JSON form
	return string(text)
}

// What the host may write to is a package variable: a goroutine's stack moves.
var response, responseLen uint32

// A buffer that only the host knows of would be garbage to the collector.
var held = map[uint32][]byte{}
var returned []byte

func address(bytes []byte) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes))))
}

//go:wasmexport ohd_alloc
func ohdAlloc(size uint32) uint32 {
	bytes := make([]byte, max(size, 1))
	held[address(bytes)] = bytes[:size]
	return address(bytes)
}

//go:wasmexport ohd_free
func ohdFree(ptr, size uint32) { delete(held, ptr) }

//go:wasmimport ohd ohd_log
func hostLog(text string, level uint32)

//go:wasmimport ohd ohd_http_request
func hostHTTP(request string, response, responseLen *uint32) uint32

//go:wasmimport ohd ohd_add_reply
func hostReply(payload string) uint32

//go:wasmimport ohd ohd_set_custom_field
func hostField(payload string) uint32
