package jsclient_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/internal/interop"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const cameraURN = "urn:com:example:iot:device:motion_activated_camera"

// picture is content in which every byte may occur, always the same.
func picture(n int) []byte {
	var b []byte
	for sum := sha256.Sum256(nil); len(b) < n; sum = sha256.Sum256(sum[:]) {
		b = append(b, sum[:]...)
	}
	return b[:n]
}

// startCamera starts a camera of the official client that uses the object store
// of the emulator, over its TLS listener (docs/protocol/storage.md §9).
func startCamera(t *testing.T, cloud *emulatortest.Server) (p *peer, endpointID, folder string) {
	t.Helper()
	model, err := filepath.Abs("../../../models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Amotion_activated_camera.json")
	must(t, err)
	cloud.AddModelFile(model)
	device := cloud.AddDevice("JS-1")
	folder = t.TempDir()
	anchors := filepath.Join(folder, "ca.pem")
	must(t, os.WriteFile(anchors, cloud.CA(), 0o600))
	p = startPeer(t, settings{
		Conf: device.Path, Passphrase: device.Passphrase, URN: cameraURN, Folder: folder, StorageHost: "127.0.0.1", anchors: anchors,
	})
	p.wait("ready")
	return p, device.EndpointID, folder
}

// TestUpload: what the official client uploads arrives byte by byte, before the
// message that names it.
func TestUpload(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	t.Parallel()
	cloud := emulatortest.New(t, emulatortest.Strict())
	p, endpointID, folder := startCamera(t, cloud)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, tc := range []struct {
		name   string
		length int
	}{{"empty.jpg", 0}, {"small.jpg", 10}, {"folder/large.jpg", 5 << 20}} {
		content := picture(tc.length)
		path := filepath.Join(folder, "upload")
		must(t, os.WriteFile(path, content, 0o600))
		p.tell("upload", map[string]any{
			"attribute": "image", "name": tc.name, "type": "image/jpeg", "path": path, "metadata": map[string]string{"place": "hall"},
		})
		uri := cloud.ContainerURL() + "/" + endpointID + "/" + tc.name
		// This release calls back only with the state of a transfer that ended well.
		if e := p.wait("uploaded"); e.URI != uri || e.State != "IN_SYNC" || e.Length != int64(tc.length) {
			t.Errorf("%s: the official client says %+v", tc.name, e)
		}
		message := cloud.WaitMessage(ctx, emulatortest.Attribute(cameraURN, "image"))
		if got := value(message, "image"); got != `"`+uri+`"` {
			t.Errorf("%s: the message names %s", tc.name, got)
		}
		o, got := cloud.Object(endpointID + "/" + tc.name)
		if !bytes.Equal(got, content) || o.Type != "image/jpeg" || o.Metadata["Place"] != "hall" {
			t.Errorf("%s: stored %+v, %d bytes", tc.name, o, len(got))
		}
	}
	p.stop()
}

// TestDownload: the cloud names an object to a device of the official client,
// which fetches it, byte by byte.
func TestDownload(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	t.Parallel()
	cloud := emulatortest.New(t, emulatortest.Strict())
	p, endpointID, folder := startCamera(t, cloud)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, length := range []int{10, 5 << 20} {
		content := picture(length)
		uri := cloud.PutObject("reference/placeholder.jpg", "image/jpeg", content)
		written := cloud.WriteAttribute(endpointID, cameraURN, "placeholder", uri)
		if e := p.wait("object"); e.URI != uri || e.Type != "image/jpeg" || e.Length != int64(length) || e.State != "NOT_IN_SYNC" {
			t.Errorf("the device saw %+v", e)
		}
		if e := p.wait("downloaded"); e.State != "IN_SYNC" || e.Length != int64(length) {
			t.Errorf("the official client says %+v", e)
		}
		waitFile(ctx, t, filepath.Join(folder, "downloaded"), content)
		if a := written.Answer(ctx); a.StatusCode != 200 {
			t.Errorf("the write was answered %d %s", a.StatusCode, a.Body)
		}
		echo := cloud.WaitMessage(ctx, emulatortest.Type(wire.TypeData))
		if got := value(echo, "placeholder"); got != `"`+uri+`"` {
			t.Errorf("the device reported back %s", echo.JSON)
		}
	}
	p.stop()
}

// waitFile waits until a file has the content: the official client says that it
// has downloaded an object before its file is written to the end.
func waitFile(ctx context.Context, t *testing.T, path string, content []byte) {
	t.Helper()
	for {
		got, err := os.ReadFile(path)
		if err == nil && bytes.Equal(got, content) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d bytes downloaded of %d, %v", len(got), len(content), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
