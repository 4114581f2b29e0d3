// A plugin of standard Go without an exported allocator. It must be refused at install.
package main

//go:wasmexport on_event
func onEvent(ptr, length uint32) {}

func main() {}
