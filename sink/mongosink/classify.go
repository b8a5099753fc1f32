package mongosink

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"
)

type class uint8

const (
	unknown class = iota
	permanent
	transient
)

// The codes follow https://www.mongodb.com/docs/manual/reference/error-codes/
var (
	duplicateCodes = []int{11000, 11001, 12582}

	// What a server has against one document. About a whole command the same codes tell of a mistake in the set-up, which
	// must not have records set aside.
	documentCodes = []int{
		2, 14, 22, 28, // bad value, wrong type, invalid BSON, a path that is not viable
		52, 53, 54, 55, 56, 57, // names of fields, _id
		66,           // immutable field: the server's collation takes two _ids for one
		121,          // document validation
		16755, 16766, // values that a geospatial index cannot take
		17280, // key too large for its index
	}
	sizeCodes = []int{10334, 17419, 17420} // document too large

	transientCodes = []int{
		6, 7, 89, 202, 9001, // host unreachable or not found, network time-outs, socket
		24, 46, 112, 117, 251, 314, // locks, write conflicts, transactions that are gone, busy objects
		50, 64, 262, // time limits, write concern time-out
		63, 133, 134, 150, 13388, // stale routing, no primary, read concern not available yet
		91, 189, 10058, 10107, 11600, 11602, 13435, 13436, // shutdown, failover
		43, 146, 237, 14031, 16500, // cursors that are gone, memory, disk space, throttling (Azure Cosmos DB)
	}
)

func (e *Error) class() class {
	switch {
	case e.labeled("TransientTransactionError", "RetryableWriteError", "NetworkError", "SystemOverloadedError"):
		return transient
	case slices.Contains(transientCodes, e.Code):
		return transient
	case e.duplicate(), slices.Contains(sizeCodes, e.Code), e.write != nil && slices.Contains(documentCodes, e.Code):
		return permanent
	case e.Code == 0 && disconnected(e.Err):
		return transient
	}
	return unknown
}

func (e *Error) labeled(labels ...string) bool {
	var labeled mongo.LabeledError
	return errors.As(e.Err, &labeled) && slices.ContainsFunc(labels, labeled.HasErrorLabel)
}

// duplicate reports whether a value in a unique index was taken; a router may say so in words.
func (e *Error) duplicate() bool {
	return slices.Contains(duplicateCodes, e.Code) || e.Code == 16460 && strings.Contains(e.Err.Error(), " E11000 ")
}

// onID reports whether it was the _id that was taken; some servers tell it in words only.
func (e *Error) onID() bool {
	if e.write != nil {
		if pattern, ok := e.write.Raw.Lookup("keyPattern").DocumentOK(); ok {
			_, err := pattern.LookupErr("_id")
			return err == nil
		}
	}
	text := e.Err.Error()
	return strings.Contains(text, "index: _id_ ") || strings.Contains(text, "Index '_id_'")
}

// disconnected reports a connection that is gone or could not be made in time.
func disconnected(err error) bool {
	var network net.Error
	var pool interface{ Retryable() bool } // a pool that was cleared because another operation lost its connection
	switch {
	case mongo.IsTimeout(err), errors.As(err, &network), unreachable(err), errors.As(err, &pool) && pool.Retryable():
		return true
	}
	return slices.ContainsFunc([]error{context.Canceled, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed}, func(known error) bool {
		return errors.Is(err, known)
	})
}

// unreachable reports that no server was found. The type of that error is in a package without promises of compatibility; the
// text is of all drivers: https://github.com/mongodb/specifications/tree/master/source/server-selection
func unreachable(err error) bool { return strings.HasPrefix(err.Error(), "server selection error") }
