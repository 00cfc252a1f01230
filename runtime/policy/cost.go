package policy

import "strings"

// Cost is the class of a network by what a message costs on it
// (docs/protocol/policies.md §9). Classes compare from cheap to dear; the zero
// Cost is Ethernet.
type Cost uint8

// The classes.
const (
	Ethernet Cost = iota
	Cellular
	Satellite
)

// String gives the name in policy documents and configurations, such as
// "CELLULAR".
func (c Cost) String() string {
	switch c {
	case Ethernet:
		return "ETHERNET"
	case Cellular:
		return "CELLULAR"
	default:
		return "SATELLITE"
	}
}

// ParseCost reads a class in any case. What stands in brackets is a remark:
// "Cellular (LTE)" is Cellular.
func ParseCost(text string) (Cost, bool) {
	name, _, _ := strings.Cut(text, "(")
	name = strings.TrimSpace(name)
	for _, c := range []Cost{Ethernet, Cellular, Satellite} {
		if strings.EqualFold(name, c.String()) {
			return c, true
		}
	}
	return 0, false
}
