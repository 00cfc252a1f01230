package shape

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// check is one rule about a house. crooked holds what it finds in
// testdata/crooked, in order.
type check struct {
	name    string
	find    func(t *testing.T, h *house) (findings []string)
	crooked []string
}

// checks lists every rule; see the file of each for what it demands.
func checks() []check {
	return []check{
		arrowsCheck(),
		deviceLinksCheck(),
		documentedCheck(),
		packageDocsCheck(),
		examplesCheck(),
		fileLengthCheck(),
		formattedCheck(),
		moduleCheck(),
		stateCheck(),
		initCheck(),
		machinePathsCheck(),
		markdownLinksCheck(),
		programsCheck(),
		citationsCheck(),
		housePlanCheck(),
	}
}

func TestHouse(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(root)
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			for _, finding := range c.find(t, h) {
				t.Error(finding)
			}
		})
	}
}

func TestCrookedHouse(t *testing.T) {
	h := newHouse(crookedHouse(t))
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			if len(c.crooked) == 0 {
				t.Fatal("there is no proof that this check can fail")
			}
			if diff := cmp.Diff(c.crooked, c.find(t, h)); diff != "" {
				t.Errorf("findings in testdata/crooked (-want +got):\n%s", diff)
			}
		})
	}
}

// crookedHouse copies the crooked house and spoils the one thing in it that
// tools would mend where it lies: the format of a file.
func crookedHouse(t *testing.T) (root string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	root = filepath.Join(dir, "crooked")
	unformatted, err := os.OpenFile(filepath.Join(root, "runtime", "unheard", "unheard.go"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unformatted.Close()
	if _, err := unformatted.WriteString("\n\n"); err != nil {
		t.Fatal(err)
	}
	return root
}
