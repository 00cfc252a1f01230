package plan

import (
	"math"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestSentence(t *testing.T) {
	long := strings.Repeat("word ", 400)
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"blank", " \t\r\n", ""},
		{"capital and full stop", "online status", "Online status."},
		{"one word", "humidity", "Humidity."},
		{"is a sentence", "Measures humidity between 0% and 100%.", "Measures humidity between 0% and 100%."},
		{"question", "Is it open?", "Is it open?"},
		{"closing bracket", "The oil viscosity (%)", "The oil viscosity (%)."},
		{"colon at the end", "modes:", "Modes."},
		{"semicolons and commas", "one, two;, ", "One, two."},
		{"a path is no word", "wot/bk/property/speed", "wot/bk/property/speed."},
		{"a name in mixed case", "iPhone battery", "iPhone battery."},
		{"with a figure", "c02 level", "c02 level."},
		{"other letters", "température de l'air", "Température de l'air."},
		{"first word with a comma", "on, off or standby", "On, off or standby."},
		{"chinese", "温度。", "温度。"},
		{"lines become one", "first\nsecond\r\n\tthird", "First second third."},
		{"control characters", "a\x00b\x07c", "A b c."},
		{"line separators", "a\u2028b\u2029c\u0085d\u00a0e", "A b c d e."},
		{"byte order mark", "\ufeffab\ufeff", "Ab."},
		{"direction marks", "a\u202eb\u2066c\u200e", "Abc."},
		{"joiners of scripts and pictures", "می\u200cخواهم 👩\u200d🔧", "می\u200cخواهم 👩\u200d🔧."},
		{"not UTF-8", "a\xffb", "a\ufffdb."},
		{"cut", long, "W" + long[1:999] + " …"},
		{"end of a comment", "a */ func init() {} /*", "A */ func init() {} /*."},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sentence(c.in)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if again := sentence(got); again != got && c.name != "cut" {
				t.Errorf("said twice it is %q", again)
			}
		})
	}
}

func FuzzSentence(f *testing.F) {
	for _, s := range []string{"a", "a\nb", "\u2028", "#", "//go:embed x", "\ufeff", strings.Repeat("x ", 1200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := sentence(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' }) {
			t.Errorf("%q", got)
		}
		if n := utf8.RuneCountInString(got); n > maxDoc+4 {
			t.Errorf("%d characters", n)
		}
	})
}

func TestLabel(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "a\nb": "a b", "": "(no printable name)", "\x00": "(no printable name)", strings.Repeat("x",
			200): strings.Repeat("x", 120) + " …",
	} {
		if got := label(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "0"}, {1, "1"}, {-90, "-90"}, {0.1, "0.1"}, {16378.75, "16378.75"}, {1e6, "1000000"},
		{1e14, "100000000000000"},
		{1e15, "1e+15"}, {-1e300, "-1e+300"}, {0.00001, "0.00001"}, {0.000001, "1e-06"}, {5e-324, "5e-324"}, {1.0 / 3,
			"0.3333333333333333"},
	} {
		if got := Decimal(c.in); got != c.want {
			t.Errorf("%g is %s, want %s", c.in, got, c.want)
		}
	}
}

func TestRange(t *testing.T) {
	for _, c := range []struct {
		name      string
		typ       devicemodel.Type
		low, high float64
		want      string // "" for none
	}{
		{"integer", devicemodel.Integer, 0, 100, "0 to 100"},
		{"integer with fractions", devicemodel.Integer, -2.5, 7.9, "-2 to 7"},
		{"integer below zero", devicemodel.Integer, -0.5, 0.5, "0 to 0"},
		{"integer beyond 32 bits", devicemodel.Integer, -1e300, 1e300, "-2147483648 to 2147483647"},
		{"number", devicemodel.Number, -2.5, 7.9, "-2.5 to 7.9"},
		{"number, large", devicemodel.Number, -1e300, 1e300, "-1e+300 to 1e+300"},
		{"text", devicemodel.String, 0, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := rangeOf(c.typ, &devicemodel.Range{Low: c.low, High: c.high})
			if got == nil {
				got = new(Range)
			} else if got.Low != c.low || got.High != c.high || got.Min+" to "+got.Max != got.Doc {
				t.Errorf("%+v", got)
			}
			if got.Doc != c.want {
				t.Errorf("got %q, want %q", got.Doc, c.want)
			}
		})
	}
	if rangeOf(devicemodel.Integer, nil) != nil {
		t.Error("there is a range where there is none")
	}
}

func TestDefault(t *testing.T) {
	for _, c := range []struct {
		typ  devicemodel.Type
		in   devicemodel.Default
		want Default
	}{
		{devicemodel.Integer, devicemodel.Default{Integer: -7}, Default{"-7", false, "-7"}},
		{devicemodel.Integer, devicemodel.Default{}, Default{"0", true, "0"}},
		{devicemodel.Number, devicemodel.Default{Number: 0.5}, Default{"0.5", false, "0.5"}},
		{devicemodel.Number, devicemodel.Default{Number: math.Copysign(0, -1)}, Default{"0", true, "0"}},
		{devicemodel.Boolean, devicemodel.Default{Boolean: true}, Default{"true", false, "true"}},
		{devicemodel.Boolean, devicemodel.Default{}, Default{"false", true, "false"}},
		{devicemodel.DateTime, devicemodel.Default{Integer: 1511805927387}, Default{"1511805927387", false, "2017-11-27T18:05:27.387Z"}},
		{devicemodel.DateTime, devicemodel.Default{}, Default{"0", true, "1970-01-01T00:00:00.000Z"}},
		{devicemodel.String, devicemodel.Default{Text: "a\"\n`"}, Default{`"a\"\n` + "`" + `"`, false, "\"a\" `\""}},
		{devicemodel.String, devicemodel.Default{}, Default{`""`, true, `""`}},
		{devicemodel.URI, devicemodel.Default{Text: "https://x/y"}, Default{`"https://x/y"`, false, "https://x/y"}},
	} {
		if diff := cmp.Diff(&c.want, defaultOf(c.typ, &c.in)); diff != "" {
			t.Errorf("%s: %s", c.typ, diff)
		}
	}
	if defaultOf(devicemodel.String, nil) != nil {
		t.Error("there is a default where there is none")
	}
}
