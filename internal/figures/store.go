package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const (
	writers     = 64  // goroutines that put into the outbox, each waiting for its commit
	messageSize = 400 // bytes of JSON: a message with a handful of attributes
	flushes     = 200 // of the disk, to know what one takes
)

// storeSettings say where the outbox is and how much goes into it.
type storeSettings struct {
	Folder   string
	Puts     int
	Messages int
}

// storeResult is the time that the outbox took.
type storeResult struct {
	Flush time.Duration // the disk, for a write of one message: what group commit shares
	Put   time.Duration // for a message
	Drain time.Duration // for a message
	Open  time.Duration // with all messages waiting
}

// useStore is the worker that is an outbox.
func useStore(_ context.Context, s storeSettings, t *talk) error {
	var result storeResult
	for _, step := range []func(storeSettings, *storeResult) error{flushDisk, putAll, drainAll, openFull} {
		if err := step(s, &result); err != nil {
			return err
		}
	}
	return t.answer(result)
}

func message(sequence uint64) outbox.Message {
	return outbox.Message{Sequence: sequence, Encoded: wire.Encoded{
		ClientID: wire.NewUUID(), Source: "0-FIGURES", Format: "urn:figures:attributes", Type: wire.TypeData,
		Priority: wire.Low, Reliability: wire.BestEffort, EventTime: time.Now().UnixMilli(), JSON: make([]byte, messageSize),
	}}
}

func openStore(folder string) (*outbox.Log, error) {
	return outbox.Open(folder, outbox.Options{MaxMessages: 1 << 30, MaxBytes: 1 << 40})
}

// flushDisk measures what the disk takes for a write that is flushed, without any
// outbox.
func flushDisk(s storeSettings, result *storeResult) error {
	f, err := os.CreateTemp(s.Folder, "flush-")
	if err != nil {
		return err
	}
	defer f.Close()
	start := time.Now()
	for range flushes {
		if _, err := f.Write(make([]byte, messageSize)); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	result.Flush = time.Since(start) / flushes
	return nil
}

// putAll puts messages from several goroutines, each of which waits until its
// message is on the disk.
func putAll(s storeSettings, result *storeResult) (err error) {
	l, err := openStore(filepath.Join(s.Folder, "put"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	var order sync.Mutex // messages must come in the order of their numbers
	next := uint64(0)
	put := func(m *[1]outbox.Message) (*outbox.Commit, error) {
		order.Lock()
		defer order.Unlock()
		next++
		m[0].Sequence = next
		return l.Put(m[:])
	}
	failures := make([]error, writers)
	start := time.Now()
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			m := [1]outbox.Message{message(0)}
			for range s.Puts / writers {
				commit, err := put(&m)
				if err == nil {
					err = commit.Wait(context.Background())
				}
				if err != nil {
					failures[w] = err
					return
				}
			}
		})
	}
	all.Wait()
	result.Put = time.Since(start) / time.Duration(s.Puts/writers*writers)
	return errors.Join(failures...)
}

// fill puts messages, a thousand at a time, and returns when they are stored.
func fill(l *outbox.Log, n int) error {
	ms := make([]outbox.Message, 0, 1000)
	for i := range n {
		ms = append(ms, message(uint64(i)+1))
		if len(ms) < cap(ms) && i < n-1 {
			continue
		}
		commit, err := l.Put(ms)
		if err == nil {
			err = commit.Wait(context.Background())
		}
		if err != nil {
			return err
		}
		ms = ms[:0]
	}
	return nil
}

// drainAll takes and removes what waits, a batch at a time.
func drainAll(s storeSettings, result *storeResult) (err error) {
	l, err := openStore(filepath.Join(s.Folder, "drain"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := fill(l, s.Puts); err != nil {
		return err
	}
	limit := outbox.Limit{Messages: batch, Bytes: 4 << 20}
	var taken []uint64
	start := time.Now()
	for left := s.Puts; left > 0; left -= len(taken) {
		taken = taken[:0]
		_, err := l.Take(wire.Low, outbox.None, limit, func(m *outbox.Message) { taken = append(taken, m.Sequence) })
		if err != nil {
			return err
		}
		if len(taken) == 0 {
			return fmt.Errorf("%d messages cannot be taken", left)
		}
		if err := l.Remove(taken); err != nil {
			return err
		}
	}
	result.Drain = time.Since(start) / time.Duration(s.Puts)
	return nil
}

// openFull opens an outbox in which messages wait.
func openFull(s storeSettings, result *storeResult) (err error) {
	folder := filepath.Join(s.Folder, "open")
	l, err := openStore(folder)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(l, s.Messages), l.Close()); err != nil {
		return err
	}
	start := time.Now()
	if l, err = openStore(folder); err != nil {
		return err
	}
	result.Open = time.Since(start)
	if n := l.Stats().Messages; n != s.Messages {
		err = fmt.Errorf("%d of %d messages are there after opening", n, s.Messages)
	}
	return errors.Join(err, l.Close())
}
