package devicemodel_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// The column "Go loader" of the table in docs/protocol/device-models.md §2.2.
func TestRangeText(t *testing.T) {
	accepted := map[string]devicemodel.Range{
		"0,100":              {Low: 0, High: 100},
		"-20,80":             {Low: -20, High: 80},
		"-90,90":             {Low: -90, High: 90},
		"0.3,0.4":            {Low: 0.3, High: 0.4},
		"0.0,50.0":           {Low: 0, High: 50},
		"-100000.0,100000.0": {Low: -100000, High: 100000},
		"0,255":              {Low: 0, High: 255},
		"1E3,2E3":            {Low: 1000, High: 2000},
		"1E+3,2.5E+3":        {Low: 1000, High: 2500},
		"-2.5E-3,2.5E-3":     {Low: -0.0025, High: 0.0025},
		"5,5":                {Low: 5, High: 5},
		"007,010":            {Low: 7, High: 10},
		"-0,0":               {Low: 0, High: 0},
		"-5,-1":              {Low: -5, High: -1},
		"0,1E-999":           {Low: 0, High: 0},
	}
	for text, bounds := range accepted {
		t.Run(text, func(t *testing.T) {
			model := withAttributes(`{"name":"a","type":"NUMBER","range":` + strconv.Quote(text) + `}`)
			check(t, model, want{})
			got := mustLoad(t, model).Attributes[0].Range
			if got == nil || *got != bounds || math.Signbit(got.Low) != math.Signbit(bounds.Low) {
				t.Errorf("read as %v, want %v", got, bounds)
			}
		})
	}
}

func TestRangeTextRefused(t *testing.T) {
	refused := map[string]string{
		"100,0":       "is reversed",
		" 0,100":      "holds a blank",
		"0, 100":      "holds a blank",
		"5 ,6":        "holds a blank",
		"0,100\t":     "holds a blank",
		"0,100,200":   "has 3 parts",
		"0,":          "open end",
		",5":          "open end",
		",":           "open end",
		"5":           "has no comma",
		"":            "is empty",
		"+1,2":        `"+1", which is no decimal number`,
		"0,0x10":      `"0x10", which is no decimal number`,
		"1_0,2":       `"1_0", which is no decimal number`,
		".5,1":        "no decimal number",
		"1.,2":        "no decimal number",
		"1E,2":        "no decimal number",
		"1E+,2":       "no decimal number",
		"--1,2":       "no decimal number",
		"-,2":         "no decimal number",
		"NaN,1":       "no decimal number",
		"-Infinity,0": "no decimal number",
		"٠,٩":         "no decimal number",
		"0,1E400":     "too large",
		"-1E400,0":    "too large",
		"1;2":         "has no comma",
	}
	for text, part := range refused {
		t.Run(text, func(t *testing.T) {
			w := want{"M06", "/attributes/0/range", part, fail, fail}
			check(t, withAttributes(`{"name":"a","type":"NUMBER","range":`+strconv.Quote(text)+`}`), w)
			w.pointer = "/actions/0/range"
			check(t, withActions(`{"name":"a","argType":"INTEGER","range":`+strconv.Quote(text)+`}`), w)
			w.pointer = "/actions/0/arguments/0/range"
			check(t, withArguments(`{"name":"a","type":"NUMBER","range":`+strconv.Quote(text)+`}`), w)
		})
	}
}

func TestRangeOfOtherKind(t *testing.T) {
	for _, value := range []string{`100`, `[0,100]`, `{"low":0}`, `true`} {
		check(t, withAttributes(`{"name":"a","type":"NUMBER","range":`+value+`}`), want{"MODEL", "/attributes/0/range", "a text such as", fail, fail})
	}
	check(t, withAttributes(`{"name":"a","type":"NUMBER","range":null}`), want{})
	check(t, withAttributes(`{"name":"a","type":"STRING","range":null}`), want{})
}

func TestRangeOnTypesWithoutOne(t *testing.T) {
	for _, typ := range []string{"STRING", "BOOLEAN", "DATETIME", "URI"} {
		text := withAttributes(`{"name":"a","type":"` + typ + `","range":"0,1"}`)
		check(t, text, want{"M06", "/attributes/0/range", "not " + typ, fail, warn})
		if r := mustLoad(t, text).Attributes[0].Range; r != nil {
			t.Errorf("%s keeps the range %v", typ, r)
		}
	}
}

func TestRangeContains(t *testing.T) {
	r := devicemodel.Range{Low: -1.5, High: 2}
	for v, want := range map[float64]bool{-1.5: true, 2: true, 0: true, -1.6: false, 2.0001: false, math.Inf(1): false} {
		if r.Contains(v) != want {
			t.Errorf("Contains(%v) = %v", v, !want)
		}
	}
	if r.Contains(math.NaN()) {
		t.Error("NaN lies in a range")
	}
	if r.String() != "-1.5,2" {
		t.Errorf("String() = %q", r.String())
	}
}

func TestIntegerRangeMayHaveFractions(t *testing.T) {
	m := mustLoad(t, withAttributes(`{"name":"a","type":"INTEGER","range":"0.5,1.5"}`))
	if got := *m.Attributes[0].Range; got != (devicemodel.Range{Low: 0.5, High: 1.5}) {
		t.Errorf("range %v", got)
	}
}
