// Package shape tests the shape of the house rather than what it does: who may
// import whom, what a device program links, that every exported item is
// documented and every citation leads somewhere, that files stay short, state
// stays out of packages and generated output is up to date. It has no code of
// its own. A check is a function from a house, that is a module in a folder, to
// findings; TestHouse wants none from this repository, and TestCrookedHouse
// wants exactly the listed ones from testdata/crooked, a small module that
// breaks every rule. So no check can be added that has not been seen to fail.
package shape
