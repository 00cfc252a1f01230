package policy

import "time"

// Bounds of a policy. A policy comes from the server, which is not trusted with
// the memory and the time of the device. The official client has no bounds.
const (
	// MaxDocument is the longest policy document, in bytes.
	MaxDocument = 1 << 20
	// MaxPipelines is the largest number of pipelines of a policy.
	MaxPipelines = 64
	// MaxSteps is the largest number of functions of a pipeline.
	MaxSteps = 16
	// MaxWindow is the longest window, slide and delay limit.
	MaxWindow = 31 * 24 * time.Hour
	// MinSlide is the shortest distance between window starts, and the shortest
	// delay limit.
	MinSlide = 10 * time.Millisecond
	// MaxOverlap is the largest number of slides in a window.
	MaxOverlap = 1000
	// MaxPanes is the largest number of panes (24 bytes each) that the windows
	// of one policy may keep for one device. A window has one pane for each
	// slide that it spans, two when the slide does not divide it.
	MaxPanes = 32_768
	// MaxBatch is the largest number of messages that a batch holds back: a
	// batch that reaches it is sent.
	MaxBatch = 10_000
	// MaxBatchBytes is the largest size of the messages, in bytes of JSON, that
	// a batch holds back: a batch that reaches it is sent.
	MaxBatchBytes = 4 << 20
)
