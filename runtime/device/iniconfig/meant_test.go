package iniconfig_test

import (
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/device/iniconfig"
)

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "axc", 1}, {"abc", "acb", 2}, {"kitten", "sitting", 3},
		{strings.Repeat("a", 101), "a", 100},
	} {
		if got := iniconfig.Distance(tc.a, tc.b); got != tc.want {
			t.Errorf("%q to %q: %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}
