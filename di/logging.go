package di

import (
	"cmp"
	"io"
	"log" //nolint:depguard // nothing is written to it: its destination is kept from slog.SetDefault
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// Logging is how the container's *slog.Logger writes.
type Logging struct {
	// HandlerOptions has the level, AddSource and ReplaceAttr, which sees attributes under the names they are written
	// with. The level is that of AWS_LAMBDA_LOG_LEVEL or else LOG_LEVEL (TRACE, DEBUG, INFO, WARN, ERROR, FATAL), and INFO if
	// neither has one of these.
	slog.HandlerOptions
	// Writer is standard output in Lambda, which sends it to CloudWatch Logs, and standard error elsewhere, because
	// standard output is for responses there.
	Writer io.Writer
	// Text writes key=value lines instead of JSON. It is false in Lambda, whatever the function's log format setting (text is
	// AWS's default, and JSON lines are welcome there too), and true elsewhere.
	Text bool
}

// ConfigureLogging changes the *slog.Logger that [Run] provides:
//
//	di.ConfigureLogging(func(l *di.Logging) { l.AddSource = true })
//
// Every line has the fields of Lambda's own JSON logs: timestamp, level, message, and requestId if the context given to
// the logger (InfoContext and so on) is an invocation's; and functionName in Lambda.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
//
// Several options are applied in the order in which they were made. To use a logger of another make, or one with more
// attributes, use fx.Replace or fx.Decorate on *slog.Logger.
func ConfigureLogging(change func(*Logging)) fx.Option {
	c := loggingChange{changes.Add(1), change}
	return fx.Supply(fx.Annotate(c, fx.ResultTags(`group:"dynasink.logging"`)))
}

// loggingChange is numbered because the container does not keep the order of a group.
type loggingChange struct {
	number uint64
	change func(*Logging)
}

var changes atomic.Uint64

func newLogger(p process, changes []loggingChange) *slog.Logger {
	l := Logging{Writer: p.stderr, Text: true}
	if p.inLambda() {
		l = Logging{Writer: p.stdout}
	}
	l.Level = logLevel(cmp.Or(p.env["AWS_LAMBDA_LOG_LEVEL"], p.env["LOG_LEVEL"]))
	slices.SortFunc(changes, func(a, b loggingChange) int { return cmp.Compare(a.number, b.number) })
	for _, c := range changes {
		c.change(&l)
	}
	logger := slog.New(l.handler())
	if name := p.env["AWS_LAMBDA_FUNCTION_NAME"]; name != "" {
		logger = logger.With("functionName", name)
	}
	return logger
}

func (l Logging) handler() slog.Handler {
	options := l.HandlerOptions
	options.ReplaceAttr = awsNames
	if theirs := l.ReplaceAttr; theirs != nil {
		options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			return theirs(groups, awsNames(groups, a))
		}
	}
	if l.Text {
		return &requestHandler{base: slog.NewTextHandler(l.Writer, &options)}
	}
	return &requestHandler{base: slog.NewJSONHandler(l.Writer, &options)}
}

// The levels that AWS has and slog has no name for.
const (
	levelTrace = slog.LevelDebug - 4
	levelFatal = slog.LevelError + 4
)

func logLevel(name string) slog.Level {
	switch strings.ToUpper(name) {
	case "TRACE":
		return levelTrace
	case "FATAL":
		return levelFatal
	}
	var level slog.Level // INFO: a typing error here must not stop a stream
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return slog.LevelInfo
	}
	return level
}

// awsNames gives slog's own attributes the names and forms of Lambda's JSON logs.
func awsNames(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch {
	case a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime:
		return slog.Time("timestamp", a.Value.Time().UTC())
	case a.Key == slog.MessageKey && a.Value.Kind() == slog.KindString:
		a.Key = "message"
	case a.Key == slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok {
			return slog.String(slog.LevelKey, levelName(level))
		}
	}
	return a
}

func levelName(level slog.Level) string {
	switch {
	case level <= levelTrace:
		return "TRACE"
	case level >= levelFatal:
		return "FATAL"
	}
	return level.String()
}

// setDefault makes logger the one of slog.Default. It leaves package log alone, which slog.SetDefault would redirect at
// level INFO: aws-lambda-go reports failed invocations there, and a level of ERROR would drop them.
func setDefault(logger *slog.Logger) {
	writer, flags := log.Writer(), log.Flags()
	slog.SetDefault(logger)
	log.SetOutput(writer)
	log.SetFlags(flags)
}

// quiet keeps fx's own events out of the log. They hold nothing that is not in the error which Run prints.
var quiet = fx.Options(fx.Logger(discard{}), fx.NopLogger)

// events shows fx's own events at level DEBUG.
var events = fx.Options(fx.Logger(discard{}), fx.WithLogger(func(logger *slog.Logger) fxevent.Logger {
	e := &fxevent.SlogLogger{Logger: logger}
	e.UseLogLevel(slog.LevelDebug)
	e.UseErrorLevel(slog.LevelDebug)
	return e
}))

// discard is what fx falls back on when the logger cannot be constructed.
type discard struct{}

func (discard) Printf(string, ...any) {}
