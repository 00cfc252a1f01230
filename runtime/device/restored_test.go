package device_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/device"
)

func TestReplayCallsTheHandlers(t *testing.T) {
	k := newKeeper(t)
	accept(k.start(&plant))
	k.write(map[string]any{"target": 50, "mode": "auto", "level": 3})
	b := k.start(&plant)
	var got []string
	b.OnIntegerChange(attrTarget, func(_ context.Context, c device.Change[int64]) error {
		got = append(got, fmt.Sprint(c))
		return nil
	})
	b.OnStringChange(attrMode, func(_ context.Context, c device.Change[string]) error {
		got = append(got, fmt.Sprint(c))
		return nil
	})
	must(t, b.SetString(attrMode, "manual")) // the program knows better by now
	must(t, b.Virtual().ReplayRestored(t.Context()))
	if want := []string{"{target 50 7 true true}"}; !slices.Equal(got, want) {
		t.Errorf("handlers got %q, want %q", got, want)
	}
	if v, _ := b.Number(attrLevel); v != 3 {
		t.Errorf("level without handler is %v", v)
	}

	b.OnChange(func(_ context.Context, c device.ChangeSet) error {
		if !c.Restored() {
			t.Error("not marked as restored")
		}
		got = nil
		for i := range c.Len() {
			name, _ := c.At(i)
			got = append(got, name)
		}
		return nil
	})
	must(t, b.Virtual().ReplayRestored(t.Context()))
	if want := []string{"level", "target"}; !slices.Equal(got, want) {
		t.Errorf("the handler of all got %q, want %q", got, want)
	}
}

func TestReplayThatIsRefused(t *testing.T) {
	k := newKeeper(t)
	accept(k.start(&plant))
	k.write(map[string]any{"target": 50, "mode": "auto"})
	b := k.start(&plant)
	stuck := errors.New("valve is stuck")
	b.OnIntegerChange(attrTarget, func(context.Context, device.Change[int64]) error { return stuck })
	b.OnStringChange(attrMode, device.Accept)
	if err := b.Virtual().ReplayRestored(t.Context()); !errors.Is(err, stuck) {
		t.Errorf("error %v", err)
	}
	if v, _ := b.Integer(attrTarget); v != 7 {
		t.Errorf("target is %d, want the default", v)
	}
	b = k.start(&plant)
	if got := b.Virtual().Restored(); len(got) != 1 || got[0].Name != "mode" {
		t.Errorf("the next start restored %v", got)
	}
	b.OnChange(func(context.Context, device.ChangeSet) error { return stuck })
	if err := b.Virtual().ReplayRestored(t.Context()); !errors.Is(err, stuck) {
		t.Errorf("error %v", err)
	}
	if got := k.start(&plant).Virtual().Restored(); len(got) != 0 {
		t.Errorf("the last start restored %v", got)
	}
}

func TestReplayEnds(t *testing.T) {
	k := newKeeper(t)
	accept(k.start(&plant))
	k.write(map[string]any{"target": 50})
	b := k.start(&plant)
	accept(b)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Virtual().ReplayRestored(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	must(t, b.Virtual().Close())
	if err := b.Virtual().ReplayRestored(t.Context()); !errors.Is(err, device.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, g := start(t); g.Virtual().ReplayRestored(t.Context()) != nil {
		t.Error("without WithState")
	}
}
