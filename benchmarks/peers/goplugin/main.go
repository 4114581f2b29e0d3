// HashiCorp's own host of go-plugin, as a platform has it: starts the plugin as it is, calls it, and
// answers each count on stdin with a figure.
//
//	goplugin PLUGIN call     seconds of one call
//	goplugin PLUGIN start    seconds from its start to its first answer
//	goplugin PLUGIN memory   bytes that the plugin has in memory
package main

import (
	"bufio"
	"fmt"
	"net/rpc"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
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

func start(program string) (*plugin.Client, *rpc.Client) {
	command := exec.Command(program)
	// The peer is killed when it is no longer needed; its plugins must not stay.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 1, MagicCookieKey: "GOATKIT_PLUGIN", MagicCookieValue: "goatkit-v1",
		},
		Plugins:          map[string]plugin.Plugin{"gkplugin": kit{}},
		Cmd:              command,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC},
		Logger:           hclog.NewNullLogger(),
	})
	protocol, err := client.Client()
	check(err)
	dispensed, err := protocol.Dispense("gkplugin")
	check(err)
	return client, dispensed.(*rpc.Client)
}

func call(plugin *rpc.Client) {
	var answer CallResponse
	check(plugin.Call("Plugin.Call", CallArgs{Function: "hello", Args: []byte(`{"text":"x"}`)}, &answer))
	if answer.Error != "" {
		panic(answer.Error)
	}
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
	call(plugin)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		count, err := strconv.Atoi(lines.Text())
		check(err)
		began := time.Now()
		for range count {
			if mode == "start" {
				another, plugin := start(program)
				call(plugin)
				another.Kill()
			} else {
				call(plugin)
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
