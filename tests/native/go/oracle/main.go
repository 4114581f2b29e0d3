// Gob as Go itself writes and reads it.
//
//	oracle encode SEED COUNT   random values, one line each: JSON of the value, a tab, hex of its gob
//	oracle decode              lines of hex from stdin (the request of a call), answered with JSON
package main

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand"
	"os"
	"strconv"
)

type Inner struct {
	Name     string
	Count    int
	Children []Inner
	Flags    []bool
}

type Shape struct {
	Small  int8
	Signed int64
	Plain  uint64
	Truth  bool
	Half   float32
	Whole  float64
	Text   string
	Raw    []byte
	Words  []string
	Table  map[string]string
	Deep   map[string]map[string]int
	Nested Inner
	Link   *Inner
	Fixed  [3]int
	Any    interface{}
}

type InitArgs struct {
	Config    map[string]string
	HostAPIID uint32
}

type CallArgs struct {
	Function  string
	Args      []byte
	CallToken string
}

type Request struct {
	ServiceMethod string
	Seq           uint64
}

func text(r *rand.Rand) string {
	runes := []rune("abcXYZ 09äß漢🐐\n\"\\\x00")
	out := make([]rune, r.Intn(12))
	for i := range out {
		out[i] = runes[r.Intn(len(runes))]
	}
	return string(out)
}

func number(r *rand.Rand) int64 {
	n := r.Uint64() >> uint(r.Intn(64))
	if r.Intn(2) == 0 {
		return -int64(n >> 1)
	}
	return int64(n >> 1)
}

func inner(r *rand.Rand, depth int) Inner {
	out := Inner{Name: text(r), Count: int(number(r))}
	for i := 0; depth > 0 && i < r.Intn(3); i++ {
		out.Children = append(out.Children, inner(r, depth-1))
	}
	for i := 0; i < r.Intn(4); i++ {
		out.Flags = append(out.Flags, r.Intn(2) == 0)
	}
	return out
}

func shape(r *rand.Rand) Shape {
	out := Shape{
		Small: int8(number(r)), Signed: number(r), Plain: r.Uint64() >> uint(r.Intn(64)),
		Truth: r.Intn(2) == 0, Half: float32(r.Intn(1000)) / 8, Whole: r.NormFloat64() * math.Pow(10, float64(r.Intn(40)-20)),
		Text: text(r), Nested: inner(r, 3), Fixed: [3]int{r.Intn(3), r.Intn(300), -r.Intn(3)},
	}
	if r.Intn(2) == 0 {
		out.Raw = []byte(text(r))
		link := inner(r, 1)
		out.Link = &link
		out.Any = text(r)
	}
	for i := 0; i < r.Intn(4); i++ {
		out.Words = append(out.Words, text(r))
	}
	if r.Intn(2) == 0 {
		out.Table = map[string]string{}
		out.Deep = map[string]map[string]int{}
		for i := 0; i < r.Intn(4); i++ {
			out.Table[text(r)] = text(r)
			out.Deep[text(r)] = map[string]int{text(r): int(number(r) % (1 << 50))}
		}
	}
	return out
}

func encode(seed int64, count int) {
	r := rand.New(rand.NewSource(seed))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	var stream bytes.Buffer
	encoder := gob.NewEncoder(&stream) // one stream: types are described once
	for i := 0; i < count; i++ {
		var value any
		switch r.Intn(6) {
		case 0:
			value = number(r)
		case 1:
			value = text(r)
		case 2:
			value = map[string]string{text(r): text(r), "": text(r)}
		case 3:
			value = []string{text(r), text(r)}
		default:
			value = shape(r)
		}
		stream.Reset()
		if err := encoder.Encode(value); err != nil {
			panic(err)
		}
		line, _ := json.Marshal(value)
		fmt.Fprintf(out, "%s\t%s\n", line, hex.EncodeToString(stream.Bytes()))
	}
}

func decode() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		data, err := hex.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		decoder := gob.NewDecoder(bytes.NewReader(data))
		var request Request
		if err := decoder.Decode(&request); err != nil {
			fmt.Fprintln(out, err)
			continue
		}
		var body any
		switch request.ServiceMethod {
		case "Init":
			body = &InitArgs{}
		case "Call":
			body = &CallArgs{}
		case "Shape":
			body = &Shape{}
		default:
			body = new(string)
		}
		if err := decoder.Decode(body); err != nil {
			fmt.Fprintln(out, err)
			continue
		}
		line, _ := json.Marshal(map[string]any{"request": request, "body": body})
		fmt.Fprintf(out, "%s\n", line)
	}
}

func main() {
	if os.Args[1] == "encode" {
		seed, _ := strconv.ParseInt(os.Args[2], 10, 64)
		count, _ := strconv.Atoi(os.Args[3])
		encode(seed, count)
	} else {
		decode()
	}
}
