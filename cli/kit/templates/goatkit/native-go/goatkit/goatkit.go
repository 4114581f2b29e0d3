// Package goatkit is what stands between a plugin and its help desk: functions by name, and the
// host's functions over HashiCorp's go-plugin (net/rpc).
package goatkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/rpc"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
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

// Register says what the plugin is, and which functions it has. Call it from init.
func Register(document []byte, byName map[string]Function) {
	registration, functions = document, byName
}

// Settings are what an admin filled in, and what the host says as the plugin begins.
var Settings map[string]string

// Error is the answer of a function that failed, with the status that a route responds with.
func Error(text string, status int) any {
	return map[string]any{"error": text, "status": status}
}

// Call calls a function of the host, such as cache_get or send_email, and reads its answer into
// result, which may be nil. An error says why there is none, such as a grant that is missing.
func Call(name string, args, result any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return err
	}
	var answer CallResponse
	if err := host.Call("Plugin.Call", HostArgs{Method: name, Args: raw}, &answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	if result == nil || len(answer.Result) == 0 {
		return nil
	}
	return json.Unmarshal(answer.Result, result)
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
func Debugf(format string, args ...any) { log("debug", fmt.Sprintf(format, args...)) }
func Infof(format string, args ...any)  { log("info", fmt.Sprintf(format, args...)) }
func Warnf(format string, args ...any)  { log("warn", fmt.Sprintf(format, args...)) }
func Errorf(format string, args ...any) { log("error", fmt.Sprintf(format, args...)) }

// Serve answers the help desk until it ends the plugin. Call it from main.
func Serve() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 1, MagicCookieKey: "GOATKIT_PLUGIN", MagicCookieValue: "goatkit-v1",
		},
		Plugins: map[string]plugin.Plugin{"gkplugin": kit{}},
		Logger:  hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, JSONFormat: true}),
	})
}

var registration []byte
var functions map[string]Function
var host *rpc.Client

func log(level, text string) {
	_ = Call("log", map[string]any{"level": level, "message": text}, nil)
}

// These are what goes over the wire; net/rpc wants their names exported.
type InitArgs struct {
	Config    map[string]string
	HostAPIID uint32
}

type CallArgs struct {
	Function string
	Args     []byte
}

type CallResponse struct {
	Result []byte
	Error  string
}

type HostArgs struct {
	Method string
	Args   []byte
}

type server struct{ broker *plugin.MuxBroker }

func (s *server) GKRegister(_ any, answer *[]byte) error {
	*answer = registration
	return nil
}

func (s *server) Init(args InitArgs, _ *any) error {
	connection, err := s.broker.Dial(args.HostAPIID)
	if err != nil {
		return err
	}
	Settings, host = args.Config, rpc.NewClient(connection)
	return nil
}

func (s *server) Call(args CallArgs, answer *CallResponse) error {
	function, known := functions[args.Function]
	if !known {
		answer.Error = "unknown function: " + args.Function
		return nil
	}
	given := Args{}
	var value any
	if len(args.Args) > 0 && json.Unmarshal(args.Args, &given) != nil {
		value = Error("the arguments are no JSON object", 400)
	} else {
		value = function(given)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		answer.Error = "the answer has no JSON form: " + err.Error()
	}
	answer.Result = raw
	return nil
}

func (s *server) Shutdown(_ any, _ *any) error { return nil }

type kit struct{}

func (kit) Server(broker *plugin.MuxBroker) (any, error) { return &server{broker: broker}, nil }

func (kit) Client(*plugin.MuxBroker, *rpc.Client) (any, error) { return nil, nil }
