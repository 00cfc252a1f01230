package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/iotcs-go/iotcs/generated/motionactivatedcamera"
	"github.com/iotcs-go/iotcs/runtime/device"
)

// camera is the program of the device. Its methods are the actions of the device
// model; Record is answered with 501.
type camera struct {
	motionactivatedcamera.UnimplementedActions
	out     io.Writer
	dev     *device.Device
	binding *motionactivatedcamera.MotionActivatedCamera
	folder  string
	taken   atomic.Int64
}

// moved takes a picture of what moves, raises the alert and waits until the
// picture is uploaded.
func (c *camera) moved(ctx context.Context) (uri string, err error) {
	if armed, _ := c.binding.Armed(); !armed {
		return "", nil
	}
	now := time.Now()
	picture, size, err := c.take(now)
	if err != nil {
		return "", err
	}
	// Alert and attribute wait for the same upload.
	if err := c.binding.NewMotionAlert(device.StorageURI(picture), now).Zone("gate").Raise(); err != nil {
		return "", err
	}
	if err := c.binding.Update().Image(device.StorageURI(picture)).ImageTime(now).Send(); err != nil {
		return "", err
	}
	if err := picture.Sync(ctx); err != nil {
		return "", err
	}
	fmt.Fprintf(c.out, "uploaded %d bytes to %s\n", size, picture.URI())
	return picture.URI(), nil
}

// take takes a picture and makes it a storage object.
func (c *camera) take(at time.Time) (picture *device.StorageObject, size int64, err error) {
	name := fmt.Sprintf("snapshot-%s-%d.png", at.UTC().Format("20060102-150405"), c.taken.Add(1))
	path := filepath.Join(c.folder, name)
	if err := os.WriteFile(path, snapshot(at), 0o600); err != nil {
		return nil, 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	picture, err = c.dev.NewStorageObject("snapshots/"+name, "image/png", device.FromFile(path))
	return picture, info.Size(), err
}

// Snapshot takes a picture because the cloud asks for it. The answer does not wait
// for the upload; the message with the picture does.
func (c *camera) Snapshot(context.Context) error {
	now := time.Now()
	picture, _, err := c.take(now)
	if err != nil {
		return err
	}
	return c.binding.Update().Image(device.StorageURI(picture)).ImageTime(now).Send()
}

// reference handles the write of a new reference picture: the download runs beside
// everything else.
func (c *camera) reference(_ context.Context, change device.Change[device.URI]) error {
	picture, ok := change.New.StorageObject()
	if !ok {
		return &device.StatusError{Code: http.StatusBadRequest, Text: "the reference picture must be a storage object"}
	}
	path := filepath.Join(c.folder, "reference.png")
	if err := picture.SetSink(device.ToFile(path)); err != nil {
		return err
	}
	return picture.SyncAsync(func(err error) {
		if err != nil {
			fmt.Fprintln(c.out, "no new reference picture:", err)
			return
		}
		fmt.Fprintf(c.out, "downloaded %d bytes of %s\n", picture.Length(), picture.URI())
	})
}
