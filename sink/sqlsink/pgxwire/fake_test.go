package pgxwire

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// server is the other end of one connection. It speaks PostgreSQL's protocol and runs nothing: each statement succeeds
// unless the test has said what happens at it.
type server struct {
	conn   net.Conn
	wire   *pgproto3.Backend
	names  map[string]string // what is prepared
	bound  string
	status byte // of the transaction
	failed bool // skip everything until the next Sync

	mu  sync.Mutex
	at  map[string]func(*server) // what happens instead of success, by the statement's text
	log []string                 // what the client has sent
}

// driverConn is a connection as sql.Conn.Raw gives it.
type driverConn struct{ conn *pgx.Conn }

func (c driverConn) Conn() *pgx.Conn { return c.conn }

// connect returns a connection to a server of its own.
func connect(t *testing.T) (driverConn, *server) {
	t.Helper()
	client, end := net.Pipe()
	s := &server{
		conn: end, wire: pgproto3.NewBackend(end, end), names: map[string]string{}, status: 'I', at: map[string]func(*server){},
	}
	config, err := pgx.ParseConfig("postgres://user@server/database?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"server"}, nil }
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return client, nil }
	var serving sync.WaitGroup
	serving.Go(s.serve)
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		end.Close()
		serving.Wait()
	})
	return driverConn{conn}, s
}

// when sets what happens at a statement; nil takes it back.
func (s *server) when(text string, happens func(*server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[text] = happens
}

// heard returns what the client has sent since the last call.
func (s *server) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.log = nil }()
	return strings.Join(s.log, "; ")
}

func (s *server) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, text)
}

func (s *server) serve() {
	defer s.conn.Close()
	if _, err := s.wire.ReceiveStartupMessage(); err != nil {
		return
	}
	s.wire.Send(&pgproto3.AuthenticationOk{})
	s.end()
	for {
		message, err := s.wire.Receive()
		if err != nil {
			return
		}
		s.receive(message)
	}
}

func (s *server) receive(message pgproto3.FrontendMessage) {
	switch m := message.(type) {
	case *pgproto3.Parse:
		s.note("parse " + m.Name)
		s.names[m.Name] = m.Query
	case *pgproto3.Bind:
		s.bound = m.PreparedStatement
	case *pgproto3.Execute:
		s.execute()
	case *pgproto3.CopyData:
		s.note("data " + string(m.Data))
	case *pgproto3.Sync:
		s.note("sync")
		s.failed = false
		s.end()
	case *pgproto3.Query:
		s.note("query " + m.String)
		s.run(m.String)
		s.end()
	case *pgproto3.Terminate:
		s.note("terminate")
	}
}

func (s *server) execute() {
	text, known := s.names[s.bound]
	switch {
	case s.failed:
	case !known:
		s.refuse("26000")
	default:
		s.note(text)
		s.run(text)
	}
}

func (s *server) run(text string) {
	s.mu.Lock()
	happens := s.at[text]
	s.mu.Unlock()
	if happens != nil {
		happens(s)
		return
	}
	tag, _, _ := strings.Cut(text, " ")
	s.complete(tag)
}

func (s *server) complete(tag string) {
	if status, ok := map[string]byte{"BEGIN": 'T', "COMMIT": 'I', "ROLLBACK": 'I'}[tag]; ok {
		s.status = status
	}
	s.wire.Send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
}

// refuse answers with an error.
func (s *server) refuse(code string) {
	s.wire.Send(&pgproto3.ErrorResponse{Severity: "ERROR", Code: code})
	if s.failed = true; s.status == 'T' {
		s.status = 'E'
	}
}

// shutDown ends the connection as an administrator would.
func (s *server) shutDown() {
	s.wire.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "57P01"})
	_ = s.wire.Flush()
	s.conn.Close()
}

// end is the answer to a Sync.
func (s *server) end() {
	s.wire.Send(&pgproto3.ReadyForQuery{TxStatus: s.status})
	_ = s.wire.Flush() // the client may have gone
}

// batchOf makes a batch of statements without parameters.
func batchOf(texts ...string) *onetrip.Batch {
	b := &onetrip.Batch{Begin: []string{"BEGIN", "SET x"}}
	for _, text := range texts {
		b.Statements = append(b.Statements, onetrip.Statement{Doing: "do " + text, Text: text})
	}
	return b
}

// send sends a batch, all of it at once.
func send(ctx context.Context, driverConn any, b *onetrip.Batch) error {
	statements := b.Statements
	b.Statements = nil
	return sender{}.Send(ctx, driverConn, b, func(add func(onetrip.Statement)) error {
		for _, s := range statements {
			add(s)
		}
		return nil
	})
}

var (
	notice = &pgproto3.NoticeResponse{Severity: "NOTICE", Code: "00000", Message: "by the way"}
	row    = &pgproto3.DataRow{Values: [][]byte{[]byte("1")}}
)
