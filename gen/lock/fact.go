package lock

import (
	"fmt"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// FileName is the name of the lock inside each output folder.
const FileName = "iotcs-gen.lock"

// Kind says what a [Fact] is about. Its text is the word that stands in the file.
type Kind string

// The kinds of facts.
const (
	Package   Kind = "package"   // the package of a model
	Type      Kind = "type"      // the main type of a model
	Attribute Kind = "attribute" // an attribute
	Action    Kind = "action"    // an action
	Argument  Kind = "argument"  // an argument of an action
	Alert     Kind = "alert"     // a format of type ALERT
	Data      Kind = "data"      // a format of type DATA
	Field     Kind = "field"     // a field of a format
	File      Kind = "file"      // a file that the generator wrote
)

// Fact is one line of the lock. All facts but those about files have one Name per URN, Kind, In and Wire.
type Fact struct {
	URN  string `json:"urn"`            // the device model
	Kind Kind   `json:"kind"`           // what the fact is about
	In   string `json:"in,omitempty"`   // of an argument: the wire name of its action; of a field: the URN of its format
	Wire string `json:"wire,omitempty"` // of a member: its wire name; of a format: its URN
	Name string `json:"name"`           // the Go name; of a file: its path from the lock's folder, with slashes
}

// wires is how many wire names stand between the kind and the name, -1 for a word that is no kind.
func (k Kind) wires() int {
	switch k {
	case Package, Type, File:
		return 0
	case Attribute, Action, Alert, Data:
		return 1
	case Argument, Field:
		return 2
	}
	return -1
}

// check says what is wrong with the fact's name. The lock is a file that people edit and merge: what it says ends up in code and in paths,
// so nothing but an identifier, or a path inside the lock's folder, gets past here.
func (f Fact) check() error {
	switch {
	case f.Kind == File:
		if !fs.ValidPath(f.Name) || strings.ContainsAny(f.Name, "\\:") || path.Ext(f.Name) != ".go" {
			return fmt.Errorf("%q is no path of a Go file inside this folder", f.Name)
		}
	case f.Kind == Package:
		if !token.IsIdentifier(f.Name) || strings.ContainsFunc(f.Name, notInPackage) {
			return fmt.Errorf("%q is no package name", f.Name)
		}
	case !token.IsIdentifier(f.Name) || !token.IsExported(f.Name):
		return fmt.Errorf("%q is no exported Go name", f.Name)
	}
	return nil
}

func notInPackage(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }

// line gives the fact as it stands in the file, without a line feed.
func (f Fact) line() string {
	b := make([]byte, 0, len(f.URN)+len(f.Kind)+len(f.In)+len(f.Wire)+len(f.Name)+4)
	b = append(appendWord(b, f.URN), ' ')
	b = append(append(b, f.Kind...), ' ')
	n := f.Kind.wires()
	if n > 1 {
		b = append(appendWord(b, f.In), ' ')
	}
	if n > 0 {
		b = append(appendWord(b, f.Wire), ' ')
	}
	return string(appendWord(b, f.Name))
}

// key is the fact without its name: what the name belongs to.
func (f Fact) key() Fact {
	f.Name = ""
	return f
}
