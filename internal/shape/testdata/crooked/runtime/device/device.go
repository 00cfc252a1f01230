package device

import (
	"errors"
	"sync"
	"text/template"
)

// ErrFine is a sentinel: a variable that nobody writes.
var ErrFine = errors.New("fine")

// origin, names and lock are state.
var origin int
var names = map[string]bool{}
var lock sync.Mutex

func init() {
	Counter = 1
	_ = template.New("linked into every device")
}

var Counter int

func Count() int { return Counter }

type Opener interface {
	Open() error
	close() error
}

// Device is documented.
type Device struct {
	ID, Name string
}

func (d *Device) Close() error {
	names[d.Name] = true
	Counter++
	point := &origin
	lock.Lock()
	delete(names, d.ID)
	local := 0
	local++
	*point = local
	return ErrFine
}
