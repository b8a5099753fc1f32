package model

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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

// changeRow is a row of the history: an item as one change left it.
type changeRow struct {
	ID    string `db:"id"`
	List  string `db:"list"`
	Title string `db:"title"`
}

// scope is what the function stages. Whatever fails, or needs an open transaction, decides how the whole batch is written, so
// less of it leads to more ways.
type scope int

const (
	everything scope = iota
	rows             // and no functions: a batch can go in one round trip
	items            // rows of one table: nothing else tells that COPY would bring a removed one back
)

// Function is the Lambda function under test: it uses everything of sqlsink that makes a promise.
type Function struct {
	scope    scope
	ways     []Way
	opts     []handler.Option
	paths    []*path // one for each way
	mu       sync.Mutex
	failures map[string]error // sequence number → what the handler returns once
}

// Way is one way to the database: what the tables hold must not depend on it.
type Way struct {
	Pool    *sqlx.DB
	Options []sqlsink.Option
}

// path is the function with the targets of one way.
type path struct {
	*Function
	db      *sqlsink.DB
	items   sink.Target[itemRow] // three tables, with two guards and without compaction
	changes sink.Target[changeRow]
	parts   *sqlsink.Children[itemRow, partRow]
	entry   *handler.DynamoDBEventHandler[Item]
}

// NewFunction makes the function, with an entry point for each way.
func NewFunction(ways []Way, scope scope, opts ...handler.Option) (*Function, error) {
	f := &Function{scope: scope, ways: ways, opts: opts, failures: map[string]error{}}
	for _, w := range ways {
		p, err := f.path(w)
		if err != nil {
			return nil, err
		}
		f.paths = append(f.paths, p)
	}
	return f, nil
}

func (f *Function) path(w Way) (*path, error) {
	db, err := sqlsink.New(w.Pool, w.Options...)
	if err != nil {
		return nil, err
	}
	buried, err1 := sqlsink.NewTable[itemRow](db, "items")
	marked, err2 := sqlsink.NewTable[itemRow](db, "items_marked", sqlsink.SoftDelete("deleted_at", ""))
	every, err3 := sqlsink.NewTable[itemRow](db, "items_every", sqlsink.EveryChange())
	changes, err4 := sqlsink.NewAppend[changeRow](db, "changes", sqlsink.SequenceIn("sequence"), sqlsink.EventNameIn("event_name"))
	parts, err5 := sqlsink.NewChildren[itemRow, partRow](db, "parts")
	letters, err6 := sqlsink.NewTable[handler.DeadLetter](db, "letters", sqlsink.Unguarded())
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	p := &path{Function: f, db: db, items: buried, changes: changes, parts: parts}
	if f.scope != items {
		p.items = sink.Tee[itemRow](buried, marked, every)
	}
	opts := append(slices.Clip(f.opts), handler.DeadLetters(letters), handler.DeadlineMargin(200*time.Millisecond))
	p.entry = handler.NewDynamoDBEventHandler[Item](p, opts...)
	return p, nil
}

// entry is the entry point of one of the ways. Now and then it is a new process's, which knows nothing of what has failed before.
func (f *Function) entry(rng *rand.Rand) *handler.DynamoDBEventHandler[Item] {
	i := rng.IntN(len(f.paths))
	if rng.IntN(3) == 0 {
		if p, err := f.path(f.ways[i]); err == nil { // as it was when the function was made
			f.paths[i] = p
		}
	}
	return f.paths[i].entry
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
func (p *path) HandleRecord(_ context.Context, rec *handler.Record[Item], b *sink.Batch) error {
	p.stage(rec, b)
	err := p.failure(rec.SequenceNumber)
	if errors.Is(err, errPanic) {
		panic("as the schedule says")
	}
	return err
}

func (p *path) stage(rec *handler.Record[Item], b *sink.Batch) {
	row := itemRow{ID: rec.Keys.ID}
	if item := rec.NewImage; item != nil {
		row.List, row.Title = item.List, item.Title
		p.items.Upsert(b, row)
	} else {
		p.items.Delete(b, row)
	}
	if p.scope != items {
		p.log(rec, b, changeRow(row))
	}
	if p.scope == everything {
		p.parts.Replace(b, row, partsOf(rec.NewImage)...)
		p.call(rec, b)
	}
}

func (p *path) log(rec *handler.Record[Item], b *sink.Batch, row changeRow) {
	if rec.NewImage == nil {
		p.changes.Delete(b, row)
	} else {
		p.changes.Upsert(b, row)
	}
}

// call stages all kinds of functions.
func (p *path) call(rec *handler.Record[Item], b *sink.Batch) {
	id := rec.Keys.ID
	p.count(rec, b)
	p.db.Newest(b, "last", id, set("last", "sequence", id, rec.SequenceNumber))
	if hasEffect(rec.SequenceNumber) {
		p.db.AtLeastOnce(b, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, tx.Rebind("INSERT INTO effects (sequence, seen) SELECT ?, n FROM counts WHERE list = 'applied'"), rec.SequenceNumber)
			return err
		})
	}
}

func partsOf(item *Item) (rows []partRow) {
	if item == nil {
		return nil
	}
	for i, part := range item.Parts {
		rows = append(rows, partRow{item.ID, i, part})
	}
	return rows
}

// count keeps how many items each list has: moves and removals included, once per record.
func (p *path) count(rec *handler.Record[Item], b *sink.Batch) {
	p.db.Once(b, "applied", add("applied", 1), sqlsink.Independent())
	if rec.OldImage != nil {
		p.db.Once(b, "leave", add(rec.OldImage.List, -1), sqlsink.Independent())
	}
	if rec.NewImage != nil {
		p.db.Once(b, "enter", add(rec.NewImage.List, 1), sqlsink.Independent())
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
