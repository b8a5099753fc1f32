package main

import (
	"context"

	"github.com/dynasink/dynasink/mapping"
	"github.com/jmoiron/sqlx"
)

// writer is one way to bring a batch into a database.
type writer struct {
	name  string
	batch func(h *history, records int) batch
	peer  bool // not ours, and slow: it is left out of most rounds
	most  int  // how many records it is given at once; 0: as many as there are
	write func(ctx context.Context, b *batch) error
}

// rowByRowMost limits the batches of who writes row by row: each record costs the same there, however many there are.
func (o options) rowByRowMost() int {
	if o.quick {
		return 500
	}
	return 1000
}

// writers are all routes into a database: the peers, the ceiling, and one of ours for each guard.
func writers(o options, p pools, d *database, c sqlCase) ([]writer, error) {
	decoder, err := mapping.NewDecoder[flat]()
	if err != nil {
		return nil, err
	}
	db, err := openGorm(p.plain)
	if err != nil {
		return nil, err
	}
	decode := func(payload []byte) ([]change, error) { return decodeFast(decoder, payload) }
	load := func(ctx context.Context, b *batch, changes []change) error {
		return d.load(ctx, p.plain, changes, b.rows)
	}
	all := []writer{
		{"usual", (*history).mix, true, o.rowByRowMost(), rows(c, decodeChanges, func(ctx context.Context, _ *batch, changes []change) error {
			return rowByRow(ctx, p.plain, changes)
		})},
		{"gorm", (*history).mix, true, 0, rows(c, decodeChanges, func(ctx context.Context, _ *batch, changes []change) error {
			return inBatches(ctx, db, changes)
		})},
		{"ceiling", (*history).fresh, false, 0, rows(c, decode, load)},
		{"same rows", (*history).apart, false, 0, rows(c, decode, load)},
	}
	for _, g := range guards {
		target, err := newTarget(p.ours, g.option)
		if err != nil {
			return nil, err
		}
		handle := invoke(target)
		all = append(all, writer{g.name, (*history).mix, false, 0, func(ctx context.Context, b *batch) error {
			if c.suite == "write" {
				return stage(ctx, target, b.changes)
			}
			return handle(ctx, b.payload)
		}})
	}
	if d.proxy == nil {
		for i := range all {
			all[i].write = checkpointed(p.plain, all[i].write)
		}
	}
	return all, nil
}

// rows is a route that writes changes: those of the batch, or where the case begins with a payload those decoded from it.
func rows(
	c sqlCase, decode func([]byte) ([]change, error), write func(ctx context.Context, b *batch, changes []change) error,
) func(context.Context, *batch) error {
	return func(ctx context.Context, b *batch) error {
		if c.suite == "write" {
			return write(ctx, b, b.changes)
		}
		changes, err := decode(b.payload)
		if err != nil {
			return err
		}
		return write(ctx, b, changes)
	}
}

// checkpointed has a batch pay for what SQLite puts off: it leaves pages in its log, to be copied by whoever's commit makes it a
// thousand, which may be another route's.
func checkpointed(pool *sqlx.DB, write func(context.Context, *batch) error) func(context.Context, *batch) error {
	return func(ctx context.Context, b *batch) error {
		if err := write(ctx, b); err != nil {
			return err
		}
		_, err := pool.ExecContext(ctx, "PRAGMA wal_checkpoint")
		return err
	}
}
