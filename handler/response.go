package handler

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dynasink/dynasink/internal/seqnum"
)

// Response is the partial batch response of a stream function:
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
type Response struct {
	// BatchItemFailures holds the lowest sequence number that failed, or nothing. Lambda redelivers from it on.
	BatchItemFailures []BatchItemFailure `json:"batchItemFailures"`
}

// BatchItemFailure names a record that failed.
type BatchItemFailure struct {
	ItemIdentifier string `json:"itemIdentifier"` // the record's sequence number
}

// success is the answer to a batch that is done; its list is empty and never null.
var success = []byte(`{"batchItemFailures":[]}`)

// errUnreportable fails the invocation closed: Lambda takes an identifier it does not know, or none, for a failure of
// the whole batch at best.
var errUnreportable = errors.New("handler: the failed record has no sequence number to report")

func partial(sequence string) ([]byte, error) {
	if !seqnum.Valid(sequence) {
		return nil, errUnreportable
	}
	answer, err := json.Marshal(Response{[]BatchItemFailure{{sequence}}})
	if err != nil {
		return nil, fmt.Errorf("handler: encode the response: %w", err)
	}
	return answer, nil
}
