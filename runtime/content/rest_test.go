package content_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// TestOverREST has the real connection ask for access, with a server that
// refuses the device's token once, and a store at the same address.
func TestOverREST(t *testing.T) {
	s := newFakeStore(t)
	var mu sync.Mutex
	var asked []http.Header
	store := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch r.URL.Path {
		case "/iot/api/v2/oauth2/token":
			fmt.Fprintf(w, `{"access_token":"bearer%d","token_type":"Bearer","expires_in":3600000}`, len(asked))
		case "/iot/api/v2/provisioner/storage":
			asked = append(asked, r.Header.Clone())
			if len(asked) == 1 {
				w.WriteHeader(401)
				return
			}
			body, err := s.Get(r.Context(), resourceOfAccess)
			if err != nil {
				t.Error(err)
			}
			w.Write(body)
		default:
			store.ServeHTTP(w, r)
		}
	})
	key, err := rsa.GenerateKey(nil, 2048)
	must(t, err)
	assets, err := trust.NewMemory(trust.MemoryConfig{Config: trust.Config{
		ServerURI: "https://127.0.0.1:443", ClientID: "DEV-1", Secret: trust.Secret("s3cret"),
		TrustAnchors: []*x509.Certificate{s.Certificate()}, EndpointID: endpointID, Key: key,
	}})
	must(t, err)
	connection, err := rest.New(rest.Config{Assets: assets, Dial: s.pipe.dial})
	must(t, err)
	defer connection.Close()
	c := s.open(t, func(config *content.Config) { config.Conn, config.Assets = connection, assets })

	data := noise(100_000)
	up := newObject(t, c, "snap.jpg", content.FromBytes(data))
	must(t, up.Sync(t.Context()))
	var back bytes.Buffer
	must(t, existing(t, c, up.URI(), content.ToWriter(&back)).Sync(t.Context()))
	if !bytes.Equal(back.Bytes(), data) {
		t.Errorf("%d bytes back", back.Len())
	}
	// As the official clients (docs/protocol/storage.md §2).
	want := http.Header{
		"Authorization": {"Bearer bearer1"}, "X-Endpointid": {endpointID}, "Accept": {"application/json"},
		"Content-Type": {"application/json"}, "User-Agent": {"iotcs-go"},
	}
	if diff := cmp.Diff(want, asked[len(asked)-1]); diff != "" || len(asked) != 2 {
		t.Errorf("asked %d times; header (-want +got):\n%s", len(asked), diff)
	}
	must(t, c.Close(t.Context()))
}
