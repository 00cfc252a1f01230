package fidelity_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/runtime/trust"
)

// farServer in the environment makes the test binary a server: what is counted
// and measured of our process must not hold the other end of the wire.
const farServer = "IOTCS_FIDELITY_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(farServer) != "" {
		if err := serveFar(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// serveFar serves until standard input ends. It first prints its address and its
// certificate.
func serveFar() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	if err := pem.Encode(os.Stdout, &pem.Block{Type: "CERTIFICATE", Bytes: certificate().Certificate[0]}); err != nil {
		return err
	}
	fmt.Println(".")
	log.SetOutput(io.Discard) // connections that the device drops
	go func() {
		io.Copy(io.Discard, os.Stdin)
		l.Close()
	}()
	answers := map[string]string{
		apiRoot + "/oauth2/token":      `{"access_token":"0123456789abcdef0123456789abcdef","token_type":"Bearer","expires_in":3600000}`,
		apiRoot + "/activation/policy": `{"keyType":"RSA","keySize":2048,"hashAlgorithm":"SHA256withRSA"}`,
		apiRoot + "/activation/direct": `{"endpointId":"0-FAR","endpointState":"ACTIVATED","activationTime":1}`,
		messagesPath:                   `[]`,
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.URL.Query().Has("iot.sync") {
			<-r.Context().Done() // the client goes away
			return
		}
		if r.URL.Path == messagesPath {
			w.WriteHeader(http.StatusAccepted)
		}
		io.WriteString(w, answers[r.URL.Path])
	})
	secured := tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	http.Serve(secured, handler) // until the listener is closed
	return nil
}

// far is a server in a process of its own.
type far struct {
	address string
	anchor  *x509.Certificate
}

// startFar runs a server until the test ends.
func startFar(t testing.TB) *far {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	command := exec.Command(self)
	command.Env = append(command.Environ(), farServer+"=1")
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	must(t, err)
	stdout, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		stdin.Close()
		kill := time.AfterFunc(10*time.Second, func() { command.Process.Kill() })
		defer kill.Stop()
		command.Wait()
	})
	lines := bufio.NewReader(stdout)
	address, err := lines.ReadString('\n')
	must(t, err)
	certificate, err := lines.ReadString('.')
	must(t, err)
	block, _ := pem.Decode([]byte(certificate))
	anchor, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	return &far{address: strings.TrimSpace(address), anchor: anchor}
}

// dial connects to the server, whose certificate has the name of the recordings.
func (f *far) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, f.address)
}

// config is what a provisioning file for the server holds.
func (f *far) config() trust.Config {
	return trust.Config{
		ServerURI: "https://" + host, ClientID: "FAR-1", Secret: trust.Secret("secret"), TrustAnchors: []*x509.Certificate{f.anchor},
	}
}

// assets are those of an activated device.
func (f *far) assets(t testing.TB) trust.Assets {
	t.Helper()
	config := f.config()
	config.EndpointID, config.Key = "0-FAR", testKey()
	m, err := trust.NewMemory(trust.MemoryConfig{Config: config})
	must(t, err)
	return m
}
