package sqlsink

import (
	"context"
	"database/sql/driver"
)

// each runs one prepared statement for every row: SQLite's fastest form. It goes to the driver itself, because database/sql
// costs as much as the row does: it converts, copies and locks, and both drivers start a goroutine for each call whose
// context may end.
func (t *tx) each(ctx context.Context, doing, text string, rows *grid) error {
	var err error
	raw := t.conn.Raw(func(dc any) error {
		err = eachRow(ctx, dc.(driver.Conn), text, rows)
		return nil
	})
	if err == nil {
		err = raw
	}
	return t.store.wrap(doing, err)
}

func eachRow(ctx context.Context, dc driver.Conn, text string, rows *grid) (err error) {
	prepared, err := prepare(dc, text)
	if err != nil {
		return err
	}
	defer func() {
		if failed := prepared.Close(); err == nil {
			err = failed
		}
	}()
	args := make([]driver.NamedValue, rows.columns)
	for i := range rows.rows() {
		if err := ctx.Err(); err != nil {
			return err
		}
		for at := range args {
			args[at] = driver.NamedValue{Ordinal: at + 1, Value: rows.at(i, at).arg(SQLite)}
		}
		if err := execute(prepared, args); err != nil {
			return err
		}
	}
	return nil
}

// prepare and execute do what database/sql does with a driver, new or old, but give it no context that ends.

func prepare(dc driver.Conn, text string) (driver.Stmt, error) {
	if p, ok := dc.(driver.ConnPrepareContext); ok {
		return p.PrepareContext(context.Background(), text)
	}
	return dc.Prepare(text)
}

func execute(s driver.Stmt, args []driver.NamedValue) error {
	if e, ok := s.(driver.StmtExecContext); ok {
		_, err := e.ExecContext(context.Background(), args)
		return err
	}
	values := make([]driver.Value, len(args))
	for i := range args {
		values[i] = args[i].Value
	}
	//lint:ignore SA1019 an old driver has nothing else
	_, err := s.Exec(values) //nolint:staticcheck // an old driver has nothing else
	return err
}
