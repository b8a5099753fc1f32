package streamjson

import "errors"

// Record is one element of a payload's Records, not decoded further than its
// envelope. All strings share memory with the payload (except names and ids
// that were written with escapes). A member that is absent is "".
type Record struct {
	EventID        string
	EventName      string
	EventVersion   string
	EventSource    string
	AWSRegion      string
	EventSourceARN string
	SequenceNumber string
	StreamViewType string

	// The rest is JSON as it stands in the payload. Keys, NewImage and OldImage
	// are objects, ApproximateCreationDateTime and SizeBytes are numbers,
	// UserIdentity is an object. A member that is null counts as absent.
	UserIdentity                string
	ApproximateCreationDateTime string
	SizeBytes                   string
	Keys                        string
	NewImage                    string
	OldImage                    string

	// Raw is the whole record.
	Raw string

	// Err is what is wrong with this record alone; the other fields then hold
	// what could be told nevertheless.
	Err error
}

// Image is one of the items in a record.
type Image uint8

// The items of a record.
const (
	Keys Image = iota + 1
	NewImage
	OldImage
)

// Errors of a record's envelope.
var (
	ErrNotRecord  = errors.New("record is not a JSON object")
	ErrDuplicate  = errors.New("member occurs twice")
	ErrWrongType  = errors.New("member has the wrong JSON type")
	ErrNoRecords  = errors.New(`payload has no "Records" array`)
	ErrNotPayload = errors.New("payload is not a JSON object")
	ErrTrailing   = errors.New("text after the end of the payload")
)

var errEnough = errors.New("the rest of the payload was not read")

// MemberError says which member of a record's envelope is at fault.
type MemberError struct {
	Member string // "dynamodb.Keys"
	Err    error
}

// Error returns the member and the reason, never the member's value.
func (e *MemberError) Error() string { return e.Member + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *MemberError) Unwrap() error { return e.Err }

// member is a member of the envelope that Record has a field for.
type member struct {
	name   string
	first  byte // what its value must start with; '0' for a number
	varies bool // differs from record to record
	inner  bool // within "dynamodb"
	field  func(*Record) *string
	image  Image
}

var members = []member{
	{"eventID", '"', true, false, func(r *Record) *string { return &r.EventID }, 0},
	{"eventName", '"', false, false, func(r *Record) *string { return &r.EventName }, 0},
	{"eventVersion", '"', false, false, func(r *Record) *string { return &r.EventVersion }, 0},
	{"eventSource", '"', false, false, func(r *Record) *string { return &r.EventSource }, 0},
	{"awsRegion", '"', false, false, func(r *Record) *string { return &r.AWSRegion }, 0},
	{"eventSourceARN", '"', false, false, func(r *Record) *string { return &r.EventSourceARN }, 0},
	{"userIdentity", '{', false, false, func(r *Record) *string { return &r.UserIdentity }, 0},
	{"dynamodb", '{', false, false, nil, 0},
	{"ApproximateCreationDateTime", '0', true, true, func(r *Record) *string { return &r.ApproximateCreationDateTime }, 0},
	{"Keys", '{', true, true, func(r *Record) *string { return &r.Keys }, Keys},
	{"NewImage", '{', true, true, func(r *Record) *string { return &r.NewImage }, NewImage},
	{"OldImage", '{', true, true, func(r *Record) *string { return &r.OldImage }, OldImage},
	{"SequenceNumber", '"', true, true, func(r *Record) *string { return &r.SequenceNumber }, 0},
	{"SizeBytes", '0', true, true, func(r *Record) *string { return &r.SizeBytes }, 0},
	{"StreamViewType", '"', false, true, func(r *Record) *string { return &r.StreamViewType }, 0},
}

// lookup returns the index of a member by name, -1 if Record has no field for
// it.
func lookup(name string, inner bool) int {
	for i := range members {
		if members[i].name == name && members[i].inner == inner {
			return i
		}
	}
	return -1
}

func (m *member) path() string {
	if m.inner {
		return "dynamodb." + m.name
	}
	return m.name
}

func (m *member) accepts(c byte) bool {
	if m.first == '0' {
		return c == '-' || '0' <= c && c <= '9'
	}
	return c == m.first
}
