package fidelity_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the rows of docs/fidelity.md that are this package's")

const (
	document = "../../docs/fidelity.md"
	heading  = "## Device against captures\n"
	columns  = "| what | where | Java 18.3.5 | JavaScript 19.1.5 | ours | reason |\n| --- | --- | --- | --- | --- | --- |\n"
	unplayed = "—" // the client did not come there in the recordings
)

// difference is one row of the table, but for its reason.
type difference struct {
	what, where            string
	java, javaScript, ours string
	roles                  []role
}

// TestDeviceAgainstCaptures holds the table of docs/fidelity.md to what is found.
func TestDeviceAgainstCaptures(t *testing.T) {
	found := differences(javaSide(t), javaScriptSide(t), ourSide(t))
	if *update {
		writeTable(t, found)
	}
	listed, reasons := readTable(t)
	for _, d := range found {
		reason, ok := reasons[d.row()]
		switch {
		case !ok:
			t.Errorf("not listed: %s", d.row())
		case strings.TrimSpace(reason) == "":
			t.Errorf("without a reason: %s", d.row())
		}
	}
	rows := make(map[string]bool)
	for _, d := range found {
		rows[d.row()] = true
	}
	for _, row := range listed {
		if !rows[row] {
			t.Errorf("listed, but no difference any more: %s", row)
		}
	}
	if t.Failed() {
		t.Log("see the package comment")
	}
}

// differences compares what ours did with both official clients.
func differences(java, javaScript, ours played) (found []difference) {
	for _, r := range slices.Concat(calls, contents) {
		own := ours[r]
		sent := difference{what: "the " + kindOf(r) + " itself", java: presence(java, r), javaScript: presence(javaScript, r), ours: presence(ours, r), roles: []role{r}}
		if sent.counts() {
			found = append(found, sent)
		}
		if own == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(allNames(java[r], javaScript[r], own))) {
			d := difference{what: name, java: cell(java[r], name), javaScript: cell(javaScript[r], name), ours: cell(own, name), roles: []role{r}}
			if d.counts() {
				found = merge(found, d)
			}
		}
	}
	for i := range found {
		d := &found[i]
		d.where = places(d.roles, func(r role) bool {
			return ours[r] != nil && (d.java != d.ours && java[r] != nil || d.javaScript != d.ours && javaScript[r] != nil)
		})
	}
	return found
}

func kindOf(r role) string {
	if slices.Contains(calls, r) {
		return "call"
	}
	return "message"
}

// presence tells whether a client makes a request of that role.
func presence(p played, r role) string {
	f, known := p[r]
	switch {
	case !known:
		return unplayed
	case f == nil:
		return "not sent"
	}
	return "sent"
}

func cell(f facets, name string) string {
	if f == nil {
		return unplayed
	}
	return orAbsent(f[name])
}

// counts reports whether ours differs from an official client that came there.
func (d *difference) counts() bool {
	return d.java != d.ours && d.java != unplayed || d.javaScript != d.ours && d.javaScript != unplayed
}

// merge adds a difference to one of the same kind elsewhere, if there is one.
func merge(found []difference, d difference) []difference {
	for i := range found {
		f := &found[i]
		if f.what != d.what || f.ours != d.ours || !agree(&f.java, d.java, false) || !agree(&f.javaScript, d.javaScript, false) {
			continue
		}
		agree(&f.java, d.java, true)
		agree(&f.javaScript, d.javaScript, true)
		f.roles = append(f.roles, d.roles...)
		return found
	}
	return append(found, d)
}

// agree reports whether two cells say the same, taking one that says nothing for
// any, and puts what they say into the first.
func agree(a *string, b string, write bool) bool {
	if *a == unplayed && write {
		*a = b
	}
	return *a == b || *a == unplayed || b == unplayed
}

// places names roles; most of the calls, or messages, by those that are missing
// though they could differ too.
func places(roles []role, could func(role) bool) string {
	for _, all := range [][]role{calls, contents} {
		rest := func(r role) bool { return r == assertions || !could(r) || slices.Contains(roles, r) }
		missing := slices.DeleteFunc(slices.Clone(all), rest)
		if !slices.Contains(all, roles[0]) || len(missing) > 4 || len(roles) < 4 {
			continue
		}
		every := "every " + kindOf(roles[0])
		if len(missing) > 0 {
			every += " but " + join(missing)
		}
		return every
	}
	return join(roles)
}

func join(roles []role) string {
	var names []string
	for _, r := range roles {
		names = append(names, string(r))
	}
	return strings.Join(names, "; ")
}

func (d *difference) row() string {
	return fmt.Sprintf("| %s | %s | %s | %s | %s |", d.what, d.where, d.java, d.javaScript, d.ours)
}

// readTable reads the rows of the section, and the reason of each.
func readTable(t *testing.T) (rows []string, reasons map[string]string) {
	t.Helper()
	_, section, _ := splitDocument(t)
	reasons = make(map[string]string)
	_, table, ok := strings.Cut(section, columns)
	if !ok {
		t.Fatalf("%s has no table in section %s", document, strings.TrimSpace(heading))
	}
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") {
			break
		}
		cut := strings.LastIndex(strings.TrimSuffix(line, " |"), " | ")
		if cut < 0 {
			t.Fatalf("%s: row %q", document, line)
		}
		row, reason := line[:cut]+" |", strings.TrimSuffix(line[cut+len(" | "):], "|")
		rows = append(rows, row)
		reasons[row] = reason
	}
	return rows, reasons
}

// splitDocument returns the section and what is around it.
func splitDocument(t *testing.T) (before, section, after string) {
	t.Helper()
	text, err := os.ReadFile(document)
	must(t, err)
	before, rest, ok := strings.Cut(string(text), heading)
	if !ok {
		t.Fatalf("%s has no section %s", document, strings.TrimSpace(heading))
	}
	if i := strings.Index(rest, "\n## "); i >= 0 {
		return before, rest[:i+1], rest[i+1:]
	}
	return before, rest, ""
}

// writeTable writes the rows and keeps the reasons of those that are unchanged,
// or at least about the same thing.
func writeTable(t *testing.T, found []difference) {
	t.Helper()
	before, section, after := splitDocument(t)
	rows, reasons := readTable(t)
	about := make(map[[2]string]string) // reasons by what the row is about and what ours does
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		about[[2]string{cells[0], cells[len(cells)-1]}] = reasons[row]
	}
	var table bytes.Buffer
	for _, d := range found {
		reason, ok := reasons[d.row()]
		if !ok {
			reason = about[[2]string{d.what, d.ours}]
		}
		fmt.Fprintf(&table, "%s %s |\n", d.row(), strings.TrimSpace(reason))
	}
	introduction, old, _ := strings.Cut(section, columns)
	rest := ""
	if i := strings.Index(old, "\n\n"); i >= 0 {
		rest = old[i+1:]
	}
	must(t, os.WriteFile(document, []byte(before+heading+introduction+columns+table.String()+rest+after), 0o644))
}
