package transport_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

// What a caller can learn from a refusal.
func Example() {
	var err error = fmt.Errorf("send: %w", &transport.StatusError{
		Method: "POST", Path: "/iot/api/v2/messages", Status: 503, RetryAfter: 30 * time.Second,
	})
	var status *transport.StatusError
	if errors.As(err, &status) {
		fmt.Println(status.Status, status.RetryAfter)
	}
	fmt.Println(err)
	// Output:
	// 503 30s
	// send: POST /iot/api/v2/messages: 503 Service Unavailable
}
