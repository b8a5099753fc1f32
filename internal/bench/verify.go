package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/dynasink/dynasink/handler"
)

// verify compares the rows of a batch with what its changes leave.
func (d *database) verify(ctx context.Context, b *batch) error {
	pool, err := sqlx.Open(d.engine.Driver, d.engine.DSN)
	if err != nil {
		return err
	}
	defer pool.Close()
	customers := map[string]bool{}
	want := map[[2]string]flat{}
	for _, c := range b.changes {
		key := [2]string{c.row.PK, c.row.SK}
		if delete(want, key); c.event != handler.Remove {
			want[key] = c.row
		}
		customers[c.row.PK] = true
	}
	for some := range slices.Chunk(slices.Collect(maps.Keys(customers)), 1000) {
		query, args, err := sqlx.In("SELECT pk, sk, name, email, status, qty, total, paid, version, placed_at FROM orders WHERE deleted_at IS NULL AND pk IN (?)", some)
		if err != nil {
			return err
		}
		var rows []flat
		if err := pool.SelectContext(ctx, &rows, pool.Rebind(query), args...); err != nil {
			return err
		}
		for _, got := range rows {
			key := [2]string{got.PK, got.SK}
			got.Placed = got.Placed.UTC()
			if row, ok := want[key]; !ok || got != row {
				return fmt.Errorf("row %v is not %v", got, row)
			}
			delete(want, key)
		}
	}
	if len(want) > 0 {
		return fmt.Errorf("%d rows of %d records are missing", len(want), len(b.changes))
	}
	return nil
}
