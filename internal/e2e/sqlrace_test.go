package e2e

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// TestNothingResurrectsADeletedRow runs an old upsert and a newer delete of a row that is not there at the same time, each
// first in turn. The first holds its transaction open until the second has ended or had its chance to.
func TestNothingResurrectsADeletedRow(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE live (id "+keyType(db.Dialect())+" PRIMARY KEY, v INT, stream_sequence CHAR(40))")
		target := table[cell[int]](t, db, "live")
		for i, upsertFirst := range []bool{true, false, true, false} { // the second time the parts' locks are there
			key := cell[int]{ID: strings.Repeat("x", i+1)}
			upsert := func(b *sink.Batch) { target.Upsert(b, key) }
			remove := func(b *sink.Batch) { target.Delete(b, key) }
			first, second := staged(db, "1", upsert), staged(db, "2", remove)
			if !upsertFirst {
				first, second = staged(db, "2", remove), staged(db, "1", upsert)
			}
			overlap(t, first, second)
			var left int
			if err := pool.GetContext(t.Context(), &left, "SELECT COUNT(*) FROM live"); err != nil || left != 0 {
				t.Errorf("upsert first: %v: the deleted row is there (%d rows, %v)", upsertFirst, left, err)
			}
		}
	})
}

// staged returns a delivery that calls hold when its row is written and not yet committed.
func staged(db *sqlsink.DB, sequence string, stage func(*sink.Batch)) func(ctx context.Context, hold func()) error {
	return func(ctx context.Context, hold func()) error {
		for {
			u := sink.NewUnit()
			b := u.Begin(sink.Origin{Source: "arn", EventID: sequence, Sequence: sequence})
			stage(b)
			db.AtLeastOnce(b, func(context.Context, *sqlx.Tx) error {
				hold()
				return nil
			})
			if err := b.End(nil); err != nil {
				return err
			}
			if err := u.Commit(ctx, nil); !sink.IsTransient(err) {
				return err
			}
		}
	}
}

func overlap(t *testing.T, first, second func(context.Context, func()) error) {
	t.Helper()
	written, release, errs, done := make(chan struct{}), make(chan struct{}), make(chan error, 2), make(chan struct{})
	var once sync.Once
	go func() {
		errs <- first(t.Context(), func() {
			once.Do(func() { close(written) })
			<-release
		})
	}()
	<-written
	go func() {
		defer close(done)
		errs <- second(t.Context(), func() {})
	}()
	endsOrWaits(done)
	close(release)
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
