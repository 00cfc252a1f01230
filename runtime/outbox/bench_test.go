package outbox_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// benchMessage has the size of a message with a handful of attributes.
func benchMessage(sequence uint64) outbox.Message {
	m := outboxtest.Message(sequence, wire.Low, wire.BestEffort)
	m.JSON = append(m.JSON, make([]byte, 400-len(m.JSON))...)
	return m
}

func benchLog(b *testing.B, folder string, sync outbox.Sync) *outbox.Log {
	b.Helper()
	l, err := outbox.Open(folder, outbox.Options{Sync: sync, MaxMessages: 1 << 30, MaxBytes: 1 << 40})
	must(b, err)
	return l
}

// BenchmarkPut puts messages of 400 bytes from several goroutines, each of which
// waits until its message is stored. Target with group commit: 30 µs a message.
func BenchmarkPut(b *testing.B) {
	for _, mode := range []outbox.Sync{outbox.Group, outbox.Off} {
		for _, writers := range []int{1, 4, 16, 64} {
			b.Run(fmt.Sprintf("sync=%v/writers=%d", mode, writers), func(b *testing.B) {
				l := benchLog(b, b.TempDir(), mode)
				defer l.Close()
				var order sync.Mutex
				next := uint64(0)
				b.ReportAllocs()
				b.ResetTimer()
				var wg sync.WaitGroup
				for w := range writers {
					wg.Go(func() {
						ms := []outbox.Message{benchMessage(0)}
						for i := w; i < b.N; i += writers {
							order.Lock()
							next++
							ms[0].Sequence = next
							c, err := l.Put(ms)
							order.Unlock()
							if err == nil {
								err = c.Wait(context.Background())
							}
							if err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}

// fill puts n messages, a thousand at a time.
func fill(b *testing.B, l *outbox.Log, n int) {
	b.Helper()
	ms := make([]outbox.Message, 0, 1000)
	last := l.Last()
	for i := range n {
		ms = append(ms, benchMessage(last+uint64(i)+1))
		if len(ms) == cap(ms) || i == n-1 {
			c, err := l.Put(ms)
			must(b, err)
			must(b, c.Wait(context.Background()))
			ms = ms[:0]
		}
	}
}

// BenchmarkDrain takes and removes waiting messages, a hundred at a time. Target:
// 10 µs a message.
func BenchmarkDrain(b *testing.B) {
	l := benchLog(b, b.TempDir(), outbox.Group)
	defer l.Close()
	fill(b, l, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	var taken []uint64
	for left := b.N; left > 0; left -= len(taken) {
		taken = taken[:0]
		_, err := l.Take(wire.Low, outbox.None, outbox.Limit{Messages: 100, Bytes: 4 << 20}, func(m *outbox.Message) {
			taken = append(taken, m.Sequence)
		})
		must(b, err)
		must(b, l.Remove(taken))
	}
}

// BenchmarkOpen opens an outbox in which 100,000 messages of 400 bytes wait.
// Target: 300 ms.
func BenchmarkOpen(b *testing.B) {
	folder := b.TempDir()
	l := benchLog(b, folder, outbox.Off)
	fill(b, l, 100_000)
	must(b, l.Close())
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		l := benchLog(b, folder, outbox.Group)
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms/open")
		if n := l.Stats().Messages; n != 100_000 {
			b.Fatalf("%d messages", n)
		}
		must(b, l.Close())
	}
}
