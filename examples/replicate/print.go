package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/jmoiron/sqlx"
	"go.uber.org/fx"
)

// printRowsAtEnd shows the table when the program ends. In Lambda it does nothing.
func printRowsAtEnd(pool *sqlx.DB, lc fx.Lifecycle) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		return
	}
	lc.Append(fx.StopHook(func(ctx context.Context) error { return printRows(ctx, pool) }))
}

// The engines print dates, decimals and JSON in their own ways; print gives the same text for the same row.
func printRows(ctx context.Context, pool *sqlx.DB) error {
	rows, err := pool.QueryxContext(ctx, selectOrders(pool))
	if err != nil {
		return err
	}
	defer rows.Close()
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "id\tstatus\ttotal\tpaid\tplaced_at\tnote\treceipt\tcustomer\tlines\ttags\tdiscounts\tsignatures")
	for rows.Next() {
		columns, err := rows.SliceScan()
		if err != nil {
			return err
		}
		texts := make([]string, len(columns))
		for i, column := range columns {
			texts[i] = text(column)
		}
		fmt.Fprintln(out, strings.Join(texts, "\t"))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return out.Flush()
}

func selectOrders(pool *sqlx.DB) string {
	placed := "placed_at"
	if pool.DriverName() == "pgx" {
		placed = "placed_at AT TIME ZONE 'UTC'"
	}
	return `SELECT id, status, total, CASE WHEN paid THEN 'yes' ELSE 'no' END, SUBSTR(CAST(` + placed + ` AS CHAR(26)), 1, 19),
		note, LENGTH(receipt), customer, order_lines, tags, discounts, signatures FROM orders ORDER BY id`
}

func text(column any) string {
	if column == nil {
		return "NULL"
	}
	text := fmt.Sprint(column)
	if b, ok := column.([]byte); ok {
		text = string(b)
	}
	var value any
	if strings.IndexAny(text, "{[") == 0 && json.Unmarshal([]byte(text), &value) == nil {
		compact, _ := json.Marshal(value)
		return string(compact)
	}
	if strings.Contains(text, ".") && strings.Trim(text, "0123456789.") == "" {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
