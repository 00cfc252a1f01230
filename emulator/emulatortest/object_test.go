package emulatortest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/emulator/emulatortest"
)

func TestObjects(t *testing.T) {
	both(t, func(t *testing.T, opts ...emulatortest.Option) {
		cloud := emulatortest.New(t, opts...)
		uri := cloud.PutObject("in/reference.png", "image/png", []byte("picture"))
		if want := cloud.URL() + emulator.ContainerPath + "/in/reference.png"; uri != want {
			t.Errorf("%s, want %s", uri, want)
		}
		if o, content := cloud.Object("in/reference.png"); o.Type != "image/png" || !bytes.Equal(content, []byte("picture")) {
			t.Errorf("%+v %q", o, content)
		}
		go func() {
			if _, err := cloud.Emulator().PutObject(emulator.Object{Name: "later"}, strings.NewReader("content")); err != nil {
				t.Error(err)
			}
		}()
		if o, content := cloud.WaitObject(t.Context(), "later"); o.Length != 7 || string(content) != "content" {
			t.Errorf("%+v %q", o, content)
		}
	})
}
