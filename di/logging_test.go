package di_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/fx"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink/sinktest"
)

func inLambda() *di.Program {
	return di.NewProgram().Env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1").Env("AWS_LAMBDA_FUNCTION_NAME", "orders")
}

func invocation() context.Context {
	return lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "id-1"})
}

// line parses the only line of a log.
func line(t *testing.T, log string) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(log), &fields); err != nil {
		t.Fatalf("%q: %v", log, err)
	}
	return fields
}

func TestLoggerWritesLambdaFields(t *testing.T) {
	t.Parallel()
	p := inLambda()
	p.Logger().WarnContext(invocation(), "slow", "ms", 12)
	got := line(t, p.Stdout())
	at, err := time.Parse(time.RFC3339Nano, got["timestamp"].(string))
	if err != nil || at.Location() != time.UTC {
		t.Errorf("timestamp %v: %v", got["timestamp"], err)
	}
	delete(got, "timestamp")
	text, _ := json.Marshal(got)
	if want := `{"functionName":"orders","level":"WARN","message":"slow","ms":12,"requestId":"id-1"}`; string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestTimestampIsUTC(t *testing.T) {
	t.Parallel()
	p := inLambda()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	if err := p.Logger().Handler().Handle(t.Context(), slog.NewRecord(at, slog.LevelInfo, "m", 0)); err != nil {
		t.Fatal(err)
	}
	if got := line(t, p.Stdout())["timestamp"]; got != "2026-01-02T02:04:05Z" {
		t.Errorf("got %v", got)
	}
}

func TestRequestIDStaysOutsideOfGroups(t *testing.T) {
	t.Parallel()
	p := inLambda()
	log := p.Logger().With("a", 1).WithGroup("g").With("b", 2).WithGroup("h")
	log.InfoContext(invocation(), "m", "c", 3)
	got := line(t, p.Stdout())
	text, _ := json.Marshal([]any{got["requestId"], got["a"], got["g"]})
	if want := `["id-1",1,{"b":2,"h":{"c":3}}]`; string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestLoggerPassesSlogtest(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	logger := di.NewProgram().Logger(di.ConfigureLogging(func(l *di.Logging) { l.Writer, l.Text = &buf, false }))
	err := slogtest.TestHandler(logger.Handler(), func() []map[string]any {
		var all []map[string]any
		for text := range strings.Lines(buf.String()) {
			fields := line(t, text)
			for ours, theirs := range map[string]string{"timestamp": slog.TimeKey, "message": slog.MessageKey} {
				if v, ok := fields[ours]; ok {
					fields[theirs] = v
					delete(fields, ours)
				}
			}
			all = append(all, fields)
		}
		return all
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		aws, own string
		want     slog.Level
	}{
		{"", "", slog.LevelInfo}, {"", "debug", slog.LevelDebug}, {"WARN", "debug", slog.LevelWarn}, {"TRACE", "", slog.LevelDebug - 4},
		{"FATAL", "", slog.LevelError + 4}, {"", "ERROR+1", slog.LevelError + 1}, {"", "verbose", slog.LevelInfo},
	} {
		h := inLambda().Env("AWS_LAMBDA_LOG_LEVEL", test.aws).Env("LOG_LEVEL", test.own).Logger().Handler()
		if !h.Enabled(t.Context(), test.want) || h.Enabled(t.Context(), test.want-1) {
			t.Errorf("%q, %q: not %v", test.aws, test.own, test.want)
		}
	}
	p := inLambda().Env("AWS_LAMBDA_LOG_LEVEL", "TRACE")
	p.Logger().Log(t.Context(), slog.LevelDebug-4, "m")
	p.Logger().Log(t.Context(), slog.LevelError+4, "m")
	if !strings.Contains(p.Stdout(), `"level":"TRACE"`) || !strings.Contains(p.Stdout(), `"level":"FATAL"`) {
		t.Error(p.Stdout())
	}
}

func TestConfigureLogging(t *testing.T) {
	t.Parallel()
	p := inLambda()
	drop := func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == "timestamp" || a.Key == "functionName" {
			return slog.Attr{}
		}
		return a
	}
	p.Logger(
		di.ConfigureLogging(func(l *di.Logging) { l.Text, l.ReplaceAttr, l.Level = true, drop, slog.LevelError }),
		fx.Module("later", di.ConfigureLogging(func(l *di.Logging) { l.Level = slog.LevelWarn })),
		fx.Decorate(func(l *slog.Logger) *slog.Logger { return l.With("team", "a") }),
	).Warn("m")
	if got, want := p.Stdout(), "level=WARN message=m team=a\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHandlersLogToTheReplacedLogger(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	p := di.NewProgram(file(t, event(record("orders", 1, "a", "new"), record("orders", 2, "b", "bad"))))
	p.Run(replicate(sinktest.NewRecorder[Order]()), fx.Replace(slog.New(slog.NewTextHandler(&buf, nil))))
	if !strings.Contains(buf.String(), "a bad order") || p.Stderr() != "" {
		t.Errorf("log %q, stderr %q", buf.String(), p.Stderr())
	}
}

func TestHandlerOptionSetsAnotherLogger(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	p := di.NewProgram(file(t, event(record("orders", 1, "a", "new"), record("orders", 2, "b", "bad"))))
	p.Run(target(sinktest.NewRecorder[Order]()), fx.Provide(NewOrderHandler),
		di.UseStreamEventHandler[*OrderHandler](handler.WithLogger(slog.New(slog.NewTextHandler(&buf, nil)))))
	if !strings.Contains(buf.String(), "a bad order") || p.Stderr() != "" {
		t.Errorf("log %q, stderr %q", buf.String(), p.Stderr())
	}
}

func TestContainerEventsAreShownAtDebug(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]bool{"DEBUG": true, "INFO": false} {
		p := di.NewProgram(file(t, event())).Env("LOG_LEVEL", level)
		p.Run(replicate(sinktest.NewRecorder[Order]()))
		if strings.Contains(p.Stderr(), "NewOrderHandler") != want {
			t.Errorf("%s: %s", level, p.Stderr())
		}
	}
}
