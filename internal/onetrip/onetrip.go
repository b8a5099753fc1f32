// Package onetrip is what package sqlsink and the packages of its drivers agree on, so that a whole transaction goes to
// the database and is answered in one network round trip, and sqlsink names no driver.
package onetrip

import (
	"context"
	"errors"
)

// Batch is a transaction: BEGIN, the statements in their order, COMMIT.
type Batch struct {
	Begin      []string    // BEGIN and what belongs to it, without parameters
	Statements []Statement // those that have been added; the sender's to fill
	NoPrepared bool        // leave no prepared statement behind on the connection
	Whole      bool        // send nothing before write has returned: it may well change its mind
}

// Statement is one statement of a batch; the rows it returns are dropped.
type Statement struct {
	Doing  string // for errors: "upsert into orders"
	Text   string
	Params []Param
	Copy   []byte // what a COPY … FROM STDIN statement reads; nil for any other

	// Check, if not nil, goes after this statement, unless the connection has it prepared. The server itself refuses to run a
	// prepared statement when what Check asserts has changed, as PostgreSQL does with the types of columns that it returns.
	Check *Statement

	// MayFail marks a statement whose failure only means that the batch has to be put in another way.
	MayFail bool
}

// WorthSending is how many bytes a sender sends at once while there are more to come. Less is for tests, to be set before they
// run: all that a batch can meet half sent they meet with a few rows.
var WorthSending = 4 << 10

// Param is a parameter in the text or the binary format of the wire protocol; nil data is NULL.
type Param struct {
	Binary bool
	Data   []byte
}

// Sender sends batches over connections of one driver. It is safe for concurrent use; a connection is not.
type Sender interface {
	// Send commits in one round trip what write adds to b, on a connection as sql.Conn.Raw gives it. The server may begin
	// with the first statements while write makes the next. When Send returns nil, b is committed, or empty. A *Failure, or
	// the error of write, says that nothing is. After any other error that may be open, and the connection is closed unless the
	// error is ErrForeign: then write was not called.
	//
	// write is called once and must not use the connection. What it adds must not change until Send returns.
	Send(ctx context.Context, driverConn any, b *Batch, write func(add func(Statement)) error) error
}

// ErrForeign says that a connection is not of the sender's driver.
var ErrForeign = errors.New("the connection is not of the driver that the sender knows")

// Failure is the failure of one statement, after which nothing of the batch is committed.
type Failure struct {
	Statement int // -1: BEGIN; the number of statements: COMMIT
	Err       error
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }
