package gen

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/gen/source"
)

// Drift is one file that is not as it should be.
type Drift struct {
	Diagnostic
	Diff []byte // unified diff from what the file holds to what it should hold; nil where there is nothing to compare
}

// Drift lists everything on disk that differs from what would be generated, by folder and path. It is empty when all is current. The level
// is [lint.Error] throughout.
func (r *Result) Drift() []Drift {
	var all []Drift
	for _, f := range r.Folders {
		for i := range f.Files {
			if file := &f.Files[i]; file.State != Current {
				all = append(all, f.drift(file))
			}
		}
	}
	return all
}

func (f *Folder) drift(file *File) Drift {
	d := Drift{Diagnostic: Diagnostic{File: f.shown(file.Path), Level: lint.Error}}
	const generate = `run "iotcs-gen generate" and commit the result`
	switch file.State {
	case Missing:
		d.Rule, d.Text, d.Remedy = RuleMissing, "is missing"+f.because(file), generate
	case Stale:
		d.Rule, d.Text, d.Remedy = RuleStale, "is stale"+f.because(file), generate
	case Edited:
		d.Rule, d.Text = RuleEdited, "was edited by hand after it was generated"
		d.Remedy = "move the change to a file of your own, then overwrite this one with --force"
	case Foreign:
		d.Rule, d.Text, d.Remedy = RuleForeign, file.Why, "move it away, or choose another output folder or package name"
	case Orphan:
		d.Rule, d.Text, d.Remedy = RuleOrphan, "was generated for something that is gone", `delete it with "iotcs-gen generate --prune"`
		if isTemp(path.Base(file.Path)) {
			d.Text = "is left of a run that was killed"
		}
	}
	if file.Disk != nil && file.Content != nil {
		pos := firstDifference(file.Disk, file.Content)
		d.Line, d.Col = pos.Line, pos.Col
	}
	if file.State == Missing || file.State == Stale || file.State == Edited && file.Content != nil {
		d.Diff = f.diff(file)
	}
	return d
}

// because names the model behind a file.
func (f *Folder) because(file *File) string {
	if model := f.models[file.URN]; model != "" {
		return ": it is generated from " + model
	}
	return ""
}

// firstDifference gives the place in disk where the texts part.
func firstDifference(disk, content []byte) source.Position {
	disk = plainEnds(disk)
	at := 0
	for at < len(disk) && at < len(content) && disk[at] == content[at] {
		at++
	}
	return source.NewLocator(disk).Position(int64(at))
}

// diff gives the unified diff of a file, in the form that patch and git apply take.
func (f *Folder) diff(file *File) []byte {
	name := filepath.ToSlash(f.shown(file.Path))
	old, before := "a/"+name, plainEnds(file.Disk)
	if file.State == Missing {
		old, before = "/dev/null", nil
	}
	text := diff.Diff(old, before, "b/"+name, file.Content)
	if _, rest, ok := strings.Cut(string(text), "\n"); ok { // its first line repeats the names
		return []byte(rest)
	}
	return text
}
