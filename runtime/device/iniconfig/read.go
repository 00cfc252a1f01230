package iniconfig

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"gopkg.in/ini.v1"

	"github.com/iotcs-go/iotcs/runtime/device"
)

// MaxSize is the size of the largest file that is read, in bytes.
const MaxSize = 1 << 20

// Read reads a config.ini. It returns the options that it stands for, in the
// order of the file, and what has no effect in it. Relative paths in it stay
// relative to the working directory, as with the Python client.
//
// Errors: those of the file system; [*ValueError] and [*SyntaxError], joined,
// which match [ErrInvalid]. There are no options when there is an error.
func Read(path string) ([]device.Option, []Finding, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, nil, fmt.Errorf("configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse is [Read] for text that is in memory; file is its name in findings and
// errors.
func Parse(file string, data []byte) ([]device.Option, []Finding, error) {
	if len(data) > MaxSize {
		return nil, nil, &SyntaxError{File: file, Line: 1, Problem: fmt.Sprintf("the file has more than %d bytes", MaxSize)}
	}
	data = []byte(strings.TrimPrefix(string(data), "\ufeff"))
	where, err := scan(file, data)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := ini.LoadSources(ini.LoadOptions{
		InsensitiveKeys:           true,
		IgnoreInlineComment:       true,
		IgnoreContinuation:        true,
		PreserveSurroundedQuote:   true,
		AllowBooleanKeys:          false,
		KeyValueDelimiters:        "=:",
		UnescapeValueDoubleQuotes: false,
	}, data)
	if err != nil {
		return nil, nil, &SyntaxError{File: file, Line: 1, Problem: err.Error()}
	}
	r := reader{file: file, where: where, ini: parsed, known: keys()}
	r.sections()
	for _, p := range slices.SortedFunc(maps.Keys(where.keys), func(a, b place) int { return cmp.Compare(where.keys[a], where.keys[b]) }) {
		r.key(p)
	}
	slices.SortStableFunc(r.findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	if err := errors.Join(r.errs...); err != nil {
		return nil, r.findings, err
	}
	return r.build(), r.findings, nil
}

// reader is one reading of one file.
type reader struct {
	file     string
	where    *lines
	ini      *ini.File
	known    []key
	settings settings
	options  []device.Option
	findings []Finding
	errs     []error
}

func (r *reader) find(line int, p place, format string, args ...any) {
	r.findings = append(r.findings, Finding{File: r.file, Line: line, Section: p.section, Key: p.key, Text: fmt.Sprintf(format, args...)})
}

// sections reports sections that nobody knows.
func (r *reader) sections() {
	var known []string
	for _, k := range r.known {
		if !slices.Contains(known, k.section) {
			known = append(known, k.section)
		}
	}
	for name, line := range r.where.sections {
		if !slices.Contains(known, name) {
			r.find(line, place{section: name}, "there is no section [%s]; its keys have no effect%s", name, meant(name, known, "[%s]"))
		}
	}
}

// key takes one key of the file.
func (r *reader) key(p place) {
	line := r.where.keys[p]
	k, ok := r.lookUp(p)
	if !ok {
		r.unknown(line, p)
		return
	}
	text, ok := r.value(p)
	if !ok {
		r.errs = append(r.errs, &SyntaxError{File: r.file, Line: line, Problem: fmt.Sprintf("the value of %s can be read in two ways: write it without quotes", p.key)})
		return
	}
	option, note, err := k.parse(text, &r.settings)
	if err != nil {
		r.errs = append(r.errs, &ValueError{File: r.file, Line: line, Section: p.section, Key: p.key, Value: text, Problem: err.Error(), Remedy: k.remedy})
		return
	}
	if note != "" {
		r.find(line, p, "[%s] %s: %s", p.section, p.key, note)
	}
	if option != nil {
		r.options = append(r.options, option)
	}
}

func (r *reader) lookUp(p place) (key, bool) {
	i := slices.IndexFunc(r.known, func(k key) bool { return k.section == p.section && k.name == p.key })
	if i < 0 {
		return key{}, false
	}
	return r.known[i], true
}

// value is the text of a key. It is not ok where ini.v1 sees quotes that go over
// several lines, which Python's configparser does not know.
func (r *reader) value(p place) (text string, ok bool) {
	section, err := r.ini.GetSection(p.section)
	if err != nil || !section.HasKey(p.key) {
		return "", false
	}
	text = strings.TrimSpace(section.Key(p.key).Value())
	return text, text == r.where.values[p]
}

// unknown reports a key that nobody knows: a slip, or a key of another section.
func (r *reader) unknown(line int, p place) {
	var here []string
	for _, k := range r.known {
		if k.name == p.key {
			r.find(line, p, "[%s] has no key %s; it belongs into section [%s]", p.section, p.key, k.section)
			return
		}
		if k.section == p.section {
			here = append(here, k.name)
		}
	}
	if len(here) > 0 { // a section that nobody knows has been reported
		r.find(line, p, "[%s] has no key %s; it has no effect%s", p.section, p.key, meant(p.key, here, "%s"))
	}
}

// build returns the options, those made of several keys last.
func (r *reader) build() []device.Option { return append(r.options, r.settings.options()...) }
