package mongosink

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dynasink/dynasink/sink"
)

// Error is a failure of the server or of the way to it. Its text holds no values of documents unless [ValuesInErrors] is set;
// the driver's own error, which may quote them, is in its chain.
type Error struct {
	Doing string // what was being done: "write orders"
	Code  int    // the server's code, 0 for others: https://www.mongodb.com/docs/manual/reference/error-codes/
	Err   error
	text  string
	write *mongo.WriteError // set if it is about one document
}

func (e *Error) Error() string {
	if e.Code == 0 {
		return "mongosink: " + e.Doing + ": " + e.text
	}
	return fmt.Sprintf("mongosink: %s: %s (code %d)", e.Doing, e.text, e.Code)
}

func (e *Error) Unwrap() error { return e.Err }

// wrap describes err and marks it: errors of data and unique indexes are permanent, lost connections, failovers, conflicts and
// time-outs transient. What is neither (a privilege, a wrong setting) stays unmarked.
func (s *store) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return s.describe(doing, err).marked()
}

func (s *store) describe(doing string, err error) *Error {
	e := &Error{Doing: doing, Err: err, text: err.Error()}
	e.tell(err)
	if !s.values && !unreachable(err) { // that says only which servers were tried
		e.text = redact(e.text)
	}
	return e
}

// tell takes the server's code and message from err, of several the first.
func (e *Error) tell(err error) {
	var single mongo.WriteException
	var bulk mongo.BulkWriteException
	var client mongo.ClientBulkWriteException
	var write mongo.WriteError
	var concern mongo.WriteConcernError
	var command mongo.CommandError
	switch {
	case errors.As(err, &single) && len(single.WriteErrors) > 0:
		e.tell(single.WriteErrors[0])
	case errors.As(err, &single) && single.WriteConcernError != nil:
		e.tell(*single.WriteConcernError)
	case errors.As(err, &bulk) && len(bulk.WriteErrors) > 0:
		e.tell(bulk.WriteErrors[0].WriteError)
	case errors.As(err, &bulk) && bulk.WriteConcernError != nil:
		e.tell(*bulk.WriteConcernError)
	case errors.As(err, &client) && len(client.WriteErrors) > 0:
		e.tell(client.WriteErrors[slices.Min(slices.Collect(maps.Keys(client.WriteErrors)))])
	case errors.As(err, &client) && len(client.WriteConcernErrors) > 0:
		e.tell(client.WriteConcernErrors[0])
	case errors.As(err, &write):
		e.Code, e.text, e.write = write.Code, write.Message, &write
	case errors.As(err, &concern):
		e.Code, e.text = concern.Code, concern.Error()
	case errors.As(err, &command) && command.Code != 0:
		e.Code, e.text = int(command.Code), strings.TrimPrefix(command.Name+": "+command.Message, ": ")
	}
}

func (e *Error) marked() error {
	switch e.class() {
	case permanent:
		return sink.Permanent(e)
	case transient:
		return sink.Transient(e)
	}
	return e
}

// commitError describes a failed commit. A refusal of the server means that nothing was committed; anything else leaves that
// open.
func (s *store) commitError(err error) error {
	e := s.describe("commit", err)
	var labeled mongo.LabeledError
	if errors.As(err, &labeled) && labeled.HasErrorLabel("TransientTransactionError") {
		return sink.Transient(e)
	}
	unknown := e.Code == 0 || errors.As(err, &labeled) && labeled.HasErrorLabel("UnknownTransactionCommitResult")
	if unknown || e.class() == transient {
		e.Doing = "commit (it may have happened)"
		return sink.Uncertain(e)
	}
	return e.marked()
}

// encodeError describes a row that BSON cannot hold. The driver's text may quote the value.
func (s *store) encodeError(t reflect.Type, err error) error {
	if !s.values && !strings.HasPrefix(err.Error(), "no encoder found") {
		return &Error{Doing: fmt.Sprintf("encode a %v", t), Err: err, text: fmt.Sprintf("a value does not fit into BSON (%T)", err)}
	}
	return &Error{Doing: fmt.Sprintf("encode a %v", t), Err: err, text: err.Error()}
}

// redact cuts a message where it begins to quote data. The name of an index stays.
func redact(text string) string {
	end := 0
	for {
		at := strings.IndexAny(text[end:], "{[\"'`“‘«")
		if at < 0 {
			at = len(text) - end
		}
		if dup := strings.Index(text[end:end+at], "dup key"); dup >= 0 {
			at = dup
		}
		at += end
		if at == len(text) {
			return text
		}
		_, rest, named := strings.Cut(text[at:], "'")
		name, _, closed := strings.Cut(rest, "'")
		if !strings.HasSuffix(text[:at], "Index ") || !named || !closed {
			return strings.TrimRight(text[:at], " :") + "…"
		}
		end = at + len(name) + 2
	}
}
