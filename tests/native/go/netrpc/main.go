// A plugin as GoatKit's native ones are: HashiCorp's go-plugin, net/rpc, the shapes of its SDK.
// Each function exercises one thing that a host has to serve.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/rpc"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin"
)

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

type host struct {
	client *rpc.Client
	ask    func(method string, args []byte) (json.RawMessage, error)
}

func (h *host) call(method string, args any, caller string) (json.RawMessage, error) {
	if h == nil {
		return nil, errors.New("no host")
	}
	data, _ := json.Marshal(args)
	if h.ask != nil {
		return h.ask(method, data)
	}
	var answer CallResponse
	err := h.client.Call("Plugin.Call", HostArgs{Method: method, Args: data, CallerPlugin: caller}, &answer)
	if err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	return answer.Result, nil
}

type server struct {
	broker *plugin.MuxBroker
	host   *host
	config map[string]string
	rows   json.RawMessage
	block  []byte
}

const manifest = `{"name":"native","version":"1.2.3","description":"A native plugin.",
"routes":[{"method":"GET","path":"/api/plugins/native/hello","handler":"hello"}]}`

func (s *server) GKRegister(_ interface{}, answer *[]byte) error {
	*answer = []byte(manifest)
	return nil
}

func (s *server) Init(args InitArgs, _ *interface{}) error {
	s.config = args.Config
	if args.Config["fail"] != "" {
		return errors.New(args.Config["fail"])
	}
	connection, err := s.broker.Dial(args.HostAPIID)
	if err != nil {
		return fmt.Errorf("no host stream: %w", err)
	}
	s.host = &host{client: rpc.NewClient(connection)}
	s.rows, err = s.host.call("db_query", map[string]any{"query": "SELECT 1", "args": nil}, "native")
	fmt.Println("init: asked the database")
	return err
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

func (s *server) call(args CallArgs) (any, error) {
	if args.Function == "nothing" {
		return true, nil
	}
	var in map[string]any
	if len(args.Args) > 0 {
		_ = json.Unmarshal(args.Args, &in)
	}
	text, _ := in["text"].(string)
	switch args.Function {
	case "hello":
		return map[string]any{"hello": text, "plugin": s.config["plugin_name"], "rows": s.rows}, nil
	case "host":
		return s.host.call(text, in["args"], "another plugin")
	case "hosts": // many at once, from many goroutines
		return s.hosts(int(in["count"].(float64)))
	case "print":
		fmt.Println("out: " + text)
		fmt.Fprintln(os.Stderr, "err: "+text)
		return nil, nil
	case "environment":
		return os.Environ(), nil
	case "large":
		return strings.Repeat("x", int(in["size"].(float64))), nil
	case "allocate":
		s.block = make([]byte, int(in["size"].(float64)))
		for i := range s.block {
			s.block[i] = 1
		}
		return len(s.block), nil
	case "spin":
		for {
		}
	case "sleep":
		time.Sleep(time.Hour)
		return nil, nil
	case "panic":
		go panic("as a bug does")
		time.Sleep(time.Hour)
		return nil, nil
	case "exit":
		os.Exit(3)
	case "files":
		return look()
	case "pid":
		return os.Getpid(), nil
	case "uid":
		return os.Getuid(), nil
	}
	return nil, fmt.Errorf("unknown function: %s", args.Function)
}

func (s *server) hosts(count int) (any, error) {
	results := make(chan error)
	for i := 0; i < count; i++ {
		go func() {
			_, err := s.host.call("time_now", i, "")
			results <- err
		}()
	}
	failed := 0
	for i := 0; i < count; i++ {
		if <-results != nil {
			failed++
		}
	}
	return map[string]int{"failed": failed}, nil
}

// What a program might find around it.
func look() (any, error) {
	found := map[string]string{}
	for _, name := range []string{"/etc/passwd", "/proc/self/status", "/home", "/root", "/tmp", "/"} {
		entries, err := os.ReadDir(name)
		if err != nil {
			if _, err = os.ReadFile(name); err != nil {
				found[name] = "no"
				continue
			}
		}
		names := []string{}
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		found[name] = strings.Join(names, " ")
	}
	return found, nil
}

func (s *server) Shutdown(_ interface{}, _ *interface{}) error {
	fmt.Println("shutdown: good bye")
	if s.config["stay"] != "" {
		time.Sleep(time.Hour)
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
