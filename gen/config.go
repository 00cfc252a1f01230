package gen

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/gen/plan"
)

// Where code comes from and goes to when nothing else is said.
const (
	DefaultModels = "models"
	DefaultOut    = "generated"
)

// Config says what to generate. [Load] makes one of a configuration file and flags.
type Config struct {
	// Dir is the working directory. Relative paths below start there, and messages show paths relative to it.
	Dir string
	// Outputs are the folders to generate, at least one.
	Outputs []Output
	// Overrides holds chosen names by URN.
	Overrides map[string]plan.Override
	// URNs limits a run to some models; nil means all. Names still come out as in a run over all models.
	URNs []string
	// Partial says that the configuration names more models than Outputs does. Like URNs it keeps a run from calling files orphaned.
	Partial bool

	file   string          // the configuration file, as messages show it; "" when there is none
	places []overridePlace // of Overrides, in the order of the file
}

// Output is one output folder with the models that belong into it.
type Output struct {
	Models []string // files and folders
	Out    string
}

// overridePlace is where the configuration file names a model.
type overridePlace struct {
	urn       string
	line, col int
}

// Whole tells whether the run covers the whole configuration: then what it does not generate is nobody's.
func (c *Config) Whole() bool { return !c.Partial && len(c.URNs) == 0 }

// Flags are choices of the command line that replace those of the configuration file.
type Flags struct {
	Config string   // path of the configuration file; "" looks for one
	Models []string // replace the file's lists of models; none keeps them
	Out    string   // replaces the file's output folders; "" keeps them
	URNs   []string
}

// Load finds and reads the configuration for a command that runs in dir, and applies the flags.
//
// The file is the one that the flags name, or the first iotcs-gen.yaml from dir up to the root of dir's module; outside a module only dir
// is searched. Paths in the file start at the file's folder. Without a file, models/ goes to generated/. Names that the file chooses
// apply whatever the flags say.
//
// With diagnostics of level [lint.Error] the Config is of no use.
func Load(dir string, f Flags) (Config, []Diagnostic) {
	c := Config{Dir: dir, URNs: f.URNs}
	path, found := findConfig(dir, f.Config)
	if path != "" {
		found = append(found, c.read(path)...)
	}
	if lint.Worst(found) == lint.Error {
		return c, found
	}
	if len(c.Outputs) == 0 {
		c.Outputs = []Output{{[]string{c.beside(DefaultModels)}, c.beside(DefaultOut)}}
	}
	return c, append(found, c.apply(f)...)
}

// beside gives a path that stands in the configuration file as a path from the working directory.
func (c *Config) beside(path string) string {
	path = filepath.FromSlash(path)
	if c.file == "" || filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(c.file), path)
}

// apply replaces the lists of the configuration by those of the flags.
func (c *Config) apply(f Flags) []Diagnostic {
	if len(f.Models) == 0 && f.Out == "" {
		return nil
	}
	outs := make([]string, 0, len(c.Outputs))
	var models []string
	for _, o := range c.Outputs {
		outs = append(outs, o.Out)
		models = append(models, o.Models...)
	}
	out := f.Out
	if out == "" {
		if len(outs) > 1 {
			return []Diagnostic{{
				File: c.file, Level: lint.Error, Rule: RuleConfig,
				Text:   "models are named on the command line, but the configuration has several output folders: " + strings.Join(outs, ", "),
				Remedy: "choose one of them with --out",
			}}
		}
		out = outs[0]
	}
	out = filepath.Clean(out)
	if len(f.Models) > 0 {
		models = f.Models
		c.Partial = c.file != "" && slices.Contains(outs, out)
	}
	c.Outputs = []Output{{models, out}}
	return nil
}
