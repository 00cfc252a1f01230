package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// figure is one line of the table.
type figure struct {
	name   string
	values []float64 // one for each round; none: it could not be measured
	write  func(float64) string
	bound  float64 // 0: none, it is there to compare with
	least  bool    // the bound is a least one, else a most
}

// median is the middle value, the lower one of two.
func (f *figure) median() float64 {
	sorted := slices.Sorted(slices.Values(f.values))
	return sorted[(len(sorted)-1)/2]
}

// held tells whether the bound is kept; a figure without a bound has nothing to
// keep.
func (f *figure) held() bool {
	switch {
	case f.bound == 0:
		return true
	case f.least:
		return f.median() >= f.bound
	}
	return f.median() <= f.bound
}

// cells are the columns: figure, measured, range of the rounds, bound, held.
func (f *figure) cells() [5]string {
	cells := [5]string{f.name, "not measured", "", "", ""}
	if f.bound != 0 {
		sign := "≤ "
		if f.least {
			sign = "≥ "
		}
		cells[3] = sign + f.write(f.bound)
	}
	if len(f.values) == 0 {
		return cells
	}
	cells[1] = f.write(f.median())
	if low, high := f.write(slices.Min(f.values)), f.write(slices.Max(f.values)); low != high {
		cells[2] = low + " to " + high
	}
	if f.bound != 0 {
		cells[4] = "NOT HELD"
		if f.held() {
			cells[4] = "held"
		}
	}
	return cells
}

// printTable writes the table.
func printTable(out io.Writer, figures []figure) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(cells [5]string) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", cells[0], cells[1], cells[2], cells[3], cells[4])
	}
	row([5]string{"figure", "measured", "of the rounds", "bound", ""})
	for i := range figures {
		row(figures[i].cells())
	}
	return w.Flush()
}

// complete tells whether everything was measured.
func complete(figures []figure) bool {
	return !slices.ContainsFunc(figures, func(f figure) bool { return len(f.values) == 0 })
}

// Values as people read them.

func perSecond(v float64) string { return fmt.Sprintf("%.0f /s", v) }

func micros(v float64) string { return fmt.Sprintf("%.2f µs", v*1e6) }

func millis(v float64) string { return fmt.Sprintf("%.0f ms", v*1e3) }

func megabytes(v float64) string { return fmt.Sprintf("%.1f MB", v/1e6) }

func kilobytes(v float64) string { return fmt.Sprintf("%.2f kB", v/1e3) }

func number(v float64) string { return fmt.Sprintf("%.0f", v) }

func times(v float64) string { return fmt.Sprintf("%.0f ×", v) }

// of makes a figure out of results.
func of[T any](results []T, name string, write func(float64) string, value func(T) float64) figure {
	f := figure{name: name, write: write}
	for _, r := range results {
		f.values = append(f.values, value(r))
	}
	return f
}

func (f figure) atMost(bound float64) figure {
	f.bound = bound
	return f
}

func (f figure) atLeast(bound float64) figure {
	f.bound, f.least = bound, true
	return f
}

// ratio compares the medians of two figures, a of b.
func ratio(name string, a, b figure) figure {
	f := figure{name: name, write: times}
	if len(a.values) > 0 && len(b.values) > 0 && b.median() != 0 {
		f.values = []float64{a.median() / b.median()}
	}
	return f
}

func seconds(d time.Duration) float64 { return d.Seconds() }

func each(d time.Duration, n int) float64 { return d.Seconds() / float64(cmp.Or(n, 1)) }
