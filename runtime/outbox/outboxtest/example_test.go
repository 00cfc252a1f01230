package outboxtest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// A disk that is full refuses messages, and takes them again when there is room.
func Example() {
	disk := outboxtest.NewDisk()
	log, err := outbox.Open("outbox", outbox.Options{Disk: disk})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer log.Close()
	put := func(sequence uint64) error {
		commit, err := log.Put([]outbox.Message{outboxtest.Message(sequence, wire.Low, wire.BestEffort)})
		if err != nil {
			return err
		}
		return commit.Wait(context.Background())
	}
	disk.SetFree(0)
	fmt.Println(errors.Is(put(1), outbox.ErrDiskFull))
	disk.SetFree(1 << 20)
	fmt.Println(put(2))
	// Output:
	// true
	// <nil>
}
