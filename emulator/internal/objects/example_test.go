package objects_test

import (
	"fmt"
	"io"

	"github.com/iotcs-go/iotcs/emulator/internal/objects"
)

// An object is there when its upload was committed.
func Example() {
	store := objects.New(1 << 20)
	defer store.Close()
	upload, err := store.Create("0-AB/snap.jpg", objects.Properties{Type: "image/jpeg"}, -1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer upload.Close()
	if _, err := io.WriteString(upload, "a picture"); err != nil {
		fmt.Println(err)
		return
	}
	_, there := store.Find("0-AB/snap.jpg")
	fmt.Println(there)
	if _, err := upload.Commit(); err != nil {
		fmt.Println(err)
		return
	}
	o, there := store.Find("0-AB/snap.jpg")
	fmt.Println(there, o.Length, o.MD5)
	// Output:
	// false
	// true 9 101a0e3e2f58188b3e2ffc1057316c13
}
