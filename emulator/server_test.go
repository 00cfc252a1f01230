package emulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
)

func closeServer(t testing.TB, s *emulator.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

// What a server with a data folder knows survives its end: tokens above all, as one official client loops when they do not.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	first := start(t, emulator.WithDataDir(dir))
	gateway := first.activated("gw", true)
	icd := endpointOf(t, gateway.call("POST", indirect, indirectBody(t, "icd", nil)))
	twice := gateway.data()
	gateway.send(twice, gateway.data(with("source", icd)), gateway.data(withPayload("data", map[string]any{"speed": 7}))).want(t, 202)
	fresh := first.register("fresh")
	fresh.login()
	closeServer(t, first.server)

	second := start(t, emulator.WithDataDir(dir))
	if !second.server.Root().Equal(first.server.Root()) {
		t.Error("another authority")
	}
	gateway.site, fresh.site = second, second
	gateway.send(twice).want(t, 202) // with the token from before
	if n := len(second.stored()); n != 3 || second.server.Duplicates() != 1 {
		t.Errorf("%d messages, %d duplicates", n, second.server.Duplicates())
	}
	if again := endpointOf(t, gateway.call("POST", indirect, indirectBody(t, "icd", nil))); again != icd {
		t.Errorf("the device behind the gateway is %s, was %s", again, icd)
	}
	if n, _ := second.server.Values(gateway.id, pumpURN)["speed"].AsInteger(); n != 7 {
		t.Errorf("values %v", second.server.Values(gateway.id, pumpURN))
	}
	fresh.call("POST", direct, encode(t, fresh.activationBody(pumpURN))).want(t, 200)
	gateway.login()
}

func TestDataFolderInUse(t *testing.T) {
	dir := t.TempDir()
	first := newServer(t, emulator.WithDataDir(dir))
	if _, err := emulator.New(emulator.WithDataDir(dir)); !errors.Is(err, emulator.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v, want ErrInUse with the folder", err)
	}
	closeServer(t, first)
	closeServer(t, newServer(t, emulator.WithDataDir(dir)))
}

func TestDamagedDataFolder(t *testing.T) {
	for _, name := range []string{"state.log", "messages-00000001.log"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("something else ", 9)), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a failure leaves nothing locked
			if _, err := emulator.New(emulator.WithDataDir(dir)); err == nil || errors.Is(err, emulator.ErrInUse) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := emulator.New(emulator.WithDataDir(filepath.Join(file, "below"))); err == nil {
		t.Error("a folder below a file")
	}
}

func TestKeysAreKept(t *testing.T) {
	keys, data := t.TempDir(), t.TempDir()
	roots := make(map[string]string)
	for _, name := range []string{"cache", "data"} {
		for range 2 {
			opt := emulator.WithKeyCache(keys)
			if name == "data" {
				opt = emulator.WithDataDir(data)
			}
			s, err := emulator.New(opt)
			if err != nil {
				t.Fatal(err)
			}
			if before, ok := roots[name]; ok && before != string(s.RootPEM()) {
				t.Errorf("%s: another root the second time", name)
			}
			roots[name] = string(s.RootPEM())
			closeServer(t, s)
		}
	}
	if roots["cache"] == roots["data"] || !strings.HasPrefix(roots["cache"], "-----BEGIN CERTIFICATE-----") {
		t.Error("roots")
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, opt := range map[string]emulator.Option{
		"no data folder": emulator.WithDataDir(""), "no cache": emulator.WithKeyCache(""), "no authority": emulator.WithAuthority(nil),
		"no user": emulator.WithUser("", "x"), "no password": emulator.WithUser("x", ""), "colon in the user": emulator.WithUser("a:b", "x"),
		"bad host": emulator.WithHosts("https://x"), "host with port": emulator.WithHosts("x:1"), "empty host": emulator.WithHosts(""),
		"no logger": emulator.WithLogger(nil), "no history": emulator.WithHistory(0, 1), "short tokens": emulator.WithTokenLife(time.Millisecond),
		"long tokens": emulator.WithTokenLife(1000 * time.Hour), "no poll": emulator.WithPollLimit(0), "long poll": emulator.WithPollLimit(time.Hour),
	} {
		if _, err := emulator.New(opt); err == nil || !strings.HasPrefix(err.Error(), "emulator: With") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHistoryLimits(t *testing.T) {
	s := start(t, emulator.WithHistory(5, 1<<20))
	d := s.activated("dev", false)
	for range 8 {
		d.send(d.data()).want(t, 202)
	}
	if stored := s.stored(); len(stored) != 5 || stored[0].Seq != 4 {
		t.Errorf("%d messages kept", len(stored))
	}
}

func TestCloseAnswersHeldPolls(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site) {
		d := s.activated("dev", false)
		answered := make(chan answer, 1)
		go func() { answered <- d.poll("acceptBytes=4190&iot.sync") }()
		synctest.Wait()
		begin := time.Now()
		closeServer(t, s.server)
		if a := <-answered; a.status != 202 || string(a.body) != "[]" || time.Since(begin) != 0 {
			t.Errorf("%v after %v", a, time.Since(begin))
		}
		closeServer(t, s.server)
	})
}

func TestCloseCutsWhatDoesNotEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site) {
		d := s.activated("dev", false)
		body, writer := io.Pipe() // never ends
		sent := make(chan error, 1)
		go func() {
			response, err := s.client.Do(newRequest(t, s.url+"/iot/api/v2/messages", body, d.token))
			if err == nil {
				response.Body.Close()
			}
			sent <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		if err := s.server.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		writer.Close() // the client looks at its connection only now
		if err := <-sent; err == nil {
			t.Error("the exchange was not cut")
		}
	})
}

func TestServeAfterClose(t *testing.T) {
	server := newServer(t)
	closeServer(t, server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Serve(t.Context(), listener); !errors.Is(err, emulator.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
	if _, err := listener.Accept(); err == nil {
		t.Error("the listener is still open")
	}
}

func TestServeEndsWithItsListener(t *testing.T) {
	server := newServer(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := server.Serve(t.Context(), listener); err == nil {
		t.Error("no error for a listener that is closed")
	}
	closeServer(t, server)
}

func TestAwaitEndsWithTheServer(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	sent := s.write(d, 1)
	time.AfterFunc(50*time.Millisecond, func() { closeServer(t, s.server) })
	if r, err := s.server.Await(t.Context(), sent.ID); !errors.Is(err, emulator.ErrClosed) || r.Done() {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestListen(t *testing.T) {
	for _, address := range []string{"localhost:0", "127.0.0.1:0"} {
		listener, err := emulator.Listen(address)
		if err != nil {
			t.Fatal(err)
		}
		server := newServer(t)
		served := make(chan error, 1)
		go func() { served <- server.Serve(t.Context(), listener) }()
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil || port == "0" {
			t.Fatalf("address %v, %v", listener.Addr(), err)
		}
		hosts := []string{"127.0.0.1"}
		if probe, err := net.Listen("tcp", "[::1]:0"); err == nil && strings.HasPrefix(address, "localhost") {
			probe.Close()
			hosts = append(hosts, "::1")
		}
		for _, host := range hosts {
			conn, err := net.DialTimeout("tcp", net.JoinHostPort(host, port), 5*time.Second)
			if err != nil {
				t.Errorf("%s: %v", address, err)
				continue
			}
			conn.Close()
		}
		if second, err := emulator.Listen("localhost:" + port); err == nil {
			t.Errorf("%s: the port was given twice", address)
			second.Close()
		}
		closeServer(t, server)
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"localhost", "localhost:x", "192.0.2.1:0"} {
		if _, err := emulator.Listen(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestMessagesInProcess(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	_, more, err := s.server.Messages(0)
	if err != nil {
		t.Fatal(err)
	}
	d.send(d.data(), d.data()).want(t, 202)
	select {
	case <-more:
	case <-time.After(5 * time.Second):
		t.Fatal("nothing told that there are more")
	}
	if all, _, _ := s.server.Messages(1); len(all) != 1 || all[0].Seq != 2 || len(all[0].JSON) == 0 {
		t.Errorf("behind the first: %+v", all)
	}
	found, ok := s.server.Device(d.id)
	byName, _ := s.server.DeviceByHardwareID("dev")
	if !ok || found.HardwareID != "dev" || byName.EndpointID != found.EndpointID || !slices.Equal(found.Models, []string{pumpURN}) {
		t.Errorf("device %+v", found)
	}
	if _, ok := s.server.Device("0-NONE"); ok {
		t.Error("found nobody")
	}
	if _, ok := s.server.DeviceByHardwareID("none"); ok {
		t.Error("found nobody")
	}
	if _, err := s.server.AddModel([]byte("x")); err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("bad model: %v", err)
	}
}
