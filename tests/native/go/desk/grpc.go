package main

// The same plugin over gRPC, where the build sets its mode to "grpc".

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pb "example.org/native/goatkit"
)

type overGRPC struct {
	pb.UnimplementedGKPluginServer
	broker *plugin.GRPCBroker
	server server
}

func (o *overGRPC) GKRegister(context.Context, *pb.Empty) (*pb.GKRegistration, error) {
	var manifest []byte
	err := o.server.GKRegister(nil, &manifest)
	return &pb.GKRegistration{ManifestJson: manifest}, err
}

func (o *overGRPC) Init(_ context.Context, in *pb.InitRequest) (*pb.Empty, error) {
	connection, err := o.broker.Dial(in.HostService)
	if err != nil {
		return nil, err
	}
	host := pb.NewGKHostClient(connection)
	o.server.config = in.Config
	o.server.over = func(method string, args []byte) (json.RawMessage, error) {
		asked := &pb.HostCallRequest{Function: method, ArgsJson: args}
		answer, err := host.Call(context.Background(), asked)
		if err == nil && answer.Error != "" {
			err = errors.New(answer.Error)
		}
		return answer.GetResultJson(), err
	}
	return &pb.Empty{}, nil
}

func (o *overGRPC) Call(_ context.Context, in *pb.CallRequest) (*pb.CallResponse, error) {
	var answer CallResponse
	err := o.server.Call(CallArgs{Function: in.Function, Args: in.ArgsJson}, &answer)
	return &pb.CallResponse{ResultJson: answer.Result, Error: answer.Error}, err
}

func (o *overGRPC) Shutdown(context.Context, *pb.Empty) (*pb.Empty, error) {
	return &pb.Empty{}, o.server.Shutdown(nil, nil)
}

type grpcKit struct{ plugin.NetRPCUnsupportedPlugin }

func (grpcKit) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	pb.RegisterGKPluginServer(server, &overGRPC{broker: broker})
	return nil
}

func (grpcKit) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, nil
}
