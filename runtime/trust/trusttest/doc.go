// Package trusttest checks that a type keeps the obligations of [trust.Assets],
// for those who write one of their own. Call [TestAssets] from a test of theirs.
package trusttest
