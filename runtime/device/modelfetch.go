package device

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/transport"
)

// modelConfig is where device models come from.
type modelConfig struct {
	stored  bool
	store   devicemodel.Store
	refresh time.Duration
	drafts  bool
}

// errOtherModel refuses an answer that holds another model than was asked for.
var errOtherModel = errors.New("the device model has another URN than was asked for")

// Model returns the device model with the given URN: from memory, from the model
// store, or from the server, which needs an activated device
// (docs/protocol/device-models.md §6, §9). The model is shared and must not be
// changed.
//
// Errors: [ErrModelNotFound], [ErrDraft], [*devicemodel.LoadError],
// [ErrNotActivated], those of the connection.
func (d *Device) Model(ctx context.Context, urn string) (*Model, error) {
	d.mu.Lock()
	m := d.models[urn]
	d.mu.Unlock()
	if m != nil {
		return m, nil
	}
	m, err := d.findModel(ctx, urn)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.models[urn] = m
	return m, nil
}

// findModel looks into the store and then asks the server.
func (d *Device) findModel(ctx context.Context, urn string) (*Model, error) {
	stored, fresh, err := d.storedModel(urn)
	if err != nil || stored != nil && fresh {
		return stored, err
	}
	fetched, err := d.fetchModel(ctx, urn)
	if err != nil && stored != nil && temporary(err) {
		d.component("model").Warn("device model could not be refreshed, the stored one is used", "urn", urn, "error", err)
		return stored, nil
	}
	return fetched, err
}

// temporary reports whether err says nothing about the model itself.
func temporary(err error) bool {
	return !errors.Is(err, ErrModelNotFound) && !errors.As(err, new(*devicemodel.LoadError))
}

// storedModel reads the store. fresh is false when the model should be fetched
// again. A file that cannot be used is logged, not returned as an error: the
// server may have a good one.
func (d *Device) storedModel(urn string) (m *Model, fresh bool, err error) {
	config := &d.config.models
	if !config.stored {
		return nil, false, nil
	}
	data, err := config.store.Read(urn)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("device model %s: %w", urn, err)
	}
	m, err = d.load(urn, data, true)
	if err != nil {
		d.component("model").Warn("stored device model cannot be used", "urn", urn, "error", err)
		return nil, false, nil
	}
	return m, config.refresh == 0 || d.age(urn) < config.refresh, nil
}

// age is how old the file of a model is; a file from the future is new.
func (d *Device) age(urn string) time.Duration {
	path, err := d.config.models.store.Path(urn)
	if err != nil {
		return 0
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return time.Since(info.ModTime())
}

// fetchModel asks the server and keeps what it gave in the store.
func (d *Device) fetchModel(ctx context.Context, urn string) (*Model, error) {
	if !d.IsActivated() {
		return nil, fmt.Errorf("device model %s: %w", urn, ErrNotActivated)
	}
	data, err := d.conn.DeviceModel(ctx, urn)
	if err != nil {
		return nil, err
	}
	m, err := d.load(urn, data, d.config.models.drafts)
	if err != nil {
		return nil, err
	}
	if d.config.models.stored {
		if err := d.config.models.store.Write(urn, data); err != nil {
			d.component("model").Warn("device model could not be stored", "urn", urn, "error", err)
		}
	}
	return m, nil
}

func (d *Device) load(urn string, data []byte, drafts bool) (*Model, error) {
	var opts []devicemodel.LoadOption
	if drafts {
		opts = append(opts, devicemodel.AllowDrafts())
	}
	m, warnings, err := devicemodel.Load(data, opts...)
	if err != nil {
		return nil, fmt.Errorf("device model %s: %w", urn, err)
	}
	for _, w := range warnings {
		d.component("model").Warn("device model", "urn", urn, "finding", w.String())
	}
	if m.URN != urn {
		return nil, fmt.Errorf("device model %s: %w: %w: %s", urn, transport.ErrMalformed, errOtherModel, m.URN)
	}
	return m, nil
}
