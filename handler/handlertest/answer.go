package handlertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/dynasink/dynasink/sink"
)

// answer is what Lambda makes of an invocation's end.
type answer struct {
	err    error  // fails the batch as a whole
	failed string // lowest reported sequence number; "" if all is done
	state  json.RawMessage
	fault  Fault
}

// from is the first record that is delivered again, -1 if none is. A number that no record has fails the batch; what
// Lambda does then is not documented.
func (a answer) from(records []Record) int {
	switch {
	case a.err != nil:
		return 0
	case a.failed == "":
		return -1
	}
	return max(0, indexOf(records, a.failed))
}

func indexOf(records []Record, sequence string) int {
	return slices.IndexFunc(records, func(r Record) bool { return r.sequence == sequence })
}

// read takes a response as Lambda does: nothing reported is a success, whatever else it says, and a report that cannot be
// read is a failure of the whole batch:
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
func (m EventSourceMapping) read(response []byte, records []Record) answer {
	var r struct {
		Failures json.RawMessage `json:"batchItemFailures"`
		State    json.RawMessage `json:"state"`
	}
	if len(response) == 0 {
		return answer{}
	}
	err := json.Unmarshal(response, &r)
	if err != nil && (m.ReportBatchItemFailures || m.TumblingWindow > 0) {
		return answer{err: errors.New("handlertest: the response is no JSON object")}
	}
	a := answer{state: r.State}
	if m.ReportBatchItemFailures {
		a.failed, a.err = lowest(r.Failures, records)
	}
	return a
}

// lowest is the checkpoint: the lowest number in the list of failures.
func lowest(list json.RawMessage, records []Record) (string, error) {
	var failures []struct {
		ID *string `json:"itemIdentifier"`
	}
	if len(list) > 0 && json.Unmarshal(list, &failures) != nil {
		return "", errors.New("handlertest: batchItemFailures is no list of item identifiers")
	}
	low, padded := "", ""
	for _, f := range failures {
		if f.ID == nil || *f.ID == "" {
			return "", errors.New("handlertest: an itemIdentifier is missing or empty")
		}
		p, err := sink.PadSequence(*f.ID)
		if err != nil || indexOf(records, *f.ID) < 0 {
			return "", fmt.Errorf("handlertest: no record of the batch has the itemIdentifier %q", *f.ID)
		}
		if low == "" || p < padded {
			low, padded = *f.ID, p
		}
	}
	return low, nil
}
