package content_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/content"
)

// generation is the content of the n-th version of an object: a length of its own
// and one byte all over.
func generation(n int) []byte { return bytes.Repeat([]byte{byte(n)}, 100_000+n) }

// downloadForEver is a device program: it downloads version after version to the
// same file and says which are complete.
func downloadForEver(folder string) error {
	s := startFakeStore()
	defer s.Close()
	c, err := content.New(content.Config{
		Conn: conn{fakeStore: s}, Assets: endpointAssets{endpointID: endpointID, anchors: []*x509.Certificate{s.Certificate()}}, Dial: s.pipe.dial, Host: "127.0.0.1",
	})
	if err != nil {
		return err
	}
	o, err := c.Existing(s.put("0-X/in.bin", nil))
	if err != nil {
		return err
	}
	if err := o.SetSink(content.ToFile(filepath.Join(folder, "out.bin"))); err != nil {
		return err
	}
	for n := 1; ; n++ {
		s.put("0-X/in.bin", generation(n%200))
		fmt.Println("begin", n%200)
		if err := o.Retry(context.Background()); err != nil {
			return err
		}
		fmt.Println("done", n%200)
	}
}

// TestKilled kills a program that downloads, at any moment: the file is then of
// the last version that was complete or of the one under way, and whole.
func TestKilled(t *testing.T) {
	folder := t.TempDir()
	for range 12 {
		program := exec.Command(os.Args[0])
		program.Env = append(os.Environ(), folderVariable+"="+folder)
		out, err := program.StdoutPipe()
		must(t, err)
		must(t, program.Start())
		said := make(chan []string)
		go func() {
			var lines []string
			for scanner := bufio.NewScanner(out); scanner.Scan(); {
				if lines = append(lines, scanner.Text()); len(lines) == 4 {
					said <- nil // it works: the clock starts
				}
			}
			said <- lines
		}()
		if lines := <-said; lines != nil {
			t.Fatalf("the program ended: %v", lines)
		}
		time.Sleep(time.Duration(rand.IntN(40_000)) * time.Microsecond)
		must(t, program.Process.Kill())
		lines := <-said
		program.Wait()
		checkVersion(t, filepath.Join(folder, "out.bin"), lines)
	}
	parts := strings.Count(list(t, folder), ".iotcs-part")
	t.Logf("%d parts were left", parts)
	old := time.Now().Add(-25 * time.Hour)
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, e := range entries {
		must(t, os.Chtimes(filepath.Join(folder, e.Name()), old, old))
	}
	s := newFakeStore(t)
	must(t, existing(t, s.open(t), s.put("0-X/in.bin", []byte("new")), content.ToFile(filepath.Join(folder, "out.bin"))).Sync(t.Context()))
	if names := list(t, folder); names != "out.bin" {
		t.Errorf("a day later there are %s", names)
	}
}

// checkVersion holds the file against what the program said.
func checkVersion(t *testing.T, path string, said []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	last := 0
	for _, line := range said {
		var n int
		if _, err := fmt.Sscanf(line, "done %d", &n); err == nil {
			last = n
		}
	}
	if !bytes.Equal(data, generation(last)) && !bytes.Equal(data, generation((last+1)%200)) {
		t.Errorf("%d bytes of %d, after version %d was complete", len(data), data[:min(len(data), 1)], last)
	}
}
