package wire_test

func Example() {}
