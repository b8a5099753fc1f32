package logsink

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
)

// text is JSON that JSON handlers take over as it is, so that a log can be searched by field, and others print.
type text []byte

// MarshalJSON implements json.Marshaler.
func (t text) MarshalJSON() ([]byte, error) { return t, nil }

// MarshalText implements encoding.TextMarshaler.
func (t text) MarshalText() ([]byte, error) { return t, nil }

// String implements fmt.Stringer.
func (t text) String() string { return string(t) }

// encode renders a row as slog's own handler does, which resolves a LogValuer and survives methods that panic.
func encode(row any) text {
	var b bytes.Buffer
	h := slog.NewJSONHandler(&b, &slog.HandlerOptions{ReplaceAttr: onlyRow})
	var r slog.Record
	r.AddAttrs(slog.Any("row", row))
	_ = h.Handle(context.Background(), r) // a bytes.Buffer takes all
	t := bytes.TrimSuffix(bytes.TrimSpace(b.Bytes()), []byte("}"))
	if t = bytes.TrimPrefix(t, []byte(`{"row":`)); !json.Valid(t) {
		return text("null") // nothing is left of an empty group
	}
	return t
}

// onlyRow drops the level and the message of the record, which has no time.
func onlyRow(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return a
}

// outlineOf describes the rows of a type by the names and types of their fields. It never sees a row.
func outlineOf[R any]() text {
	t := reflect.TypeFor[R]()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return quote(redacted(t))
	}
	var fields [][]byte
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			fields = append(fields, fmt.Appendf(nil, "%s:%s", quote(f.Name), quote(redacted(f.Type))))
		}
	}
	return fmt.Appendf(nil, "{%s}", bytes.Join(fields, []byte(",")))
}

func redacted(t reflect.Type) string { return fmt.Sprintf("[redacted %v]", t) }

func quote(s string) text {
	b, _ := json.Marshal(s) // strings always marshal
	return b
}
