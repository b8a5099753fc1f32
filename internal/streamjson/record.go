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

// Errors of a record's envelope.
var (
	ErrNotRecord  = errors.New("record is not a JSON object")
	ErrDuplicate  = errors.New("member occurs twice")
	ErrWrongType  = errors.New("member has the wrong JSON type")
	ErrNoRecords  = errors.New(`payload has no "Records" array`)
	ErrNotPayload = errors.New("payload is not a JSON object")
	ErrTrailing   = errors.New("text after the end of the payload")
)

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
	name  string
	first byte // what its value must start with; '0' for a number
	// same says that the value often repeats from record to record.
	same  bool
	inner bool // within "dynamodb"
	field func(*Record) *string
}

var members = []member{
	{"eventID", '"', false, false, func(r *Record) *string { return &r.EventID }},
	{"eventName", '"', true, false, func(r *Record) *string { return &r.EventName }},
	{"eventVersion", '"', true, false, func(r *Record) *string { return &r.EventVersion }},
	{"eventSource", '"', true, false, func(r *Record) *string { return &r.EventSource }},
	{"awsRegion", '"', true, false, func(r *Record) *string { return &r.AWSRegion }},
	{"eventSourceARN", '"', true, false, func(r *Record) *string { return &r.EventSourceARN }},
	{"userIdentity", '{', true, false, func(r *Record) *string { return &r.UserIdentity }},
	{"dynamodb", '{', false, false, nil},
	{"ApproximateCreationDateTime", '0', true, true, func(r *Record) *string { return &r.ApproximateCreationDateTime }},
	{"Keys", '{', false, true, func(r *Record) *string { return &r.Keys }},
	{"NewImage", '{', false, true, func(r *Record) *string { return &r.NewImage }},
	{"OldImage", '{', false, true, func(r *Record) *string { return &r.OldImage }},
	{"SequenceNumber", '"', false, true, func(r *Record) *string { return &r.SequenceNumber }},
	{"SizeBytes", '0', true, true, func(r *Record) *string { return &r.SizeBytes }},
	{"StreamViewType", '"', true, true, func(r *Record) *string { return &r.StreamViewType }},
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
