package handler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// TestTransientIsRetriedInPlace: each try has a new batch and a record of its own, whatever the ones before did to theirs.
func TestTransientIsRetriedInPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		table := s.table()
		tries := 0
		h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
			tries++
			if rec.Keys.ID != "a" || rec.OldImage.Do != "x" || !rec.Expired() {
				t.Errorf("try %d got the record %+v", tries, rec)
			}
			table.Upsert(batch, Item{ID: fmt.Sprint("try ", tries)})
			rec.Keys.ID, rec.OldImage.Do, rec.UserIdentity.Type = "changed", "changed", "changed"
			if tries < 4 {
				return sink.Transient(errBusiness)
			}
			return nil
		}))
		began := time.Now()
		invoke(t, h, newTable().Expire(item("a", "x"))).succeeds(t)
		wantRows(t, s, "try 4")
		if waited := time.Since(began); waited < 350*time.Millisecond || waited > 525*time.Millisecond {
			t.Errorf("it waited %v between the tries, want 50, 100 and 200 ms and up to half as much again", waited)
		}
	})
}

// TestTransientUntilTheDeadline: what was handled before is committed and the record is reported, never set aside.
func TestTransientUntilTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, letters := newStore(), newLetters()
		h := handler.NewDynamoDBEventHandler(obey(s.table()), quiet, handler.DeadLetters(letters), handler.DeadLetterUnmarked())
		records := inserts("", "", "transient", "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		response, err := h.Invoke(ctx, payload(t, records))
		outcome{response, err}.reports(t, records[2])
		wantRows(t, s, "a b")
		if len(letters.Upserts()) != 0 {
			t.Error("a transient failure was set aside")
		}
		if took := time.Since(began); took < 20*time.Second || took > 58*time.Second {
			t.Errorf("it was given up after %v", took)
		}
	})
}

// TestTransientWithoutDeadline is given up some time, too.
func TestTransientWithoutDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := handler.NewDynamoDBEventHandler(obey(newStore().table()))
		invoke(t, h, inserts("transient")...).fails(t, "record 0")
	})
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	s, letters := newStore(), newLetters()
	h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.DeadLetters(letters))
	records := inserts("", "permanent", "")
	invoke(t, h, records...).succeeds(t)
	wantRows(t, s, "a c")
	got := letters.Upserts()
	if len(got) != 1 {
		t.Fatalf("%d dead letters", len(got))
	}
	l := got[0]
	if l.SequenceNumber != records[1].SequenceNumber() || l.Source != newTable().StreamARN() || l.EventName != "INSERT" ||
		len(l.EventID) != 32 || string(l.Record) != records[1].String() || !strings.Contains(l.Reason, errBusiness.Error()) ||
		l.FailedAt.IsZero() || l.FailedAt.Location() != time.UTC {
		t.Errorf("the dead letter is %+v", l)
	}
}

// TestDeadLetterComesFirst: the letter is durable before a later record is handled.
func TestDeadLetterComesFirst(t *testing.T) {
	t.Parallel()
	letters := newLetters()
	h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], _ *sink.Batch) error {
		if rec.NewImage.Do == "permanent" {
			return sink.Permanent(errBusiness)
		}
		if n := len(letters.Upserts()); n != 1 {
			t.Errorf("%d letters were committed when the batch went on", n)
		}
		return nil
	}), handler.DeadLetters(letters))
	invoke(t, h, inserts("permanent", "")...).succeeds(t)
}

// TestUnmarkedIsNotSetAside unless the option says so.
func TestUnmarkedIsNotSetAside(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"fail", "panic"} {
		s, letters := newStore(), newLetters()
		h := handler.NewDynamoDBEventHandler(obey(s.table()), quiet, handler.DeadLetters(letters))
		records := inserts("", do, "")
		invoke(t, h, records...).reports(t, records[1])
		wantRows(t, s, "a")

		h = handler.NewDynamoDBEventHandler(obey(s.table()), quiet, handler.DeadLetters(letters), handler.DeadLetterUnmarked())
		invoke(t, h, records...).succeeds(t)
		wantRows(t, s, "a c")
		if n := len(letters.Upserts()); n != 1 {
			t.Errorf("%s: %d dead letters, want one", do, n)
		}
	}
}

// TestUncertainIsNotSetAside: what may have happened is redelivered, whatever the options say.
func TestUncertainIsNotSetAside(t *testing.T) {
	t.Parallel()
	letters := newLetters()
	h := handler.NewDynamoDBEventHandler(handleFunc(func(context.Context, *handler.Record[Item], *sink.Batch) error {
		return sink.Uncertain(errBusiness)
	}), handler.DeadLetters(letters), handler.DeadLetterUnmarked())
	invoke(t, h, inserts("")...).fails(t, "record 0", errBusiness.Error())
	if len(letters.Upserts()) != 0 {
		t.Error("it was set aside")
	}
}

// TestDeadLetterSinkFails: the record is reported with both reasons, and nothing is lost.
func TestDeadLetterSinkFails(t *testing.T) {
	t.Parallel()
	down := errors.New("the queue is down")
	for name, write := range map[string]func() error{
		"fails":        func() error { return down },
		"refuses":      func() error { return sink.Permanent(down) },
		"panics":       func() error { panic(down.Error()) },
		"is cancelled": func() error { return fmt.Errorf("%w: %w", down, context.Canceled) },
	} {
		s := newStore()
		letters := sink.Func(func(context.Context, []sink.Write[handler.DeadLetter]) error { return write() })
		log := new(logged)
		h := handler.NewDynamoDBEventHandler(obey(s.table()), log.option(), handler.DeadLetters(letters))
		records := inserts("", "permanent", "")
		invoke(t, h, records...).reports(t, records[1])
		wantRows(t, s, "a")
		for _, reason := range []string{down.Error(), errBusiness.Error()} {
			if !strings.Contains(log.String(), reason) {
				t.Errorf("%s: the log does not say %q: %s", name, reason, log)
			}
		}
		invoke(t, h, inserts("permanent")...).fails(t, down.Error(), errBusiness.Error())
	}
}

// TestDeadLetterThatCannotBeStaged: a target that refuses the letter at once is no better.
func TestDeadLetterThatCannotBeStaged(t *testing.T) {
	t.Parallel()
	noKey := sink.NewPort(newStore(), func(*handler.DeadLetter) (string, error) { return "", errors.New("no key") },
		func(context.Context, *storeTx, []sink.Write[handler.DeadLetter]) error { return nil })
	h := handler.NewDynamoDBEventHandler(obey(newStore().table()), handler.DeadLetters(noKey))
	invoke(t, h, inserts("permanent")...).fails(t, "no key")
}
