package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// packages plans empty models and gives their package names by URN.
func packages(t *testing.T, in Input, urns ...string) (map[string]string, []Diagnostic) {
	t.Helper()
	for _, urn := range urns {
		in.Models = append(in.Models, &devicemodel.Model{URN: urn, Name: urn})
	}
	p, found, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, pkg := range p.Packages {
		if !packageName(pkg.Name) {
			t.Errorf("%q is no package name", pkg.Name)
		}
		if pkg.Name == got[pkg.URN] {
			t.Errorf("%q is given twice", pkg.Name)
		}
		got[pkg.URN] = pkg.Name
	}
	return got, found
}

func TestPackageOfOneModel(t *testing.T) {
	for _, c := range []struct{ urn, want, typ string }{
		{"urn:com:oracle:iot:device:humidity_sensor", "humiditysensor", "HumiditySensor"},
		{"urn:com:oracle:iot:chiller-02", "chiller02", "Chiller02"},
		{"urn:com:eurecom:car:bmw_7s_3", "bmw7s3", "Bmw7s3"},
		{"urn:oracle:yellow:iron:machine:data", "data", "Data"},
		{"urn:com::counter", "counter", "Counter"},
		{"urn:com:acme:", "acme", "Acme"},
		{"urn:com:acme:3phase", "acme3phase", "X3phase"},
		{"urn:com:acme:2:1", "acme21", "X1"},
		{"urn:com:acme:type", "acmetype", "Type"},
		{"urn:com:acme:string", "acmestring", "String"},
		{"urn:com:acme:main", "acmemain", "Main"},
		{"urn:com:acme:internal", "acmeinternal", "Internal"},
		{"urn:com:acme:vendor", "acmevendor", "Vendor"},
		{"urn:com:acme:testdata", "acmetestdata", "Testdata"},
		{"urn:com:acme:documentation", "acmedocumentation", "Documentation"},
		{"urn:com:acme:con", "acmecon", "Con"},
		{"urn:com:acme:COM1", "acmecom1", "COM1"},
		{"urn:com:acme:device", "acmedevice", "Device"},
		{"urn:com:acme:new", "acmenew", "AcmeNew"},
		{"urn:com:acme:update", "update", "AcmeUpdate"},
		{"urn:com:acme:温度", "acme", "X温度"},
		{"urn:com:acme:größe", "gre", "Größe"},
		{"urn:com:type:go", "typego", "Go"},
		{"main", "xmain", "Main"},
		{"urn:main", "urnmain", "Main"},
		{"123", "x123", "X123"},
		{"Pump", "pump", "Pump"},
	} {
		t.Run(c.urn, func(t *testing.T) {
			p, found, err := Build(Input{Models: []*devicemodel.Model{{URN: c.urn}}})
			if err != nil || len(found) > 0 {
				t.Fatal(err, found)
			}
			if got := p.Packages[0]; got.Name != c.want || got.Type != c.typ {
				t.Errorf("package %s, type %s; want %s, %s", got.Name, got.Type, c.want, c.typ)
			}
		})
	}
}

func TestPackageWithoutName(t *testing.T) {
	for _, urn := range []string{"温度", ":::", "---"} {
		got, found := packages(t, Input{}, urn, "urn:x:pump")
		if len(got) != 1 || len(found) == 0 || found[0].Level != devicemodel.Error || found[0].Key != "package" {
			t.Errorf("%q: packages %v, diagnostics %+v", urn, got, found)
		}
		named, found := packages(t, Input{Overrides: map[string]Override{urn: {Package: "thing", Type: "Thing"}}}, urn)
		if named[urn] != "thing" || len(found) > 0 {
			t.Errorf("%q with a name of the configuration: %v, %+v", urn, named, found)
		}
	}
}

func TestPackagesOfNeighbours(t *testing.T) {
	for _, c := range []struct {
		name string
		urns []string
		want []string
	}{
		{"all get longer", []string{"urn:com:acme:pump:data", "urn:com:acme:machine:data"}, []string{"pumpdata", "machinedata"}},
		{"until they differ", []string{"urn:a:pump:data", "urn:b:pump:data", "urn:b:fan:data"}, []string{"apumpdata", "bpumpdata",
			"fandata"}},
		{"another model has the longer name", []string{"urn:a:pump:data", "urn:a:fan:data", "urn:x:pumpdata"}, []string{"apumpdata",
			"fandata", "xpumpdata"}},
		{"one cannot get longer", []string{"data", "urn:b:data"}, []string{"data", "bdata"}},
		{"differ in signs only", []string{"urn:a:b-c", "urn:a:b_c", "urn:a:bc"}, []string{"urnabc", "urnabc2", "urnabc3"}},
		{"differ in case only", []string{"urn:a:B", "urn:a:b"}, []string{"urnab", "urnab2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			urns := slices.Clone(c.urns)
			for range len(urns) {
				urns = append(urns[1:], urns[0])
				got, _ := packages(t, Input{}, urns...)
				for i, urn := range c.urns {
					if got[urn] != c.want[i] {
						t.Errorf("%s is %s, want %s", urn, got[urn], c.want[i])
					}
				}
			}
		})
	}
}

func TestPackagesOnRecord(t *testing.T) {
	l := new(lock.Lock)
	l.Add(lock.Fact{URN: "urn:a:pump:data", Kind: lock.Package, Name: "data"}, lock.Fact{URN: "urn:gone:fan", Kind: lock.Package,
		Name: "fan"})
	got, found := packages(t, Input{Lock: l}, "urn:a:pump:data", "urn:b:machine:data", "urn:c:fan")
	want := map[string]string{"urn:a:pump:data": "data", "urn:b:machine:data": "machinedata", "urn:c:fan": "cfan"}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(found) > 0 {
		t.Errorf("got %v, want %v; %v", got, want, found)
	}
	t.Run("two models with one name after a merge", func(t *testing.T) {
		l := l.Clone()
		l.Add(lock.Fact{URN: "urn:b:machine:data", Kind: lock.Package, Name: "data"})
		got, _ := packages(t, Input{Lock: l}, "urn:a:pump:data", "urn:b:machine:data", "urn:c:fan")
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("a name that is none", func(t *testing.T) {
		l := new(lock.Lock)
		l.Add(lock.Fact{URN: "urn:a:pump", Kind: lock.Package, Name: "main"})
		if got, _ := packages(t, Input{Lock: l}, "urn:a:pump"); got["urn:a:pump"] != "pump" {
			t.Errorf("got %v", got)
		}
	})
}

func TestPackagesOfTheConfiguration(t *testing.T) {
	const a, b = "urn:a:pump:data", "urn:b:machine:data"
	for _, c := range []struct {
		name     string
		override map[string]Override
		want     string // of a; "" when it is refused
	}{
		{"chosen", map[string]Override{a: {Package: "hydraulics"}}, "hydraulics"},
		{"the name on record of another", map[string]Override{a: {Package: "machinedata"}}, "machinedata"},
		{"a keyword", map[string]Override{a: {Package: "func"}}, ""},
		{"upper case", map[string]Override{a: {Package: "Pump"}}, ""},
		{"a path", map[string]Override{a: {Package: "../pump"}}, ""},
		{"reserved", map[string]Override{a: {Package: "internal"}}, ""},
		{"of an unknown model", map[string]Override{"urn:x": {Package: "func"}}, "pumpdata"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, found := packages(t, Input{Overrides: c.override}, a, b)
			if got[a] != c.want || (c.want == "") != (len(found) == 1) {
				t.Errorf("package %q, want %q; %v", got[a], c.want, found)
			}
		})
	}
	got, found := packages(t, Input{Overrides: map[string]Override{a: {Package: "x"}, b: {Package: "x"}}}, a, b)
	if len(found) != 1 || found[0].URN != b || len(got) != 1 || !strings.Contains(found[0].Text, a) {
		t.Errorf("one name chosen twice: %v, %v", got, found)
	}
}

func TestLongPackageNames(t *testing.T) {
	long := strings.Repeat("a", 900)
	got, _ := packages(t, Input{}, "urn:x:"+long+"b", "urn:x:"+long+"c")
	for urn, name := range got {
		if len(name) > longestPackage {
			t.Errorf("%s… is %d bytes long", urn[:10], len(name))
		}
	}
	if len(got) != 2 {
		t.Errorf("%d packages", len(got))
	}
}
