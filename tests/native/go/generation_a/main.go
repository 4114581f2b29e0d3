// A plugin of GoatKit's first generation, which registers by a structure and not by JSON.
package main

import (
	"net/rpc"

	"github.com/hashicorp/go-plugin"
)

type Route struct {
	Method, Path, Handler string
	Middleware            []string
}

type MenuItem struct {
	ID, Label, Path, Location string
	Order                     int
	Children                  []MenuItem
}

type Widget struct {
	ID, Title, Handler, Location, Size string
	Refreshable                        bool
	RefreshSec                         int
}

type I18n struct {
	Namespace    string
	Languages    []string
	Translations map[string]map[string]string
}

type Registration struct {
	Name, Version, Description string
	Routes                     []Route
	MenuItems                  []MenuItem
	Widgets                    []Widget
	I18n                       *I18n
	MinHostVersion             string
}

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

type server struct{}

func (server) GKRegister(_ interface{}, answer *Registration) error {
	*answer = Registration{
		Name: "first", Version: "0.6.4",
		Routes:         []Route{{Method: "GET", Path: "/api/plugins/first", Handler: "hello", Middleware: []string{"auth"}}},
		MenuItems:      []MenuItem{{ID: "a", Order: 2, Children: []MenuItem{{ID: "b"}}}},
		Widgets:        []Widget{{ID: "w", Refreshable: true, RefreshSec: 60}},
		I18n:           &I18n{Languages: []string{"en"}, Translations: map[string]map[string]string{"en": {"hello": "Hello"}}},
		MinHostVersion: "0.6.4",
	}
	return nil
}

func (server) Init(_ InitArgs, _ *interface{}) error { return nil }

func (server) Call(args CallArgs, answer *CallResponse) error {
	answer.Result = []byte(`"` + args.Function + `"`)
	return nil
}

func (server) Shutdown(_ interface{}, _ *interface{}) error { return nil }

type kit struct{}

func (kit) Server(*plugin.MuxBroker) (interface{}, error)              { return server{}, nil }
func (kit) Client(*plugin.MuxBroker, *rpc.Client) (interface{}, error) { return nil, nil }

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 1, MagicCookieKey: "GOATKIT_PLUGIN", MagicCookieValue: "goatkit-v1",
		},
		Plugins: map[string]plugin.Plugin{"gkplugin": kit{}},
	})
}
