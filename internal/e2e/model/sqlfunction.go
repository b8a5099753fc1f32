package model

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// sqlStore is a database with the tables of the function: it uses everything of sqlsink that makes a promise.
type sqlStore struct {
	function *sqlx.DB // what the function uses
	direct   *sqlx.DB // past all faults
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

type sqlFunction struct {
	db      *sqlsink.DB
	targets sink.Target[itemRow] // two tables with the two guards
	parts   *sqlsink.Children[itemRow, partRow]
}

// Function implements Store.
func (s *sqlStore) Function() (func(*handler.Record[Item], *sink.Batch), sink.Target[handler.DeadLetter], error) {
	db, err := sqlsink.New(s.function)
	if err != nil {
		return nil, nil, err
	}
	buried, err1 := sqlsink.NewTable[itemRow](db, "items")
	marked, err2 := sqlsink.NewTable[itemRow](db, "items_marked", sqlsink.SoftDelete("deleted_at", ""))
	parts, err3 := sqlsink.NewChildren[itemRow, partRow](db, "parts")
	letters, err4 := sqlsink.NewTable[handler.DeadLetter](db, "letters", sqlsink.Unguarded())
	f := &sqlFunction{db, sink.Tee[itemRow](buried, marked), parts}
	return f.stage, letters, errors.Join(err1, err2, err3, err4)
}

func (f *sqlFunction) stage(rec *handler.Record[Item], b *sink.Batch) {
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
func (f *sqlFunction) count(rec *handler.Record[Item], b *sink.Batch) {
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
