package iniconfig

// KeyNames are the keys as tests and documents name them.
func KeyNames() []string {
	var names []string
	for _, k := range keys() {
		names = append(names, "["+k.section+"] "+k.name)
	}
	return names
}

// Distance is for tests.
var Distance = distance
