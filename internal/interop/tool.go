package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tool names something beside Go that a test needs. A name that is not among
// the constants is the name of a program in PATH.
type Tool string

// The tools that tests of this project ask for.
const (
	// Node is the JavaScript runtime.
	Node Tool = "node"
	// OfficialClient is the npm package of the official JavaScript client,
	// installed by `make interop-tools`.
	OfficialClient Tool = "iotcs-csl-js"
	// Chromium is a browser that can be driven without a window.
	Chromium Tool = "chromium"
)

// ClientVersion is the release of OfficialClient that tests are written for.
const ClientVersion = "19.1.5"

// ErrMissing is wrapped by every error of [Tool.Find] about a tool that is not
// installed.
var ErrMissing = errors.New("not installed")

// Find returns the absolute path of the tool's program or, for OfficialClient,
// of the folder that node's NODE_PATH must name so that require finds it.
// The error names the remedy and wraps ErrMissing.
func (tool Tool) Find() (string, error) {
	switch tool {
	case OfficialClient:
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		return findClient(filepath.Join(root, ".interop", "node_modules"))
	case Chromium:
		return findProgram("chromium", "chromium-browser", "google-chrome")
	default:
		return findProgram(string(tool))
	}
}

// findProgram returns the first of names that is in PATH.
func findProgram(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("%s: %w: no such program in PATH", names[0], ErrMissing)
}

// findClient checks that the folder modules holds the expected release.
func findClient(modules string) (string, error) {
	const remedy = "run `make interop-tools`"
	data, err := os.ReadFile(filepath.Join(modules, string(OfficialClient), "package.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: %w: %s", OfficialClient, ErrMissing, remedy)
	}
	if err != nil {
		return "", err
	}
	var about struct{ Version string }
	if err := json.Unmarshal(data, &about); err != nil {
		return "", fmt.Errorf("%s: package.json: %w", OfficialClient, err)
	}
	if about.Version != ClientVersion {
		return "", fmt.Errorf("%s %s: %w, there is %s: %s", OfficialClient, ClientVersion, ErrMissing, about.Version, remedy)
	}
	return modules, nil
}

// moduleRoot is the nearest folder above the working directory, which for a
// test is its package's folder, that has a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}

// list writes the tools as a person would.
func list(tools []Tool) string {
	names := make([]string, len(tools))
	for i, tool := range tools {
		names[i] = string(tool)
	}
	return strings.Join(names, ", ")
}
