package model

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// sqlStore is a database with the tables of the function: it uses everything of sqlsink that makes a promise.
type sqlStore struct {
	ways   []Way    // of the function to the database
	direct *sqlx.DB // past all faults
}

// Way is one way to the database: what the tables hold must not depend on it.
type Way struct {
	Pool    *sqlx.DB
	Options []sqlsink.Option
}

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

// sqlPath is the function with the targets of one way.
type sqlPath struct {
	scope   scope
	db      *sqlsink.DB
	items   sink.Target[itemRow] // three tables, with two guards and without compaction
	changes sink.Target[changeRow]
	parts   *sqlsink.Children[itemRow, partRow]
}

// Scope implements Store.
func (s *sqlStore) Scope(rng *rand.Rand) scope { return scope(rng.IntN(3)) }

// Paths implements Store.
func (s *sqlStore) Paths() int { return len(s.ways) }

// Path implements Store.
func (s *sqlStore) Path(i int, scope scope) (Path, error) {
	w := s.ways[i]
	db, err := sqlsink.New(w.Pool, w.Options...)
	if err != nil {
		return Path{}, err
	}
	buried, err1 := sqlsink.NewTable[itemRow](db, "items")
	marked, err2 := sqlsink.NewTable[itemRow](db, "items_marked", sqlsink.SoftDelete("deleted_at", ""))
	every, err3 := sqlsink.NewTable[itemRow](db, "items_every", sqlsink.EveryChange())
	changes, err4 := sqlsink.NewAppend[changeRow](db, "changes", sqlsink.SequenceIn("sequence"), sqlsink.EventNameIn("event_name"))
	parts, err5 := sqlsink.NewChildren[itemRow, partRow](db, "parts")
	letters, err6 := sqlsink.NewTable[handler.DeadLetter](db, "letters", sqlsink.Unguarded())
	p := &sqlPath{scope: scope, db: db, items: buried, changes: changes, parts: parts}
	if scope != items {
		p.items = sink.Tee[itemRow](buried, marked, every)
	}
	return Path{p.stage, letters}, errors.Join(err1, err2, err3, err4, err5, err6)
}

func (p *sqlPath) stage(rec *handler.Record[Item], b *sink.Batch) {
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

func (p *sqlPath) log(rec *handler.Record[Item], b *sink.Batch, row changeRow) {
	if rec.NewImage == nil {
		p.changes.Delete(b, row)
	} else {
		p.changes.Upsert(b, row)
	}
}

// call stages all kinds of functions.
func (p *sqlPath) call(rec *handler.Record[Item], b *sink.Batch) {
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
func (p *sqlPath) count(rec *handler.Record[Item], b *sink.Batch) {
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
