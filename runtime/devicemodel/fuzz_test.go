package devicemodel_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// FuzzInspect looks for panics, for findings outside the text, and for texts on which the two loaders disagree.
func FuzzInspect(f *testing.F) {
	for name, data := range samples(f) {
		if !strings.Contains(name, "io_rack") { // too long to vary well
			f.Add(data)
		}
	}
	for _, text := range []string{
		``, `{`, `[]`, `[1]`, `{"items":[{}]}`, "\xef\xbb\xbf{}", `{"urn":"urn:a","name":"A","name":"B"}`, `{"urn":"a","name":"\ud83d\ude00"}`,
		withAttributes(`{"name":"a","alias":"b","type":"INTEGER","range":"1e3,2E3","defaultValue":5.0}`, `{"name":"b","type":"STRING","range":"0,1"}`),
		withActions(`{"name":"a","argType":"URI","range":"0,1","arguments":[{"name":"x","type":"NUMBER","defaultValue":1e400}]}`),
		withFields(`{"name":"a","type":"DATETIME","defaultValue":"x"}`), withMembers(`"formats":{"links":[]},"draft":true`),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, found := devicemodel.Inspect(data)
		checkPlaces(t, data, docs, found)
		if text := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")); !json.Valid(text) && !hasError(found) {
			t.Fatalf("no error in a text that is not JSON: %q", data)
		}
		m, warnings, err := devicemodel.Load(data)
		if len(docs) == 1 && docs[0].Pointer == "" || docs == nil && hasError(found) {
			checkAgreement(t, docs, found, m, warnings, err)
		}
		if m != nil {
			checkModel(t, m)
		}
	})
}

func hasError(found []devicemodel.Finding) bool {
	return slices.ContainsFunc(found, func(f devicemodel.Finding) bool { return f.Level == devicemodel.Error })
}

func checkPlaces(t *testing.T, data []byte, docs []devicemodel.Document, found []devicemodel.Finding) {
	for i, f := range found {
		if f.Offset < 0 || f.Offset > int64(len(data)) || f.Pointer != "" && f.Pointer[0] != '/' {
			t.Fatalf("finding outside the text of %d bytes: %v", len(data), f)
		}
		if f.Text == "" || f.Remedy == "" || strings.Contains(f.Text, "%!") && !bytes.Contains(data, []byte("%!")) {
			t.Fatalf("finding without words: %+v", f)
		}
		if i > 0 && found[i-1].Offset > f.Offset {
			t.Fatalf("%v stands before %v", found[i-1], f)
		}
	}
	for _, d := range docs {
		if !bytes.HasPrefix(data[d.Offset:], d.Raw) || !json.Valid(d.Raw) {
			t.Fatalf("document %q is not at %d", d.Raw, d.Offset)
		}
		if d.Model != nil && d.Model.URN != d.URN {
			t.Fatalf("document of %q has the URN %q", d.Model.URN, d.URN)
		}
	}
}

// checkAgreement holds Load against Inspect for one text: they find the same, and only Load may call an error a warning.
func checkAgreement(t *testing.T, docs []devicemodel.Document, found []devicemodel.Finding, m *devicemodel.Model, warnings []devicemodel.Finding, err error) {
	loaded := warnings
	var le *devicemodel.LoadError
	if errors.As(err, &le) {
		loaded = le.Findings
		if !hasError(loaded) {
			t.Fatalf("an error without a reason: %v", err)
		}
	} else if err != nil || hasError(warnings) {
		t.Fatalf("Load: %v, %v", warnings, err)
	}
	if (m == nil) != (err != nil) {
		t.Fatalf("Load: %v, %v", m, err)
	}
	if err != nil && !hasError(found) {
		t.Fatalf("Load: %v, but Inspect found %v", err, found)
	}
	if len(loaded) >= 1000 || len(found) >= 1000 {
		return
	}
	if len(loaded) != len(found) {
		t.Fatalf("Load found %v\nInspect %v", loaded, found)
	}
	for i := range loaded {
		if l, f := loaded[i], found[i]; l.Rule != f.Rule || l.Offset != f.Offset || l.Level > f.Level {
			t.Fatalf("Load found %v, Inspect %v", l, f)
		}
	}
	if err == nil && !hasError(found) {
		if diff := cmp.Diff(m, docs[0].Model); diff != "" {
			t.Fatalf("models differ: %s", diff)
		}
	}
}

func checkModel(t *testing.T, m *devicemodel.Model) {
	if text := devicemodel.Canonical(m); bytes.Count(text, []byte("\n")) < 2+len(m.Attributes)+len(m.Actions)+len(m.Formats) {
		t.Fatalf("canonical text %q", text)
	}
	if m.URN == "" || m.Name == "" {
		t.Fatalf("a model without URN or name: %+v", m)
	}
	if name, err := devicemodel.FileName(m.URN); err == nil {
		if urn, ok := devicemodel.URNOfFileName(name); !ok || urn != m.URN {
			t.Fatalf("URNOfFileName(%q) = %q, %v", name, urn, ok)
		}
	}
	for _, a := range m.Attributes {
		if a.Name == "" || a.Type.String() == "Type(0)" || a.Range != nil && a.Range.Low > a.Range.High || a.Alias == a.Name {
			t.Fatalf("attribute %+v", a)
		}
	}
}

// FuzzURNOfFileName looks for names that are not the name of the URN that they give.
func FuzzURNOfFileName(f *testing.F) {
	for _, name := range []string{"dm-urn%3Acom%3Aacme%3Apump.json", "dm-%C3%A9+*.json", "dm-%.json", "dm-.json", "x"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		urn, ok := devicemodel.URNOfFileName(name)
		if !ok {
			return
		}
		if again, err := devicemodel.FileName(urn); err != nil || again != name {
			t.Errorf("%q gives %q, which gives %q, %v", name, urn, again, err)
		}
	})
}
