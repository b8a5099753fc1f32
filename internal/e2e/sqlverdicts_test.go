package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// TestOnlyTheGuiltyRecordIsSetAside: a record whose function failed because of what an earlier one had written is tried again
// when that one is set aside.
func TestOnlyTheGuiltyRecordIsSetAside(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE names (name VARCHAR(9) PRIMARY KEY)")
		execute(t, pool, "CREATE TABLE items (id "+keyType(db.Dialect())+" PRIMARY KEY, n BIGINT CHECK (n < 100), t VARCHAR(9), stream_sequence CHAR(40))")
		target := table[versionedItem](t, db, "items")
		var letters []string
		dead := sink.Func(func(_ context.Context, writes []sink.Write[handler.DeadLetter]) error {
			for _, w := range writes {
				letters = append(letters, w.Row.Reason)
			}
			return nil
		})
		h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[versionedItem](func(_ context.Context, rec *handler.Record[versionedItem], b *sink.Batch) error {
			target.Upsert(b, *rec.NewImage)
			db.Once(b, "name", func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.ExecContext(ctx, "INSERT INTO names VALUES ('x')")
				return err
			}, sqlsink.Independent())
			return nil
		}), quiet, handler.DeadLetters(dead))
		items := &handlertest.Table{Name: "items", Keys: []string{"id"}}
		response, err := h.Invoke(t.Context(), handlertest.Payload(t, items.Insert(versionedItem{"a", 100, "bad"}), items.Insert(versionedItem{"b", 1, "good"})))
		if err != nil || len(letters) != 1 || countOf(t, pool, "SELECT COUNT(*) FROM names") != 1 {
			t.Errorf("%s %v: %d letters: %q", response, err, len(letters), letters)
		}
	})
}

// TestTheVictimOfAnIgnoredErrorIsNotSetAside: a function that ignores an SQL error breaks the transaction for the next one.
func TestTheVictimOfAnIgnoredErrorIsNotSetAside(t *testing.T) {
	t.Parallel()
	pool := servers.For(t, "postgres").Open(t)
	db := newDB(t, pool)
	execute(t, pool, "CREATE TABLE counted (id VARCHAR(9) PRIMARY KEY)")
	var letters int
	dead := sink.Func(func(_ context.Context, writes []sink.Write[handler.DeadLetter]) error {
		letters += len(writes)
		return nil
	})
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[versionedItem](func(_ context.Context, rec *handler.Record[versionedItem], b *sink.Batch) error {
		row := *rec.NewImage
		db.Once(b, "count", func(ctx context.Context, tx *sqlx.Tx) error {
			if row.T == "bad" {
				_, _ = tx.ExecContext(ctx, "SELECT 1/0")
				return nil
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO counted VALUES ($1)", row.ID)
			return err
		})
		return nil
	}), quiet, handler.DeadLetters(dead), handler.DeadLetterUnmarked())
	items := &handlertest.Table{Name: "items", Keys: []string{"id"}}
	response, err := h.Invoke(t.Context(), handlertest.Payload(t, items.Insert(versionedItem{"a", 1, "bad"}), items.Insert(versionedItem{"b", 1, "good"})))
	if n := countOf(t, pool, "SELECT COUNT(*) FROM counted"); err != nil || letters != 1 || n != 1 {
		t.Errorf("%s, %v: %d letters, %d counted; want 1, 1", response, err, letters, n)
	}
}

// TestAnIgnoredDeadlockLosesNothing: InnoDB has rolled the transaction back, and what a function does after that would be
// committed by itself.
func TestAnIgnoredDeadlockLosesNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"mariadb", "mysql"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			pool := servers.For(t, engine).Open(t)
			pool.SetMaxOpenConns(4)
			db := newDB(t, pool)
			execute(t, pool, "CREATE TABLE locks (id INT PRIMARY KEY, v INT)")
			execute(t, pool, "INSERT INTO locks VALUES (1, 0), (2, 0)")
			execute(t, pool, "CREATE TABLE filler (id INT PRIMARY KEY)")
			execute(t, pool, "CREATE TABLE items (id "+keyType(db.Dialect())+" PRIMARY KEY, n BIGINT, t VARCHAR(9), stream_sequence CHAR(40))")
			target := table[versionedItem](t, db, "items")
			other := pool.MustBegin()
			defer other.Rollback()
			for i := range 200 {
				other.MustExec("INSERT INTO filler VALUES (?)", i)
			}
			other.MustExec("UPDATE locks SET v = 1 WHERE id = 2")
			session, ignored := sessionOf(t, other), 0
			err := sinktest.Stage(t.Context(), func(_ context.Context, b *sink.Batch) error {
				target.Upsert(b, versionedItem{"before", 1, ""})
				db.AtLeastOnce(b, func(ctx context.Context, tx *sqlx.Tx) error {
					if _, err := tx.ExecContext(ctx, "UPDATE locks SET v = v + 1 WHERE id = 1"); err != nil {
						return err
					}
					h := held{make(chan error, 1)}
					go func() {
						_, err := other.Exec("UPDATE locks SET v = 1 WHERE id = 1")
						h.done <- err
					}()
					for !strings.Contains(transactionOf(t, pool, session), "\nLOCK WAIT ") {
						if h.ended() {
							t.Error("the other transaction does not wait")
							break
						}
					}
					if _, err := tx.ExecContext(ctx, "UPDATE locks SET v = v + 1 WHERE id = 2"); err != nil {
						ignored++ // "best effort": the user goes on
					}
					<-h.done
					other.Rollback()
					return nil
				})
				target.Upsert(b, versionedItem{"after", 1, ""})
				return nil
			})
			before, after := countOf(t, pool, "SELECT COUNT(*) FROM items WHERE id = 'before'"), countOf(t, pool, "SELECT COUNT(*) FROM items WHERE id = 'after'")
			if err == nil && before+after != 2 || err != nil && before+after != 0 {
				t.Errorf("err %v, %d errors ignored; rows: before %d, after %d", err, ignored, before, after)
			}
		})
	}
}
