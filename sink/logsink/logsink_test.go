package logsink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/logsink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

type row struct {
	ID     string
	Secret string
	Total  *float64
	hidden int
}

var secret = row{ID: "o-1", Secret: "hunter2", hidden: 4711}

// logged commits one upsert and returns its line.
func logged[R any](t *testing.T, options logsink.Options[R], r R) map[string]any {
	t.Helper()
	var b bytes.Buffer
	target := logsink.New(slog.New(slog.NewJSONHandler(&b, nil)), options)
	o := sink.Origin{Source: "arn:stream", EventID: "e-1", Sequence: "111"}
	err := sinktest.StageAs(t.Context(), o, func(_ context.Context, batch *sink.Batch) error {
		target.Upsert(batch, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	line := map[string]any{}
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, b.Bytes())
	}
	return line
}

func wantAttrs(t *testing.T, line map[string]any, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := fmt.Sprint(line[name]); got != value {
			t.Errorf("%s is %s, want %s", name, got, value)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	line := logged(t, logsink.Options[row]{}, secret)
	wantAttrs(t, line, map[string]string{
		"level": "INFO", "msg": "upsert", "source": "arn:stream", "event_id": "e-1", "sequence": "111",
		"row": "map[ID:[redacted string] Secret:[redacted string] Total:[redacted *float64]]",
	})
	for _, absent := range []string{"key", "cut_bytes"} {
		if got, ok := line[absent]; ok {
			t.Errorf("%s is %v and should not be there", absent, got)
		}
	}
}

// What is redacted must not come out in any way: not by a method of the row, not by another handler.
func TestNoValueByDefault(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var b bytes.Buffer
		logger := slog.New(handler(&b))
		plain, pointer, talking := logsink.New(logger, logsink.Options[row]{}), logsink.New(logger, logsink.Options[*row]{}), logsink.New(logger, logsink.Options[talkative]{})
		table, text := logsink.New(logger, logsink.Options[map[string]string]{}), logsink.New(logger, logsink.Options[string]{})
		err := sinktest.Stage(t.Context(), func(_ context.Context, batch *sink.Batch) error {
			plain.Upsert(batch, secret)
			plain.Delete(batch, secret)
			pointer.Upsert(batch, &secret)
			talking.Upsert(batch, talkative{"hunter2"})
			table.Upsert(batch, map[string]string{"hunter2": "hunter2"})
			text.Upsert(batch, "hunter2")
			return nil
		})
		out := b.String()
		if lines := strings.Count(out, "\n"); err != nil || lines != 6 {
			t.Errorf("%s: error %v, %d lines, want 6", name, err, lines)
		}
		if strings.Contains(out, "hunter2") || strings.Contains(out, "4711") || !strings.Contains(out, "[redacted") {
			t.Errorf("%s: a value is in\n%s", name, out)
		}
	}
}

// talkative says its value in every way there is.
type talkative struct{ secret string }

func (r talkative) String() string               { return r.secret }
func (r talkative) LogValue() slog.Value         { return slog.StringValue(r.secret) }
func (r talkative) MarshalJSON() ([]byte, error) { return json.Marshal(r.secret) }
func (r talkative) MarshalText() ([]byte, error) { return []byte(r.secret), nil }

func TestKey(t *testing.T) {
	t.Parallel()
	wantAttrs(t, logged(t, logsink.Options[row]{Key: func(r row) string { return r.ID }}, secret), map[string]string{"key": "o-1"})
	panicking := logsink.Options[row]{Key: func(row) string { panic("hunter2") }}
	wantAttrs(t, logged(t, panicking, secret), map[string]string{"key": "!PANIC in Options.Key"})
}

type panicking struct{ Name string }

func (panicking) MarshalJSON() ([]byte, error) { panic("no JSON") }

type panickingValue struct{ Name string }

func (panickingValue) LogValue() slog.Value { panic("no value") }

type careful struct{ Name, Password string }

func (c careful) LogValue() slog.Value { return slog.GroupValue(slog.String("name", c.Name)) }

type failing struct{ Name string }

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("cannot") }

type nothing struct{}

func (nothing) LogValue() slog.Value { return slog.GroupValue() }

func TestValues(t *testing.T) {
	t.Parallel()
	check := func(name string, line map[string]any, want string) {
		t.Helper()
		if got := fmt.Sprint(line["row"]); !strings.HasPrefix(got, want) {
			t.Errorf("%s: row is %s, want %s", name, got, want)
		}
	}
	check("struct", logged(t, logsink.Options[row]{Values: true}, secret), "map[ID:o-1 Secret:hunter2 Total:<nil>]")
	check("LogValuer", logged(t, logsink.Options[careful]{Values: true}, careful{"Ada", "x"}), "map[name:Ada]")
	check("level as a field", logged(t, logsink.Options[map[string]string]{Values: true}, map[string]string{"level": "9"}), "map[level:9]")
	check("panic in MarshalJSON", logged(t, logsink.Options[panicking]{Values: true}, panicking{}), "!PANIC")
	check("panic in LogValue", logged(t, logsink.Options[panickingValue]{Values: true}, panickingValue{}), "LogValue panicked")
	check("error in MarshalJSON", logged(t, logsink.Options[failing]{Values: true}, failing{}), "!ERROR")
	check("not JSON", logged(t, logsink.Options[float64]{Values: true}, math.NaN()), "!ERROR")
	check("func", logged(t, logsink.Options[func()]{Values: true}, func() {}), "!ERROR")
	check("nil pointer", logged(t, logsink.Options[*row]{Values: true}, nil), "<nil>")
	check("empty group", logged(t, logsink.Options[nothing]{Values: true}, nothing{}), "<nil>")
	check("string", logged(t, logsink.Options[string]{Values: true}, `a "quoted" <text>`), `a "quoted" <text>`)
}

func TestLinesAreCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 10_000)
	for limit := range 200 {
		line := logged(t, logsink.Options[string]{Values: true, MaxBytes: limit + 1, Key: strings.ToLower}, long)
		size := 0
		for _, name := range []string{"source", "event_id", "sequence", "key", "row"} {
			text := line[name].(string)
			if size += len(text); !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
				t.Fatalf("limit %d: %s is cut within a character: %q", limit+1, name, text)
			}
		}
		all := len("arn:stream"+"e-1"+"111") + len(long) + len(long) + 2
		if size > limit+1 || size < limit-3 || line["cut_bytes"] != float64(all-size) {
			t.Fatalf("limit %d: %d bytes, cut_bytes %v of %d", limit+1, size, line["cut_bytes"], all)
		}
	}
	for _, unlimited := range []int{0, -1} {
		line := logged(t, logsink.Options[string]{Values: true, MaxBytes: unlimited}, long)
		if got := len(line["row"].(string)); got < logsink.DefaultMaxBytes-20 || got > logsink.DefaultMaxBytes {
			t.Errorf("MaxBytes %d: the row has %d bytes, want %d", unlimited, got, logsink.DefaultMaxBytes)
		}
	}
}

func TestOthersHandlersPrintTheRow(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	target := logsink.New(slog.New(slog.NewTextHandler(&b, nil)), logsink.Options[row]{Values: true})
	err := sinktest.Stage(t.Context(), func(_ context.Context, batch *sink.Batch) error {
		target.Delete(batch, row{ID: "o-1"})
		return nil
	})
	if want := `row="{\"ID\":\"o-1\",`; err != nil || !strings.Contains(b.String(), want) || !strings.Contains(b.String(), "msg=delete") {
		t.Errorf("error %v, line %s", err, b.String())
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	var level slog.LevelVar
	calls := 0
	target := logsink.New(slog.New(slog.NewTextHandler(&b, nil)), logsink.Options[row]{Level: &level, Key: func(row) string { calls++; return "" }})
	for _, now := range []slog.Level{slog.LevelDebug, slog.LevelWarn} {
		level.Set(now)
		if err := sinktest.Stage(t.Context(), func(_ context.Context, batch *sink.Batch) error {
			target.Upsert(batch, secret)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 1 || strings.Count(b.String(), "\n") != 1 || !strings.Contains(b.String(), "level=WARN") {
		t.Errorf("%d rows were rendered, want 1: %s", calls, b.String())
	}
}

// The default logger is the program's, so this test runs alone.
func TestNilLoggerIsTheDefaultAtTheTimeOfTheCommit(t *testing.T) {
	target := logsink.New(nil, logsink.Options[row]{})
	before := slog.Default()
	defer slog.SetDefault(before)
	var b bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	if err := sinktest.Stage(t.Context(), func(_ context.Context, batch *sink.Batch) error {
		target.Upsert(batch, secret)
		return nil
	}); err != nil || !strings.Contains(b.String(), "msg=upsert") {
		t.Errorf("error %v, logged %q", err, b.String())
	}
}

// broken is a handler whose destination is gone.
type broken struct{ slog.Handler }

func (broken) Enabled(context.Context, slog.Level) bool  { return true }
func (broken) Handle(context.Context, slog.Record) error { return errors.New("disk full") }
func (b broken) WithAttrs([]slog.Attr) slog.Handler      { return b }
func (b broken) WithGroup(string) slog.Handler           { return b }

func TestAFailingLogDoesNotHoldUpTheStream(t *testing.T) {
	t.Parallel()
	target := logsink.New(slog.New(broken{}), logsink.Options[row]{})
	if err := sinktest.Stage(t.Context(), func(_ context.Context, batch *sink.Batch) error {
		target.Upsert(batch, secret)
		return nil
	}); err != nil {
		t.Error(err)
	}
}
