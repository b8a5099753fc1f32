package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/mapping"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// TestOptionsThatCannotWork are found by Validate, and no record passes as handled because of them.
func TestOptionsThatCannotWork(t *testing.T) {
	t.Parallel()
	for want, opts := range map[string][]handler.Option{
		"names no kind of event":  {handler.OnlyEvents()},
		`no event "insert"`:       {handler.OnlyEvents("insert")},
		"would drop all removals": {handler.OnlyExpired(), handler.ExceptExpired()},
		"no DeadLetters option":   {handler.DeadLetterUnmarked()},
		"dead letters is nil":     {handler.DeadLetters(nil)},
		"no halt policy 7":        {handler.OnFailure(7)},
	} {
		h := handler.NewDynamoDBEventHandler(obey(newStore().table()), opts...)
		if err := h.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate: %v, want %q", err, want)
		}
		invoke(t, h, inserts("")...).fails(t, want)
	}
}

// TestForTableRefusesOtherTables, also without Streams.
func TestForTableRefusesOtherTables(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.ForTable("others"))
	invoke(t, h, inserts("")...).fails(t, `for table "others"`, `from "items"`)
	wantRows(t, s, "")
}

// TestImageThatTheViewTypePromises: its absence is the record's failure, not the set-up's.
func TestImageThatTheViewTypePromises(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table()), quiet, handler.Needs(handler.NewImage))
	records := inserts("", "", "")
	records[1] = records[1].Without("dynamodb.NewImage")
	invoke(t, h, records...).reports(t, records[1])
	wantRows(t, s, "a")
}

// TestMappingErrorIsPermanent: what cannot be mapped once never can.
func TestMappingErrorIsPermanent(t *testing.T) {
	t.Parallel()
	letters := sinktest.NewRecorder[handler.DeadLetter]()
	h := handler.NewDynamoDBEventHandler(handleFunc(func(_ ctx, _ *handler.Record[Item], _ *sink.Batch) error {
		return fmt.Errorf("row: %w", &mapping.Error{Path: "total", Err: fmt.Errorf("out of range")})
	}), quiet, handler.DeadLetters(letters))
	invoke(t, h, inserts("")...).succeeds(t)
	if n := len(letters.Upserts()); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}

// TestDeadLetterIsRetried while what stops it is transient.
func TestDeadLetterIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		letters := sink.Func(func(context.Context, []sink.Write[handler.DeadLetter]) error {
			if tries++; tries < 3 {
				return sink.Transient(errBusiness)
			}
			return nil
		})
		h := handler.NewDynamoDBEventHandler(handleFunc(func(_ ctx, _ *handler.Record[Item], _ *sink.Batch) error {
			return sink.Permanent(errBusiness)
		}), quiet, handler.DeadLetters(letters))
		invoke(t, h, inserts("")...).succeeds(t)
		if tries != 3 {
			t.Errorf("%d tries", tries)
		}
	})
}
