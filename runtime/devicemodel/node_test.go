package devicemodel

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// tree reads a text as encoding/json would, by way of scan and nodes.
func tree(n *node) any {
	switch n.kind() {
	case objectKind:
		m := make(map[string]any)
		o := n.object()
		for _, member := range o.members {
			m[string(member.key)] = tree(o.get(string(member.key)))
		}
		return m
	case listKind:
		list := []any{}
		for e := range n.elements {
			list = append(list, tree(e))
		}
		return list
	case textKind:
		return n.text()
	case booleanKind:
		return n.boolean()
	case nullKind:
		return nil
	}
	return json.Number(n.number())
}

// randomJSON writes a random value with random white space.
func randomJSON(r *rand.Rand, depth int) string {
	space := func() string { return strings.Repeat([]string{" ", "\n", "\t", "\r"}[r.IntN(4)], r.IntN(3)) }
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch r.IntN(kinds) {
	case 0:
		return "null"
	case 1:
		return "true"
	case 2:
		return "false"
	case 3:
		return []string{"0", "-0", "12", "-1.5", "1e5", "2.50E-3", "123456789012345678901234567890"}[r.IntN(7)]
	case 4:
		return []string{`""`, `"a"`, `"\""`, `"\\"`, `"\\\\\""`, `"{[,:]}"`, `"\u00e9\n"`, `"\ud83d\ude00"`, `"é"`, `"]"`, `"}"`}[r.IntN(11)]
	case 5:
		return []string{"[]", "{}", "[ ]", "{\n}"}[r.IntN(4)]
	case 6:
		var parts []string
		for range r.IntN(5) {
			parts = append(parts, space()+randomJSON(r, depth-1)+space())
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	var parts []string
	for i := range r.IntN(5) {
		key := []string{fmt.Sprintf(`"k%d"`, i), fmt.Sprintf(`"\"%d"`, i), fmt.Sprintf(`"\\%d\\"`, i), fmt.Sprintf(`"/~%d"`, i)}[r.IntN(4)]
		parts = append(parts, space()+key+space()+":"+space()+randomJSON(r, depth-1)+space())
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestNodesAsEncodingJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		text := " " + randomJSON(r, 5) + "\n"
		var found findings
		if !scan([]byte(text), 0, &found) || len(found.list) > 0 {
			t.Fatalf("scan: %v\n%s", found.list, text)
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := tree(root([]byte(text), 0)); !reflect.DeepEqual(got, want) {
			t.Fatalf("read %v, want %v, from\n%s", got, want, text)
		}
	}
}

// Every node is found again by its own pointer, and its raw text is JSON.
func TestPointersLeadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 500 {
		text := []byte(randomJSON(r, 5))
		top := root(text, 0)
		var walk func(n *node)
		walk = func(n *node) {
			again, ok := top.descend(n.pointer())
			if !ok || again.start != n.start || again.end != n.end {
				t.Fatalf("%q leads to %d, want %d, in\n%s", n.pointer(), again.start, n.start, text)
			}
			if !json.Valid(n.raw()) {
				t.Fatalf("%q is %q in\n%s", n.pointer(), n.raw(), text)
			}
			switch n.kind() {
			case objectKind:
				o := n.object()
				for _, m := range o.members {
					walk(o.get(string(m.key)))
				}
			case listKind:
				for e := range n.elements {
					walk(e)
				}
			}
		}
		walk(top)
	}
}

// What encoding/json refuses, scan refuses: every text of few characters out of those that matter.
func TestScanAsEncodingJSON(t *testing.T) {
	const alphabet = `{}[]:,"\0-1.e tn`
	var walk func(text []byte, depth int)
	walk = func(text []byte, depth int) {
		var found findings
		got := len(text) > 0 && scan(text, 0, &found)
		if want := json.Valid(text); got != want {
			t.Fatalf("scan(%q) = %v", text, got)
		}
		if got != (found.errors == 0) && len(text) > 0 && !strings.Contains(fmt.Sprint(found.list), "occurs twice") {
			t.Fatalf("scan(%q) = %v with %v", text, got, found.list)
		}
		if depth == 0 {
			return
		}
		for i := range len(alphabet) {
			walk(append(text[:len(text):len(text)], alphabet[i]), depth-1)
		}
	}
	walk(nil, 4)
	walk([]byte(`{"":`), 3)
	walk([]byte(`["\`), 3)
	walk([]byte(`[1.`), 3)
	walk([]byte(`[tru`), 2)
}

func TestUnquoteEveryCharacter(t *testing.T) {
	for r := rune(1); r < 0x11000; r++ {
		if 0xd800 <= r && r < 0xe000 {
			continue
		}
		plain, err := json.Marshal(string(r))
		if err != nil {
			t.Fatal(err)
		}
		forms := []string{string(plain)}
		if r < 0x10000 {
			forms = append(forms, fmt.Sprintf(`"\u%04x"`, r), fmt.Sprintf(`"x\u%04Xy"`, r))
		}
		for i, form := range forms {
			want := string(r)
			if i == 2 {
				want = "x" + want + "y"
			}
			var found findings
			if !scan([]byte(form), 0, &found) {
				t.Fatalf("%s: %v", form, found.list)
			}
			if got := string(unquote([]byte(form))); got != want {
				t.Fatalf("unquote(%s) = %q, want %q", form, got, want)
			}
		}
	}
}
