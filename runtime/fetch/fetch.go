package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Source is where device models come from.
type Source interface {
	// Model returns the model with the given URN as the server writes it.
	Model(ctx context.Context, urn string) ([]byte, error)
	// List returns the URNs of all models, sorted. It fails with [ErrCannotList]
	// if the source must not do that.
	List(ctx context.Context) ([]string, error)
	// Close releases connections.
	Close() error
}

// ErrCannotList says that an activated device cannot ask which models there are:
// name their URNs.
var ErrCannotList = errors.New("a device cannot list device models; name the URNs")

// errOtherModel refuses an answer that holds another model than was asked for.
var errOtherModel = errors.New("the server sent the device model of another URN")

// Status says what became of a model.
type Status uint8

// What a model can be compared with the store. Those that are new or changed
// were written.
const (
	New Status = iota + 1
	Changed
	Unchanged
	Draft // an empty placeholder on the server; not written
)

// String names the status.
func (s Status) String() string {
	switch s {
	case New:
		return "new"
	case Changed:
		return "changed"
	case Unchanged:
		return "unchanged"
	case Draft:
		return "draft"
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// Result is what became of one model.
type Result struct {
	URN    string
	Status Status
	Path   string // of the file, also when it was not written
}

// fetched is a model that was read and not written yet.
type fetched struct {
	Result
	data []byte
}

// Into brings the models with the given URNs into the folder dir, in their order.
// The folder must exist.
// progress, if not nil, is called before each model is read, with the number of
// those that were read. When one cannot be read, or is no device model, nothing
// is written. A model counts as unchanged if only its time stamps, links or the
// order of its members differ; its file is left alone then.
func Into(ctx context.Context, dir string, source Source, urns []string, progress func(done, all int, urn string)) ([]Result, error) {
	store := devicemodel.Store{Dir: dir}
	var all []fetched
	for i, urn := range urns {
		if progress != nil {
			progress(i, len(urns), urn)
		}
		f, err := read(ctx, store, source, urn)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", urn, err)
		}
		all = append(all, f)
	}
	results := make([]Result, 0, len(all))
	for _, f := range all {
		if f.Status == New || f.Status == Changed {
			if err := store.Write(f.URN, f.data); err != nil {
				return results, fmt.Errorf("%s: %w", f.URN, err)
			}
		}
		results = append(results, f.Result)
	}
	return results, nil
}

// read fetches a model and compares it with the one in the store.
func read(ctx context.Context, store devicemodel.Store, source Source, urn string) (fetched, error) {
	path, err := store.Path(urn)
	if err != nil {
		return fetched{}, err
	}
	f := fetched{Result: Result{URN: urn, Path: path}}
	if f.data, err = source.Model(ctx, urn); err != nil {
		return fetched{}, err
	}
	m, _, err := devicemodel.Load(f.data, devicemodel.AllowDrafts())
	if err != nil {
		return fetched{}, err
	}
	if m.URN != urn {
		return fetched{}, fmt.Errorf("%w: %s", errOtherModel, m.URN)
	}
	f.Status, err = compare(store, m)
	return f, err
}

// compare tells a model's status. A stored file that is no model counts as changed.
func compare(store devicemodel.Store, m *devicemodel.Model) (Status, error) {
	if m.Draft {
		return Draft, nil
	}
	data, err := store.Read(m.URN)
	if errors.Is(err, fs.ErrNotExist) {
		return New, nil
	}
	if err != nil {
		return 0, err
	}
	old, _, err := devicemodel.Load(data, devicemodel.AllowDrafts())
	if err != nil || !reflect.DeepEqual(sorted(old), sorted(m)) {
		return Changed, nil
	}
	return Unchanged, nil
}

// sorted is a model with its members ordered by name: servers give them in
// changing order. The order of arguments matters and stays.
func sorted(m *devicemodel.Model) *devicemodel.Model {
	slices.SortFunc(m.Attributes, func(a, b devicemodel.Attribute) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(m.Actions, func(a, b devicemodel.Action) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(m.Formats, func(a, b devicemodel.Format) int { return strings.Compare(a.URN, b.URN) })
	for i := range m.Formats {
		slices.SortFunc(m.Formats[i].Fields, func(a, b devicemodel.Field) int { return strings.Compare(a.Name, b.Name) })
	}
	return m
}
