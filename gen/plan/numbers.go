package plan

import (
	"math"
	"strconv"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// rangeOf gives bounds and their Go literals. Those of an INTEGER are the first and the last integer of 32 bits inside the bounds
// (docs/protocol/device-models.md §2.2); those of a NUMBER are exact.
func rangeOf(t devicemodel.Type, r *devicemodel.Range) *Range {
	if r == nil || !t.Numeric() {
		return nil
	}
	low, high := Decimal(r.Low), Decimal(r.High)
	if t == devicemodel.Integer {
		low, high = integer(math.Ceil(r.Low)), integer(math.Floor(r.High))
	}
	return &Range{Low: r.Low, High: r.High, Min: low, Max: high, Doc: low + " to " + high}
}

// integer gives an integral number within the bounds of INTEGER.
func integer(v float64) string {
	return strconv.FormatInt(int64(min(max(v, math.MinInt32), math.MaxInt32)), 10)
}
