package iniconfig_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/device/iniconfig"
)

// FuzzParse: no text makes Parse panic; what it says leads to a line of the
// file; and a text is taken or refused, never both.
func FuzzParse(f *testing.F) {
	f.Add([]byte(packaged))
	f.Add([]byte("[messaging]\nnetwork_cost: WIFI\nx=1\n[other]\ny=%(x)s\n"))
	f.Add([]byte("[diagnostics]\nclient_version = `a\nb`\n\"\"\"=1\n- = 2\n"))
	f.Add([]byte("\ufeff[log]\r\ntransport=debug\\\r\nmodel=\"\"\"x\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		options, findings, err := iniconfig.Parse("f", data)
		last := bytes.Count(data, []byte("\n")) + 1
		for _, found := range findings {
			if found.Line < 1 || found.Line > last || strings.Contains(found.String(), "\n") {
				t.Errorf("finding %q of %d lines", found, last)
			}
		}
		if err == nil {
			return
		}
		if len(options) > 0 || !errors.Is(err, iniconfig.ErrInvalid) {
			t.Errorf("%d options with error %v", len(options), err)
		}
		var syntax *iniconfig.SyntaxError
		if errors.As(err, &syntax) && (syntax.Line < 1 || syntax.Line > last) {
			t.Errorf("line %d of %d: %v", syntax.Line, last, err)
		}
	})
}
