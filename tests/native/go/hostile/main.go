// A program that lies, floods or tries to get out, as the build sets its mode.
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

var mode string

const (
	data, window, ping           = 0, 1, 2
	syn                          = 1
	sysFork, sysSetsid, sysMemfd = 57, 112, 319
)

func frame(kind, flags uint16, stream, length uint32, body []byte) []byte {
	out := make([]byte, 12, 12+len(body))
	out[1] = byte(kind)
	binary.BigEndian.PutUint16(out[2:], flags)
	binary.BigEndian.PutUint32(out[4:], stream)
	binary.BigEndian.PutUint32(out[8:], length)
	return append(out, body...)
}

func onControl(body []byte) []byte { return frame(data, 0, 1, uint32(len(body)), body) }

func number(n int) []byte { // gob's signed integer
	if n < 0 {
		return unsigned(uint64(^n)<<1 | 1)
	}
	return unsigned(uint64(n) << 1)
}

func unsigned(n uint64) []byte {
	if n < 128 {
		return []byte{byte(n)}
	}
	whole := make([]byte, 8)
	binary.BigEndian.PutUint64(whole, n)
	cut := 0
	for whole[cut] == 0 {
		cut++
	}
	return append([]byte{byte(256 - (8 - cut))}, whole[cut:]...)
}

func message(parts ...[]byte) []byte {
	var content []byte
	for _, part := range parts {
		content = append(content, part...)
	}
	return append(unsigned(uint64(len(content))), content...)
}

// The description of a slice.
func slice(id, element int) []byte {
	return message(number(-id), []byte{2, 1, 2}, number(id), []byte{0, 1}, number(element), []byte{0, 0})
}

func attack(c net.Conn) {
	switch mode {
	case "close":
		c.Close()
	case "streams":
		for id := uint32(2); id <= 20_000; id += 2 {
			if _, err := c.Write(frame(window, syn, id, 0, nil)); err != nil {
				return
			}
		}
	case "overflow":
		c.Write(frame(window, 0, 1, 0xffffffff, nil))
	case "beyond":
		c.Write(frame(data, 0, 3, 200_000_000, nil))
	case "pings":
		for {
			if _, err := c.Write(frame(ping, syn, 0, 1, nil)); err != nil {
				return
			}
		}
	case "output": // on the stream of its output, without minding the window
		body := []byte(strings.Repeat("x", 100_000))
		for {
			if _, err := c.Write(frame(data, 0, 3, uint32(len(body)), body)); err != nil {
				return
			}
		}
	case "types":
		for id := 65; id < 10_000; id++ {
			c.Write(onControl(slice(id, 1)))
		}
	case "cycle":
		deep := strings.Repeat("\x01", 1_000)
		c.Write(onControl(append(slice(65, 65), message(number(65), []byte{0}, []byte(deep))...)))
	case "values":
		many := strings.Repeat("\x01", 200_000)
		c.Write(onControl(append(slice(65, 1), message(number(65), []byte{0}, unsigned(200_000), []byte(many))...)))
	case "length":
		c.Write(onControl(unsigned(2 << 30)))
	case "text":
		c.Write(onControl(message(number(6), []byte{0}, unsigned(2<<30))))
	case "http":
		c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
	case "mute":
	}
	io.Copy(io.Discard, c)
}

func say(folder, line string) {
	fmt.Println(line)
	time.Sleep(time.Hour)
	_ = folder
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func listen(folder string) (net.Listener, string) {
	path := folder + "/plugin"
	listener, err := net.Listen("unix", path)
	if err != nil {
		fail(err)
	}
	return listener, path
}

func raw(what string, number uintptr) {
	_, _, errno := syscall.RawSyscall(number, 0, 0, 0)
	fmt.Fprintln(os.Stderr, what+": "+errno.Error())
}

func main() {
	folder := os.Getenv("PLUGIN_UNIX_SOCKET_DIR")
	switch mode {
	case "silent":
		time.Sleep(time.Hour)
	case "gone":
		fmt.Fprintln(os.Stderr, "this program is no plugin")
		os.Exit(7)
	case "gigabyte":
		block := []byte(strings.Repeat("x", 1<<20))
		for i := 0; i < 1024; i++ {
			os.Stdout.Write(block)
		}
	case "chatter":
		say(folder, "Hello, world!")
	case "core":
		say(folder, "2|1|unix|"+folder+"/plugin|netrpc|")
	case "contract":
		say(folder, "1|9|unix|"+folder+"/plugin|netrpc|")
	case "tcp":
		say(folder, "1|1|tcp|127.0.0.1:22|netrpc|")
	case "soap":
		say(folder, "1|1|unix|"+folder+"/plugin|soap|")
	case "certificate":
		say(folder, "1|1|unix|"+folder+"/plugin|grpc|"+strings.Repeat("-", 60))
	case "multiplexed":
		say(folder, "1|1|unix|"+folder+"/plugin|grpc||true")
	case "elsewhere":
		say(folder, "1|1|unix|/run/docker.sock|netrpc|")
	case "upwards":
		say(folder, "1|1|unix|"+folder+"/../../run/docker.sock|netrpc|")
	case "missing":
		say(folder, "1|1|unix|"+folder+"/plugin|netrpc|")
	case "file":
		if _, err := os.Create(folder + "/plugin"); err != nil {
			fail(err)
		}
		say(folder, "1|1|unix|"+folder+"/plugin|netrpc|")
	case "link":
		fail(os.Symlink("/run/docker.sock", folder+"/plugin"))
	case "hardlink":
		listen(folder)
		fail(os.Link(folder+"/plugin", folder+"/other"))
	case "write":
		fail(os.WriteFile(folder+"/data", []byte("x"), 0o600))
	case "folders":
		fail(os.Mkdir(folder+"/more", 0o700))
	case "exec":
		fail(exec.Command("/bin/true").Run())
	case "itself":
		fail(exec.Command("/proc/self/exe").Run())
	case "fork":
		raw("fork", sysFork)
		os.Exit(1)
	case "daemon":
		raw("setsid", sysSetsid)
		os.Exit(1)
	case "memfd":
		raw("memfd", sysMemfd)
		os.Exit(1)
	case "internet":
		_, err := net.Dial("tcp", "127.0.0.1:22")
		fail(err)
	case "mprotect":
		_, err := syscall.Mmap(-1, 0, 4096, 7, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		fail(err)
	case "shared":
		_, err := syscall.Mmap(-1, 0, 4096, 3, syscall.MAP_ANON|syscall.MAP_SHARED)
		fail(err)
	case "signal":
		fail(syscall.Kill(1, 0))
	default:
		listener, path := listen(folder)
		fmt.Println("1|1|unix|" + path + "|netrpc|")
		connection, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		attack(connection)
	}
}
