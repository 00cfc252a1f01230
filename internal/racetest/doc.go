// Package racetest tells a test whether the race detector is on. Allocation
// counts are only meaningful without it, so tests that assert them skip then;
// `make test` runs them in a second pass.
package racetest

// Reason is the text with which allocation tests skip.
const Reason = "allocation counts differ under the race detector; the pass without it runs this test"
