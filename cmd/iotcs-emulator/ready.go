package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// readyInfo is what a running emulator tells about itself, on standard output and in the ready file.
type readyInfo struct {
	URL          string `json:"url"`
	CA           string `json:"ca"` // file with the certificate that clients must trust
	User         string `json:"user"`
	PasswordFile string `json:"passwordFile"`
}

func (i readyInfo) line() []byte {
	text, err := json.Marshal(i)
	if err != nil { // texts always have a JSON form
		return nil
	}
	return append(text, '\n')
}

// readyVariable names the ready file for commands that run under exec.
const readyVariable = "IOTCS_READY_FILE"

// folder is where the emulator keeps what belongs to the user: name is that of the environment variable that may say where.
func (p *program) folder(variable string, otherwise func() (string, error)) (string, error) {
	dir := p.env(variable)
	if dir == "" || !filepath.IsAbs(dir) {
		var err error
		if dir, err = otherwise(); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, name), nil
}

// cacheFolder is where keys are kept.
func (p *program) cacheFolder() (string, error) {
	return p.folder("XDG_CACHE_HOME", os.UserCacheDir)
}

// readyFile gives the path of the ready file: as asked for, or in the user's runtime folder, or in the cache folder.
func (p *program) readyFile(asked string) (string, error) {
	if asked != "" {
		return p.absolute(asked), nil
	}
	dir, err := p.folder("XDG_RUNTIME_DIR", func() (string, error) {
		cache, err := p.cacheFolder()
		return filepath.Dir(cache), err
	})
	if err != nil {
		return "", fmt.Errorf("no place for the ready file: %w; give --ready-file", err)
	}
	return filepath.Join(dir, "ready.json"), nil
}

func (p *program) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.dir, path)
}

// announcement is the ready file and the files that it names.
type announcement struct {
	info  readyInfo
	path  string
	owned []string // files to remove at the end
}

// announce writes the certificate, the password unless it is in a file already, and last the ready file, which appears whole.
func announce(path string, info readyInfo, ca, password []byte) (*announcement, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("ready file: %w", err)
	}
	base := strings.TrimSuffix(path, ".json")
	a := &announcement{info: info, path: path}
	a.info.CA = base + ".ca.pem"
	a.owned = append(a.owned, a.info.CA)
	if err := replaceFile(a.info.CA, ca, 0o644); err != nil {
		return nil, fmt.Errorf("ready file: %w", err)
	}
	if a.info.PasswordFile == "" {
		a.info.PasswordFile = base + ".password"
		a.owned = append(a.owned, a.info.PasswordFile)
		if err := replaceFile(a.info.PasswordFile, append(password, '\n'), 0o600); err != nil {
			return nil, fmt.Errorf("ready file: %w", err)
		}
	}
	if err := replaceFile(path, a.info.line(), 0o600); err != nil {
		return nil, fmt.Errorf("ready file: %w", err)
	}
	return a, nil
}

// withdraw removes the files, unless another emulator has put its own there.
func (a *announcement) withdraw() error {
	text, err := os.ReadFile(a.path)
	if err != nil || string(text) != string(a.info.line()) {
		return nil
	}
	var errs []error
	for _, path := range append([]string{a.path}, a.owned...) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// replaceFile writes a file by rename.
func replaceFile(path string, data []byte, mode fs.FileMode) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".ready-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Chmod(mode), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// running finds the running emulator that a command is meant for: by its flag, by the environment, or in the usual place.
func (p *program) running(flag string) (readyInfo, error) {
	if flag == "" {
		flag = p.env(readyVariable)
	}
	path, err := p.readyFile(flag)
	if err != nil {
		return readyInfo{}, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return readyInfo{}, fmt.Errorf("no emulator is running: there is no ready file %s; start one with %s serve", path, name)
	}
	if err != nil {
		return readyInfo{}, fmt.Errorf("ready file: %w", err)
	}
	var info readyInfo
	if err := json.Unmarshal(text, &info); err != nil || info.URL == "" {
		return readyInfo{}, fmt.Errorf("%s is no ready file of an emulator", path)
	}
	return info, nil
}
