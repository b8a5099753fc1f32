package logsink_test

import (
	"context"
	"log/slog"
	"os"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/logsink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

type OrderRow struct {
	ID    string
	Email string
	Total float64
}

// stdout is a logger whose lines have no time, so that they can be compared.
func stdout() *slog.Logger {
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: noTime}))
}

// stage does what a handler does with the target.
func stage(orders sink.Target[OrderRow]) {
	record := sink.Origin{Source: "arn:aws:dynamodb:…/orders/stream/…", EventID: "7c1e", Sequence: "111700000000000000001"}
	_ = sinktest.StageAs(context.Background(), record, func(_ context.Context, b *sink.Batch) error {
		orders.Upsert(b, OrderRow{"o-1", "ada@example.com", 12.5})
		orders.Delete(b, OrderRow{ID: "o-2"})
		return nil
	})
}

// What happened to which item, and no values.
func ExampleNew() {
	stage(logsink.New(stdout(), logsink.Options[OrderRow]{
		Key: func(o OrderRow) string { return o.ID },
	}))
	// Output:
	// {"level":"INFO","msg":"upsert","source":"arn:aws:dynamodb:…/orders/stream/…","event_id":"7c1e","sequence":"111700000000000000001","key":"o-1","row":{"ID":"[redacted string]","Email":"[redacted string]","Total":"[redacted float64]"}}
	// {"level":"INFO","msg":"delete","source":"arn:aws:dynamodb:…/orders/stream/…","event_id":"7c1e","sequence":"111700000000000000001","key":"o-2","row":{"ID":"[redacted string]","Email":"[redacted string]","Total":"[redacted float64]"}}
}

// While a handler is being written: the rows themselves, at most 97 bytes of each line.
func ExampleOptions_values() {
	stage(logsink.New(stdout(), logsink.Options[OrderRow]{
		Level:    slog.LevelWarn,
		Values:   true,
		MaxBytes: 97,
	}))
	// Output:
	// {"level":"WARN","msg":"upsert","source":"arn:aws:dynamodb:…/orders/stream/…","event_id":"7c1e","sequence":"111700000000000000001","row":"{\"ID\":\"o-1\",\"Email\":\"ada@example.c","cut_bytes":17}
	// {"level":"WARN","msg":"delete","source":"arn:aws:dynamodb:…/orders/stream/…","event_id":"7c1e","sequence":"111700000000000000001","row":{"ID":"o-2","Email":"","Total":0}}
}
