package outbox_test

import (
	"context"
	"fmt"
	"os"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// A message survives the program that put it.
func Example() {
	folder, err := os.MkdirTemp("", "outbox")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)

	before, err := outbox.Open(folder, outbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	commit, err := before.Put([]outbox.Message{{
		Sequence: before.Last() + 1,
		Encoded:  wire.Encoded{Type: wire.TypeData, Priority: wire.Low, Reliability: wire.GuaranteedDelivery, JSON: []byte(`{"payload":{}}`)},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("stored:", commit.Wait(context.Background()) == nil)
	before.Close()

	after, err := outbox.Open(folder, outbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer after.Close()
	var sent []uint64
	after.Take(wire.Low, outbox.None, outbox.Limit{Messages: 100, Bytes: 1 << 20}, func(m *outbox.Message) {
		fmt.Println(m.Sequence, string(m.JSON))
		sent = append(sent, m.Sequence)
	})
	fmt.Println("removed:", after.Remove(sent) == nil)
	// Output:
	// stored: true
	// 1 {"payload":{}}
	// removed: true
}
