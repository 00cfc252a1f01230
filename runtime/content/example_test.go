package content_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/transport"
)

// A picture is uploaded, and then downloaded as if its URI had come in a message.
func Example() {
	// An activated device has a connection and credentials; here they lead to a
	// store in memory.
	server := startFakeStore()
	defer server.Close()
	connection := conn{fakeStore: server}
	credentials := endpointAssets{endpointID: "0-AB", anchors: []*x509.Certificate{server.Certificate()}}

	ctx := context.Background()
	store, err := content.New(content.Config{Conn: connection, Assets: credentials, Dial: server.pipe.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close(ctx)

	picture, err := store.NewObject("snap.png", "image/png", content.FromBytes([]byte("a picture")))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := picture.Sync(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("uploaded", picture.Length(), "bytes to", picture.URI())

	came, err := store.Existing("https://127.0.0.1/v1/Storage-acme/iot-container/0-AB/snap.png")
	if err != nil {
		fmt.Println(err)
		return
	}
	var copied strings.Builder
	if err := came.SetSink(content.ToWriter(&copied)); err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan struct{})
	err = came.SyncAsync(func(err error) {
		fmt.Printf("downloaded %d bytes of %s: %q, %v\n", came.Length(), came.ContentType(), copied.String(), err)
		close(done)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	<-done
	// Output:
	// uploaded 9 bytes to https://127.0.0.1/v1/Storage-acme/iot-container/0-AB/snap.png
	// downloaded 9 bytes of image/png: "a picture", <nil>
}

// A message leaves when the content of its objects is there.
func ExampleStore_Hold() {
	server := startFakeStore()
	defer server.Close()
	credentials := endpointAssets{endpointID: "0-AB", anchors: []*x509.Certificate{server.Certificate()}}
	ctx := context.Background()
	store, err := content.New(content.Config{Conn: conn{fakeStore: server}, Assets: credentials, Dial: server.pipe.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close(ctx)
	var objects []*content.Object
	for _, name := range []string{"photo.png", "clip.mp4"} {
		o, err := store.NewObject(name, "", content.FromBytes([]byte(name)))
		if err != nil {
			fmt.Println(err)
			return
		}
		objects = append(objects, o)
	}
	hold, err := store.Hold(objects...)
	if err != nil {
		fmt.Println(err)
		return
	}
	sent := make(chan struct{})
	hold.Notify(func(err error) {
		fmt.Println("the message leaves:", err == nil)
		close(sent)
	})
	<-sent
	// Output: the message leaves: true
}

// A name is a path in the device's own folder of the container.
func ExampleObject_Reference() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := content.New(content.Config{Conn: offline{}, Assets: endpointAssets{endpointID: "0-AB"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close(context.Background())
	path := filepath.Join(dir, "snap.jpg")
	if err := os.WriteFile(path, []byte("picture"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	o, err := store.NewObject("2026/snap 1.jpg", "image/jpeg", content.FromFile(path))
	fmt.Println(o.Reference(), err)
	_, err = store.NewObject("../0-AC/snap.jpg", "image/jpeg", nil)
	fmt.Println(err)
	// Output:
	// storage-object:0-AB/2026/snap%201.jpg <nil>
	// not a name of a storage object: "0-AB/../0-AC/snap.jpg" leads to another folder
}

// offline is a connection that nothing is asked of.
type offline struct{ transport.Conn }
