// Command acme-stats is a statistics plugin of generation B, written by the contract's reference alone.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"strconv"
	"strings"
	"unsafe"
)

//go:wasmimport gk host_call
func hostCall(fnPtr, fnLen, argsPtr, argsLen uint32) uint64

//go:wasmimport gk log
func hostLog(level, ptr, length uint32)

var keep = map[uint32][]byte{}

//go:wasmexport gk_malloc
func gkMalloc(size uint32) uint32 {
	buf := make([]byte, size)
	p := uint32(uintptr(unsafe.Pointer(&buf[0]))) // panics at 0, as TinyGo's do
	keep[p] = buf
	return p
}

//go:wasmexport gk_free
func gkFree(p uint32) {}

func pack(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	p := uint32(uintptr(unsafe.Pointer(&b[0])))
	keep[p] = b
	return uint64(p)<<32 | uint64(len(b))
}

func bytesAt(p, n uint32) []byte {
	if n == 0 {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(uintptr(p))), n)...)
}

func host(fn string, args any) []byte {
	a, _ := json.Marshal(args)
	f := []byte(fn)
	r := hostCall(uint32(uintptr(unsafe.Pointer(&f[0]))), uint32(len(f)), uint32(uintptr(unsafe.Pointer(&a[0]))), uint32(len(a)))
	if r == 0 {
		return nil
	}
	return bytesAt(uint32(r>>32), uint32(r))
}

func logf(level uint32, format string, a ...any) {
	m := []byte(fmt.Sprintf(format, a...))
	hostLog(level, uint32(uintptr(unsafe.Pointer(&m[0]))), uint32(len(m)))
}

type row = map[string]any

func query(q string, args ...any) []row {
	var out []row
	json.Unmarshal(host("db_query", map[string]any{"query": q, "args": args}), &out)
	return out
}

func num(v any) float64 {
	switch x := v.(type) {
	case float64:
		return x
	case string:
		f, _ := strconv.ParseFloat(x, 64)
		return f
	}
	return 0
}

func first(rows []row) row {
	if len(rows) == 0 {
		return row{}
	}
	return rows[0]
}

func tr(key string) string {
	var v struct{ Value string }
	json.Unmarshal(host("translate", map[string]any{"key": "acme-stats." + key}), &v)
	return v.Value
}

//go:wasmexport gk_register
func gkRegister() uint64 {
	m := map[string]any{
		"name": "acme-stats", "version": "2.1.0", "description": "Ticket statistics", "author": "Acme", "license": "MIT",
		"homepage": "https://acme.example/stats", "min_host_version": "0.7.0",
		"routes": []any{
			map[string]any{"method": "GET", "path": "/api/plugins/acme-stats/overview", "handler": "overview", "middleware": []string{"auth"}, "description": "Totals"},
			map[string]any{"method": "GET", "path": "/api/plugins/acme-stats/by/:what", "handler": "by", "middleware": []string{"auth"}},
			map[string]any{"method": "GET", "path": "/api/plugins/acme-stats/timeline", "handler": "timeline", "middleware": []string{"auth"}},
			map[string]any{"method": "GET", "path": "/api/plugins/acme-stats/echo", "handler": "echo", "middleware": []string{"auth"}},
			map[string]any{"method": "POST", "path": "/api/plugins/acme-stats/echo", "handler": "echo", "middleware": []string{"auth"}},
			map[string]any{"method": "GET", "path": "/statistics", "handler": "page", "middleware": []string{"auth"}},
			map[string]any{"method": "GET", "path": "/statistics/bare", "handler": "bare", "middleware": []string{"auth"}},
			map[string]any{"method": "GET", "path": "/api/plugins/acme-stats/csv", "handler": "csv", "middleware": []string{"auth"}},
			map[string]any{"method": "GET", "path": "/api/plugins/acme-stats/go", "handler": "redirect", "middleware": []string{"auth"}},
			map[string]any{"method": "GET", "path": "/api/plugins/acme-stats/fail", "handler": "fail", "middleware": []string{"auth"}},
		},
		"menu_items": []any{map[string]any{"id": "stats", "label": "acme-stats.menu", "icon": "chart-bar", "path": "/statistics", "location": "agent", "order": 40,
			"children": []any{map[string]any{"id": "bare", "label": "Bare", "path": "/statistics/bare", "location": "agent", "order": 1}}}},
		"widgets": []any{
			map[string]any{"id": "overview", "title": "acme-stats.overview", "description": "Totals", "handler": "w_overview", "location": "dashboard", "size": "medium", "order": 1, "refreshable": true, "refresh_sec": 60},
			map[string]any{"id": "status", "title": "By status", "handler": "w_status", "location": "dashboard", "size": "small", "order": 2},
			map[string]any{"id": "chart", "title": "Last 30 days", "handler": "w_chart", "location": "dashboard", "size": "large", "order": 3},
		},
		"jobs": []any{map[string]any{"id": "weekly-report", "handler": "job", "schedule": "0 8 * * 1", "description": "Weekly report", "enabled": true, "timeout": "2m"}},
		"i18n": map[string]any{"namespace": "acme-stats", "languages": []string{"en", "de"}, "translations": map[string]any{
			"en": map[string]string{"menu": "Statistics", "overview": "Overview", "open": "Open", "total": "Total"},
			"de": map[string]string{"menu": "Statistik", "overview": "Überblick", "open": "Offen", "total": "Gesamt"}}},
		"error_codes": []any{map[string]any{"code": "bad_range", "message": "Unknown range", "http_status": 400}},
		"resources": map[string]any{"memory_mb": 32, "call_timeout": "15s", "permissions": []any{
			map[string]any{"type": "db", "access": "read", "scope": []string{"ticket", "ticket_state", "ticket_state_type", "queue", "ticket_priority", "ticket_type", "users", "user_preferences", "groups", "roles", "group_user", "role_user", "group_role", "time_accounting"}},
			map[string]any{"type": "cache", "access": "readwrite"},
			map[string]any{"type": "config", "access": "read"},
			map[string]any{"type": "email", "access": "write", "scope": []string{"@example.com"}},
		}},
	}
	b, _ := json.Marshal(m)
	return pack(b)
}

//go:wasmexport gk_call
func gkCall(fp, fl, ap, al uint32) uint64 {
	fn := string(bytesAt(fp, fl))
	var args map[string]any
	if raw := bytesAt(ap, al); len(raw) > 0 {
		if err := json.Unmarshal(raw, &args); err != nil {
			return pack([]byte(`{"error":"bad arguments"}`))
		}
	}
	f, ok := handlers[fn]
	if !ok {
		b, _ := json.Marshal(map[string]string{"error": "unknown function: " + fn})
		return pack(b)
	}
	b, err := json.Marshal(f(args))
	if err != nil {
		return pack([]byte(`{"error":"marshal"}`))
	}
	return pack(b)
}

var handlers map[string]func(map[string]any) any

func init() {
	handlers = map[string]func(map[string]any) any{
		"overview": overview, "by": by, "timeline": timeline, "echo": func(a map[string]any) any { return a },
		"page": page, "bare": bare, "csv": csv, "redirect": func(map[string]any) any { return map[string]any{"redirect": "/statistics"} },
		"fail":       func(map[string]any) any { return map[string]any{"error": "bad_range", "status": 422} },
		"w_overview": wOverview, "w_status": wStatus, "w_chart": wChart, "job": job,
	}
}

const states = ` FROM ticket t JOIN ticket_state ts ON t.ticket_state_id = ts.id JOIN ticket_state_type tst ON ts.type_id = tst.id`

func since(a map[string]any) string {
	days := map[string]int{"7d": 7, "30d": 30, "90d": 90, "365d": 365}
	r, _ := a["range"].(string)
	if r == "" {
		if q, ok := a["query"].(map[string]any); ok {
			r, _ = q["range"].(string)
		}
	}
	if d, ok := days[r]; ok {
		return fmt.Sprintf(" AND t.create_time >= DATE_SUB(NOW(), INTERVAL %d DAY)", d)
	}
	return ""
}

func overview(a map[string]any) any {
	r := first(query(`SELECT COUNT(*) AS total,
  SUM(CASE WHEN tst.name IN ('new', 'open') THEN 1 ELSE 0 END) AS open,
  SUM(CASE WHEN tst.name LIKE 'pending%' THEN 1 ELSE 0 END) AS pending,
  SUM(CASE WHEN tst.name = 'closed' THEN 1 ELSE 0 END) AS closed` + states + ` WHERE 1=1` + since(a)))
	return map[string]any{"total": num(r["total"]), "open": num(r["open"]), "pending": num(r["pending"]), "closed": num(r["closed"])}
}

func by(a map[string]any) any {
	what, _ := a["what"].(string)
	var q string
	switch what {
	case "status":
		q = "SELECT ts.name AS name, COUNT(t.id) AS count FROM ticket_state ts LEFT JOIN ticket t ON t.ticket_state_id = ts.id GROUP BY ts.id, ts.name ORDER BY count DESC, name"
	case "queue":
		q = "SELECT q.`name`, COUNT(*) AS `count` FROM `ticket` t INNER JOIN `queue` q ON t.`queue_id` = q.`id` WHERE q.valid_id = 1 GROUP BY q.`name` ORDER BY `count` DESC LIMIT ?"
		return map[string]any{"queues": query(q, 10)}
	case "priority":
		q = "SELECT p.name, COUNT(*) count FROM ticket t, ticket_priority p WHERE t.ticket_priority_id = p.id GROUP BY p.id ORDER BY p.id"
	case "owner":
		q = "SELECT u.id, CONCAT(u.first_name, ' ', u.last_name) AS name, IFNULL(up.preferences_value, '') AS email, COUNT(t.id) AS count FROM users u LEFT JOIN ticket t ON t.user_id = u.id LEFT JOIN user_preferences up ON up.user_id = u.id AND up.preferences_key = 'UserEmail' WHERE u.valid_id = 1 GROUP BY u.id HAVING count > 0 ORDER BY count DESC LIMIT 0, 20"
	case "type":
		q = "SELECT COALESCE(tt.name, 'none') AS name, COUNT(*) AS count FROM ticket t LEFT JOIN ticket_type tt ON tt.id = t.type_id GROUP BY tt.name"
	default:
		return map[string]any{"error": "unknown report", "status": 404}
	}
	return map[string]any{what: query(q)}
}

func timeline(a map[string]any) any {
	return map[string]any{"timeline": query(`SELECT DATE_FORMAT(t.create_time, '%Y-%m-%d') AS date, COUNT(*) AS count FROM ticket t WHERE t.create_time >= DATE_SUB(CURDATE(), INTERVAL ? DAY) GROUP BY DATE_FORMAT(t.create_time, '%Y-%m-%d') ORDER BY date`, 30)}
}

func esc(v any) string {
	switch x := v.(type) {
	case string:
		return html.EscapeString(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case nil:
		return ""
	}
	return html.EscapeString(fmt.Sprint(v))
}

func page(a map[string]any) any {
	var b strings.Builder
	b.WriteString(`<div class="gk-card-glow"><div class="gk-card-body"><h2 class="gk-heading">` + tr("menu") + `</h2><table class="gk-table"><thead><tr><th>Queue</th><th>Count</th></tr></thead><tbody>`)
	for _, r := range by(map[string]any{"what": "queue"}).(map[string]any)["queues"].([]row) {
		b.WriteString("<tr><td>" + esc(r["name"]) + "</td><td>" + esc(r["count"]) + "</td></tr>")
	}
	b.WriteString(`</tbody></table><a class="gk-link-neon" href="/statistics/bare">bare</a></div></div>`)
	return map[string]any{"html": b.String(), "title": tr("menu"), "active_page": "statistics"}
}

func bare(a map[string]any) any {
	return map[string]any{"html": "<!doctype html><title>Bare</title><h1>Bare</h1><script>document.body.append('script ran')</script>", "raw": true}
}

func csv(a map[string]any) any {
	var b strings.Builder
	b.WriteString("id,tn,title\n")
	for _, r := range query("SELECT id, tn, title FROM ticket ORDER BY id") {
		fmt.Fprintf(&b, "%v,%v,%q\n", r["id"], r["tn"], r["title"])
	}
	return map[string]any{"_binary": true, "content_type": "text/csv", "data": base64.StdEncoding.EncodeToString([]byte(b.String()))}
}

func wOverview(a map[string]any) any {
	key := fmt.Sprintf("overview-%v", a["_user_id"])
	var c struct {
		Value []byte
		Found bool
	}
	json.Unmarshal(host("cache_get", map[string]any{"key": key}), &c)
	if c.Found {
		logf(0, "cache hit")
		return map[string]any{"html": string(c.Value)}
	}
	o := overview(nil).(map[string]any)
	today := first(query("SELECT COUNT(*) AS c FROM ticket WHERE DATE(create_time) = CURDATE()"))
	overdue := first(query("SELECT COUNT(*) AS c FROM ticket WHERE escalation_time > 0 AND escalation_time < UNIX_TIMESTAMP(NOW())"))
	h := fmt.Sprintf(`<div class="grid grid-cols-3 gap-4"><div class="gk-stat-card"><div class="gk-stat-value">%v</div><div class="gk-stat-label">%s</div></div><div class="gk-stat-card"><div class="gk-stat-value">%v</div><div class="gk-stat-label">%s</div></div><div class="gk-stat-card"><div class="gk-stat-value">%v</div><div class="gk-stat-label">Today</div></div><div class="gk-stat-card"><div class="gk-stat-value">%v</div><div class="gk-stat-label">Overdue</div></div></div>`,
		o["open"], tr("open"), o["total"], tr("total"), esc(today["c"]), esc(overdue["c"]))
	host("cache_set", map[string]any{"key": key, "value": []byte(h), "ttl": 30})
	return map[string]any{"html": h}
}

func wStatus(a map[string]any) any {
	var b strings.Builder
	b.WriteString("<ul>")
	for _, r := range query("SELECT ts.id, ts.name, COUNT(t.id) AS count FROM ticket_state ts LEFT JOIN ticket t ON t.ticket_state_id = ts.id GROUP BY ts.id, ts.name ORDER BY count DESC LIMIT 5") {
		b.WriteString(`<li><a href="/tickets?status=` + esc(r["id"]) + `">` + esc(r["name"]) + `</a> <span class="gk-badge">` + esc(r["count"]) + "</span></li>")
	}
	b.WriteString("</ul>")
	return map[string]any{"html": b.String()}
}

func wChart(a map[string]any) any {
	rows := query("SELECT DATE(create_time) AS date, COUNT(*) AS count FROM ticket WHERE create_time >= DATE_SUB(NOW(), INTERVAL 30 DAY) GROUP BY DATE(create_time) ORDER BY date")
	var l, d []string
	for _, r := range rows {
		l = append(l, strconv.Quote(fmt.Sprint(r["date"])))
		d = append(d, esc(r["count"]))
	}
	return map[string]any{"html": `<canvas id="gkc" height="120"></canvas><script src="/static/vendor/chart.min.js"></script><script>new Chart(document.getElementById('gkc'),{type:'line',data:{labels:[` + strings.Join(l, ",") + `],datasets:[{label:'Tickets',data:[` + strings.Join(d, ",") + `]}]}});document.body.dataset.chart='drawn';</script>`}
}

func job(a map[string]any) any {
	n := first(query("SELECT COUNT(*) AS c FROM ticket WHERE create_time >= DATE_SUB(NOW(), INTERVAL 7 DAY)"))
	admins := query("SELECT DISTINCT up.preferences_value AS email FROM users u JOIN group_user gu ON gu.user_id = u.id JOIN `groups` g ON g.id = gu.group_id JOIN user_preferences up ON up.user_id = u.id AND up.preferences_key = 'UserEmail' WHERE g.name = 'admin' AND u.valid_id = 1")
	sent := 0
	for _, r := range admins {
		if host("send_email", map[string]any{"to": r["email"], "subject": "Weekly report", "body": fmt.Sprintf("%v tickets", n["c"]), "html": false}) != nil {
			sent++
		}
	}
	logf(1, "weekly: %v tickets, %d of %d mails", n["c"], sent, len(admins))
	return map[string]any{"tickets": n["c"], "sent": sent, "admins": len(admins)}
}

func main() {}
