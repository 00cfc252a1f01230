package gen_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/gen"
	"github.com/iotcs-go/iotcs/internal/racetest"
)

// user does at random what users do to a folder, and knows what must never be touched.
type user struct {
	world
	rnd    *rand.Rand
	edited map[string]string // generated files with a hand edit, by path in generated/
	own    map[string]string // files that were never generated
	log    []string
}

func (u *user) note(format string, args ...any) { u.log = append(u.log, fmt.Sprintf(format, args...)) }

func (u *user) fatal(format string, args ...any) {
	u.t.Helper()
	u.t.Fatalf("%s\nafter\n%s", fmt.Sprintf(format, args...), strings.Join(u.log, "\n"))
}

// TestUsersFilesAreSafe holds the promises about what lies on disk against random sequences of what users do.
func TestUsersFilesAreSafe(t *testing.T) {
	seeds, steps := uint64(25), 30
	if racetest.Enabled {
		seeds, steps = 4, 15
	}
	for seed := range seeds {
		u := &user{world: world{t, t.TempDir()}, rnd: rand.New(rand.NewPCG(seed, 2)), edited: make(map[string]string), own: make(map[string]string)}
		u.note("seed %d", seed)
		u.writeModel(0)
		for range steps {
			u.step()
		}
	}
}

func (u *user) step() {
	switch u.rnd.IntN(10) {
	case 0, 1:
		u.writeModel(u.rnd.IntN(4))
	case 2:
		u.removeModel()
	case 3:
		u.edit()
	case 4:
		u.deleteFile()
	case 5:
		u.addOwn()
	default:
		u.generateSomehow()
	}
}

// writeModel adds or changes one of four models.
func (u *user) writeModel(n int) {
	var members []string
	for a := range 1 + u.rnd.IntN(3) {
		members = append(members, fmt.Sprintf(`{"name": "attr%d", "type": "INTEGER", "range": "0,%d"}`, a, 1+u.rnd.IntN(3)))
	}
	formats := ""
	if u.rnd.IntN(2) == 0 {
		formats = fmt.Sprintf(`, "formats": [{"urn": "urn:test:m%d:hot", "name": "Hot", "type": "ALERT", "value": {"fields": []}}]`, n)
	}
	u.note("write model %d with %d attributes%s", n, len(members), formats)
	u.write(fmt.Sprintf("models/m%d.json", n), fmt.Sprintf(`{"urn": "urn:test:m%d", "name": "M", "attributes": [%s]%s}`, n, strings.Join(members, ","), formats))
}

// removeModel removes a model, but never the last one.
func (u *user) removeModel() {
	models := u.names("models")
	if len(models) > 1 {
		name := models[u.rnd.IntN(len(models))]
		u.note("remove %s", name)
		u.remove("models/" + name)
	}
}

// generated gives the untouched generated files.
func (u *user) generated() []string {
	return slices.DeleteFunc(u.names("generated"), func(name string) bool {
		return u.edited[name] != "" || u.own[name] != "" || !strings.HasSuffix(name, ".go")
	})
}

func (u *user) edit() {
	if files := u.generated(); len(files) > 0 {
		name := files[u.rnd.IntN(len(files))]
		u.edited[name] = strings.Replace(u.read("generated/"+name), "package", fmt.Sprintf("// mine %d\npackage", u.rnd.IntN(1000)), 1)
		u.note("edit %s", name)
		u.write("generated/"+name, u.edited[name])
	}
}

func (u *user) deleteFile() {
	if files := u.generated(); len(files) > 0 {
		name := files[u.rnd.IntN(len(files))]
		u.note("delete %s", name)
		u.remove("generated/" + name)
	}
}

// addOwn puts a file of the user's beside generated ones, or where one would go.
func (u *user) addOwn() {
	name := fmt.Sprintf("m%d/%s", u.rnd.IntN(4), []string{"mine.go", "alerts.go", "notes.txt"}[u.rnd.IntN(3)])
	if slices.Contains(u.names("generated"), name) {
		return
	}
	u.own[name] = "package mine\n"
	u.note("add %s", name)
	u.write("generated/"+name, u.own[name])
}

// generateSomehow runs with random options and holds the promises against the outcome.
func (u *user) generateSomehow() {
	o := gen.WriteOptions{Force: u.rnd.IntN(3) == 0, Prune: u.rnd.IntN(3) == 0}
	before := u.tree("generated")
	r := u.run(gen.Flags{})
	if diff := cmp.Diff(before, u.tree("generated")); diff != "" {
		u.fatal("Run has written: %s", diff)
	}
	u.note("generate %+v", o)
	s, err := r.Write(u.t.Context(), o)
	after := u.tree("generated")
	u.ownIsSafe(after)
	if err != nil {
		u.refused(err, before, after)
		return
	}
	u.editsAreSafe(o, after)
	u.deletions(o, before, after, s)
	u.upToDate(o)
}

// ownIsSafe demands that files that were never generated are as they were.
func (u *user) ownIsSafe(after map[string]string) {
	for name, text := range u.own {
		if after[name] != text {
			u.fatal("%s of the user's is gone or changed", name)
		}
	}
}

// refused demands a reason and that nothing has changed.
func (u *user) refused(err error, before, after map[string]string) {
	blocked, ok := errors.AsType[*gen.BlockedError](err)
	if !ok || len(blocked.Diagnostics) == 0 {
		u.fatal("error %v", err)
	}
	for _, d := range blocked.Diagnostics {
		if d.Rule != gen.RuleEdited && d.Rule != gen.RuleForeign {
			u.fatal("refused for %s", d)
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		u.fatal("refused, and still changed: %s", diff)
	}
}

// editsAreSafe demands that hand edits survive without Force.
func (u *user) editsAreSafe(o gen.WriteOptions, after map[string]string) {
	for name, text := range maps.Clone(u.edited) {
		switch {
		case after[name] == text:
		case !o.Force:
			u.fatal("the edit of %s is lost", name)
		default:
			delete(u.edited, name)
		}
	}
}

// deletions demands that files vanish with Prune only, and that the summary tells which.
func (u *user) deletions(o gen.WriteOptions, before, after map[string]string, s gen.Summary) {
	gone := 0
	for name := range before {
		if _, ok := after[name]; !ok {
			gone++
		}
	}
	if gone != len(s.Deleted) || gone > 0 && !o.Prune {
		u.fatal("%d files are gone, told are %v", gone, s.Deleted)
	}
	written := 0
	for name, text := range after {
		if before[name] != text {
			written++
		}
	}
	if written != len(s.Written) {
		u.fatal("%d files have changed, told are %v", written, s.Written)
	}
}

// upToDate demands that nothing is left to do but orphans.
func (u *user) upToDate(o gen.WriteOptions) {
	for _, d := range u.run(gen.Flags{}).Drift() {
		orphan := d.Rule == gen.RuleOrphan && !o.Prune || d.Rule == gen.RuleEdited && !o.Force && d.Diff == nil || d.Rule == gen.RuleEdited && !o.Prune && d.Diff == nil
		if !orphan {
			u.fatal("left: %s", d)
		}
	}
}
