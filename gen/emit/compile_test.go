package emit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is a module outside this one that uses it, as a user's would: with a package for each golden package.
type module struct {
	dir      string
	packages []string // import paths
}

func newModule(t *testing.T) *module {
	t.Helper()
	m := &module{dir: t.TempDir()}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	const path = "github.com/iotcs-go/iotcs"
	text := strings.Replace(string(mod), "module "+path, "module golden", 1)
	m.write(t, "go.mod", fmt.Appendf(nil, "%s\nrequire %s v0.0.0\n\nreplace %s => %s\n", text, path, path, root))
	m.write(t, "go.sum", sum)
	for _, g := range goldens(t) {
		for name, content := range generate(t, g.input(t)) {
			if !strings.HasSuffix(name, ".go") {
				continue
			}
			m.write(t, g.name+"/"+name, content)
			if strings.HasSuffix(name, "/model.go") {
				m.packages = append(m.packages, "golden/"+g.name+"/"+filepath.Dir(name))
			}
		}
	}
	slices.Sort(m.packages)
	return m
}

func (m *module) write(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(m.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the go command in the module.
func (m *module) run(t *testing.T, args ...string) {
	t.Helper()
	c := exec.Command("go", args...)
	c.Dir = m.dir
	c.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// The program that uses all golden packages: the model in the code is the model that went into the generator.
const program = `package golden

import (
	"testing"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
%s)

func TestFingerprints(t *testing.T) {
	for _, p := range []struct {
		urn, fingerprint string
		bind             func(device.Client) (*device.Virtual, error)
	}{
%s	} {
		v, err := p.bind(devicetest.New())
		if err != nil {
			t.Errorf("%%s: %%v", p.urn, err)
			continue
		}
		if got := v.Fingerprint(); got != p.fingerprint || v.Model().URN != p.urn {
			t.Errorf("%%s: fingerprint of the code is %%s, of the model %%s", p.urn, got, p.fingerprint)
		}
	}
}
`

// All golden packages compile against the runtime, go vet has nothing to say, the compact models in them are the models they came from, and
// the programs in testdata/use, which call every kind of method, find that they do what they say.
func TestGoldenPackagesWithTheRuntime(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command, which takes seconds")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command")
	}
	m := newModule(t)
	var imports, entries strings.Builder
	for i, path := range m.packages {
		fmt.Fprintf(&imports, "\tp%d %q\n", i, path)
		fmt.Fprintf(&entries, "\t\t{p%[1]d.URN, p%[1]d.Fingerprint, func(c device.Client) (*device.Virtual, error) {\n"+
			"\t\t\ts, err := p%[1]d.New(c, \"0-AB\")\n\t\t\tif err != nil {\n\t\t\t\treturn nil, err\n\t\t\t}\n\t\t\treturn s.Virtual(), nil\n\t\t}},\n", i)
	}
	m.write(t, "golden_test.go", fmt.Appendf(nil, program, imports.String(), entries.String()))
	programs, err := filepath.Glob("testdata/use/*.go")
	if err != nil || len(programs) == 0 {
		t.Fatal("no programs: ", err)
	}
	for _, path := range programs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m.write(t, "use/"+filepath.Base(path), text)
	}
	m.run(t, "vet", "./...")
	m.run(t, "test", "-count=1", "-vet=off", ".", "./use")
}
