package fidelity_test

import (
	"crypto/rsa"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestSignedByOfficialClients: the checks that our requests pass in the replays
// are passed by what the official clients signed, gateways included.
func TestSignedByOfficialClients(t *testing.T) {
	for _, client := range []string{"java-18.3.5", "javascript-19.1.5"} {
		t.Run(client, func(t *testing.T) {
			keys := make(map[string]*rsa.PublicKey) // by endpoint id
			subjects, endpoints, indirects := 0, 0, 0
			var issued []exchange // token calls whose run has not told its time yet
			for _, e := range readCapture(t, client) {
				switch {
				case strings.HasSuffix(e.path, "/oauth2/token"):
					issued = append(issued, e)
				case strings.HasSuffix(e.path, "/activation/direct"):
					key, err := verifyActivation(e.body)
					must(t, err)
					var a struct{ EndpointID string }
					must(t, json.Unmarshal(e.answer, &a))
					keys[a.EndpointID] = key
				case strings.HasSuffix(e.path, "/activation/indirect/device"):
					gateway := e.header.Get("X-EndpointId")
					must(t, verifyIndirect(e.body, gateway, keys[gateway]))
					indirects++
				}
			}
			for _, e := range issued {
				a, err := parseAssertion(e.body)
				must(t, err)
				key := keys[a.issuer]
				if err := a.verify(secrets[a.issuer], key); err != nil {
					t.Errorf("%s, assertion of %s: %v", e.run, a.issuer, err)
				}
				if key == nil {
					subjects++
				} else {
					endpoints++
				}
			}
			if subjects < 4 || endpoints < 4 || len(keys) < 3 || indirects < 3 {
				t.Errorf("%d assertions before, %d after activation, %d activations, %d indirect ones", subjects, endpoints, len(keys), indirects)
			}
		})
	}
}

// TestExpiry: assertions are valid for a quarter of an hour, as those of the
// official clients (docs/protocol/transport.md §4), by the server's clock if the
// device knows it. Ours are looked at in the replays.
func TestExpiry(t *testing.T) {
	for _, client := range []string{"java-18.3.5", "javascript-19.1.5"} {
		all := readCapture(t, client)
		for i, e := range all {
			if !strings.HasSuffix(e.path, "/activation/direct") {
				continue
			}
			var activated struct{ ActivationTime int64 }
			must(t, json.Unmarshal(e.answer, &activated))
			before, err := parseAssertion(all[i-2].body) // then the policy, then the activation
			must(t, err)
			life := before.expires.Sub(time.UnixMilli(activated.ActivationTime))
			if strings.Contains(e.run, "one hour ahead") {
				life -= time.Hour
			}
			if !aQuarterOfAnHour(life) {
				t.Errorf("%s %s: an assertion is valid for %v", client, e.run, life)
			}
		}
	}
}

// aQuarterOfAnHour allows for the time of a call, key generation included.
func aQuarterOfAnHour(d time.Duration) bool {
	return d > 15*time.Minute-10*time.Second && d <= 15*time.Minute+time.Second
}
