// wazero, the engine that the plugin document names, running a plugin of either contract in this
// process: of ohd's with an event, of GoatKit's with a call.
//
// It is asked as every peer is (see protocol.py): each line on standard input holds a count, and is
// answered with the mean seconds of an event over that many. The host functions do what the
// contract asks (the request is copied out, the answer is written into memory that the guest
// allocates) and answer at once. `wazero MODULE PAYLOAD DEADLINE`: two files, and how long an event may
// take, 0s for as long as it wants. wazero looks for the deadline in the guest's loops and calls, which
// costs it time: without one is its best.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

const (
	status     = 200
	limitPages = 1024 // 64 MiB, the limit of a plugin
)

var (
	answer   = []byte("ok")
	function = []byte("noop")
)

// plugin is one instance, and its exports looked up once.
type plugin struct {
	memory               api.Memory
	alloc, free, onEvent api.Function
	call                 api.Function // of a GoatKit plugin, else nil
	deadline             time.Duration
	requestBytes         int
}

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("usage: wazero MODULE PAYLOAD DEADLINE"))
	}
	module, err := os.ReadFile(os.Args[1])
	fail(err)
	payload, err := os.ReadFile(os.Args[2])
	fail(err)
	deadline, err := time.ParseDuration(os.Args[3])
	fail(err)
	ctx := context.Background()
	guest, err := load(ctx, module, deadline)
	fail(err)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		count, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		fail(err)
		started := time.Now()
		for range count {
			fail(guest.deliver(ctx, payload))
		}
		fmt.Println(time.Since(started).Seconds() / float64(count))
	}
	fail(lines.Err())
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "wazero:", err)
		os.Exit(1)
	}
}

// load compiles and starts the plugin.
func load(ctx context.Context, module []byte, deadline time.Duration) (*plugin, error) {
	config := wazero.NewRuntimeConfigCompiler().
		WithMemoryLimitPages(limitPages).WithCloseOnContextDone(deadline > 0)
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return nil, err
	}
	guest := &plugin{deadline: deadline}
	i32 := api.ValueTypeI32
	host := runtime.NewHostModuleBuilder("ohd")
	host.NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(guest.log), []api.ValueType{i32, i32, i32}, nil).
		Export("ohd_log")
	host.NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(guest.http), []api.ValueType{i32, i32, i32, i32},
			[]api.ValueType{i32}).
		Export("ohd_http_request")
	if _, err := host.Instantiate(ctx); err != nil {
		return nil, err
	}
	settings := wazero.NewModuleConfig().
		WithStartFunctions("_initialize").WithSysNanotime().WithSysWalltime()
	instance, err := runtime.InstantiateWithConfig(ctx, module, settings)
	if err != nil {
		return nil, err
	}
	guest.memory = instance.Memory()
	if guest.call = instance.ExportedFunction("gk_call"); guest.call != nil {
		guest.alloc = instance.ExportedFunction("gk_malloc")
		guest.free = instance.ExportedFunction("gk_free")
		return guest, nil
	}
	guest.alloc = instance.ExportedFunction("ohd_alloc")
	guest.free = instance.ExportedFunction("ohd_free")
	guest.onEvent = instance.ExportedFunction("on_event")
	if guest.alloc == nil || guest.free == nil || guest.onEvent == nil {
		return nil, fmt.Errorf("the module exports no ohd_alloc, ohd_free or on_event")
	}
	return guest, nil
}

// deliver hands one event to the guest.
func (p *plugin) deliver(ctx context.Context, payload []byte) error {
	if p.deadline > 0 {
		limited, cancel := context.WithTimeout(ctx, p.deadline)
		defer cancel()
		ctx = limited
	}
	if p.call != nil {
		return p.callFunction(ctx, payload)
	}
	length := uint64(len(payload))
	results, err := p.alloc.Call(ctx, length)
	if err != nil {
		return err
	}
	pointer := results[0]
	if !p.memory.Write(uint32(pointer), payload) {
		return fmt.Errorf("the guest gave memory that it does not have: %d", pointer)
	}
	if _, err := p.onEvent.Call(ctx, pointer, length); err != nil {
		return err
	}
	_, err = p.free.Call(ctx, pointer, length)
	return err
}

// callFunction calls a function of a GoatKit plugin, which imports nothing, and copies its result.
func (p *plugin) callFunction(ctx context.Context, arguments []byte) error {
	var spans [2]uint64
	for index, part := range [][]byte{function, arguments} {
		results, err := p.alloc.Call(ctx, uint64(len(part)))
		if err != nil {
			return err
		}
		spans[index] = results[0]
		if !p.memory.Write(uint32(results[0]), part) {
			return fmt.Errorf("the guest gave memory that it does not have: %d", results[0])
		}
	}
	results, err := p.call.Call(
		ctx, spans[0], uint64(len(function)), spans[1], uint64(len(arguments)))
	if err != nil {
		return err
	}
	pointer, length := uint32(results[0]>>32), uint32(results[0])
	view, ok := p.memory.Read(pointer, length)
	if !ok {
		return fmt.Errorf("the result is outside of the memory")
	}
	p.requestBytes += len(append([]byte(nil), view...))
	for _, block := range []uint64{uint64(pointer), spans[0], spans[1]} {
		if _, err := p.free.Call(ctx, block); err != nil {
			return err
		}
	}
	return nil
}

func (p *plugin) log(context.Context, api.Module, []uint64) {}

func (p *plugin) http(ctx context.Context, _ api.Module, stack []uint64) {
	request, length := uint32(stack[0]), uint32(stack[1])
	pointerOut, lengthOut := uint32(stack[2]), uint32(stack[3])
	view, ok := p.memory.Read(request, length)
	if !ok {
		panic("the request is outside of the memory")
	}
	// A host keeps the request beyond the call, so it takes a copy.
	p.requestBytes += len(append([]byte(nil), view...))
	results, err := p.alloc.Call(ctx, uint64(len(answer)))
	if err != nil {
		panic(err)
	}
	address := uint32(results[0])
	if !p.memory.Write(address, answer) ||
		!p.memory.WriteUint32Le(pointerOut, address) ||
		!p.memory.WriteUint32Le(lengthOut, uint32(len(answer))) {
		panic("the answer does not fit")
	}
	stack[0] = status
}
