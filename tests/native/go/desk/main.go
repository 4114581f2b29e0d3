// A native plugin that uses all that a help desk offers: routes, a widget, a menu entry, a job,
// events, settings, host functions. Each other function is one way of going wrong.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/rpc"
	"os"
	"time"

	"github.com/hashicorp/go-plugin"
)

// mode is set when it is built: "2" is a later version, "unwilling" one that does not begin, "grpc"
// one that speaks gRPC.
var mode string

type InitArgs struct {
	Config    map[string]string
	HostAPIID uint32
}

type CallArgs struct {
	Function  string
	Args      []byte
	CallToken string
}

type CallResponse struct {
	Result []byte
	Error  string
}

type HostArgs struct {
	Method       string
	Args         []byte
	CallerPlugin string
	CallToken    string
}

type server struct {
	broker *plugin.MuxBroker
	host   *rpc.Client
	over   func(method string, args []byte) (json.RawMessage, error)
	config map[string]string
	events int
}

const manifest = `{"name":"native-desk","version":"%s.0.0","description":"A native plugin.",
"author":"Tests","license":"MIT",
"routes":[
 {"method":"GET","path":"/api/plugins/native-desk/count","handler":"count","middleware":["auth"]},
 {"method":"GET","path":"/native-desk","handler":"page","middleware":["auth"]}],
"menu_items":[{"id":"n","label":"Native desk","path":"/native-desk","location":"agent"}],
"widgets":[{"id":"open","title":"Open tickets","handler":"widget","location":"dashboard"}],
"jobs":[{"id":"tally","handler":"tally","schedule":"0 * * * *","enabled":true}],
"events":["ticket.created"],
"config_schema":{"greeting":{"type":"string","label":"Greeting","default":"Hello"}},
"resources":{"permissions":[
 {"type":"db","access":"read","scope":["ticket"]},{"type":"cache","access":"readwrite"}]}}`

func (s *server) GKRegister(_ interface{}, answer *[]byte) error {
	version := mode
	if version != "2" {
		version = "1"
	}
	*answer = []byte(fmt.Sprintf(manifest, version))
	return nil
}

func (s *server) Init(args InitArgs, _ *interface{}) error {
	if mode == "unwilling" {
		return errors.New("it does not want to")
	}
	s.config = args.Config
	connection, err := s.broker.Dial(args.HostAPIID)
	if err != nil {
		return err
	}
	s.host = rpc.NewClient(connection)
	fmt.Println("init: it begins with " + s.config["greeting"])
	return nil
}

func (s *server) Call(args CallArgs, answer *CallResponse) error {
	result, err := s.call(args)
	if err != nil {
		answer.Error = err.Error()
		return nil
	}
	answer.Result, err = json.Marshal(result)
	return err
}

func (s *server) ask(method string, args any) (json.RawMessage, error) {
	data, _ := json.Marshal(args)
	if s.over != nil {
		return s.over(method, data)
	}
	var answer CallResponse
	// Whom it says it is changes nothing: the host knows it by its process.
	err := s.host.Call("Plugin.Call", HostArgs{Method: method, Args: data, CallerPlugin: "other"}, &answer)
	if err == nil && answer.Error != "" {
		err = errors.New(answer.Error)
	}
	return answer.Result, err
}

func (s *server) count() (int, error) {
	rows, err := s.ask("db_query", map[string]any{"query": "SELECT COUNT(*) AS n FROM ticket", "args": nil})
	if err != nil {
		return 0, err
	}
	var counted []struct{ N int }
	if err := json.Unmarshal(rows, &counted); err != nil || len(counted) != 1 {
		return 0, fmt.Errorf("no count: %s", rows)
	}
	return counted[0].N, nil
}

func (s *server) call(args CallArgs) (any, error) {
	var in map[string]any
	if len(args.Args) > 0 {
		_ = json.Unmarshal(args.Args, &in)
	}
	switch args.Function {
	case "count":
		n, err := s.count()
		return map[string]any{"count": n}, err
	case "widget":
		n, err := s.count()
		return map[string]any{"html": fmt.Sprintf("<span class='gk-stat-value'>%d</span>", n)}, err
	case "page":
		html := "<h2>" + s.config["greeting"] + " from a native program</h2>"
		return map[string]any{"html": html, "title": "Native desk"}, nil
	case "tally":
		fmt.Println("tally: counted")
		return map[string]any{"ok": true}, nil
	case "on_event":
		s.events++
		if os.Getenv("NEVER") == "" && in["ticket"] != nil {
			subject, _ := in["ticket"].(map[string]any)["subject"].(string)
			fmt.Println("event: " + subject)
			switch subject {
			case "hang":
				select {}
			case "crash":
				go panic("as a bug does")
				select {}
			}
		}
		return nil, nil
	case "events":
		return s.events, nil
	case "config":
		return s.config, nil
	case "host":
		name, _ := in["name"].(string)
		return s.ask(name, in["args"])
	case "pid":
		return os.Getpid(), nil
	case "slow":
		time.Sleep(time.Second)
		return "done", nil
	case "hang":
		select {}
	case "spin":
		for {
		}
	case "crash":
		go panic("as a bug does")
		select {}
	}
	return nil, fmt.Errorf("unknown function: %s", args.Function)
}

func (s *server) Shutdown(_ interface{}, _ *interface{}) error {
	// Not printed: what go-plugin has not passed on when a program ends is lost.
	_, _ = s.ask("log", map[string]any{"level": "info", "message": "shutdown: good bye"})
	if s.config["greeting"] == "stay" {
		select {}
	}
	return nil
}

type kit struct{}

func (kit) Server(broker *plugin.MuxBroker) (interface{}, error) {
	return &server{broker: broker}, nil
}

func (kit) Client(*plugin.MuxBroker, *rpc.Client) (interface{}, error) { return nil, nil }

func main() {
	config := &plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 1, MagicCookieKey: "GOATKIT_PLUGIN", MagicCookieValue: "goatkit-v1",
		},
		Plugins: map[string]plugin.Plugin{"gkplugin": kit{}},
	}
	if mode == "grpc" {
		config.Plugins = map[string]plugin.Plugin{"gkplugin": grpcKit{}}
		config.GRPCServer = plugin.DefaultGRPCServer
	}
	plugin.Serve(config)
}
