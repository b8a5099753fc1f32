package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/dynasink/dynasink/internal/sqlcode"
	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

// inOneText gathers what fn writes to MySQL and sends it as one text of several statements, which takes one round trip. The
// connection must allow it; for go-sql-driver the data source name says multiStatements=true. Nothing has been done when it
// returns errOpen.
func (s *store) inOneText(ctx context.Context, conn *sqlx.Conn, fn func(ctx context.Context, t *tx) error) error {
	if !s.texts.possible() {
		return errOpen
	}
	t := s.newTx(conn)
	defer t.free()
	t.gathered = &gathering{}
	if err := fn(ctx, t); err != nil {
		return err
	}
	if len(t.gathered.statements) == 0 {
		return errOpen
	}
	longest, err := s.longestText(ctx, conn)
	if err != nil {
		return err
	}
	return s.sendText(ctx, conn, s.transactionText(ctx, t.gathered.statements), longest)
}

func (s *store) sendText(ctx context.Context, conn *sqlx.Conn, text string, longest int) error {
	if len(text) > longest {
		return errOpen
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlsink: not committed: %w", err)
	}
	if _, err := conn.ExecContext(ctx, text); err != nil {
		return s.afterText(ctx, conn, err)
	}
	return nil
}

// transactionText is a whole transaction. COMMIT comes last, so that no error can follow it; the savepoint tells after an
// error whether the transaction is still open.
func (s *store) transactionText(ctx context.Context, statements []onetrip.Statement) string {
	texts := s.limits(ctx)
	if s.isolation() != nil {
		texts = append(texts, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
	}
	texts = append(texts, "START TRANSACTION", "SAVEPOINT dynasink")
	for i := range statements {
		texts = append(texts, statements[i].Text)
	}
	texts = append(texts, s.ownTimeouts(ctx)...)
	return strings.Join(append(texts, "COMMIT"), ";\n")
}

// afterText ends what a text that has failed leaves behind, for the server stops at the statement in error and keeps the
// transaction. An error that is not transient does not say which statement it is of: in an open transaction it comes again,
// and does.
func (s *store) afterText(ctx context.Context, conn *sqlx.Conn, err error) error {
	_, number := sqlcode.Of(err)
	switch {
	case errors.Is(err, driver.ErrBadConn): // which drivers return only if the server has done nothing
		return s.wrap("write the batch", err)
	case number == 0 && unencodable(err): // the driver found the text too long
		return errOpen
	case number == 0:
		return s.uncertain(err)
	}
	open := s.rollBack(ctx, conn)
	s.unlimit(ctx, conn)
	if !open && !refused(MySQL, "", number) {
		return s.uncertain(err)
	}
	if err := s.wrap("write the batch", err); sink.IsTransient(err) {
		return err
	}
	return errOpen
}

// rollBack rolls back what a failed text has done, and reports whether its transaction was still open. A connection on which
// it cannot is dropped.
func (s *store) rollBack(ctx context.Context, conn *sqlx.Conn) (open bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, err := conn.ExecContext(ctx, "ROLLBACK TO SAVEPOINT dynasink")
	if _, failed := conn.ExecContext(ctx, "ROLLBACK"); failed != nil {
		drop(conn)
	}
	return err == nil
}
