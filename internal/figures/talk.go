package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// workerArgument is the first argument of a worker; its role, the file of its
// profile and its settings follow.
const workerArgument = "worker"

// answerPrefix begins a line that answers; others are what a program prints.
const answerPrefix = `{"answer":`

// talk is a worker's end of the talk with the program: it answers once when it is
// ready, then each command. The end of the commands is the end of the worker.
type talk struct {
	in  *bufio.Scanner
	out io.Writer
}

func newTalk(in io.Reader, out io.Writer) *talk { return &talk{bufio.NewScanner(in), out} }

// answer writes one answer.
func (t *talk) answer(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%s%s}\n", answerPrefix, text)
	return err
}

// next returns the next command; false: there is none any more.
func (t *talk) next() (command string, more bool) {
	more = t.in.Scan()
	return t.in.Text(), more
}

// worker is a process that measures: a copy of this program, or node.
type worker struct {
	name    string
	command *exec.Cmd
	stdin   io.WriteCloser
	lines   *bufio.Scanner
}

// shared lets several workers write to one writer.
type shared struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements [io.Writer].
func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(b)
}

// copyOf is the command of a worker that is this program. profile is
// the file of its profile, "" for none.
func copyOf(ctx context.Context, role, profile string, settings any) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	told, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, program, workerArgument, role, profile, string(told)), nil
}

// hire starts a worker and waits for its first answer, which says that it is
// ready. Whoever gets one calls dismiss.
func hire(name string, command *exec.Cmd, stderr *shared, ready any) (*worker, error) {
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	command.Stderr = stderr
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	w := &worker{name: name, command: command, stdin: stdin, lines: bufio.NewScanner(stdout)}
	w.lines.Buffer(nil, 1<<20)
	if err := w.listen(ready); err != nil {
		return nil, errors.Join(err, w.dismiss())
	}
	return w, nil
}

// ask gives a command and waits for its answer.
func (w *worker) ask(command string, answer any) error {
	if _, err := fmt.Fprintln(w.stdin, command); err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	return w.listen(answer)
}

func (w *worker) listen(answer any) error {
	for w.lines.Scan() {
		line := w.lines.Bytes()
		if !bytes.HasPrefix(line, []byte(answerPrefix)) {
			continue
		}
		var got struct{ Answer json.RawMessage }
		if err := json.Unmarshal(line, &got); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		if err := json.Unmarshal(got.Answer, answer); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		return nil
	}
	return fmt.Errorf("%s ended before it answered: %w", w.name, errors.Join(w.lines.Err(), io.ErrUnexpectedEOF))
}

// dismiss ends the worker and returns how it ended.
func (w *worker) dismiss() error {
	w.stdin.Close() // fails when the worker has ended, of which Wait tells
	for w.lines.Scan() {
		continue // what it prints at its end must not block it
	}
	if err := w.command.Wait(); err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	return nil
}
