package outbox

import "time"

// mostGathering is the longest time that a commit waits for others to join.
const mostGathering = 5 * time.Millisecond

// lazySync is how long marks may be written without being flushed. After a power
// failure messages of that time may be sent again; flushing after every batch
// would wear flash memory out for that.
const lazySync = time.Second

// run writes what is put and marked until the log is closed.
func (l *Log) run() {
	defer close(l.exited)
	lazy := time.NewTimer(lazySync)
	lazy.Stop()
	defer lazy.Stop()
	armed := false
	late := time.NewTimer(mostGathering)
	late.Stop()
	defer late.Stop()
	for {
		select {
		case <-l.wake:
			l.gather(late)
			l.step()
		case <-lazy.C:
			armed = false
			l.writer.syncMarks()
		case <-l.stop:
			l.step()
			l.writer.syncMarks()
			return
		}
		if l.writer.unsynced && !armed {
			lazy.Reset(lazySync)
			armed = true
		}
	}
}

// gather waits until as many messages are put as the last commit had, for half the
// time that its flush took at most: those who waited for it have only just been
// told, and put their next messages now. Without it every second flush would be
// for the first of them alone. An idle log does not wait.
func (l *Log) gather(late *time.Timer) {
	w := &l.writer
	if w.together < 2 || w.took == 0 || time.Since(w.ended) > mostGathering {
		return
	}
	late.Reset(min(w.took/2, mostGathering))
	defer late.Stop()
	for l.gathered() < w.together {
		select {
		case <-l.wake:
		case <-late.C:
			return
		case <-l.stop:
			return
		}
	}
}

// gathered is the number of messages that were put since the last commit.
func (l *Log) gathered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.group == nil {
		return 0
	}
	return len(l.group.entries)
}

// step writes everything that is there to be written and tidies up.
func (l *Log) step() {
	l.mu.Lock()
	g, m, last := l.group, l.marks, l.index.last
	l.group, l.marks = nil, marks{}
	l.mu.Unlock()
	if g != nil || !m.empty() {
		err := l.writer.write(g, &m, last)
		l.writer.report(err)
		l.settle(g, &m, err)
	}
	l.writer.tidy()
}

// settle tells everybody what became of a write.
func (l *Log) settle(g *group, m *marks, err error) {
	l.mu.Lock()
	switch {
	case err != nil:
		err = explain(err)
		l.marks.done = append(m.done, l.marks.done...)
		l.marks.attempts = append(m.attempts, l.marks.attempts...)
		l.failed(g, err)
	case g != nil:
		for _, f := range g.entries {
			l.index.commit(f)
			l.segment(f.segment).live++
		}
		l.overflowed()
	}
	var commit *Commit
	if g != nil {
		commit = g.commit
		l.recycle(g)
	}
	l.mu.Unlock()
	if commit != nil {
		commit.Decide(err)
		notify(l.signal)
	}
	if m.written != nil {
		m.written.Decide(err)
	}
}

// failed drops the messages of a group that could not be written. What of them
// may have reached the disk is marked as done with, so that it does not come back
// after a restart. The caller holds the lock.
func (l *Log) failed(g *group, err error) {
	if g == nil {
		return
	}
	for i, f := range g.entries {
		start := g.starts[i]
		l.index.fail(f, append([]byte(nil), g.buffer[start:start+f.size]...), err)
		if f.segment != 0 {
			l.marks.done = append(l.marks.done, doneMark{f.sequence, f.segment})
		}
	}
}

// recycle keeps the memory of a group. The caller holds the lock.
func (l *Log) recycle(g *group) {
	if cap(g.buffer) > 4*largeWrite {
		return
	}
	g.commit, g.buffer, g.entries, g.starts = nil, g.buffer[:0], g.entries[:0], g.starts[:0]
	l.spare = g
}
