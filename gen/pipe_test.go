//go:build unix

package gen_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/iotcs-go/iotcs/gen"
)

// A pipe in the place of any input is refused without being opened: opening would wait for somebody to write into it.
func TestPipesDoNotBlock(t *testing.T) {
	for _, name := range []string{"models/dm-x.json", "generated/iotcs-gen.lock", "iotcs-gen.yaml", "generated/pump/device.go"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write(name, "")
			w.remove(name)
			if err := syscall.Mkfifo(w.path(name), 0o666); err != nil {
				t.Skip("no pipes here:", err)
			}
			_, found := gen.Load(w.dir, gen.Flags{})
			if gen.Worst(found) != gen.Error {
				r := w.run(gen.Flags{})
				found = r.Diagnostics
				for _, d := range r.Drift() {
					found = append(found, d.Diagnostic)
				}
			}
			if !strings.Contains(text(found), name+": ") {
				t.Error(text(found))
			}
		})
	}
}
