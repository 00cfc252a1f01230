package fetch_test

import (
	"context"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/fetch"
)

// All models of a server are brought into a folder.
func Example() {
	source, err := fetch.AsUser(fetch.UserConfig{URL: "https://localhost:1", User: "iotcs", Password: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer source.Close()
	urns, err := source.List(context.Background())
	if err != nil {
		fmt.Println("no server there")
		return
	}
	results, err := fetch.Into(context.Background(), "models", source, urns, nil)
	for _, r := range results {
		fmt.Println(r.Status, r.URN)
	}
	fmt.Println(err)
	// Output: no server there
}
