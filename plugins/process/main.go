// Process runs processes on tickets: steps, approvals and tasks, each change together with its ticket.
package main

import (
	_ "embed"

	"example.com/process/goatkit"
)

//go:embed registration.json
var registration []byte

func init() {
	goatkit.Register(registration, map[string]goatkit.Function{
		"panel":   panel,
		"waiting": widget,
		"start":   startRoute,
		"act":     actRoute,
		"cancel":  cancelRoute,
		"resume":  resumeRoute,
		"index":   index,
		"one":     one,
		"use":     use,
		"import":  imported,
		"export":  export,
		"archive": archive,
		"delete":  deleteVersion,
		"design":  design,
		"preview": previewRoute,
		"save":    save,
		"late":    late,
	})
}

func main() {}
