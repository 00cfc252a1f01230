package rest_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/iotcs-go/iotcs/runtime/transport/rest"
)

// TestConnectionsOfRegistrations: devices that are registered at the same time
// need a connection each, and those that follow need none: a TLS handshake costs
// more than a registration.
func TestConnectionsOfRegistrations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const atOnce, rounds = 20, 5
		s := newServer(t)
		var all sync.WaitGroup // of a round
		s.on("activation/indirect/device", func(w http.ResponseWriter, r *http.Request) {
			all.Done()
			all.Wait() // nobody is answered before everybody has asked
			text(200, `{"endpointId":"0-ICD","endpointState":"ACTIVATED","activationTime":1}`)(w, r)
		})
		var connections atomic.Int32
		c := s.connect(t, true, func(config *rest.Config) {
			config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				connections.Add(1)
				return s.pipe.dial(ctx, network, address)
			}
		})
		for round := range rounds {
			all.Add(atOnce)
			var calls sync.WaitGroup
			for i := range atOnce {
				calls.Go(func() {
					id := fmt.Sprint("ICD-", round, "-", i)
					if _, err := c.ActivateIndirect(t.Context(), rest.Indirect{HardwareID: id, Models: []string{"urn:test:model"}}); err != nil {
						t.Errorf("%s: %v", id, err)
					}
				})
			}
			calls.Wait()
			synctest.Wait() // the connections are free again
		}
		// One more for the token, which they all wait for.
		if n := connections.Load(); n > atOnce+1 {
			t.Errorf("%d connections for %d registrations, %d at once", n, atOnce*rounds, atOnce)
		}
	})
}
