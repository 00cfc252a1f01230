package secrets_test

import (
	"context"
	"fmt"
	"os"

	"github.com/iotcs-go/iotcs/internal/secrets"
)

// A command reads a password from the environment.
func Example() {
	password, err := secrets.Read(context.Background(), secrets.Source{
		What: "password", Flag: "password-file", Variable: "IOTCS_PASSWORD",
		Env: func(string) string { return "example" }, Stdin: os.Stdin, Out: os.Stderr,
	})
	fmt.Println(len(password), err)
	// Output: 7 <nil>
}
