package devicemodel_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// The table of docs/protocol/device-models.md §9.
func TestFileName(t *testing.T) {
	tests := map[string]string{
		"urn:com:acme:pump":     "dm-urn%3Acom%3Aacme%3Apump.json",
		"urn:com.acme:pump-2_A": "dm-urn%3Acom.acme%3Apump-2_A.json",
		"urn:com::counter":      "dm-urn%3Acom%3A%3Acounter.json",
		"urn:acme:a b":          "dm-urn%3Aacme%3Aa+b.json",
		"urn:acme:a/b":          "dm-urn%3Aacme%3Aa%2Fb.json",
		"urn:acme:a+b%20":       "dm-urn%3Aacme%3Aa%2Bb%2520.json",
		"urn:acme:é":            "dm-urn%3Aacme%3A%C3%A9.json",
		"urn:acme:~(x)!'*":      "dm-urn%3Aacme%3A%7E%28x%29%21%27*.json",
		"..":                    "dm-...json",
		"a\\b\x00":              "dm-a%5Cb%00.json",
	}
	for urn, want := range tests {
		if got, err := devicemodel.FileName(urn); err != nil || got != want {
			t.Errorf("FileName(%q) = %q, %v, want %q", urn, got, err, want)
		}
		if got, ok := devicemodel.URNOfFileName(want); !ok || got != urn {
			t.Errorf("URNOfFileName(%q) = %q, %v, want %q", want, got, ok, urn)
		}
	}
}

func TestFileNameErrors(t *testing.T) {
	for _, urn := range []string{"", "\xff", "urn:\xc3"} {
		if name, err := devicemodel.FileName(urn); name != "" || !errors.Is(err, devicemodel.ErrBadURN) {
			t.Errorf("FileName(%q) = %q, %v", urn, name, err)
		}
	}
	fits := strings.Repeat("a", 255-len("dm-.json"))
	if name, err := devicemodel.FileName(fits); err != nil || len(name) != 255 {
		t.Errorf("the longest name: %d bytes, %v", len(name), err)
	}
	name, err := devicemodel.FileName(fits[1:] + ":")
	var long *devicemodel.NameTooLongError
	if name != "" || !errors.Is(err, devicemodel.ErrNameTooLong) || !errors.As(err, &long) || long.Length != 257 || long.Limit != 255 || long.URN != fits[1:]+":" {
		t.Errorf("a name too long: %q, %v", name, err)
	}
	if _, err := devicemodel.FileName(strings.Repeat("é", 1<<20)); err == nil || len(err.Error()) > 300 {
		t.Errorf("the error of a huge URN has %d bytes", len(err.Error()))
	}
}

// Only names that FileName makes are names of URNs.
func TestURNOfFileNameRefuses(t *testing.T) {
	for _, name := range []string{
		"", "dm-.json", "dm-a", "a.json", "dm-a.json.bak", "DM-a.json", "dm-a:b.json", "dm-a%3ab.json", "dm-a%3.json", "dm-a%.json", "dm-a%zz.json", "dm-a%61.json",
		"dm-a%20b.json", "dm-~.json", "dm-%2A.json", "dm-é.json", "dm-%FF.json", "x/dm-a.json", "dm-" + strings.Repeat("a", 300) + ".json", "dm-a b.json",
	} {
		if urn, ok := devicemodel.URNOfFileName(name); ok {
			t.Errorf("URNOfFileName(%q) = %q", name, urn)
		}
	}
}

// The encoding is that of net/url but for two characters.
func TestFileNameAndQueryEscape(t *testing.T) {
	for r := rune(1); r < 0x250; r++ {
		want := url.QueryEscape(string(r))
		switch r {
		case '*':
			want = "*"
		case '~':
			want = "%7E"
		}
		if got, err := devicemodel.FileName(string(r)); err != nil || got != "dm-"+want+".json" {
			t.Errorf("FileName(%q) = %q, %v", r, got, err)
		}
	}
}
