package policy

import "math"

// The four functions over windows (docs/protocol/policies.md §8.5). They have no
// state: one value of each serves all windows.

type minimum struct{}

func (minimum) add(s *summary, x float64) {
	if s.count == 0 || x < s.first {
		s.first = x
	}
}

func (minimum) merge(into *summary, from summary) { into.first = min(into.first, from.first) }

func (minimum) result(s summary) float64 { return s.first }

type maximum struct{}

func (maximum) add(s *summary, x float64) {
	if s.count == 0 || x > s.first {
		s.first = x
	}
}

func (maximum) merge(into *summary, from summary) { into.first = max(into.first, from.first) }

func (maximum) result(s summary) float64 { return s.first }

// average keeps the sum.
type average struct{}

func (average) add(s *summary, x float64) { s.first += x }

func (average) merge(into *summary, from summary) { into.first += from.first }

func (average) result(s summary) float64 { return s.first / float64(s.count) }

// deviation keeps the mean and the sum of the squared distances from it, after
// Welford, and merges them after Chan, Golub and LeVeque: the difference of two
// large sums would lose the digits that matter.
type deviation struct{}

func (deviation) add(s *summary, x float64) {
	distance := x - s.first
	s.first += distance / float64(s.count+1)
	s.second += distance * (x - s.first)
}

func (deviation) merge(into *summary, from summary) {
	n, m := float64(into.count), float64(from.count)
	distance := from.first - into.first
	into.first += distance * m / (n + m)
	into.second += from.second + distance*distance*n*m/(n+m)
}

// result is the deviation of the whole population.
func (deviation) result(s summary) float64 { return math.Sqrt(s.second / float64(s.count)) }
