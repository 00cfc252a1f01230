package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// event is one line of `go test -json`; `go doc test2json` and `go help
// buildjson` describe the members.
type event struct {
	Action  string
	Package string
	Test    string // empty for the package as a whole
	Output  string
}

// key names the test, or the package when Test is empty.
func (e *event) key() testKey {
	return testKey{e.Package, e.Test}
}

// testKey identifies a test across passes.
type testKey struct {
	pkg, test string
}

func (k testKey) String() string {
	return k.pkg + " " + k.test
}

// readEvents gives every event of r to p. A line that is no event, as a test
// binary that writes past the testing package can cause, is printed as it is.
func readEvents(r io.Reader, p *printer) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				fmt.Fprintf(p.out, "%s", line)
			} else {
				p.handle(&e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of go test: %w", err)
		}
	}
}
