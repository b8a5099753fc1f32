package pgxwire

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

func (f *flight) begin() {
	for _, text := range f.batch.Begin {
		f.execute("", text, nil, true)
	}
}

// add puts a statement on its way.
func (f *flight) add(s onetrip.Statement) {
	f.given = append(f.given, s)
	f.batch.Statements = append(f.batch.Statements, s)
	if known := f.statement(&s); !known && s.Check != nil {
		f.batch.Statements = append(f.batch.Statements, *s.Check)
		f.statement(s.Check)
	}
	if !f.batch.Whole && f.refused == nil {
		f.writer.flush()
	}
}

func (f *flight) end() {
	f.execute("", "COMMIT", nil, true)
	f.sync()
}

func (f *flight) sync() { f.put(&pgproto3.Sync{}) }

// put encodes messages. They bypass pgconn's own buffer, which belongs to the side that reads.
func (f *flight) put(messages ...pgproto3.FrontendMessage) {
	for _, m := range messages {
		out, err := m.Encode(f.writer.buffer)
		if err != nil {
			f.refused = errors.Join(f.refused, err)
			return
		}
		f.writer.buffer = out
	}
}

// statement reports whether the connection has it prepared.
func (f *flight) statement(s *onetrip.Statement) (known bool) {
	name := ""
	if !f.batch.NoPrepared && s.Copy == nil {
		name, known = f.name(s.Text)
	}
	f.writer.grow(sizeOf(s))
	f.execute(name, s.Text, s.Params, !known)
	if s.Copy == nil {
		return known
	}
	// The server starts on a message when it has all of it, so that it works on the first while the next is on its way.
	for piece := range slices.Chunk(s.Copy, copyPiece) {
		f.put(&pgproto3.CopyData{Data: piece})
	}
	f.put(&pgproto3.CopyDone{})
	return false
}

// sizeOf estimates what a statement takes.
func sizeOf(s *onetrip.Statement) int {
	size := 128 + len(s.Text) + len(s.Copy) + 5*(len(s.Copy)/copyPiece+1)
	for k := range s.Params {
		size += 8 + len(s.Params[k].Data)
	}
	return size
}

// copyPiece is how much of a COPY's data is in one message. Rows may be cut anywhere.
const copyPiece = 64 << 10

func (f *flight) execute(name, text string, params []onetrip.Param, parse bool) {
	if parse {
		f.put(&pgproto3.Parse{Name: name, Query: text})
	}
	bind := pgproto3.Bind{PreparedStatement: name}
	for _, p := range params {
		bind.ParameterFormatCodes = append(bind.ParameterFormatCodes, format(p))
		bind.Parameters = append(bind.Parameters, p.Data)
	}
	f.put(&bind, &pgproto3.Execute{})
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
//
// Names are made of the text, so that one name never stands for two texts: behind a pooler a name may reach a server
// connection on which another client has prepared it.
func (f *flight) name(text string) (name string, known bool) {
	if name, known = f.session.names[text]; known {
		return name, true
	}
	if f.session.unnamed || len(f.session.names) >= maxNames {
		return "", false
	}
	digest := sha256.Sum256([]byte(text))
	name = "dynasink_" + hex.EncodeToString(digest[:12]) + "_" + strconv.Itoa(f.session.series)
	f.session.names[text] = name
	f.prepared = append(f.prepared, text)
	return name, false
}

// session is what a connection has prepared.
type session struct {
	names   map[string]string // by text
	series  int               // grows when it is not known which names the server has; none is given twice
	unnamed bool              // names would meet those of others, or are not wanted
	buffer  []byte            // for the messages of the next batch
}

// keep keeps a buffer for the next batch, unless it is of one that was unusually large.
func (s *session) keep(buffer []byte) {
	const most = 1 << 20
	if cap(buffer) <= most {
		s.buffer = buffer
	}
}

// sessionOf finds the session of a connection. One that pgx itself is told to use without prepared statements gets none of
// ours either.
func sessionOf(conn *pgx.Conn) *session {
	const key = "github.com/dynasink/dynasink"
	data := conn.PgConn().CustomData()
	s, ok := data[key].(*session)
	if !ok {
		s = &session{names: map[string]string{}, unnamed: conn.Config().DefaultQueryExecMode != pgx.QueryExecModeCacheStatement}
		data[key] = s
	}
	return s
}

// forget takes back the names of statements that a failed flight was to prepare: which of them the server has got to is
// not known.
func (f *flight) forget() {
	for _, text := range f.prepared {
		delete(f.session.names, text)
	}
	f.session.series++
}

// outdated reports that the server does not have, or can no longer run, a statement that this connection had prepared:
// somebody has said DEALLOCATE ALL, or a table was changed. With new statements the batch may go; and without names, where
// the server has ours already, as a pooler's may.
func (f *flight) outdated() bool {
	var e *pgconn.PgError
	if f.failure == nil || !errors.As(f.failure.Err, &e) {
		return false
	}
	taken := e.Code == "42P05" && !f.session.unnamed
	f.session.unnamed = f.session.unnamed || taken
	if !taken && (e.Code != "26000" && e.Code != "0A000" || !f.wasPrepared(f.failure.Statement)) {
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
