package pgxwire

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// send writes the whole batch. The server answers each statement with a few bytes, so it cannot block on answers that are
// not read yet while we block on writing.
func (f *flight) send(ctx context.Context) error {
	front := f.conn.Frontend()
	for _, text := range f.batch.Begin {
		f.execute("", text, nil, true)
	}
	for i := range f.batch.Statements {
		f.statement(&f.batch.Statements[i])
	}
	f.execute("", "COMMIT", nil, true)
	front.SendSync(&pgproto3.Sync{})
	// What ReceiveMessage does for reading: the end of the context ends the call, and with it the connection.
	stop := context.AfterFunc(ctx, func() { f.conn.Conn().SetWriteDeadline(time.Unix(1, 0)) })
	err := front.Flush()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("send the batch: %w", err)
	}
	return nil
}

func (f *flight) statement(s *onetrip.Statement) {
	name, known := "", false
	if !f.batch.Unnamed && s.Copy == nil {
		name, known = f.name(s.Text)
	}
	f.execute(name, s.Text, s.Params, !known)
	if s.Copy != nil {
		f.conn.Frontend().Send(&pgproto3.CopyData{Data: s.Copy})
		f.conn.Frontend().Send(&pgproto3.CopyDone{})
	}
}

func (f *flight) execute(name, text string, params []onetrip.Param, parse bool) {
	front := f.conn.Frontend()
	if parse {
		front.SendParse(&pgproto3.Parse{Name: name, Query: text})
	}
	bind := pgproto3.Bind{PreparedStatement: name}
	for _, p := range params {
		bind.ParameterFormatCodes = append(bind.ParameterFormatCodes, format(p))
		bind.Parameters = append(bind.Parameters, p.Data)
	}
	front.SendBind(&bind)
	front.SendExecute(&pgproto3.Execute{})
}

func format(p onetrip.Param) int16 {
	if p.Binary {
		return pgproto3.BinaryFormat
	}
	return pgproto3.TextFormat
}

// maxNames bounds what a connection keeps prepared. The texts of a program are few: a handful for each table.
const maxNames = 256

// name returns the name of a prepared statement, and whether the connection has it already. "" is the unnamed one.
func (f *flight) name(text string) (name string, known bool) {
	if name, known = f.session.names[text]; known {
		return name, true
	}
	if len(f.session.names) >= maxNames {
		return "", false
	}
	name = "dynasink_" + strconv.Itoa(f.session.made)
	f.session.made++
	f.session.names[text] = name
	f.prepared = append(f.prepared, text)
	return name, false
}

// session is what a connection has prepared.
type session struct {
	names map[string]string // by text
	made  int               // how many names have been given; none is given twice
}

func sessionOf(conn *pgconn.PgConn) *session {
	const key = "github.com/dynasink/dynasink"
	s, ok := conn.CustomData()[key].(*session)
	if !ok {
		s = &session{names: map[string]string{}}
		conn.CustomData()[key] = s
	}
	return s
}

// forget takes back the names of statements that a failed flight was to prepare: which of them the server has got to is
// not known.
func (f *flight) forget() {
	for _, text := range f.prepared {
		delete(f.session.names, text)
	}
}

// outdated reports that the server does not have, or can no longer run, a statement that this connection had prepared:
// somebody has said DEALLOCATE ALL, or a table was changed. With new statements the batch may go.
func (f *flight) outdated() bool {
	var e *pgconn.PgError
	if f.failure == nil || !errors.As(f.failure.Err, &e) || e.Code != "26000" && e.Code != "0A000" || !f.wasPrepared(f.failure.Statement) {
		return false
	}
	clear(f.session.names)
	return true
}

// wasPrepared reports whether the statement at that place was sent by the name of an earlier batch.
func (f *flight) wasPrepared(at int) bool {
	if at < 0 || at >= len(f.batch.Statements) {
		return false
	}
	_, named := f.session.names[f.batch.Statements[at].Text]
	return named
}
