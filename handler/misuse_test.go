package handler_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// typedNil is the classic mistake of returning a nil pointer as an error: its methods panic.
type typedNil struct{ err error }

func (e *typedNil) Error() string { return e.err.Error() }
func (e *typedNil) Unwrap() error { return e.err }

// TestPanics: whatever user code panics with, it is the failure of one record.
func TestPanics(t *testing.T) {
	t.Parallel()
	var none map[string]int
	for name, bad := range map[string]func() error{
		"string":        func() error { panic("text") },
		"error":         func() error { panic(errBusiness) },
		"item":          func() error { panic(item("x", "y")) },
		"marked error":  func() error { panic(sink.Permanent(errBusiness)) },
		"runtime error": func() error { none["a"] = 1; return nil },
		"nil":           func() error { panic(nil) },
		"typed nil":     func() error { return (*typedNil)(nil) },
		"Goexit":        func() error { runtime.Goexit(); return nil },
	} {
		s, letters := newStore(), newLetters()
		table := s.table()
		h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
			table.Upsert(batch, *rec.NewImage)
			if rec.NewImage.Do == "bad" {
				return bad()
			}
			return nil
		}), quiet, handler.DeadLetters(letters))
		records := inserts("", "bad", "")
		invoke(t, h, records...).reports(t, records[1])
		wantRows(t, s, "a")
		invoke(t, h, records[1]).fails(t, "record 0 (sequence number")
		if len(letters.Upserts()) != 0 {
			t.Errorf("%s: it was set aside", name)
		}
	}
}

func TestPanicErrorSaysWhere(t *testing.T) {
	t.Parallel()
	h := handler.NewDynamoDBEventHandler(obey(newStore().table()))
	got := invoke(t, h, inserts("panic")...)
	var p *handler.PanicError
	if !errors.As(got.err, &p) || p.Value != "at the disco" || !strings.Contains(p.Stack, "obey") {
		t.Errorf("%v is no PanicError with the stack of the handler", got.err)
	}
}

// moody is a type with an unmarshaler of the user's own.
type moody struct{ text string }

func (m *moody) UnmarshalDynamoDBAttributeValue(v types.AttributeValue) error {
	switch s := v.(*types.AttributeValueMemberS); s.Value {
	case "panic":
		panic("in the unmarshaler")
	case "fail":
		return fmt.Errorf("no %s", secret)
	default:
		m.text = s.Value
		return nil
	}
}

// TestUnmarshalerOfTheUsers fails or panics: the record's failure, with its path.
func TestUnmarshalerOfTheUsers(t *testing.T) {
	t.Parallel()
	type Moody struct {
		ID   string `dynamodbav:"pk"`
		Mood moody  `dynamodbav:"do"`
	}
	handled := 0
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[Moody](
		func(_ context.Context, rec *handler.Record[Moody], _ *sink.Batch) error {
			handled++
			return nil
		}), quiet)
	for _, do := range []string{"panic", "fail"} {
		records := inserts("x", do, "y")
		invoke(t, h, records...).reports(t, records[1])
	}
	if handled != 2 {
		t.Errorf("%d records were handled, want the first of each batch", handled)
	}
}

func TestPredicateThatPanics(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table()), quiet,
		handler.Where(func(rec *handler.Record[Item]) bool { return rec.OldImage.ID == "" || rec.Keys.ID == "a" }))
	table := newTable()
	first, second := table.Modify(item("a", ""), item("a", "")), table.Insert(item("b", ""))
	invoke(t, h, first, second).reports(t, second)
	wantRows(t, s, "a")
}

// TestStagingAfterReturning: the write might miss the commit, so the invocation fails and nothing is committed.
func TestStagingAfterReturning(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]func(*sink.Port[Item], *sink.Batch){
		"Upsert": func(p *sink.Port[Item], b *sink.Batch) { p.Upsert(b, Item{ID: "late"}) },
		"Delete": func(p *sink.Port[Item], b *sink.Batch) { p.Delete(b, Item{ID: "late"}) },
		"Fail":   func(_ *sink.Port[Item], b *sink.Batch) { b.Fail(errBusiness) },
	} {
		s := newStore()
		table := s.table()
		var kept *sink.Batch
		h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
			table.Upsert(batch, *rec.NewImage)
			if kept != nil {
				late(table, kept)
			}
			kept = batch
			return nil
		}))
		got := invoke(t, h, inserts("", "")...)
		got.fails(t, "record 0 (sequence number", "after its handler had returned")
		wantRows(t, s, "")
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestStagingDuringTheCommit is noticed too, although the commit went through.
func TestStagingDuringTheCommit(t *testing.T) {
	t.Parallel()
	recorder := sinktest.NewRecorder[Item]()
	var kept *sink.Batch
	nosy := sink.Func(func(context.Context, []sink.Write[Item]) error {
		recorder.Upsert(kept, Item{ID: "late"})
		return nil
	})
	h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
		kept = batch
		nosy.Upsert(batch, *rec.NewImage)
		return nil
	}))
	invoke(t, h, inserts("")...).fails(t, "after its handler had returned")
}

// TestConcurrentInvocations share a handler and a target, with failures, retries and handlers that are left behind.
func TestConcurrentInvocations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		release := make(chan struct{})
		table := s.table()
		h := handler.NewDynamoDBEventHandler(handleFunc(func(ctx context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
			if rec.NewImage.Do == "block" {
				<-release
			}
			return obey(table)(ctx, rec, batch)
		}), quiet)
		var all sync.WaitGroup
		for n := range 20 {
			all.Go(func() {
				do := []string{"", "fail", "transient", "block"}[n%4]
				stream := newTable()
				records := make([]handlertest.Record, 10)
				for i := range records {
					records[i] = stream.Insert(item(fmt.Sprint(n, "-", i), map[bool]string{true: do}[i == 5]))
				}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				response, err := h.Invoke(ctx, handlertest.Payload(t, records...))
				if do == "" {
					outcome{response, err}.succeeds(t)
				} else {
					outcome{response, err}.reports(t, records[5])
				}
			})
		}
		all.Wait()
		close(release)
		if len(s.rows) != 5*10+15*5 {
			t.Errorf("%d rows, want 125", len(s.rows))
		}
	})
}
