package sqlsink_test

import (
	"context"
	"fmt"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

type OrderRow struct {
	ID       string `db:"id,key"`
	Customer string `db:"customer"`
	Total    string `db:"total"` // NUMERIC: digits as text are exact
}

type LineRow struct {
	OrderID string `db:"order_id,owner"`
	Number  int    `db:"number,key"`
	SKU     string `db:"sku"`
}

// A constructor of a target, as a program would give it to fx.Provide.
func ExampleNew() {
	newOrders := func(ctx context.Context, pool *sqlx.DB) (sink.Target[OrderRow], error) { // sqlx.Open("pgx", "postgres://…")
		db, err := sqlsink.New(pool)
		if err != nil {
			return nil, err
		}
		orders, err := sqlsink.NewTable[OrderRow](db, "shop.orders")
		if err != nil {
			return nil, err
		}
		return orders, db.Preflight(ctx) // says what the schema lacks, and the statements that mend it
	}
	_ = newOrders
}

func ExampleDB_DDL() {
	db, err := sqlsink.New(new(sqlx.DB), sqlsink.WithDialect(sqlsink.SQLite))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(db.DDL()[1])
	// Output:
	// CREATE TABLE IF NOT EXISTS "dynasink_inbox" ("name" TEXT NOT NULL, "event_key" TEXT NOT NULL, "token" TEXT NOT NULL, "applied_at" TIMESTAMP NOT NULL, PRIMARY KEY ("name", "event_key"))
}

// A counter: adding twice would be wrong, so each record adds once.
func ExampleDB_Once() {
	count := func(db *sqlsink.DB, b *sink.Batch, customer string) {
		db.Once(b, "orders per customer", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, tx.Rebind("UPDATE customers SET orders = orders + 1 WHERE id = ?"), customer)
			return err
		}, sqlsink.Independent())
	}
	_ = count
}

// A state that only the newest record may set: running again is harmless, running late is not.
func ExampleDB_Newest() {
	last := func(db *sqlsink.DB, b *sink.Batch, customer, order string) {
		db.Newest(b, "last order", customer, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, tx.Rebind("UPDATE customers SET last_order = ? WHERE id = ?"), order, customer)
			return err
		})
	}
	_ = last
}

// The lines of an order are replaced as a whole, and only by a newer change of the order.
func ExampleChildren() {
	replace := func(db *sqlsink.DB, b *sink.Batch) error {
		lines, err := sqlsink.NewChildren[OrderRow, LineRow](db, "order_lines") // at start-up
		if err != nil {
			return err
		}
		order := OrderRow{ID: "o-1"}
		lines.Replace(b, order, LineRow{"o-1", 1, "pen"}, LineRow{"o-1", 2, "ink"})
		lines.Replace(b, OrderRow{ID: "o-2"}) // removed: its list is emptied
		return nil
	}
	_ = replace
}

// Deleted rows stay, marked: readers add WHERE deleted_at IS NULL.
func ExampleSoftDelete() {
	newOrders := func(db *sqlsink.DB) (sink.Target[OrderRow], error) {
		return sqlsink.NewTable[OrderRow](db, "orders", sqlsink.SoftDelete("deleted_at", ""))
	}
	_ = newOrders
}
