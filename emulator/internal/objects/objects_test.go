package objects

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, damaged, err := Open(dir, 1<<30)
	must(t, err)
	if damaged != 0 {
		t.Errorf("%d objects are damaged", damaged)
	}
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func put(t testing.TB, s *Store, name, content string) Object {
	t.Helper()
	u, err := s.Create(name, Properties{}, -1)
	must(t, err)
	_, err = io.WriteString(u, content)
	must(t, err)
	o, err := u.Commit()
	must(t, err)
	return o
}

// get gives the content of an object, "absent" for none.
func get(t testing.TB, s *Store, name string) string {
	t.Helper()
	file, o, err := s.Read(name)
	if errors.Is(err, ErrNotFound) {
		return "absent"
	}
	must(t, err)
	defer file.Close()
	content, err := io.ReadAll(file)
	must(t, err)
	sum := md5.Sum(content)
	if o.Length != int64(len(content)) || o.MD5 != hex.EncodeToString(sum[:]) {
		t.Errorf("%s: %+v is not of its content", name, o)
	}
	return string(content)
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// What is half written is not there, neither for readers nor after the next start.
func TestHalfWritten(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a", "old")
	u, err := s.Create("a", Properties{}, 10)
	must(t, err)
	_, err = io.WriteString(u, "new co")
	must(t, err)
	if got := get(t, s, "a"); got != "old" {
		t.Errorf("%q", got)
	}
	if n, used := s.Used(); n != 1 || used != 9 {
		t.Errorf("%d objects, %d bytes", n, used)
	}
	must(t, s.Close()) // as if the process ended
	must(t, u.Close())
	if got := files(t, dir); len(got) != 3 {
		t.Errorf("files %v", got)
	}
	again := open(t, dir)
	if got := get(t, again, "a"); got != "old" {
		t.Errorf("%q", got)
	}
	if diff := cmp.Diff([]string{"1", "1.json"}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if put(t, again, "a", "newer"); get(t, again, "a") != "newer" {
		t.Error("cannot be replaced after that")
	}
}

// A crash at any point of a replacement leaves the old object or the new one. Each case is a folder as a crash leaves it.
func TestCrash(t *testing.T) {
	tests := []struct {
		name string
		undo func(dir string) error // of what the replacement of 1 by 2 did
		want string
		kept []string
	}{
		{"record half written", func(dir string) error { return os.Rename(dir+"/2.json", dir+"/2.json.part") }, "old", []string{"1", "1.json"}},
		{"no record", func(dir string) error { return os.Remove(dir + "/2.json") }, "old", []string{"1", "1.json"}},
		{"old one not removed", func(string) error { return nil }, "new", []string{"2", "2.json"}},
		{"content of the old one not removed", func(dir string) error { return os.Remove(dir + "/1.json") }, "new", []string{"2", "2.json"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			put(t, s, "a", "old")
			old := map[string][]byte{}
			for _, name := range files(t, dir) {
				text, err := os.ReadFile(filepath.Join(dir, name))
				must(t, err)
				old[name] = text
			}
			put(t, s, "a", "new")
			must(t, s.Close())
			for name, text := range old {
				must(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
			}
			must(t, tc.undo(dir))
			again := open(t, dir)
			if got := get(t, again, "a"); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
			if diff := cmp.Diff(tc.kept, files(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if _, used := again.Used(); used != 3 {
				t.Errorf("%d bytes in use", used)
			}
		})
	}
}

func TestDamage(t *testing.T) {
	tests := []struct {
		name   string
		damage func(dir string) error
	}{
		{"content cut", func(dir string) error { return os.Truncate(dir+"/1", 2) }},
		{"record is no JSON", func(dir string) error { return os.WriteFile(dir+"/1.json", []byte("{"), 0o600) }},
		{"record of a name that cannot be", func(dir string) error {
			return os.WriteFile(dir+"/1.json", []byte(`{"name":"../a","length":3}`), 0o600)
		}},
		{"record of a header that cannot be", func(dir string) error {
			return os.WriteFile(dir+"/1.json", []byte(`{"name":"a","length":3,"type":"a\r\nb: c"}`), 0o600)
		}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			put(t, s, "a", "one")
			put(t, s, "b", "two")
			must(t, s.Close())
			must(t, tc.damage(dir))
			again, damaged, err := Open(dir, 1<<30)
			must(t, err)
			defer again.Close()
			if damaged != 1 || get(t, again, "b") != "two" || get(t, again, "a") != "absent" || len(files(t, dir)) != 4 {
				t.Errorf("%d damaged, files %v", damaged, files(t, dir))
			}
		})
	}
}

// The folder is the whole world of the store: a link out of it is not followed.
func TestLinksAreNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	s := open(t, dir)
	put(t, s, "a", "one")
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("two"), 0o600))
	must(t, os.Remove(filepath.Join(dir, "1")))
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "1")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	again, damaged, err := Open(dir, 1<<30)
	must(t, err)
	defer again.Close()
	if damaged != 1 || get(t, again, "a") != "absent" {
		t.Errorf("%d damaged", damaged)
	}
}

func TestReadersKeepWhatTheyOpened(t *testing.T) {
	s := New(1 << 20)
	put(t, s, "a", "old")
	file, _, err := s.Read("a")
	must(t, err)
	defer file.Close()
	put(t, s, "a", "new")
	must(t, s.Remove("a"))
	if text, err := io.ReadAll(file); err != nil || string(text) != "old" {
		t.Errorf("%q, %v", text, err)
	}
	if err := s.Remove("a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	must(t, s.Close())
}

func TestTemporaryFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := New(1 << 20)
	if len(files(t, os.TempDir())) != 0 {
		t.Error("a folder that nobody needs")
	}
	put(t, s, "a", "content")
	if len(files(t, os.TempDir())) != 1 {
		t.Errorf("%v", files(t, os.TempDir()))
	}
	late, err := s.Create("b", Properties{}, -1)
	must(t, err)
	must(t, s.Close())
	must(t, s.Close())
	if left := files(t, os.TempDir()); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
	if _, err := late.Write([]byte("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := late.Commit(); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := s.Create("c", Properties{}, -1); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, _, err := s.Read("a"); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if err := s.Remove("a"); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestQuota(t *testing.T) {
	s := New(10)
	defer s.Close()
	put(t, s, "a", "123456")
	if _, err := s.Create("b", Properties{}, 5); !errors.Is(err, ErrQuota) {
		t.Errorf("%v", err)
	}
	u, err := s.Create("b", Properties{}, -1)
	must(t, err)
	for range 4 {
		_, err = u.Write([]byte("x"))
		must(t, err)
	}
	if _, err := u.Write([]byte("x")); !errors.Is(err, ErrQuota) {
		t.Errorf("%v", err)
	}
	must(t, u.Close())
	if n, used := s.Used(); n != 1 || used != 6 {
		t.Errorf("%d objects, %d bytes", n, used)
	}
	put(t, s, "b", "1234")
	must(t, s.Remove("a"))
	put(t, s, "c", "123456")
	if n, used := s.Used(); n != 2 || used != 10 {
		t.Errorf("%d objects, %d bytes", n, used)
	}
	if _, err := s.Create("d", Properties{}, MaxLength+1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if _, err := s.Create("../d", Properties{}, 0); !errors.Is(err, ErrName) {
		t.Errorf("%v", err)
	}
	if _, err := s.Create("d", Properties{Type: "a\r\nb"}, 0); !errors.Is(err, ErrHeader) {
		t.Errorf("%v", err)
	}
}

// Whatever happens at once, an object has the content of one upload.
func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for round := range 8 {
				name := fmt.Sprint(round % 3)
				u, err := s.Create(name, Properties{}, -1)
				if err != nil {
					t.Error(err)
					return
				}
				for range 10 {
					u.Write(bytes.Repeat([]byte{byte('a' + i)}, 1000))
				}
				if round%4 == 3 {
					must(t, u.Close())
					continue
				}
				if _, err := u.Commit(); err != nil {
					t.Error(err)
				}
				if round%4 == 2 {
					s.Remove(name) // may be gone
				}
				if got := get(t, s, name); got != "absent" && got != strings.Repeat(got[:1], 10_000) {
					t.Errorf("mixed content of %d bytes", len(got))
				}
				s.List("")
			}
		})
	}
	wg.Wait()
	n, used := s.Used()
	if want := int64(n) * 10_000; used != want {
		t.Errorf("%d bytes in use by %d objects", used, n)
	}
	if got := files(t, dir); len(got) != 2*n {
		t.Errorf("files %v of %d objects", got, n)
	}
}

func TestList(t *testing.T) {
	s := New(1 << 20)
	defer s.Close()
	for _, name := range []string{"b", "a/2", "a/1", "ab"} {
		put(t, s, name, name)
	}
	names := func(prefix string) (all []string) {
		for _, o := range s.List(prefix) {
			all = append(all, o.Name)
		}
		return all
	}
	if got := names(""); !slices.Equal(got, []string{"a/1", "a/2", "ab", "b"}) {
		t.Errorf("%v", got)
	}
	if got := names("a/"); !slices.Equal(got, []string{"a/1", "a/2"}) {
		t.Errorf("%v", got)
	}
}

func TestAlter(t *testing.T) {
	s := New(1 << 20)
	defer s.Close()
	p := Properties{Type: "text/plain", Encoding: "gzip", Metadata: map[string]string{"Place": "K\xf6ln"}}
	for content, want := range map[string]string{"abc": "Abc", "": " "} {
		u, err := s.Create("a", p, -1)
		must(t, err)
		_, err = io.WriteString(u, content)
		must(t, err)
		before, err := u.Commit()
		must(t, err)
		must(t, s.Alter("a"))
		after, _ := s.Find("a")
		if got := get(t, s, "a"); got != want {
			t.Errorf("%q became %q, want %q", content, got, want)
		}
		if diff := cmp.Diff(before.Properties, after.Properties); diff != "" || before.MD5 == after.MD5 {
			t.Errorf("%s%s", diff, after.MD5)
		}
	}
	if err := s.Alter("b"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// What is kept is what was stored.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	p := Properties{Type: "image/png", Encoding: "gzip", Metadata: map[string]string{"Place": "K\xf6ln", "A": ""}}
	u, err := s.Create("a/ß", p, 0)
	must(t, err)
	want, err := u.Commit()
	must(t, err)
	must(t, s.Close())
	got, ok := open(t, dir).Find("a/ß")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Object{})); diff != "" || !ok {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "key")
		tokens, err := OpenTokens(path)
		must(t, err)
		token := tokens.Issue("0-AB", 10*time.Second)
		if tokens.Issue("0-AB", 10*time.Second) == token {
			t.Error("two tokens of the same moment are one: neither could end alone")
		}
		again, err := OpenTokens(path)
		must(t, err)
		if owner, ok := again.Owner(token); owner != "0-AB" || !ok {
			t.Errorf("%q, %v", owner, ok)
		}
		if owner, ok := again.Owner(again.Issue("", time.Second)); owner != "" || !ok {
			t.Errorf("%q, %v", owner, ok)
		}
		if _, ok := NewTokens().Owner(token); ok {
			t.Error("a token of another key")
		}
		for i := range token {
			changed := []byte(token)
			changed[i] ^= 1
			if _, ok := tokens.Owner(string(changed)); ok {
				t.Errorf("byte %d does not count", i)
			}
			if _, ok := tokens.Owner(token[:i]); ok {
				t.Errorf("%d bytes are enough", i)
			}
		}
		time.Sleep(10 * time.Second)
		if _, ok := tokens.Owner(token); ok {
			t.Error("the token did not expire")
		}
		must(t, os.WriteFile(path, []byte("short"), 0o600))
		renewed, err := OpenTokens(path)
		must(t, err)
		if _, ok := renewed.Owner(tokens.Issue("a", time.Minute)); ok {
			t.Error("a damaged key is in use")
		}
	})
}

func FuzzCheckName(f *testing.F) {
	for _, seed := range []string{"a", "a/b", "../a", "a/..", "a//b", `a\..\b`, "a\x00b", "..a", "é", "\xe9", strings.Repeat("n", 1025)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) != nil {
			return
		}
		// What passes is harmless as a path, as a line of a header, and unchanged by cleaning.
		if !filepath.IsLocal(name) || filepath.ToSlash(filepath.Clean(name)) != name || strings.ContainsAny(name, "\r\n\x00") || len(name) > 1024 {
			t.Errorf("%q", name)
		}
	})
}

func FuzzOwner(f *testing.F) {
	tokens := NewTokens()
	f.Add(tokens.Issue("0-AB", time.Hour))
	f.Add("AUTH_tk")
	f.Add("AUTH_tk" + strings.Repeat("A", 64))
	f.Fuzz(func(t *testing.T, text string) {
		if owner, ok := tokens.Owner(text); ok && owner != "0-AB" {
			t.Errorf("%q is a token of %q", text, owner)
		}
	})
}
