package main

import "fmt"

// tabulate makes the table of the results: the bounds are those that the project
// promises.
func tabulate(c config, r *results) []figure {
	throughput := func(s sending) float64 { return float64(s.Messages) / s.Wall.Seconds() }
	used := func(s sending) float64 { return each(s.CPU, s.Messages) }
	cloud := func(s sending) float64 { return each(s.Cloud, s.Messages) }
	peak := func(s sending) float64 { return float64(s.Peak) }

	// No goroutine for each virtual device; those of connections come and go.
	const fewGoroutines = 8
	cpu := of(r.own, "device: CPU for each message", micros, used).atMost(6e-6)
	memory := of(r.own, "device: peak memory", megabytes, peak).atMost(40e6)
	figures := []figure{
		of(r.stores, "disk: a write that is flushed", micros, func(s storeResult) float64 { return seconds(s.Flush) }),
		of(r.stores, fmt.Sprintf("outbox: put with group commit, %d writers", writers), micros, func(s storeResult) float64 { return seconds(s.Put) }).atMost(30e-6),
		of(r.stores, "outbox: drain", micros, func(s storeResult) float64 { return seconds(s.Drain) }).atMost(10e-6),
		of(r.stores, fmt.Sprintf("outbox: open with %d waiting", c.Messages), millis, func(s storeResult) float64 { return seconds(s.Open) }).atMost(0.3),
		of(r.own, fmt.Sprintf("device: %d messages over TLS, %d a call", c.Messages, batch), perSecond, throughput).atLeast(40_000),
		cpu,
		memory,
		of(r.own, "emulator: CPU for each message", micros, cloud),
		of(r.stored, fmt.Sprintf("device with outbox, %d setters: %d messages", writers, c.Messages), perSecond, throughput),
		of(r.stored, "device with outbox: CPU for each message", micros, used),
		of(r.stored, "device with outbox: peak memory", megabytes, peak),
		of(r.unsynced, fmt.Sprintf("device with outbox, no flush, 1 setter: %d messages", c.Messages), perSecond, throughput),
		of(r.unsynced, "device with outbox, no flush: CPU for each message", micros, used),
		of(r.virtuals, fmt.Sprintf("%d virtual devices, new: each", c.Virtuals), kilobytes, func(v virtualsResult) float64 { return v.Fresh }).atMost(8000),
		of(r.virtuals, fmt.Sprintf("%d virtual devices, one value sent: each", c.Virtuals), kilobytes, func(v virtualsResult) float64 { return v.Used }).atMost(8000),
		of(r.virtuals, fmt.Sprintf("%d virtual devices: goroutines of all", c.Virtuals), number, func(v virtualsResult) float64 { return float64(v.Goroutines) }).atMost(fewGoroutines),
	}
	if !c.Peer {
		return figures
	}
	peerCPU := of(r.peer, "JavaScript client: CPU for each message", micros, used)
	peerMemory := of(r.peer, "JavaScript client: peak memory", megabytes, peak)
	return append(figures,
		of(r.peer, fmt.Sprintf("JavaScript client: %d messages over TLS, %d a call", c.PeerMessages, batch), perSecond, throughput),
		peerCPU,
		peerMemory,
		of(r.peer, "emulator: CPU for each message of the JavaScript client", micros, cloud),
		ratio("JavaScript client to device: CPU", peerCPU, cpu),
		ratio("JavaScript client to device: peak memory", peerMemory, memory),
	)
}
