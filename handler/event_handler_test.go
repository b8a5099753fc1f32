package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/handler"
)

type request struct {
	Name string    `json:"name"`
	Age  int       `json:"age"`
	Born time.Time `json:"born"`
}

func TestEventHandler(t *testing.T) {
	t.Parallel()
	var got request
	f := handler.NewEventHandler(handler.EventHandlerFunc[request](func(_ context.Context, event request) error {
		got = event
		return nil
	}))
	response, err := f.Invoke(t.Context(), []byte(`{"name":"x","age":7,"more":true}`))
	if err != nil || string(response) != "null" || got.Name != "x" || got.Age != 7 {
		t.Errorf("got %+v, response %s, error %v", got, response, err)
	}
}

func TestRequestHandler(t *testing.T) {
	t.Parallel()
	f := handler.NewRequestHandler(handler.RequestHandlerFunc[[]int, map[string]int](
		func(_ context.Context, numbers []int) (map[string]int, error) {
			return map[string]int{"count": len(numbers)}, nil
		}))
	response, err := f.Invoke(t.Context(), []byte(`[1,2,3]`))
	if err != nil || string(response) != `{"count":3}` {
		t.Errorf("response %s, error %v", response, err)
	}
}

// TestEventIsItsOwn: a raw event does not share the payload's buffer.
func TestEventIsItsOwn(t *testing.T) {
	t.Parallel()
	var kept json.RawMessage
	f := handler.NewEventHandler(handler.EventHandlerFunc[json.RawMessage](func(_ context.Context, event json.RawMessage) error {
		kept = event
		return nil
	}))
	payload := []byte(`{"a":1}`)
	if _, err := f.Invoke(t.Context(), payload); err != nil {
		t.Fatal(err)
	}
	payload[1] = '#'
	if string(kept) != `{"a":1}` {
		t.Errorf("the event has become %s", kept)
	}
}

// TestBadEvents: a clear error without values and without calling the handler.
func TestBadEvents(t *testing.T) {
	t.Parallel()
	f := handler.NewEventHandler(handler.EventHandlerFunc[request](func(context.Context, request) error {
		t.Error("the handler was called")
		return nil
	}))
	for payload, want := range map[string]string{
		``:                             "ends too early, after 0 bytes",
		`{"name":"s3cr3t"`:             "ends too early",
		`s3cr3t`:                       "not valid JSON at byte 1",
		`[]`:                           "at the top: a JSON array does not fit",
		`{"age":"s3cr3t"}`:             "age: a JSON string does not fit the Go type int",
		`{"age":98765432109876543210}`: "age: a JSON number does not fit the Go type int",
		`{"born":"s3cr3t"}`:            "the JSON does not decode (*time.ParseError)",
	} {
		response, err := f.Invoke(t.Context(), []byte(payload))
		if err == nil || response != nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "handler_test.request") {
			t.Errorf("%s: response %s, error %v; want %q", payload, response, err, want)
		} else if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "98765") {
			t.Errorf("%s: the error tells a value: %v", payload, err)
		}
	}
}

func TestEventHandlerFails(t *testing.T) {
	t.Parallel()
	for want, fail := range map[string]func() (any, error){
		errBusiness.Error():   func() (any, error) { return "an answer that must not get out", errBusiness },
		"panic: at the disco": func() (any, error) { panic("at the disco") },
		"cannot be encoded":   func() (any, error) { return math.Inf(1), nil },
	} {
		f := handler.NewRequestHandler(handler.RequestHandlerFunc[any, any](func(context.Context, any) (any, error) { return fail() }))
		response, err := f.Invoke(t.Context(), []byte(`{}`))
		if err == nil || response != nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "handler: ") {
			t.Errorf("response %s, error %v; want %q", response, err, want)
		}
		if want == errBusiness.Error() && !errors.Is(err, errBusiness) {
			t.Errorf("%v does not wrap the handler's error", err)
		}
	}
}

func TestEventHandlerIsNil(t *testing.T) {
	t.Parallel()
	for _, f := range []*handler.Function{
		handler.NewEventHandler[int](nil), handler.NewRequestHandler[int, int](nil),
		handler.NewEventHandler(handler.EventHandlerFunc[int](nil)), handler.NewRequestHandler(handler.RequestHandlerFunc[int, int](nil)),
	} {
		_, err := f.Invoke(t.Context(), []byte("1"))
		var config *handler.ConfigError
		if f.Validate() == nil || !errors.As(err, &config) || !strings.Contains(err.Error(), "is nil") {
			t.Errorf("Validate says %v, Invoke %v", f.Validate(), err)
		}
	}
}
