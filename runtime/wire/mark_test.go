package wire

import (
	"slices"
	"testing"
)

// The vectors of docs/protocol/messages.md §7.3.
func TestReconciliationMark(t *testing.T) {
	const capability = "deviceModels/urn:oracle:iot:dcd:capability:"
	for name, c := range map[string]struct {
		paths []string
		want  string
	}{
		"none": {nil, "d41d8cd98f00b204e9800998ecf8427e"},
		"the six built-in paths": {[]string{
			capability + "device_policy/policyChanged",
			capability + "message_dispatcher/counters",
			capability + "message_dispatcher/reset",
			capability + "message_dispatcher/pollingInterval",
			capability + "diagnostics/info",
			capability + "diagnostics/testConnectivity",
		}, "47940b8e902b004baa0e587bd4f80dce"},
		// MD5 of "Bab"; the Java client's order by locale gives that of "abB".
		"letter cases": {[]string{"b", "a", "B"}, "34cafdb9a33d05a68ac5cecdb76b0085"},
		"duplicates":   {[]string{"b", "a", "B", "a"}, "34cafdb9a33d05a68ac5cecdb76b0085"},
	} {
		before := slices.Clone(c.paths)
		if got := ReconciliationMark(c.paths); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if !slices.Equal(c.paths, before) {
			t.Errorf("%s: the argument was changed", name)
		}
	}
}
