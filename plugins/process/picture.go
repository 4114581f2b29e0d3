package main

import "strings"

const (
	nodeWidth  = 168
	nodeHeight = 46
	gapX       = 26
	gapY       = 40
)

type place struct{ row, column int }

// rows puts each step into the row behind those that lead to it; ways back don't count.
func (d *Definition) rows() (map[string]place, int, int) {
	row := map[string]int{}
	// The longest way from the start, along ways that lead to no step on the way here.
	var visit func(id string, depth int, path map[string]bool)
	budget := 20_000
	visit = func(id string, depth int, path map[string]bool) {
		step := d.step(id)
		budget--
		if step == nil || path[id] || budget < 0 {
			return
		}
		if known, seen := row[id]; seen && known >= depth {
			return
		}
		row[id] = depth
		path[id] = true
		for _, next := range step.Next {
			visit(next.To, depth+1, path)
		}
		delete(path, id)
	}
	if len(d.Steps) > 0 {
		visit(d.Steps[0].ID, 0, map[string]bool{})
	}
	last := 0
	for _, depth := range row {
		last = max(last, depth)
	}
	placed, columns, widest := map[string]place{}, map[int]int{}, 1
	for _, step := range d.Steps {
		depth, seen := row[step.ID]
		if !seen {
			depth = last + 1
		}
		placed[step.ID] = place{depth, columns[depth]}
		columns[depth]++
		widest = max(widest, columns[depth])
	}
	rows := last + 1
	if columns[last+1] > 0 {
		rows++
	}
	return placed, rows, widest
}

// picture draws a process as SVG, with the current step and figures where there are any.
func (d *Definition) picture(t texts, current string, figures map[string]string, pick bool) string {
	placed, rows, widest := d.rows()
	width := widest*(nodeWidth+gapX) + gapX + 40
	if !d.goesBack(placed) {
		width -= 40
	}
	skips := width
	if d.skips(placed) {
		width += 40
	}
	height := rows*(nodeHeight+gapY) + 8
	left := gapX / 2
	if d.goesBack(placed) {
		left += 40
	}
	at := func(id string) (int, int) {
		p := placed[id]
		return left + p.column*(nodeWidth+gapX), 6 + p.row*(nodeHeight+gapY)
	}
	label := t.say("picture") + " " + d.Name
	if step := d.step(current); step != nil {
		label = t.say("picture_of", d.Name, step.Name)
	}
	role := "img"
	if pick {
		role = "group"
	}
	var out strings.Builder
	fprintf(&out, `<svg class="pm-picture" role="%s" aria-label="%s" viewBox="0 0 %d %d" width="%d" height="%d" xmlns="http://www.w3.org/2000/svg">`,
		role, esc(label), width, height, width, height)
	out.WriteString(`<defs><marker id="pm-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>`)
	for i := range d.Steps {
		step := &d.Steps[i]
		drawn := map[string]bool{}
		for _, next := range step.Next {
			if d.step(next.To) == nil || drawn[next.To] {
				continue
			}
			drawn[next.To] = true
			x, y := at(step.ID)
			toX, toY := at(next.To)
			style := "pm-way"
			if next.On == "reject" {
				style = "pm-way pm-no"
			}
			if placed[next.To].row > placed[step.ID].row+1 {
				// Along the right side: straight down, it would vanish behind the steps between.
				lane := skips + 6 + (i%4)*7
				fprintf(&out, `<path class="%s" marker-end="url(#pm-tip)" d="M%d %d H%d Q%d %d %d %d V%d Q%d %d %d %d H%d"/>`, style,
					x+nodeWidth, y+nodeHeight/2+4, lane-8, lane, y+nodeHeight/2+4, lane, y+nodeHeight/2+12,
					toY+nodeHeight/2-16, lane, toY+nodeHeight/2-8, lane-8, toY+nodeHeight/2-8, toX+nodeWidth)
				continue
			}
			if placed[next.To].row > placed[step.ID].row {
				fprintf(&out, `<path class="%s" marker-end="url(#pm-tip)" d="M%d %d C%d %d %d %d %d %d"/>`, style,
					x+nodeWidth/2, y+nodeHeight, x+nodeWidth/2, y+nodeHeight+gapY/2, toX+nodeWidth/2, toY-gapY/2, toX+nodeWidth/2, toY)
				continue
			}
			// Back along the left side, where the first column has nobody beside it.
			lane := 6 + (i%4)*7
			fprintf(&out, `<path class="%s" marker-end="url(#pm-tip)" d="M%d %d H%d Q%d %d %d %d V%d Q%d %d %d %d H%d"/>`, style,
				x, y+nodeHeight/2+8, lane+8, lane, y+nodeHeight/2+8, lane, y+nodeHeight/2,
				toY+nodeHeight/2+4, lane, toY+nodeHeight/2-4, lane+8, toY+nodeHeight/2-4, toX)
		}
	}
	for i := range d.Steps {
		step := &d.Steps[i]
		x, y := at(step.ID)
		class, round := "pm-node pm-"+step.Kind, 8
		if step.Kind == "end" {
			round = nodeHeight / 2
		}
		if !has(stepKinds, step.Kind) {
			class = "pm-node"
		}
		if step.ID == current {
			class += " pm-here"
		}
		pickable := ""
		if pick {
			pickable = sprintf(` tabindex="0" role="button" data-step="%s" aria-label="%s"`,
				esc(step.ID), esc(step.Name))
		}
		fprintf(&out, `<g class="%s"%s><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="%d"/>`, class, pickable,
			esc(step.Name), x, y, nodeWidth, nodeHeight, round)
		first, second := lines(step.Name)
		middle := y + nodeHeight/2 + 5
		figure := figures[step.ID]
		if second != "" {
			middle -= 8
		}
		fprintf(&out, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, x+nodeWidth/2, middle, esc(first))
		if second != "" {
			fprintf(&out, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, x+nodeWidth/2, middle+16, esc(second))
		}
		if figure != "" {
			fprintf(&out, `<g class="pm-figure"><rect x="%d" y="%d" width="34" height="20" rx="10"/><text x="%d" y="%d" text-anchor="middle">%s</text></g>`,
				x+nodeWidth-26, y-6, x+nodeWidth-9, y+9, esc(figure))
		}
		out.WriteString(`</g>`)
	}
	out.WriteString(`</svg>`)
	return out.String()
}

// goesBack tells whether a way leads back, or to the side.
func (d *Definition) goesBack(placed map[string]place) bool {
	for _, step := range d.Steps {
		for _, next := range step.Next {
			if to, known := placed[next.To]; known && to.row <= placed[step.ID].row {
				return true
			}
		}
	}
	return false
}

// skips tells whether a way leads past a row of steps.
func (d *Definition) skips(placed map[string]place) bool {
	for _, step := range d.Steps {
		for _, next := range step.Next {
			if to, known := placed[next.To]; known && to.row > placed[step.ID].row+1 {
				return true
			}
		}
	}
	return false
}

// lines breaks a name into what a node has room for.
func lines(name string) (string, string) {
	const most = 20
	letters := []rune(name)
	if len(letters) <= most {
		return name, ""
	}
	cut := most
	for i := most; i > 6; i-- {
		if letters[i] == ' ' {
			cut = i
			break
		}
	}
	first := strings.TrimSpace(string(letters[:cut]))
	rest := []rune(strings.TrimSpace(string(letters[cut:])))
	if len(rest) > most {
		rest = append(rest[:most-1], '…')
	}
	return first, string(rest)
}
