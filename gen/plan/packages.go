package plan

import (
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// folder holds the package names of one output folder.
type folder struct {
	taken map[string]string // URN by package name: names that stand
	names map[string]string // package name by URN
}

// namePackages gives each model its package name. urns is sorted. Names of the configuration go before those on record; models that are
// on record only keep theirs.
func namePackages(urns []string, in Input, report func(Diagnostic)) *folder {
	f := &folder{taken: make(map[string]string), names: make(map[string]string)}
	for _, urn := range urns {
		f.override(urn, in.Overrides[urn].Package, report)
	}
	for _, urn := range slices.Concat(urns, in.Lock.URNs()) {
		name, ok := in.Lock.Package(urn)
		if ok && f.names[urn] == "" && f.taken[name] == "" && packageName(name) {
			f.take(urn, name)
		}
	}
	f.add(slices.DeleteFunc(slices.Clone(urns), func(urn string) bool { return f.names[urn] != "" }), report)
	return f
}

func (f *folder) take(urn, name string) { f.taken[name], f.names[urn] = urn, name }

func (f *folder) override(urn, name string, report func(Diagnostic)) {
	if name == "" {
		return
	}
	d := Diagnostic{URN: urn, Pointer: "/urn", Key: keyPackage, Rule: Rule, Level: failure}
	switch other := f.taken[name]; {
	case !packageName(name):
		d.Text = "the configuration calls the package " + strconv.Quote(name) + ", which cannot be a package name"
		d.Remedy = "choose one of lower-case ASCII letters and digits that is no keyword, predeclared or reserved name"
	case other != "":
		d.Text = "the configuration calls the package " + name + ", and that of " + other + " too"
		d.Remedy = "choose another name for one of the two"
	default:
		f.take(urn, name)
		return
	}
	report(d)
}

// add names new models: after the last segment, with one segment more for all of those that are not alone with their name.
func (f *folder) add(urns []string, report func(Diagnostic)) {
	options := make(map[string][]string, len(urns))
	for _, urn := range urns {
		options[urn] = packageOptions(urn)
	}
	urns = slices.DeleteFunc(urns, func(urn string) bool {
		if len(options[urn]) == 0 {
			report(Diagnostic{URN: urn, Pointer: "/urn", Key: keyPackage, Rule: Rule, Level: failure,
				Text:   "no package name can be formed from the URN " + strconv.Quote(urn),
				Remedy: remedy(urn, keyPackage, "choose a name")})
		}
		return len(options[urn]) == 0
	})
	groups := f.spread(urns, options)
	for _, urn := range urns { // in byte order, so the first of a group keeps the name
		f.number(urn, options[urn][0], groups, report)
	}
}

// spread makes names longer until each is alone or cannot get longer. It leaves one option per URN and returns the URNs by name.
func (f *folder) spread(urns []string, options map[string][]string) map[string][]string {
	for {
		groups := make(map[string][]string)
		for _, urn := range urns {
			name := options[urn][0]
			groups[name] = append(groups[name], urn)
		}
		moved := false
		for name, group := range groups {
			if len(group) == 1 && f.taken[name] == "" {
				continue
			}
			for _, urn := range group {
				if len(options[urn]) > 1 {
					options[urn], moved = options[urn][1:], true
				}
			}
		}
		if !moved {
			return groups
		}
	}
}

// number settles the name of a URN, with a number behind it when an earlier one has it.
func (f *folder) number(urn, plain string, groups map[string][]string, report func(Diagnostic)) {
	name := plain
	for n := 2; f.taken[name] != "" || n > 2 && groups[name] != nil; n++ {
		name = plain + strconv.Itoa(n)
	}
	if name != plain {
		report(Diagnostic{URN: urn, Pointer: "/urn", Key: keyPackage, Rule: Rule, Level: warning,
			Text:   "the package is called " + name + ": " + plain + " is the package of " + f.taken[plain],
			Remedy: remedy(urn, keyPackage, "for a better name")})
	}
	f.take(urn, name)
}

// packageOptions gives the names that a URN allows, the shortest first.
func packageOptions(urn string) []string {
	segments := strings.Split(urn, ":")
	var all []string
	name := ""
	for n := len(segments) - 1; n >= 0; n-- {
		longer := cut(packagePart(segments[n])+name, maxPackage)
		if longer != name && packageName(longer) {
			all = append(all, longer)
		}
		name = longer
	}
	if len(all) == 0 && name != "" { // digits only, or reserved
		all = append(all, cut("x"+name, maxPackage))
	}
	return all
}

func cut(text string, most int) string { return text[:min(len(text), most)] }

// packageName tells whether a package can have the name.
func packageName(name string) bool {
	return packagePart(name) == name && token.IsIdentifier(name) && len(name) <= longestPackage &&
		!slices.Contains(predeclared, name) && !slices.Contains(reservedPackages, name)
}

// typeWords gives the words of the main type: of the last segment, and more as long as no name comes out that the package does not use
// itself. Unlike the package name it does not depend on other models.
func typeWords(urn string) []string {
	segments := strings.Split(urn, ":")
	var all []string
	for n := len(segments) - 1; n >= 0; n-- {
		all = slices.Concat(words(segments[n]), all)
		if name := exported(all); name != "" && !slices.Contains(reservedInPackage, name) {
			break
		}
	}
	return all
}
