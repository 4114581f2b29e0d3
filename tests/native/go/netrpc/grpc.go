package main

// The same plugin over gRPC, where the build sets its mode to "grpc".

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"

	pb "example.org/native/goatkit"
)

var mode string

type overGRPC struct {
	pb.UnimplementedGKPluginServer
	broker *plugin.GRPCBroker
	host   pb.GKHostClient
	server server
}

func (o *overGRPC) GKRegister(context.Context, *pb.Empty) (*pb.GKRegistration, error) {
	return &pb.GKRegistration{
		Name: "native", Version: "1.2.3", Description: "A native plugin.",
		Routes: []*pb.RouteSpec{{Method: "GET", Path: "/api/plugins/native/hello", Handler: "hello"}},
		MenuItems: []*pb.MenuItemSpec{
			{Id: "a", Order: 2, Children: []*pb.MenuItemSpec{{Id: "b"}}},
		},
		Jobs:         []*pb.JobSpec{{Id: "j", Handler: "hello", Schedule: "0 3 * * *", Enabled: true}},
		ManifestJson: []byte(`{"version":"1.2.4","resources":{"memory_mb":64}}`),
	}, nil
}

func (o *overGRPC) Init(ctx context.Context, in *pb.InitRequest) (*pb.Empty, error) {
	o.server.config = in.Config
	if in.Config["fail"] != "" {
		return nil, errors.New(in.Config["fail"])
	}
	connection, err := o.broker.Dial(in.HostService)
	if err != nil {
		return nil, fmt.Errorf("no host connection: %w", err)
	}
	o.host = pb.NewGKHostClient(connection)
	o.server.host = &host{ask: o.ask}
	answer, err := o.host.DBQuery(ctx, &pb.DBQueryRequest{Query: "SELECT 1"})
	if err != nil {
		return nil, err
	}
	rows := []json.RawMessage{}
	for _, row := range answer.RowsJson {
		rows = append(rows, row)
	}
	o.server.rows, _ = json.Marshal(rows)
	fmt.Println("init: asked the database")
	return &pb.Empty{}, nil
}

func (o *overGRPC) ask(method string, args []byte) (json.RawMessage, error) {
	answer, err := o.host.Call(context.Background(), &pb.HostCallRequest{Function: method, ArgsJson: args})
	if err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	return answer.ResultJson, nil
}

func (o *overGRPC) Call(ctx context.Context, in *pb.CallRequest) (*pb.CallResponse, error) {
	result, err := o.call(ctx, in)
	if err != nil {
		return &pb.CallResponse{Error: err.Error()}, nil
	}
	data, err := json.Marshal(result)
	return &pb.CallResponse{ResultJson: data}, err
}

func (o *overGRPC) call(ctx context.Context, in *pb.CallRequest) (any, error) {
	var args struct {
		Key   string
		Value string
	}
	switch in.Function {
	case "deadline":
		_, has := ctx.Deadline()
		return has, nil
	case "cache":
		_ = json.Unmarshal(in.ArgsJson, &args)
		if _, err := o.host.CacheSet(ctx, &pb.CacheSetRequest{Key: args.Key, Value: []byte(args.Value), TtlSeconds: 60}); err != nil {
			return nil, err
		}
		got, err := o.host.CacheGet(ctx, &pb.CacheGetRequest{Key: args.Key})
		if err != nil {
			return nil, err
		}
		return map[string]any{"value": string(got.Value), "found": got.Found, "error": got.Error}, nil
	case "methods": // every method once: the error of each, where it has one
		return o.methods(ctx), nil
	case "compressed":
		_, err := o.host.ConfigGet(ctx, &pb.ConfigGetRequest{Key: "app.name"}, grpc.UseCompressor(gzip.Name))
		return nil, err
	case "another":
		_, err := o.broker.Dial(77)
		return nil, err
	}
	return o.server.call(CallArgs{Function: in.Function, Args: in.ArgsJson})
}

func (o *overGRPC) methods(ctx context.Context) map[string]string {
	told := map[string]string{}
	tell := func(name, inside string, err error) {
		if err != nil {
			inside = "status: " + err.Error()
		}
		told[name] = inside
	}
	query, err := o.host.DBQuery(ctx, &pb.DBQueryRequest{Query: "SELECT ?", Args: [][]byte{[]byte(`"x"`), []byte("2")}})
	tell("DBQuery", query.GetError(), err)
	exec, err := o.host.DBExec(ctx, &pb.DBExecRequest{Query: "DELETE"})
	tell("DBExec", exec.GetError(), err)
	get, err := o.host.CacheGet(ctx, &pb.CacheGetRequest{Key: "k"})
	tell("CacheGet", get.GetError(), err)
	_, err = o.host.CacheSet(ctx, &pb.CacheSetRequest{Key: "k", Value: []byte{0, 255}})
	tell("CacheSet", "", err)
	_, err = o.host.CacheDelete(ctx, &pb.CacheDeleteRequest{Key: "k"})
	tell("CacheDelete", "", err)
	http, err := o.host.HTTPRequest(ctx, &pb.HTTPRequestMsg{Method: "GET", Url: "https://example.org/", Headers: map[string]string{"a": "b"}, Body: []byte("c")})
	tell("HTTPRequest", http.GetError(), err)
	_, err = o.host.SendEmail(ctx, &pb.SendEmailRequest{To: "ada@example.org", Subject: "s", Body: "b", Html: true})
	tell("SendEmail", "", err)
	_, err = o.host.Log(ctx, &pb.LogRequest{Level: "warn", Message: "m", Fields: map[string]string{"a": "b"}})
	tell("Log", "", err)
	config, err := o.host.ConfigGet(ctx, &pb.ConfigGetRequest{Key: "app.name"})
	tell("ConfigGet", config.GetError(), err)
	_, err = o.host.Translate(ctx, &pb.TranslateRequest{Key: "hello", Args: []string{"x"}})
	tell("Translate", "", err)
	_, err = o.host.DBQuery(ctx, &pb.DBQueryRequest{Query: "SELECT ?", Args: [][]byte{[]byte("{")}})
	tell("bad argument", "", err)
	return told
}

func (o *overGRPC) Shutdown(context.Context, *pb.Empty) (*pb.Empty, error) {
	return &pb.Empty{}, o.server.Shutdown(nil, nil)
}

type grpcKit struct {
	plugin.NetRPCUnsupportedPlugin
}

func (grpcKit) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	pb.RegisterGKPluginServer(server, &overGRPC{broker: broker})
	return nil
}

func (grpcKit) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, nil
}
