package handlertest

import (
	"encoding/json"
	"time"
)

// window is a tumbling window of a shard.
type window struct {
	open       bool
	start, end int64 // seconds
	state      json.RawMessage
}

const mostState = 1 << 20

// holds reports whether a record belongs to the window.
func (w *window) holds(r Record) bool { return w.start <= r.created && r.created < w.end }

// keep takes over the state that a function returns.
func (w *window) keep(a answer) {
	if w.open {
		w.state = a.state
	}
}

// closes reports whether the lane's window is over, or holds too much state.
func (l *lane) closes() bool {
	w := &l.window
	return w.open && (len(l.rest) == 0 || !w.holds(l.rest[0]) || len(w.state) > mostState)
}

// enter opens the window of the next record.
func (l *lane) enter(size time.Duration) {
	seconds := int64(size / time.Second)
	if l.window.open || size == 0 {
		return
	}
	start := l.rest[0].created - l.rest[0].created%max(seconds, 1)
	l.window = window{open: true, start: start, end: start + max(seconds, 1)}
}

// event makes the payload: with windows it has more members, the shard's ID among them.
func (r *run) event(l *lane, b batch) ([]byte, error) {
	payload, err := Event(b.records...)
	if r.TumblingWindow == 0 || err != nil {
		return payload, err
	}
	w := l.window
	if len(w.state) == 0 {
		w.state = json.RawMessage("{}")
	}
	more, err := json.Marshal(windowEvent{
		Window: windowBounds{time.Unix(w.start, 0).UTC(), time.Unix(w.end, 0).UTC()}, State: w.state, ShardID: l.shard.id,
		EventSourceARN: l.arn(b), Final: b.final, Early: b.final && len(w.state) > mostState,
	})
	return append(append(payload[:len(payload)-1], ','), more[1:]...), err
}

// windowEvent is what events.DynamoDBTimeWindowEvent has besides Records.
type windowEvent struct {
	Window         windowBounds    `json:"window"`
	State          json.RawMessage `json:"state"`
	ShardID        string          `json:"shardId"`
	EventSourceARN string          `json:"eventSourceARN"`
	Final          bool            `json:"isFinalInvokeForWindow"`
	Early          bool            `json:"isWindowTerminatedEarly"`
}

type windowBounds struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// arn is the stream's, of which a final invocation has no record.
func (l *lane) arn(b batch) string {
	if len(b.records) > 0 {
		return b.records[0].arn()
	}
	return l.shard.records[0].arn()
}
