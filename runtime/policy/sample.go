package policy

// randomShare is the share of values that sampleQuality lets through by chance:
// one of thirty (docs/protocol/policies.md §8.4).
const randomShare = 30

// sample is sampleQuality with a rate: each rate-th value passes.
type sample struct{ rate, count int64 }

func (s *sample) apply(_ *Engine, _ int64, v value) (value, bool, error) {
	if s.count++; s.count < s.rate {
		return v, false, nil
	}
	s.count = 0
	return v, true, nil
}

// sampleByChance is sampleQuality with RandomRate.
type sampleByChance struct{}

func (sampleByChance) apply(e *Engine, _ int64, v value) (value, bool, error) {
	return v, e.chance(randomShare) == 0, nil
}

// passAll lets every value through.
type passAll struct{}

func (passAll) apply(_ *Engine, _ int64, v value) (value, bool, error) { return v, true, nil }

// dropAll lets nothing through.
type dropAll struct{}

func (dropAll) apply(*Engine, int64, value) (value, bool, error) { return value{}, true, nil }
