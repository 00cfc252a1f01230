package lock

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const pump = "urn:com:example:pump"

// everything is one fact of each kind.
var everything = []Fact{
	{URN: pump, Kind: Package, Name: "pump"},
	{URN: pump, Kind: Type, Name: "Pump"},
	{URN: pump, Kind: Attribute, Wire: "left-door", Name: "LeftDoor"},
	{URN: pump, Kind: Action, Wire: "prime", Name: "Prime"},
	{URN: pump, Kind: Argument, In: "prime", Wire: "seconds", Name: "Seconds"},
	{URN: pump, Kind: Alert, Wire: pump + ":hot", Name: "Hot"},
	{URN: pump, Kind: Data, Wire: pump + ":log", Name: "Log"},
	{URN: pump, Kind: Field, In: pump + ":hot", Wire: "température", Name: "Température"},
	{URN: pump, Kind: File, Name: "pump/device.go"},
}

const text = header + `urn:com:example:pump action prime Prime
urn:com:example:pump alert urn:com:example:pump:hot Hot
urn:com:example:pump argument prime seconds Seconds
urn:com:example:pump attribute left-door LeftDoor
urn:com:example:pump data urn:com:example:pump:log Log
urn:com:example:pump field urn:com:example:pump:hot température Température
urn:com:example:pump file pump/device.go
urn:com:example:pump package pump
urn:com:example:pump type Pump
`

func with(facts ...Fact) *Lock {
	l := new(Lock)
	l.Add(facts...)
	return l
}

func TestBytesDoNotDependOnOrder(t *testing.T) {
	for range 10 {
		for i := range everything {
			turned := slices.Concat(everything[i:], everything[:i])
			if diff := cmp.Diff(text, string(with(turned...).Bytes())); diff != "" {
				t.Fatal(diff)
			}
		}
	}
}

func TestLookUp(t *testing.T) {
	l := with(everything...)
	if name, ok := l.Package(pump); name != "pump" || !ok {
		t.Errorf("Package = %q, %v", name, ok)
	}
	for _, f := range everything {
		if f.Kind == File {
			continue
		}
		if name, ok := l.Name(f.URN, f.Kind, f.In, f.Wire); name != f.Name || !ok {
			t.Errorf("Name of %+v = %q, %v", f, name, ok)
		}
	}
	if name, ok := l.Name(pump, Action, "", "left-door"); ok {
		t.Errorf("an action has the name of an attribute: %q", name)
	}
	if got := l.Files(pump); !slices.Equal(got, []string{"pump/device.go"}) {
		t.Errorf("Files = %q", got)
	}
	if got := l.URNs(); !slices.Equal(got, []string{pump}) {
		t.Errorf("URNs = %q", got)
	}
	if got := l.Facts(pump); len(got) != len(everything) {
		t.Errorf("Facts has %d entries, want %d", len(got), len(everything))
	}
}

func TestNilAndZeroLock(t *testing.T) {
	var zero Lock
	for name, l := range map[string]*Lock{"nil": nil, "zero": &zero} {
		t.Run(name, func(t *testing.T) {
			if _, ok := l.Package(pump); ok {
				t.Error("there is a package")
			}
			if l.URNs() != nil || len(l.Files(pump)) != 0 || len(l.Facts(pump)) != 0 {
				t.Error("there are facts")
			}
			if got := string(l.Bytes()); got != header {
				t.Errorf("Bytes = %q", got)
			}
			l.Remove(pump)
			l.RemoveFile(pump, "pump/device.go")
			if c := l.Clone(); c == nil || len(c.URNs()) != 0 {
				t.Error("Clone is no empty lock")
			}
		})
	}
}

func TestAdd(t *testing.T) {
	l := with(everything...)
	l.Add(everything...)
	if diff := cmp.Diff(text, string(l.Bytes())); diff != "" {
		t.Errorf("recording twice changed the lock: %s", diff)
	}
	l.Add(Fact{URN: pump, Kind: Attribute, Wire: "left-door", Name: "PortDoor"})
	if name, _ := l.Name(pump, Attribute, "", "left-door"); name != "PortDoor" {
		t.Errorf("the name was not replaced: %q", name)
	}
	l.Add(Fact{URN: pump, Kind: File, Name: "pump/actions.go"})
	if got := l.Files(pump); !slices.Equal(got, []string{"pump/actions.go", "pump/device.go"}) {
		t.Errorf("files are not added: %q", got)
	}
}

func TestRemove(t *testing.T) {
	l := with(everything...)
	l.RemoveFile(pump, "pump/device.go")
	if got := l.Files(pump); len(got) != 0 {
		t.Errorf("Files = %q", got)
	}
	if len(l.URNs()) != 1 {
		t.Error("the names went with the file")
	}
	l.Remove(pump)
	if got := string(l.Bytes()); got != header {
		t.Errorf("something is left: %s", got)
	}
	l.Add(Fact{URN: pump, Kind: File, Name: "pump/device.go"})
	l.RemoveFile(pump, "pump/device.go")
	if got := l.URNs(); len(got) != 0 {
		t.Errorf("a model without facts is on record: %q", got)
	}
}

func TestCloneIsIndependent(t *testing.T) {
	l := with(everything...)
	c := l.Clone()
	c.Add(Fact{URN: pump, Kind: Attribute, Wire: "left-door", Name: "Other"}, Fact{URN: "urn:x", Kind: Type, Name: "X"})
	c.RemoveFile(pump, "pump/device.go")
	if diff := cmp.Diff(text, string(l.Bytes())); diff != "" {
		t.Errorf("changing the copy changed the lock: %s", diff)
	}
}
