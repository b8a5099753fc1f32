package logsink

import (
	"context"
	"log/slog"

	"github.com/dynasink/dynasink/sink"
)

// DefaultMaxBytes is the size limit of a line when [Options] names none.
const DefaultMaxBytes = 8 << 10

// Options says what a line holds. The zero value is the careful one: no value of an item.
type Options[R any] struct {
	// Level is the level of the lines; nil is slog.LevelInfo. It is asked for every write, so a slog.LevelVar can
	// change it, and a level that the logger does not take costs next to nothing.
	Level slog.Leveler
	// Key names the item in the attribute "key". It sees upserted rows and deleted ones, of which only the key fields
	// are sure to be set. What it returns is logged as it is, so it must not be a secret. Without it there is no such
	// attribute. It must be safe for concurrent use; if it panics, the attribute says so.
	Key func(row R) string
	// Values logs the rows themselves, as JSON or as their slog.LogValuer says. Whatever the items hold, personal
	// data and credentials included, is then in the log, for as long as the log is kept. A row that cannot be encoded,
	// or whose method panics, is replaced by a text that says so.
	Values bool
	// MaxBytes limits the text of a line's attributes, before the handler's own quoting; 0 or less is
	// [DefaultMaxBytes]. What is over is cut between two characters, and the attribute "cut_bytes" tells how much.
	MaxBytes int
}

// New returns a target that logs every committed write to logger; nil is slog.Default at the time of the commit.
//
// The message of a line is "upsert" or "delete". Its attributes are "source" (the stream's ARN), "event_id" and
// "sequence" of the stream record, "key" if there is Options.Key, "row", and "cut_bytes" if it was cut. The handler gets
// the context of the commit. As always with slog, a handler's error is dropped: a log that fails does not hold up the
// stream.
//
// The target is safe for concurrent use.
func New[R any](logger *slog.Logger, options Options[R]) sink.Target[R] {
	l := &logTarget[R]{Options: options, logger: logger, outline: outlineOf[R]()}
	if l.Level == nil {
		l.Level = slog.LevelInfo
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = DefaultMaxBytes
	}
	return sink.Func(l.write)
}

type logTarget[R any] struct {
	Options[R]
	logger  *slog.Logger
	outline text // of every row, without its values
}

func (l *logTarget[R]) write(ctx context.Context, writes []sink.Write[R]) error {
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	level := l.Level.Level()
	if !logger.Enabled(ctx, level) {
		return nil
	}
	for i := range writes {
		logger.LogAttrs(ctx, level, message(writes[i].Delete), l.attrs(&writes[i])...)
	}
	return nil
}

func message(remove bool) string {
	if remove {
		return "delete"
	}
	return "upsert"
}

func (l *logTarget[R]) attrs(w *sink.Write[R]) []slog.Attr {
	line := line{left: l.MaxBytes}
	line.add("source", w.Origin.Source)
	line.add("event_id", w.Origin.EventID)
	line.add("sequence", w.Origin.Sequence)
	if l.Key != nil {
		line.add("key", l.key(w.Row))
	}
	line.addText("row", l.row(w.Row))
	return line.end()
}

func (l *logTarget[R]) key(row R) (key string) {
	defer func() {
		if recover() != nil {
			key = "!PANIC in Options.Key"
		}
	}()
	return l.Key(row)
}

func (l *logTarget[R]) row(row R) text {
	if l.Values {
		return encode(row)
	}
	return l.outline
}
