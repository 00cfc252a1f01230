package lint

import (
	"cmp"
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/iotcs-go/iotcs/gen/source"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Model is a device model without errors, and where it stands.
type Model struct {
	*devicemodel.Model
	File    string
	Pointer string // RFC 6901 pointer of the model in its file, "" for a file of one model

	data []byte
}

// Position gives the place of the member that an RFC 6901 pointer into the model names, or of the nearest value around it.
func (m Model) Position(pointer string) source.Position {
	offset, _ := devicemodel.Locate(m.data, m.Pointer+pointer)
	return source.NewLocator(m.data).Position(offset)
}

// Report is the outcome of [Files].
type Report struct {
	Models   []Model   // those without errors, by file and position
	URNs     []string  // of all models, those with errors too; sorted, each once
	Findings []Finding // by file and position
}

// Option changes what [Files] does.
type Option func(*options)

type options struct {
	schema bool
	model  *shape
}

// WithSchema adds the JSON Schema to the readers. The loader refuses whatever the schema refuses, so this changes no verdict; it is a
// second opinion that costs some 16 ms to start.
func WithSchema() Option { return func(o *options) { o.schema = true } }

// Files checks every file of a set and what their models have to do with each other. The files are checked in parallel. The only error
// is that of ctx.
func Files(ctx context.Context, set *source.Set, opts ...Option) (*Report, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	o.model = shapes()
	parts := make([]part, len(set.Files))
	each(ctx, len(parts), func(i int) { parts[i] = checkFile(set.Files[i], o) })
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return merge(set, parts), nil
}

// each calls do for 0 to n-1, on as many goroutines as there are processors, until ctx ends.
func each(ctx context.Context, n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}

// part is what one file gives.
type part struct {
	models   []located
	findings []Finding
}

// located is a model, broken or not, with its place.
type located struct {
	urn   string
	model *Model          // nil when it has errors
	at    source.Position // of its URN
}

// raw is a finding before its offset becomes a position.
type raw struct {
	devicemodel.Finding
	level Level
}

func checkFile(f source.File, o options) part {
	docs, found := devicemodel.Inspect(f.Data)
	var all []raw
	for _, x := range found {
		all = append(all, raw{meant(f.Data, x), levelOf(x.Level)})
	}
	all = members(all, docs, o.model)
	for _, d := range docs {
		all = fileName(all, f, d, len(docs))
		if o.schema {
			all = schema(all, f.Data, d)
		}
	}
	return place(f, docs, all)
}

func levelOf(l devicemodel.Level) Level {
	if l == devicemodel.Error {
		return Error
	}
	return Warning
}

// place turns offsets into positions.
func place(f source.File, docs []devicemodel.Document, all []raw) part {
	var p part
	slices.SortStableFunc(all, func(a, b raw) int { return cmp.Compare(a.Offset, b.Offset) })
	locate := source.NewLocator(f.Data)
	var broken []int64
	for _, x := range all {
		if x.level == Error {
			broken = append(broken, x.Offset)
		}
		pos := locate.Position(x.Offset)
		p.findings = append(p.findings, Finding{f.Path, pos.Line, pos.Col, x.level, x.Rule, x.Pointer, x.Text, x.Remedy})
	}
	for _, d := range docs {
		offset, _ := devicemodel.Locate(d.Raw, "/urn")
		l := located{urn: d.URN, at: locate.Position(d.Offset + offset)}
		i, _ := slices.BinarySearch(broken, d.Offset)
		if d.Model != nil && (i == len(broken) || broken[i] >= d.Offset+int64(len(d.Raw))) {
			l.model = &Model{d.Model, f.Path, d.Pointer, f.Data}
		}
		p.models = append(p.models, l)
	}
	return p
}

// fileName applies the part of rule M13 that the loader cannot know: a dm-*.json file is named after the URN of its model
// (docs/protocol/device-models.md §9). Other file names claim nothing.
func fileName(all []raw, f source.File, d devicemodel.Document, docs int) []raw {
	base := filepath.Base(f.Path)
	if d.URN == "" || docs != 1 || !strings.HasPrefix(base, "dm-") {
		return all
	}
	want, err := devicemodel.FileName(d.URN)
	if err != nil || want == base {
		return all
	}
	offset, _ := devicemodel.Locate(f.Data, d.Pointer+"/urn")
	return append(all, raw{level: Warning, Finding: devicemodel.Finding{
		Rule: "M13", Offset: offset, Pointer: d.Pointer + "/urn",
		Text:   "the file's name does not belong to the URN " + quote(d.URN) + ": a device's local store will not find the model in it",
		Remedy: "name the file " + want,
	}})
}
