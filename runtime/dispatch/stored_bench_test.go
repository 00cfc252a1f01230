package dispatch_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/outbox"
)

// BenchmarkStoredQueueAndSend queues messages from 64 goroutines, each of which
// waits until its message is stored, while they are sent and removed.
func BenchmarkStoredQueueAndSend(b *testing.B) {
	for _, mode := range []outbox.Sync{outbox.Group, outbox.Off} {
		b.Run("sync="+mode.String(), func(b *testing.B) {
			store, err := outbox.Open(b.TempDir(), outbox.Options{Sync: mode})
			must(b, err)
			defer store.Close()
			d, err := dispatch.New(dispatch.Config{Conn: sinkConn{newServer()}, Endpoint: "0-AB", Now: time.Now, Reporter: quiet{}, BatchSize: 100, Store: store})
			must(b, err)
			defer d.Close(context.Background())
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			const writers = 64
			for w := range writers {
				wg.Go(func() {
					m := low("a")
					for i := w; i < b.N; i += writers {
						if err := d.Queue(nil, m); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			must(b, d.Flush(context.Background()))
		})
	}
}
