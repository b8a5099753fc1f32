package model

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

type itemRow struct {
	ID    string `db:"id,key"`
	List  string `db:"list"`
	Title string `db:"title"`
}

type partRow struct {
	ItemID string `db:"item_id,owner"`
	Number int    `db:"number,key"`
	Part   string `db:"part"`
}

// Function is the Lambda function under test: it uses everything of sqlsink that makes a promise.
type Function struct {
	db       *sqlsink.DB
	targets  sink.Target[itemRow] // two tables with the two guards
	parts    *sqlsink.Children[itemRow, partRow]
	mu       sync.Mutex
	failures map[string]error // sequence number → what the handler returns once
}

// NewFunction makes the function on a pool and an entry point with the given options.
func NewFunction(pool *sqlx.DB, opts ...handler.Option) (*Function, *handler.DynamoDBEventHandler[Item], error) {
	db, err := sqlsink.New(pool)
	if err != nil {
		return nil, nil, err
	}
	buried, err1 := sqlsink.NewTable[itemRow](db, "items")
	marked, err2 := sqlsink.NewTable[itemRow](db, "items_marked", sqlsink.SoftDelete("deleted_at", ""))
	parts, err3 := sqlsink.NewChildren[itemRow, partRow](db, "parts")
	letters, err4 := sqlsink.NewTable[handler.DeadLetter](db, "letters", sqlsink.Unguarded())
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, nil, err
	}
	f := &Function{db: db, targets: sink.Tee[itemRow](buried, marked), parts: parts, failures: map[string]error{}}
	opts = append(opts, handler.DeadLetters(letters), handler.DeadlineMargin(200*time.Millisecond))
	return f, handler.NewDynamoDBEventHandler[Item](f, opts...), nil
}

// Fail makes the handler fail once at a record.
func (f *Function) Fail(sequence string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures[sequence] = err
}

// Heal takes all failures back.
func (f *Function) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.failures)
}

func (f *Function) failure(sequence string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.failures[sequence]
	delete(f.failures, sequence)
	return err
}

var errPanic = errors.New("the handler panics")

// HandleRecord implements handler.StreamEventHandler.
func (f *Function) HandleRecord(_ context.Context, rec *handler.Record[Item], b *sink.Batch) error {
	f.stage(rec, b)
	err := f.failure(rec.SequenceNumber)
	if errors.Is(err, errPanic) {
		panic("as the schedule says")
	}
	return err
}

func (f *Function) stage(rec *handler.Record[Item], b *sink.Batch) {
	id := rec.Keys.ID
	switch item := rec.NewImage; item {
	case nil:
		f.targets.Delete(b, itemRow{ID: id})
		f.parts.Replace(b, itemRow{ID: id})
	default:
		f.targets.Upsert(b, itemRow{id, item.List, item.Title})
		f.parts.Replace(b, itemRow{ID: id}, partsOf(item)...)
	}
	f.count(rec, b)
	f.db.Newest(b, "last", id, set("last", "sequence", id, rec.SequenceNumber))
	if hasEffect(rec.SequenceNumber) {
		f.db.AtLeastOnce(b, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, tx.Rebind("INSERT INTO effects (sequence, seen) SELECT ?, n FROM counts WHERE list = 'applied'"), rec.SequenceNumber)
			return err
		})
	}
}

func partsOf(item *Item) []partRow {
	var rows []partRow
	for i, part := range item.Parts {
		rows = append(rows, partRow{item.ID, i, part})
	}
	return rows
}

// count keeps how many items each list has: moves and removals included, once per record.
func (f *Function) count(rec *handler.Record[Item], b *sink.Batch) {
	f.db.Once(b, "applied", add("applied", 1), sqlsink.Independent())
	if rec.OldImage != nil {
		f.db.Once(b, "leave", add(rec.OldImage.List, -1), sqlsink.Independent())
	}
	if rec.NewImage != nil {
		f.db.Once(b, "enter", add(rec.NewImage.List, 1), sqlsink.Independent())
	}
}

func add(list string, n int) sqlsink.Function {
	return func(ctx context.Context, tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, tx.Rebind("UPDATE counts SET n = n + ? WHERE list = ?"), n, list)
		if err != nil {
			return err
		}
		if changed, err := result.RowsAffected(); err != nil || changed != 1 {
			return fmt.Errorf("%d rows changed: %w", changed, err)
		}
		return nil
	}
}

// set replaces a row of a table with the columns id and column, in the plainest SQL that all engines know.
func set(table, column, id, value string) sqlsink.Function {
	return func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, tx.Rebind("DELETE FROM "+table+" WHERE id = ?"), id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, tx.Rebind("INSERT INTO "+table+" (id, "+column+") VALUES (?, ?)"), id, value)
		return err
	}
}

// redriveLetters hands the dead letters in the table to the function again: what failed them has not changed, so they are
// set aside again, and nothing else happens.
func redriveLetters(ctx context.Context, pool *sqlx.DB, entry *handler.DynamoDBEventHandler[Item]) error {
	var letters []handler.DeadLetter
	err := pool.SelectContext(ctx, &letters, "SELECT source, event_id, event_name, sequence_number, reason, record FROM letters")
	if err != nil {
		return err
	}
	event, err := handler.RedriveEvent(letters...)
	if err != nil {
		return err
	}
	response, err := entry.Invoke(ctx, event)
	if err == nil && string(response) != `{"batchItemFailures":[]}` {
		err = fmt.Errorf("the redrive of %d letters was answered by %s", len(letters), response)
	}
	return err
}
