package runtimeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/aws/aws-lambda-go/lambda" // keeps the module that testdata/function needs

	"github.com/dynasink/dynasink/internal/e2e/runtimeapi"
)

func do(t *testing.T, f *runtimeapi.Function, what, text string) (runtimeapi.Answer, error) {
	t.Helper()
	return f.Invoke(t.Context(), fmt.Appendf(nil, `{"do":%q,"text":%q}`, what, text))
}

func TestFunction(t *testing.T) {
	bootstrap := runtimeapi.Build(t, "testdata/function")
	for name, test := range map[string]func(*testing.T, string){
		"answers":               answers,
		"fails and goes on":     failsAndGoesOn,
		"breaks off":            breaksOff,
		"dies of a panic":       diesOfAPanic,
		"exits":                 exits,
		"times out":             timesOut,
		"cannot start":          cannotStart,
		"takes turns":           takesTurns,
		"is given up":           isGivenUp,
		"says goodbye":          saysGoodbye,
		"is killed after grace": isKilledAfterGrace,
		"is killed unwarned":    isKilledUnwarned,
		"is frozen":             isFrozen,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, bootstrap)
		})
	}
}

func answers(t *testing.T, bootstrap string) {
	f := runtimeapi.Start(t, bootstrap, runtimeapi.Name("orders"), runtimeapi.Env("CUSTOM", "a b"),
		runtimeapi.Timeout(time.Minute))
	if err := f.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"first", "second"} {
		a, err := do(t, f, "report", text)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Text, RequestID, ARN, Function, Custom string
			LeftMS                                 int64
		}
		if err := json.Unmarshal(a.Payload, &got); err != nil {
			t.Fatalf("%s: %v", a.Payload, err)
		}
		if got.Text != text || got.RequestID != a.RequestID || got.Function != "orders" || got.Custom != "a b" ||
			!strings.HasSuffix(got.ARN, ":function:orders") || got.LeftMS < 30_000 || got.LeftMS > 60_000 {
			t.Errorf("got %+v, request %s", got, a.RequestID)
		}
		if a.Logs != "doing report\n" {
			t.Errorf("logs %q", a.Logs)
		}
	}
}

func wantError(t *testing.T, err error, kind, message string) {
	t.Helper()
	failure := new(runtimeapi.Error)
	if !errors.As(err, &failure) || failure.Type != kind || !strings.Contains(failure.Message, message) {
		t.Errorf("got %v, want %s: %s", err, kind, message)
	}
}

func failsAndGoesOn(t *testing.T, bootstrap string) {
	f := runtimeapi.Start(t, bootstrap)
	a, err := do(t, f, "fail", "no such order")
	wantError(t, err, "errorString", "no such order")
	if a.Payload != nil || !strings.Contains(a.Logs, "doing fail") {
		t.Errorf("payload %q, logs %q", a.Payload, a.Logs)
	}
	if _, err := do(t, f, "report", ""); err != nil {
		t.Error(err)
	}
}

func breaksOff(t *testing.T, bootstrap string) {
	_, err := do(t, runtimeapi.Start(t, bootstrap), "break", "")
	wantError(t, err, "errorString", "broken off")
	_, err = do(t, runtimeapi.Start(t, bootstrap), "large", "")
	wantError(t, err, "Function.ResponseSizeTooLarge", "6 MB")
}

func diesOfAPanic(t *testing.T, bootstrap string) {
	f := runtimeapi.Start(t, bootstrap)
	_, err := do(t, f, "panic", "at the disco")
	wantError(t, err, "string", "at the disco")
	_, err = do(t, f, "report", "") // it ends by itself, before or while it is asked
	if err == nil {
		t.Error("a dead function answered")
	}
}

func exits(t *testing.T, bootstrap string) {
	_, err := do(t, runtimeapi.Start(t, bootstrap), "exit", "")
	wantError(t, err, "Runtime.ExitError", "exit status 3")
}

func timesOut(t *testing.T, bootstrap string) {
	_, err := do(t, runtimeapi.Start(t, bootstrap, runtimeapi.Timeout(50*time.Millisecond)), "hang", "")
	wantError(t, err, "Sandbox.Timedout", "after 0.05 seconds")
}

func cannotStart(t *testing.T, bootstrap string) {
	f := runtimeapi.Start(t, bootstrap, runtimeapi.Env("MODE", "no start"))
	wantError(t, f.Ready(t.Context()), "Runtime.ExitError", "exit status 7")
	if _, err := do(t, f, "report", ""); err == nil || f.Logs() != "cannot start\n" {
		t.Errorf("%v, logs %q", err, f.Logs())
	}
}

func takesTurns(t *testing.T, bootstrap string) {
	f := runtimeapi.Start(t, bootstrap)
	failures := make(chan error)
	const many = 20
	for i := range many {
		go func() {
			text := fmt.Sprint("order ", i)
			a, err := f.Invoke(context.WithoutCancel(t.Context()), fmt.Appendf(nil, `{"do":"report","text":%q}`, text))
			if err == nil && !strings.Contains(string(a.Payload), fmt.Sprintf("%q", text)) {
				err = fmt.Errorf("%s got %s", text, a.Payload)
			}
			failures <- err
		}()
	}
	for range many {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
}

func isGivenUp(t *testing.T, bootstrap string) {
	f := runtimeapi.Start(t, bootstrap)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.Invoke(ctx, []byte(`{"do":"hang"}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func shutdown(t *testing.T, f *runtimeapi.Function, want runtimeapi.Exit, logs string) {
	t.Helper()
	if err := f.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	exit, err := f.Shutdown(t.Context())
	if err != nil || exit != want || f.Logs() != logs {
		t.Errorf("got %+v, %v, logs %q", exit, err, f.Logs())
	}
}

func saysGoodbye(t *testing.T, bootstrap string) {
	f := runtimeapi.Start(t, bootstrap, runtimeapi.Env("MODE", "polite"))
	shutdown(t, f, runtimeapi.Exit{}, "goodbye\n")
}

func isKilledAfterGrace(t *testing.T, bootstrap string) {
	f := runtimeapi.Start(t, bootstrap, runtimeapi.Env("MODE", "deaf"), runtimeapi.Grace(200*time.Millisecond))
	shutdown(t, f, runtimeapi.Exit{Code: -1, Killed: true}, "not listening\n")
}

func isKilledUnwarned(t *testing.T, bootstrap string) {
	shutdown(t, runtimeapi.Start(t, bootstrap), runtimeapi.Exit{Code: -1, Killed: true}, "")
}

func isFrozen(t *testing.T, bootstrap string) {
	f := runtimeapi.Start(t, bootstrap)
	if err := errors.Join(f.Ready(t.Context()), f.Freeze()); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error)
	go func() {
		_, err := f.Invoke(context.WithoutCancel(t.Context()), []byte(`{"do":"report"}`))
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Fatalf("a frozen function answered: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := errors.Join(f.Thaw(), <-answered); err != nil {
		t.Error(err)
	}
}
