package gen

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/gen/plan"
)

// ConfigName is the name of the configuration file.
const ConfigName = "iotcs-gen.yaml"

// maxConfig is the most bytes of a configuration that are read: room for some thousand names.
const maxConfig = 256 << 10

// findConfig gives the path of the configuration file, "" when there is none.
func findConfig(dir, named string) (string, []Diagnostic) {
	if named != "" {
		return filepath.Clean(named), nil
	}
	var found []Diagnostic
	top := moduleRoot(dir)
	for at := dir; ; at = filepath.Dir(at) {
		path := filepath.Join(at, ConfigName)
		if exists(path) {
			return relative(dir, path), found
		}
		if other := strings.TrimSuffix(path, "yaml") + "yml"; exists(other) {
			found = append(found, Diagnostic{
				File: relative(dir, other), Level: lint.Warning, Rule: RuleConfig, Text: "not read: the configuration is called " + ConfigName, Remedy: "rename it",
			})
		}
		if at == top || at == filepath.Dir(at) {
			return "", found
		}
	}
}

// moduleRoot is the folder with the go.mod that dir belongs to, or dir itself outside a module.
func moduleRoot(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if exists(filepath.Join(at, "go.mod")) {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// read fills the configuration from its file.
func (c *Config) read(path string) []Diagnostic {
	c.file = path
	data, err := readRegular(absolute(c.Dir, path), maxConfig)
	if err != nil {
		return []Diagnostic{{File: path, Level: lint.Error, Rule: RuleConfig, Text: err.Error(), Remedy: "name a readable file, or write one with iotcs-gen init"}}
	}
	return c.parse(data)
}

// The members of the configuration file.
var (
	configKeys   = []string{"outputs", "overrides"}
	outputKeys   = []string{"models", "out"}
	overrideKeys = []string{"package", "type", "names"}
)

// parse reads the text of the configuration file.
func (c *Config) parse(data []byte) []Diagnostic {
	r := &yamlReader{file: c.file}
	if body := r.parse(data); body != nil {
		for _, e := range r.mapping(body, "the configuration") {
			switch e.name {
			case "outputs":
				c.outputs(r, e)
			case "overrides":
				c.overrides(r, e)
			default:
				r.unknown(e, "the configuration", configKeys)
			}
		}
	}
	lint.Sort(r.found)
	return r.found
}

func (c *Config) outputs(r *yamlReader, list entry) {
	nodes := r.list(list.value, `"outputs"`)
	if len(nodes) == 0 && len(r.found) == 0 {
		r.fail(list.key, `add one, or delete "outputs" to generate `+DefaultModels+"/ into "+DefaultOut+"/", `"outputs" names no folder`)
	}
	seen := make(map[string]bool)
	for _, n := range nodes {
		o := c.output(r, n)
		if o.Out != "" && seen[o.Out] {
			r.fail(start(n), "join their lists of models", "two outputs go to %q", o.Out)
		}
		seen[o.Out] = true
		c.Outputs = append(c.Outputs, o)
	}
}

func (c *Config) output(r *yamlReader, n ast.Node) (o Output) {
	before := len(r.found)
	for _, e := range r.mapping(n, "an output") {
		switch e.name {
		case "models":
			for _, m := range r.list(e.value, `"models"`) {
				if path := r.text(m, "a path of models"); path != "" {
					o.Models = append(o.Models, c.beside(path))
				}
			}
		case "out":
			if path := r.text(e.value, `"out"`); path != "" {
				o.Out = c.beside(path)
			}
		default:
			r.unknown(e, "an output", outputKeys)
		}
	}
	if len(r.found) > before {
		return o
	}
	if o.Out == "" {
		r.fail(start(n), `add "out: `+DefaultOut+`"`, `the output has no "out"`)
	}
	if len(o.Models) == 0 {
		r.fail(start(n), `add "models: [`+DefaultModels+`]"`, `the output has no "models"`)
	}
	return o
}

// overrides reads the names that the user has chosen.
func (c *Config) overrides(r *yamlReader, models entry) {
	c.Overrides = make(map[string]plan.Override)
	for _, model := range r.mapping(models.value, `"overrides"`) {
		var o plan.Override
		for _, e := range r.mapping(model.value, "the entry of a device model") {
			switch e.name {
			case "package":
				o.Package = r.text(e.value, `"package"`)
			case "type":
				o.Type = r.text(e.value, `"type"`)
			case "names":
				o.Names = make(map[string]string)
				for _, member := range r.mapping(e.value, `"names"`) {
					o.Names[member.name] = r.text(member.value, fmt.Sprintf("the name of %q", member.name))
				}
			default:
				r.unknown(e, "the entry of a device model", overrideKeys)
			}
		}
		c.Overrides[model.name] = o
		c.places = append(c.places, overridePlace{model.name, model.key.Position.Line, model.key.Position.Column})
	}
}
