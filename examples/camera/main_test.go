package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/generated/motionactivatedcamera"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const model = "../../models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Amotion_activated_camera.json"

// site is a server with a provisioned camera.
func site(t *testing.T) (*emulatortest.Server, *emulatortest.Device, func(string) string) {
	s := emulatortest.New(t, emulatortest.Strict())
	s.AddModelFile(model)
	d := s.AddDevice("CAMERA-1")
	return s, d, func(name string) string { return map[string]string{"IOTCS_PASSPHRASE": d.Passphrase}[name] }
}

// TestCamera: the picture of the alert lies in the store when the alert comes, and
// a reference picture of the cloud lies in the camera's folder, byte for byte.
func TestCamera(t *testing.T) {
	s, d, getenv := site(t)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var out, errs transcript
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"--conf", d.Path, "--interval", "1h"}, getenv, &out, &errs) }()

	alert := s.WaitMessage(ctx, emulatortest.Alert(motionactivatedcamera.URN+":motion"))
	value, _ := emulatortest.Value(alert, "image")
	name, ok := strings.CutPrefix(value.Text(), s.ContainerURL()+"/")
	if !ok {
		t.Fatalf("the alert carries %q", value.Text())
	}
	o, picture := s.Object(name)
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil || o.Type != "image/png" {
		t.Errorf("the picture is %s: %v", o.Type, err)
	}

	reference := bytes.Repeat([]byte("another picture "), 1000)
	uri := s.PutObject("shared/reference.png", "image/png", reference)
	if a := s.WriteAttribute(alert.Source, motionactivatedcamera.URN, "placeholder", uri).Answer(ctx); a.StatusCode != 202 {
		t.Errorf("answer %d %s", a.StatusCode, a.Body)
	}
	if a := s.WriteAttribute(alert.Source, motionactivatedcamera.URN, "placeholder", "https://elsewhere.example/x.png").Answer(ctx); a.StatusCode != 400 {
		t.Errorf("answer to an external URI: %d %s", a.StatusCode, a.Body)
	}
	if a := s.CallAction(alert.Source, motionactivatedcamera.URN, "snapshot", nil).Answer(ctx); a.StatusCode != 202 {
		t.Errorf("answer to the action: %d %s", a.StatusCode, a.Body)
	}
	await(t, &out, "downloaded ")
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the camera: %v\n%s", err, errs.String())
	}
	want := []string{
		"camera CAMERA-1 is endpoint ",
		fmt.Sprintf("uploaded %d bytes to %s\n", o.Length, value.Text()),
		fmt.Sprintf("downloaded %d bytes of %s\n", len(reference), uri),
	}
	for _, line := range want {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in the output:\n%s", line, out.String())
		}
	}
	if got, err := os.ReadFile(filepath.Join(d.Path+".pictures", "reference.png")); !bytes.Equal(got, reference) {
		t.Errorf("the reference picture has %d bytes: %v", len(got), err)
	}
	if n := len(s.Emulator().Objects(alert.Source + "/snapshots/")); n != 2 {
		t.Errorf("%d snapshots, want that of the motion and that of the action", n)
	}
}

// TestCount: the program ends after the pictures that it was asked for.
func TestCount(t *testing.T) {
	s, d, getenv := site(t)
	var out transcript
	if err := run(t.Context(), []string{"--conf", d.Path, "--interval", "1ms", "--count", "3"}, getenv, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "uploaded "); n != 3 || len(s.Emulator().Objects("")) != 3 {
		t.Errorf("output:\n%s", out.String())
	}
}

// await waits for a text in the output.
func await(t *testing.T, out *transcript, text string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(out.String(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %q in the output:\n%s", text, out.String())
}

func TestUsage(t *testing.T) {
	var out, errs bytes.Buffer
	if err := run(t.Context(), nil, func(string) string { return "" }, &out, &errs); err == nil || !strings.Contains(err.Error(), "usage: camera") {
		t.Errorf("error %v", err)
	}
}
