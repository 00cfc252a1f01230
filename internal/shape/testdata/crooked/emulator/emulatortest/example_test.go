package emulatortest_test

func Example() {}
