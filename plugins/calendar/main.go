// Calendar has appointments with recurrence and reminders, shared calendars, rooms, working hours,
// and feeds for other clients. Times are kept on the wall of their zone; recur knows when that is.
package main

import (
	_ "embed"
	"encoding/base32"
	"encoding/json"
	"strings"
	"time"
	"unsafe"

	"openhelpdesk.example/calendar/goatkit"
	"openhelpdesk.example/calendar/recur"
)

//go:embed registration.json
var registration []byte

func init() {
	goatkit.Register(registration, map[string]goatkit.Function{
		"page":           forStaff(page),
		"new_event":      forStaff(newEvent),
		"show_event":     forStaff(showEvent),
		"save_event":     forStaff(saveEvent),
		"delete_event":   forStaff(deleteEvent),
		"calendars":      forStaff(calendarsPage),
		"save_calendar":  forStaff(saveCalendar),
		"drop_calendar":  forStaff(dropCalendar),
		"share":          forStaff(share),
		"save_settings":  forStaff(saveSettings),
		"make_feed":      forStaff(makeFeed),
		"feed":           feed,
		"export":         forStaff(export),
		"import_file":    forStaff(importFile),
		"hours":          forStaff(hoursPage),
		"save_hours":     forStaff(saveHours),
		"save_holiday":   forStaff(saveHoliday),
		"occurrences":    forStaff(occurrences),
		"preview":        forStaff(preview),
		"working_hours":  workingHours,
		"working_time":   workingTime,
		"upcoming":       forStaff(upcoming),
		"on_ticket":      forStaff(onTicket),
		"send_reminders": sendReminders,
	})
}

// request is a call by one of the staff.
type request struct {
	goatkit.Args
	email string // in small letters; who calls
	admin bool
	lang  string
	zone  *time.Location // where their clock is
	home  *time.Location // where the help desk's is
	now   time.Time
}

func forStaff(handler func(*request) any) goatkit.Function {
	return func(args goatkit.Args) any {
		role := args.Text("_user_role")
		r := newRequest(args)
		if role != "Admin" && role != "Agent" || r.email == "" {
			return goatkit.Error("the calendar is for staff", 403)
		}
		if err := prepare(); err != nil {
			return goatkit.Error("the calendar's tables cannot be opened; is db:write granted?", 503)
		}
		r.zone = zoneOf(r.email)
		return handler(r)
	}
}

func newRequest(args goatkit.Args) *request {
	admin, _ := args["_is_admin"].(bool)
	home := siteZone()
	return &request{
		Args: args, email: strings.ToLower(args.Text("_user_email")), admin: admin,
		lang: args.Text("_lang"), zone: home, home: home, now: time.Now().Truncate(time.Second),
	}
}

// list returns an argument that may come several times.
func (r *request) list(name string) []string {
	switch found := r.Args[name].(type) {
	case string:
		return []string{found}
	case []any:
		var all []string
		for _, each := range found {
			if text, ok := each.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

// field returns a text of a form, at most so long.
func (r *request) field(name string, most int) string {
	return recur.Cut(strings.TrimSpace(strings.ReplaceAll(r.Text(name), "\x00", "")), most)
}

// t returns a text of the plugin in the caller's language.
func (r *request) t(key string) string {
	for _, lang := range []string{r.lang, strings.SplitN(r.lang, "-", 2)[0], "en"} {
		if text, ok := texts[lang][key]; ok {
			return text
		}
	}
	return key
}

var texts = func() map[string]map[string]string {
	var found struct {
		I18n struct {
			Translations map[string]map[string]string
		}
	}
	if err := json.Unmarshal(registration, &found); err != nil {
		panic(err)
	}
	return found.I18n.Translations
}()

var siteZoneFound *time.Location

// siteZone is the help desk's own zone, UTC where it may not be asked for.
func siteZone() *time.Location {
	if siteZoneFound != nil {
		return siteZoneFound
	}
	var found struct{ Value string }
	if goatkit.Call("config_get", map[string]any{"key": "app.timezone"}, &found) == nil {
		if zone, err := recur.Zone(found.Value); err == nil {
			siteZoneFound = zone
			return zone
		}
	}
	return time.UTC
}

// newID makes an id that nobody guesses.
func newID(bytes int) string {
	raw := make([]byte, bytes)
	randomGet(unsafe.Pointer(unsafe.SliceData(raw)), uint32(bytes))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}

// Go's own packages for chance and for digests bring so much with them that the module would be half as
// large again; these are WASI's.
//
//go:wasmimport wasi_snapshot_preview1 random_get
func randomGet(into unsafe.Pointer, length uint32) (errno uint32)

func main() {}
