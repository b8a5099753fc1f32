package handlertest

import (
	"encoding/json"
	"fmt"
	"time"
)

const functionARN = "arn:aws:lambda:" + region + ":123456789012:function:test"

// Result tells what an event source mapping has done.
type Result struct {
	Invocations []Invocation // in the order in which they began
	Discarded   []Discarded  // what the on-failure destination got
}

// Invocation is one call of the function.
type Invocation struct {
	Shard                string // ID of the shard
	Records              []Record
	Retry                int   // how many retries of the batch came before it
	Duplicate            bool  // the batch was done before, and delivered again by the fault Duplicate
	FinalInvokeForWindow bool  // closes a tumbling window, without records
	Fault                Fault // what went wrong around it

	Response json.RawMessage // what the function returned
	Failed   string          // sequence number from which the batch is delivered again; "" if it is done, or failed as a whole
	Err      error           // why the batch failed as a whole: the function's error, or what Lambda finds wrong with its response
}

// String tells the invocation in a line: its records and what became of them.
func (i Invocation) String() string {
	what := span(i.Records)
	if i.FinalInvokeForWindow {
		what = "final for the window"
	}
	switch {
	case i.Err != nil:
		return what + ": " + i.Err.Error()
	case i.Failed != "":
		return what + ": failed from " + i.Failed
	}
	return what + ": done"
}

// Discarded is a batch whose retries were used up.
type Discarded struct {
	Shard       string   // ID of the shard
	Records     []Record // those that were given up; Lambda itself sends them only to an S3 destination
	Invocations int      // how often the batch was tried
}

// String tells the batch by its sequence numbers.
func (d Discarded) String() string { return span(d.Records) }

// JSON is the message that an SQS or SNS destination gets. It tells where the records are in the stream, not what they are:
// https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
func (d Discarded) JSON() []byte {
	var m discardedMessage
	m.Version = "1.0"
	m.Request.Condition, m.Request.Count, m.Request.FunctionARN = "RetryAttemptsExhausted", d.Invocations, functionARN
	m.Request.ID = "00000000-0000-4000-8000-000000000000"
	m.Response.StatusCode, m.Response.Version, m.Response.Error = 200, "$LATEST", "Unhandled"
	m.Batch.Shard, m.Batch.Size = d.Shard, len(d.Records)
	if n := len(d.Records); n > 0 {
		first, last := d.Records[0], d.Records[n-1]
		m.Batch.Start, m.Batch.End, m.Batch.Stream = first.sequence, last.sequence, first.arn()
		m.Batch.First, m.Batch.Last = time.Unix(first.created, 0).UTC(), time.Unix(last.created, 0).UTC()
		m.Timestamp = m.Batch.Last
	}
	text, _ := json.Marshal(m) // it holds nothing that cannot be encoded
	return text
}

type discardedMessage struct {
	Request struct {
		ID          string `json:"requestId"`
		FunctionARN string `json:"functionArn"`
		Condition   string `json:"condition"`
		Count       int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	Response struct {
		StatusCode int    `json:"statusCode"`
		Version    string `json:"executedVersion"`
		Error      string `json:"functionError"`
	} `json:"responseContext"`
	Version   string    `json:"version"`
	Timestamp time.Time `json:"timestamp"`
	Batch     struct {
		Shard  string    `json:"shardId"`
		Start  string    `json:"startSequenceNumber"`
		End    string    `json:"endSequenceNumber"`
		First  time.Time `json:"approximateArrivalOfFirstRecord"`
		Last   time.Time `json:"approximateArrivalOfLastRecord"`
		Size   int       `json:"batchSize"`
		Stream string    `json:"streamArn"`
	} `json:"DDBStreamBatchInfo"`
}

func span(records []Record) string {
	switch n := len(records); n {
	case 0:
		return "no records"
	case 1:
		return "1 record " + records[0].sequence
	default:
		return fmt.Sprintf("%d records %s to %s", n, records[0].sequence, records[n-1].sequence)
	}
}

// arn is the record's stream.
func (r Record) arn() string {
	var doc struct {
		ARN string `json:"eventSourceARN"`
	}
	_ = json.Unmarshal(r.json, &doc)
	return doc.ARN
}
