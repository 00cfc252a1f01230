package device_test

import (
	"bufio"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// picture is the file whose upload is killed.
func (p program) picture() string { return filepath.Join(p.policies, "picture") }

// runUploader sends a storage object and hangs: its upload does not end.
func (p program) runUploader() error {
	d, err := device.Open(context.Background(), p.conf, p.passphrase(), p.options()...)
	if err != nil {
		return err
	}
	model, _, err := devicemodel.Load([]byte(galleryJSON))
	if err != nil {
		return err
	}
	v, err := device.NewVirtual(d, d.EndpointID(), model)
	if err != nil {
		return err
	}
	o, err := d.NewStorageObject("picture", "image/png", device.FromFile(p.picture()))
	if err != nil {
		return err
	}
	if err := v.Set("front", device.StorageURI(o)); err != nil {
		return err
	}
	if err := v.Set("n", 1); err != nil {
		return err
	}
	said("done", "")
	select {}
}

// TestKillInMidUpload: a message that waits for an upload survives a kill; after
// the restart the content arrives first and then the message, or the message is
// reported if the content is gone. What waited behind it is sent in either case.
func TestKillInMidUpload(t *testing.T) {
	for _, gone := range []bool{false, true} {
		t.Run(map[bool]string{false: "file is there", true: "file is gone"}[gone], func(t *testing.T) {
			c := emulatortest.New(t, emulatortest.Strict())
			c.AddModel(galleryJSON)
			p := newProgram(t, "uploader", c.AddDevice("D-1", emulatortest.Activated(galleryURN)), device.SyncGroup)
			content := strings.Repeat("picture ", 1<<17)
			must(t, os.WriteFile(p.picture(), []byte(content), 0o600))
			c.Fault("latency=10m,method=PUT,route=v1/*")
			p.kill(t)
			for _, m := range c.Messages() {
				if m.Data != nil {
					t.Fatalf("%s came before the restart", m.JSON)
				}
			}
			c.ClearFaults()
			if gone {
				must(t, os.Remove(p.picture()))
			}
			var log lockedBuffer
			d, err := device.Open(t.Context(), p.conf, p.passphrase(), append(p.options(), device.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))...)
			must(t, err)
			must(t, d.Flush(t.Context()))
			must(t, d.Close(t.Context()))
			var came []string
			for _, m := range c.Messages() {
				if m.Data == nil {
					continue
				}
				item := m.Data.Items[0]
				came = append(came, item.Name)
				if name, ok := strings.CutPrefix(item.Value.Text(), c.ContainerURL()+"/"); ok {
					if o, stored := c.Object(name); string(stored) != content || o.Type != "image/png" {
						t.Errorf("%d bytes of %s are stored", len(stored), o.Type)
					}
				} else if item.Name == "front" {
					t.Errorf("the message carries %q", item.Value.Text())
				}
			}
			want := []string{"front", "n"}
			if gone {
				want = want[1:]
				if !strings.Contains(log.String(), "given up") || !strings.Contains(log.String(), "no such file") {
					t.Errorf("not reported:\n%s", log.String())
				}
			}
			if !slices.Equal(came, want) {
				t.Errorf("came %q, want %q", came, want)
			}
		})
	}
}

// kill runs the program until it says that it is done, and kills it.
func (p program) kill(t *testing.T) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), roleVariable+"="+p.String())
	stdout, err := command.StdoutPipe()
	must(t, err)
	command.Stderr = os.Stderr
	must(t, command.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	command.Process.Kill()
	command.Wait() // says that it was killed
	if err != nil || line != "done \n" {
		t.Fatalf("the program said %q, %v", line, err)
	}
}
