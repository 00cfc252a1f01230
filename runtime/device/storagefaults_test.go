package device_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/device"
)

// TestFaultsOfUploads is what becomes of a message, and of the one behind it, when
// the upload of its object meets a failure, as docs/reliability.md tells it.
func TestFaultsOfUploads(t *testing.T) {
	const both, last = "both", "last"
	tests := []struct {
		name string
		rule string
		come string
		want error
	}{
		{"no failure", "", both, nil},
		{"cut once", "reset,after=1000,method=PUT,nth=1", both, nil},
		{"always cut", "reset,after=1000,method=PUT", last, content.ErrCut},
		{"answer lost", "lost-answer,method=PUT,route=v1/*,nth=1", both, nil},
		{"token expired, told late", "expired-token,method=PUT,route=v1/*,nth=1", both, nil},
		{"token expired, told early", "expired-token,method=PUT,route=v1/*,nth=1,after=1", both, nil},
		{"tokens always expire", "expired-token,method=PUT,route=v1/*", last, content.ErrUnauthorized},
		{"404", "status=404,method=PUT", last, content.ErrNotFound},
		{"500 then fine", "status=500,method=PUT,nth=1", both, nil},
		{"wrong ETag once", "etag=wrong,method=PUT,nth=1", both, nil},
		{"always a wrong ETag", "etag=wrong,method=PUT", last, content.ErrChecksum},
		{"no container", "status=412,route=provisioner/storage", last, content.ErrUnavailable},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var opts []emulator.Option
			if tc.rule != "" {
				fault, err := emulator.ParseFault(tc.rule)
				must(t, err)
				opts = append(opts, emulator.WithFaults(fault))
			}
			c := newCloud(t, opts...)
			_, err := c.AddModel([]byte(galleryJSON))
			must(t, err)
			patience := time.Duration(0)
			if tc.name == "500 then fine" {
				patience = 20 * time.Second // without it 500 is the end
			}
			m := &museum{cloud: c, d: c.open(c.assets("D-1", true, galleryURN), device.WithStoragePatience(patience))}
			m.v = m.virtual(m.d, m.d.EndpointID())
			path := filepath.Join(t.TempDir(), "picture")
			picture := make([]byte, 100_000)
			for i := range picture {
				picture[i] = 'a' + byte(i%26)
			}
			must(t, os.WriteFile(path, picture, 0o600))
			o, err := m.d.NewStorageObject("picture", "", device.FromFile(path))
			must(t, err)
			must(t, m.v.Set("front", device.StorageURI(o)))
			must(t, m.v.Set("n", 1))
			must(t, m.d.Flush(t.Context()))
			want := []string{"front=" + string(picture), "n=1"}
			if tc.come == last {
				want = want[1:]
			}
			if got := m.arrived(); !slices.Equal(got, want) {
				t.Errorf("came %.200q", got)
			}
			must(t, m.d.Close(t.Context())) // all hooks have been called
			m.mu.Lock()
			defer m.mu.Unlock()
			if tc.want == nil {
				if len(m.failed) > 0 {
					t.Errorf("failures %v", m.failed)
				}
				return
			}
			var failed *device.TransferError
			if len(m.failed) != 1 || !errors.Is(m.failed[0].Err, tc.want) || !errors.As(m.failed[0].Err, &failed) {
				t.Errorf("failures %v, want %v", m.failed, tc.want)
			}
		})
	}
}
