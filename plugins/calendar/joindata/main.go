// Joindata rewrites a module so that it has few data segments. Go's linker ends one at every run of
// zeros, which makes 50,000 of them; compiling each costs the help desk about 20 kB of memory.
//
// Usage: joindata MODULE
package main

import (
	"fmt"
	"os"
)

const (
	dataSection  = 11
	countSection = 12
	gap          = 4096 // zeros that are written out, to save a segment
)

type segment struct {
	at   uint64
	data []byte
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "joindata:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	module, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out := append([]byte{}, module[:8]...)
	for at := 8; at < len(module); {
		size, body := number(module, at+1)
		section := module[body : body+int(size)]
		switch module[at] {
		case dataSection:
			section = joined(section)
		case countSection:
			return fmt.Errorf("%s counts its segments; expected a module as Go writes it", path)
		}
		out = append(append(append(out, module[at]), encoded(uint64(len(section)))...), section...)
		at = body + int(size)
	}
	return os.WriteFile(path, out, 0o644)
}

// joined returns a data section in which neighbours are one segment.
func joined(section []byte) []byte {
	count, at := number(section, 0)
	var all []segment
	for range count {
		if section[at] != 0 || section[at+1] != 0x41 {
			panic("expected active segments at constant addresses")
		}
		where, end := number(section, at+2)
		size, data := number(section, end+1) // behind the end of the expression
		at = data + int(size)
		if last := len(all) - 1; last >= 0 && where >= all[last].at+uint64(len(all[last].data)) &&
			where-all[last].at-uint64(len(all[last].data)) < gap {
			zeros := where - all[last].at - uint64(len(all[last].data))
			all[last].data = append(append(all[last].data, make([]byte, zeros)...), section[data:at]...)
			continue
		}
		all = append(all, segment{where, append([]byte{}, section[data:at]...)})
	}
	out := encoded(uint64(len(all)))
	for _, each := range all {
		out = append(append(append(out, 0, 0x41), signed(int64(each.at))...), 0x0b)
		out = append(append(out, encoded(uint64(len(each.data)))...), each.data...)
	}
	return out
}

// number reads LEB128; addresses below 2 GiB read alike, signed or not.
func number(from []byte, at int) (found uint64, next int) {
	for shift := 0; ; shift += 7 {
		found |= uint64(from[at]&0x7f) << shift
		at++
		if from[at-1] < 0x80 {
			return found, at
		}
	}
}

func encoded(n uint64) (out []byte) {
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}

func signed(n int64) (out []byte) {
	for ; n >= 0x40; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n)&0x7f)
}
