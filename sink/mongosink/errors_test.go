package mongosink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/dynasink/dynasink/sink"
)

// verdict is what the batch loop reads from an error.
func verdict(err error) string {
	switch {
	case err == nil:
		return "none"
	case sink.IsPermanent(err):
		return "permanent"
	case sink.IsTransient(err):
		return "transient"
	case sink.IsUncertain(err):
		return "uncertain"
	}
	return "unmarked"
}

// clearedPool is what the driver returns to those whose connection was closed with another's.
type clearedPool struct{}

func (clearedPool) Error() string   { return "connection pool was cleared" }
func (clearedPool) Retryable() bool { return true }

func TestClasses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{mongo.WriteError{Code: 11000}, "permanent"},
		{mongo.WriteError{Code: 16460, Message: "… E11000 …"}, "permanent"},
		{mongo.WriteError{Code: 121}, "permanent"},
		{mongo.WriteError{Code: 2}, "permanent"},
		{mongo.CommandError{Code: 2}, "unmarked"}, // a mistake in the set-up is no reason to set records aside
		{mongo.CommandError{Code: 10334}, "permanent"},
		{mongo.CommandError{Code: 13}, "unmarked"},
		{mongo.WriteError{Code: 13}, "unmarked"},
		{mongo.CommandError{Code: 10107}, "transient"},
		{mongo.CommandError{Code: 1, Labels: []string{"RetryableWriteError"}}, "transient"},
		{mongo.CommandError{Labels: []string{"NetworkError"}}, "transient"},
		{mongo.WriteConcernError{Code: 64}, "transient"},
		{mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 121}}}, "permanent"},
		{mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 91}}, "transient"},
		{mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{{WriteError: mongo.WriteError{Code: 112}}}}, "transient"},
		{mongo.BulkWriteException{WriteConcernError: &mongo.WriteConcernError{Code: 100}}, "unmarked"},
		{mongo.ClientBulkWriteException{WriteErrors: map[int]mongo.WriteError{3: {Code: 112}, 1: {Code: 121}}}, "permanent"},
		{mongo.ClientBulkWriteException{WriteConcernErrors: []mongo.WriteConcernError{{Code: 64}}}, "transient"},
		{fmt.Errorf("server selection error: %w", context.DeadlineExceeded), "transient"},
		{errors.New("server selection error: no reachable servers"), "transient"},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, "transient"},
		{io.ErrUnexpectedEOF, "transient"},
		{fmt.Errorf("begin: %w", clearedPool{}), "transient"},
		{context.Canceled, "transient"},
		{mongo.ErrClientDisconnected, "unmarked"},
		{nil, "none"},
	} {
		if got := verdict((&store{}).wrap("test", c.err)); got != c.want {
			t.Errorf("%T %+v is %s and should be %s", c.err, c.err, got, c.want)
		}
	}
}

func TestErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`E11000 duplicate key error collection: shop.rows index: email_1 dup key: { email: "secret" }`: `E11000 duplicate key error collection: shop.rows index: email_1…`,
		`Duplicate key violation on the requested collection: Index 'email_1'`:                         `Duplicate key violation on the requested collection: Index 'email_1'`,
		`Index 'email_1' has "secret"`: `Index 'email_1' has…`,
		`Index 'secret`:                `Index…`,
		`not authorized on shop to execute command { update: "rows", q: "secret" }`: `not authorized on shop to execute command…`,
		`Cannot create field 'x' in element {a: "secret"}`:                          `Cannot create field…`,
		`error: [secret]`: `error…`,
		`plain`:           `plain`,
	} {
		e := (&store{}).describe("write rows", mongo.WriteError{Code: 11000, Message: text})
		if want = "mongosink: write rows: " + want + " (code 11000)"; e.Error() != want {
			t.Errorf("%s\nis     %s\nwant   %s", text, e.Error(), want)
		}
		if kept := (&store{values: true}).describe("x", mongo.WriteError{Code: 1, Message: text}); !strings.Contains(kept.Error(), text) {
			t.Errorf("with ValuesInErrors the text is %s", kept)
		}
	}
}

// TestSeveralRowsRefused names the record that can never be written, and has written all others.
func TestSeveralRowsRefused(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[order](t, open(t, f))
	f.interfere = func(c command) (bson.D, error) {
		if c.name != "insert" {
			return nil, nil
		}
		errs := bson.A{
			bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 112}, {Key: "errmsg", Value: "write conflict"}},
			bson.D{{Key: "index", Value: 2}, {Key: "code", Value: 121}, {Key: "errmsg", Value: "Document failed validation"}, {Key: "errInfo", Value: bson.D{{Key: "value", Value: "secret"}}}},
		}
		return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 1}, {Key: "writeErrors", Value: errs}}, nil
	}
	err := deliver(t, put(c, 1, order{ID: "a"}), put(c, 2, order{ID: "b"}), put(c, 3, order{ID: "c"}))
	if failedRecord(err) != 2 || !sink.IsPermanent(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

func TestWriteConcern(t *testing.T) {
	t.Parallel()
	f := newFake()
	db, err := New(f.connect(t, options.Client().SetWriteConcern(writeconcern.Unacknowledged())).Database("shop"))
	must(t, err)
	if err := deliver(t, put(collect[order](t, db), 1, order{ID: "a"})); verdict(err) != "unmarked" || !errors.Is(err, errUnacknowledged) {
		t.Errorf("with w: 0 the error is %v", err)
	}
	f = newFake()
	f.interfere = func(c command) (bson.D, error) {
		if c.name != "insert" {
			return nil, nil
		}
		return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 1}, {Key: "writeConcernError", Value: bson.D{{Key: "code", Value: 64}, {Key: "errmsg", Value: "timed out"}}}}, nil
	}
	if err := deliver(t, put(collect[order](t, open(t, f)), 1, order{ID: "a"})); !sink.IsTransient(err) {
		t.Errorf("a write concern's time-out is %v", err)
	}
}

// TestLostAnswer cuts the connection when the documents are written and the answer is not sent.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	f := newFake()
	db, err := New(f.connect(t, noRetries()).Database("shop"))
	must(t, err)
	c := collect[order](t, db)
	cut := true
	f.after = func(c command) (bson.D, error) {
		if c.name == "insert" && cut {
			cut = false
			return nil, errCut
		}
		return nil, nil
	}
	records := []delivery{put(c, 1, order{ID: "a", State: "new"}), put(c, 2, order{ID: "b"})}
	if err := deliver(t, records...); !sink.IsTransient(err) {
		t.Fatalf("error %v", err)
	}
	must(t, deliver(t, records...))
	if !strings.Contains(f.held("a"), "new") || f.held("b") == "" {
		t.Errorf("there are %s and %s", f.held("a"), f.held("b"))
	}
}
