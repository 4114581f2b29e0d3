// HashiCorp's own host of go-plugin, as a platform has it: starts the plugin as it is, calls it, and
// answers each count on stdin with a figure.
//
//	goplugin PLUGIN call     seconds of one call
//	goplugin PLUGIN start    seconds from its start to its first answer
//	goplugin PLUGIN memory   bytes that the plugin has in memory
//	goplugin PLUGIN trip BYTES REST
//	                         median seconds of a call that carries BYTES and does nothing, each
//	                         after a rest (a duration: 50ms)
//	goplugin PLUGIN crowd BYTES CALLERS
//	                         seconds a call of that kind, where so many ask at once
//
// It speaks the protocol that the plugin does.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/rpc"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
)

type CallArgs struct {
	Function string
	Args     []byte
}

type CallResponse struct {
	Result []byte
	Error  string
}

type kit struct{}

func (kit) Server(*plugin.MuxBroker) (any, error) { return nil, nil }

func (kit) Client(_ *plugin.MuxBroker, client *rpc.Client) (any, error) { return client, nil }

func (kit) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return nil }

func (kit) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, connection *grpc.ClientConn) (any, error) {
	return connection, nil
}

// The two messages of a call, as goatkit.proto has them: two fields each, of which the order differs.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(value any) ([]byte, error) {
	call := value.(*CallArgs)
	data := protowire.AppendTag(nil, 1, protowire.BytesType)
	data = protowire.AppendString(data, call.Function)
	data = protowire.AppendTag(data, 2, protowire.BytesType)
	return protowire.AppendBytes(data, call.Args), nil
}

func (codec) Unmarshal(data []byte, value any) error {
	answer := value.(*CallResponse)
	for len(data) > 0 {
		field, kind, size := protowire.ConsumeTag(data)
		if size < 0 || kind != protowire.BytesType {
			return errors.New("no answer to a call")
		}
		content, used := protowire.ConsumeBytes(data[size:])
		if used < 0 {
			return errors.New("no answer to a call")
		}
		if field == 1 {
			answer.Result = append([]byte(nil), content...)
		} else {
			answer.Error = string(content)
		}
		data = data[size+used:]
	}
	return nil
}

// Either an *rpc.Client or a *grpc.ClientConn.
type connection any

func start(program string) (*plugin.Client, connection) {
	command := exec.Command(program)
	// The peer is killed when it is no longer needed; its plugins must not stay.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 1, MagicCookieKey: "GOATKIT_PLUGIN", MagicCookieValue: "goatkit-v1",
		},
		Plugins:          map[string]plugin.Plugin{"gkplugin": kit{}},
		Cmd:              command,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC, plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	protocol, err := client.Client()
	check(err)
	dispensed, err := protocol.Dispense("gkplugin")
	check(err)
	return client, dispensed
}

var hello = CallArgs{Function: "hello", Args: []byte(`{"text":"x"}`)}

func call(plugin connection, arguments CallArgs) {
	var answer CallResponse
	switch plugin := plugin.(type) {
	case *rpc.Client:
		check(plugin.Call("Plugin.Call", arguments, &answer))
	case *grpc.ClientConn:
		const method = "/goatkit.plugin.v1.GKPlugin/Call"
		// As ours does, it says how long the call may take.
		limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		check(plugin.Invoke(limited, method, &arguments, &answer, grpc.ForceCodec(codec{})))
	}
	if len(answer.Result) == 0 {
		panic("an empty answer")
	}
	if answer.Error != "" {
		panic(answer.Error)
	}
}

// Calls that do nothing, one by one; the median of their seconds.
func trips(plugin connection, nothing CallArgs, count int, rest time.Duration) float64 {
	taken := make([]float64, count)
	for i := range taken {
		time.Sleep(rest)
		began := time.Now()
		call(plugin, nothing)
		taken[i] = time.Since(began).Seconds()
	}
	slices.Sort(taken)
	return taken[count/2]
}

func crowd(plugin connection, nothing CallArgs, count, callers int) float64 {
	began := time.Now()
	var done sync.WaitGroup
	for i := range callers {
		done.Go(func() {
			for n := i; n < count; n += callers {
				call(plugin, nothing)
			}
		})
	}
	done.Wait()
	return time.Since(began).Seconds() / float64(count)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func resident(pid string) float64 {
	data, err := os.ReadFile("/proc/" + pid + "/smaps_rollup")
	check(err)
	total := 0.0
	for _, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "Rss:") {
			kib, err := strconv.ParseFloat(strings.Fields(line)[1], 64)
			check(err)
			total += kib * 1024
		}
	}
	return total
}

func main() {
	// The signal comes when the thread ends that started the plugin.
	runtime.LockOSThread()
	program, mode := os.Args[1], os.Args[2]
	client, plugin := start(program)
	call(plugin, hello)
	nothing := CallArgs{Function: "nothing"}
	var rest time.Duration
	var callers int
	if len(os.Args) > 4 {
		size, err := strconv.Atoi(os.Args[3])
		check(err)
		nothing.Args = bytes.Repeat([]byte("x"), size)
		if mode == "trip" {
			rest, err = time.ParseDuration(os.Args[4])
		} else {
			callers, err = strconv.Atoi(os.Args[4])
		}
		check(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		count, err := strconv.Atoi(lines.Text())
		check(err)
		if mode == "trip" {
			fmt.Println(trips(plugin, nothing, count, rest))
			continue
		} else if mode == "crowd" {
			fmt.Println(crowd(plugin, nothing, count, callers))
			continue
		}
		began := time.Now()
		for range count {
			if mode == "start" {
				another, plugin := start(program)
				call(plugin, hello)
				another.Kill()
			} else {
				call(plugin, hello)
			}
		}
		figure := time.Since(began).Seconds() / float64(count)
		if mode == "memory" {
			figure = resident(client.ID())
		}
		fmt.Println(figure)
	}
	client.Kill()
}
