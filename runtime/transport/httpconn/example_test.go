package httpconn_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/transport/httpconn"
)

// Two calls over one connection.
func Example() {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d bytes", len(body))
	}))
	defer server.Close()
	transport := httpconn.New(&http.Transport{
		DialContext:     new(net.Dialer).DialContext,
		TLSClientConfig: &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
	}, 32<<10)
	defer transport.Close()

	client := &http.Client{Transport: transport}
	for _, body := range []string{"[]", `[{"type":"DATA"}]`} {
		resp, err := client.Post(server.URL, "application/json", strings.NewReader(body))
		if err != nil {
			fmt.Println(err)
			return
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(string(answer), err)
	}
	// Output:
	// 2 bytes <nil>
	// 17 bytes <nil>
}
