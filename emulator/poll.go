package emulator

import (
	"net/http"
	"strconv"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/mailbox"
	"github.com/iotcs-go/iotcs/emulator/internal/query"
)

// pollSlack is how much earlier than asked a held poll is answered: clients give up 100 ms after it
// (docs/protocol/transport.md §8.2).
const pollSlack = 50 * time.Millisecond

// postMessages takes messages of a device and gives it the requests that wait for it and the devices behind it.
func (s *Server) postMessages(c *call) error {
	accept, wait, err := s.offer(c.query)
	if err != nil {
		return err
	}
	body, err := c.body(maxMessagesBody)
	if err != nil {
		return err
	}
	batch, err := s.readMessages(c.device, body)
	if err != nil {
		return err
	}
	if err := s.store(batch); err != nil {
		return err
	}
	if wait > 0 {
		defer c.device.Poll()()
	}
	delivery, err := s.mailbox.Poll(c.r.Context(), c.device.ID, accept, wait)
	if err != nil { // the device went away: its requests wait for its next call
		return err
	}
	if delivery.Need > 0 {
		c.w.Header().Set("X-min-acceptBytes", strconv.Itoa(delivery.Need))
	}
	if err := c.send(http.StatusAccepted, "application/json", joinMessages(delivery.Messages)); err != nil {
		delivery.PutBack()
		s.log.Info("an answer was not taken, its requests wait again", "device", c.device.ID, "requests", len(delivery.Messages), "error", err)
	}
	return nil
}

// offer reads what a device can take now, and how long it waits for that (docs/protocol/transport.md §8.1).
func (s *Server) offer(values query.Values) (accept int, wait time.Duration, err error) {
	bytes, err := query.Number(values, "acceptBytes", mailbox.NoLimit)
	if err != nil {
		return 0, 0, err
	}
	const most = 1 << 30 // fits an int of 32 bits
	accept = int(min(bytes, most))
	if _, sync := values.Lookup("iot.sync"); !sync {
		return accept, 0, nil
	}
	seconds, err := query.Number(values, "iot.timeout", 0)
	if err != nil {
		return 0, 0, err
	}
	wait = s.config.pollLimit
	if seconds > 0 {
		const most = 3600
		wait = min(wait, time.Duration(min(seconds, most))*time.Second-pollSlack)
	}
	return accept, wait, nil
}

// joinMessages makes the body of an answer. It is never empty and has no blank in it: one official client needs the one, the other the
// other (docs/protocol/transport.md §8.2).
func joinMessages(messages [][]byte) []byte {
	body := []byte{'['}
	for i, message := range messages {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, message...)
	}
	return append(body, ']')
}
