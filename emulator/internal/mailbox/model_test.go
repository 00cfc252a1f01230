package mailbox_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/mailbox"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// modelBox is what a box does, in the plainest words.
type modelBox struct {
	waiting map[string][]string // ids by owner, in order
	out     map[string]outgoing // delivered ones that may be put back, by name of the delivery
	device  map[string]string   // by id
	owner   map[string]string   // by id
	status  map[string]mailbox.Status
	expires map[string]time.Time
	size    map[string]int
}

type outgoing struct {
	owner    string
	delivery *mailbox.Delivery
	ids      []string
}

func newModelBox() *modelBox {
	return &modelBox{map[string][]string{}, map[string]outgoing{}, map[string]string{}, map[string]string{}, map[string]mailbox.Status{}, map[string]time.Time{}, map[string]int{}}
}

func (m *modelBox) done(id string) bool {
	return m.status[id] == mailbox.Completed || m.status[id] == mailbox.Failed
}

// expire ends what is too old.
func (m *modelBox) expire() {
	for id, at := range m.expires {
		if !m.done(id) && !at.After(time.Now()) {
			m.status[id] = mailbox.Failed
		}
	}
	for owner, ids := range m.waiting {
		m.waiting[owner] = slices.DeleteFunc(ids, m.done)
	}
}

// take is what a poll gets.
func (m *modelBox) take(owner string, accept int) []string {
	m.expire()
	var taken []string
	room := accept
	for _, id := range m.waiting[owner] {
		if m.size[id]+2 > room {
			break
		}
		room -= m.size[id] + 2
		taken = append(taken, id)
		m.status[id] = mailbox.Dispatched
	}
	m.waiting[owner] = m.waiting[owner][len(taken):]
	return taken
}

// TestAgainstModel does the same random things to a box and to its model and wants them to agree all the time.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runAgainstModel(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func runAgainstModel(t *testing.T, random *rand.Rand) {
	box, model := mailbox.New(), newModelBox()
	owners := map[string]string{"0-GW1": "0-GW1", "0-GW2": "0-GW2", "0-ICD1": "0-GW1", "0-ICD2": "0-GW1"}
	devices := []string{"0-GW1", "0-GW2", "0-ICD1", "0-ICD2"}
	var ids []string
	pick := func() string { return ids[random.IntN(len(ids))] }
	for step := range 400 {
		switch action := random.IntN(10); {
		case action < 3 || len(ids) == 0:
			device := devices[random.IntN(len(devices))]
			r, message := send(t, box, device, owners[device], fmt.Sprint("path/", step))
			ids = append(ids, r.ID)
			model.expire()
			model.waiting[owners[device]] = append(model.waiting[owners[device]], r.ID)
			model.device[r.ID], model.owner[r.ID], model.status[r.ID] = device, owners[device], mailbox.Received
			model.expires[r.ID], model.size[r.ID] = time.Now().Add(mailbox.Life), len(message)
		case action < 6:
			owner := devices[random.IntN(2)]
			accept := random.IntN(1200)
			d, err := box.Poll(context.Background(), owner, accept, 0)
			if err != nil {
				t.Fatal(err)
			}
			if want := model.take(owner, accept); !slices.Equal(deliveredIDs(t, d), want) {
				t.Fatalf("step %d: delivered %v, want %v", step, deliveredIDs(t, d), want)
			} else if len(want) > 0 {
				model.out[fmt.Sprint(step)] = outgoing{owner, d, want}
			}
			if blocked := len(d.Messages) == 0 && accept > 0 && len(model.waiting[owner]) > 0; blocked != (d.Need > 0) || blocked && d.Need != model.size[model.waiting[owner][0]]+2 {
				t.Fatalf("step %d: need %d", step, d.Need)
			}
		case action < 7:
			for name, out := range model.out { // any
				out.delivery.PutBack()
				model.expire()
				back := slices.DeleteFunc(slices.Clone(out.ids), model.done)
				for _, id := range back {
					model.status[id] = mailbox.Received
				}
				model.waiting[out.owner] = slices.Concat(back, model.waiting[out.owner])
				delete(model.out, name)
				break
			}
		case action < 9:
			id := pick()
			model.expire()
			want := !model.done(id)
			if got := box.Answer(model.device[id], &wire.Response{StatusCode: 200, RequestID: id}); got != want {
				t.Fatalf("step %d: answer taken: %v, want %v", step, got, want)
			}
			if want {
				model.status[id] = mailbox.Completed
			}
		default:
			time.Sleep(time.Duration(random.IntN(40)) * time.Second)
		}
		checkStatuses(t, step, box, model, ids)
	}
}

func deliveredIDs(t *testing.T, d *mailbox.Delivery) []string {
	t.Helper()
	var ids []string
	for _, message := range d.Messages {
		m, err := wire.DecodeMessage(message)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.ID)
	}
	return ids
}

func checkStatuses(t *testing.T, step int, box *mailbox.Box, model *modelBox, ids []string) {
	t.Helper()
	model.expire()
	for _, id := range ids {
		r, err := box.Request(id)
		if err != nil {
			if time.Since(model.expires[id]) < mailbox.Memory {
				t.Fatalf("step %d: request forgotten after %v: %v", step, time.Since(model.expires[id]), err)
			}
			continue
		}
		if r.Status != model.status[id] || r.Done() != (r.Response != nil) {
			t.Fatalf("step %d: request is %+v, want %s", step, r, model.status[id])
		}
	}
}
