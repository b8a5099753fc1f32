package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

// Error says which attribute of an item could not be handled, and why. Its
// text never holds a value of the item, so it may be logged.
type Error struct {
	// Path leads from the item to the attribute, in the notation of
	// DynamoDB's document paths: device.tags[3]. A name that holds anything
	// but letters, digits, '_' and '-' is quoted: ["first name"]. It is empty
	// when the item as a whole is at fault.
	Path string
	// Err is the reason. The error of an Unmarshaler (or of a marshaler) is
	// found in its chain with errors.Is and errors.As, though its text, which
	// may quote the value, is left out of this error's text.
	Err error
}

// Error returns the path and the reason.
func (e *Error) Error() string {
	if e.Path == "" {
		return "mapping: " + e.Err.Error()
	}
	return "mapping: attribute " + e.Path + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Reasons. They are values of their own so that a hot loop over bad records
// allocates nothing but the Error.
var (
	errNotObject     = errors.New("an item must be a JSON object")
	errNotAttribute  = errors.New(`an attribute value must be an object such as {"S":"text"}`)
	errNoTag         = errors.New("attribute value without a type")
	errTwoTags       = errors.New("attribute value with more than one type")
	errUnknownTag    = errors.New("unknown attribute type")
	errTrailing      = errors.New("text after the end of the item")
	errDuplicate     = errors.New("attribute name occurs twice")
	errDepth         = errors.New("nested too deeply")
	errEmptySet      = errors.New("empty set")
	errNotString     = errors.New("payload must be a string")
	errNotBool       = errors.New("payload must be true or false")
	errNotArray      = errors.New("payload must be an array")
	errNotMap        = errors.New("payload must be an object")
	errBase64        = errors.New("binary is not valid base64")
	errNumber        = errors.New("not a number")
	errNumberDigits  = errors.New("number has more than 38 significant digits")
	errNumberRange   = errors.New("number is outside DynamoDB's range")
	errInexact       = errors.New("number would lose digits in this Go type (see LossyNumbers)")
	errTime          = errors.New("not a time in RFC 3339 format")
	errNilAttribute  = errors.New("attribute value is not set")
	errNotItem       = errors.New("value does not encode to an item (only structs and maps do)")
	errCycle         = errors.New("value contains itself")
	errNilTarget     = errors.New("target is a nil pointer")
	errPanic         = errors.New("decoding panicked")
	errPanicEncoding = errors.New("encoding panicked")
	errUnexported    = errors.New("embedded field of an unexported type cannot be set")
	errNotInteger    = errors.New("not an integer")
	errInvalidUTF8   = errors.New("string is not valid UTF-8")
	errNotJSONObject = errors.New("want a JSON object")
	errTaken         = errors.New("attribute of an Overflow that another field has, too")
)

func fail(err error) *Error { return &Error{Err: err} }

// within puts a step in front of the path of err.
func within(step string, err error) error {
	e, ok := err.(*Error)
	if !ok {
		return &Error{Path: step, Err: err}
	}
	switch {
	case e.Path == "":
		e.Path = step
	case e.Path[0] == '[':
		e.Path = step + e.Path
	default:
		e.Path = step + "." + e.Path
	}
	return e
}

func withinName(name string, err error) error { return within(pathName(name), err) }

func withinIndex(i int, err error) error { return within("["+strconv.Itoa(i)+"]", err) }

// pathName bounds what an odd name can do to a log line: DynamoDB allows any
// UTF-8 text of up to 64 KB.
func pathName(name string) string {
	const longest = 80
	if len(name) > longest {
		return "[" + strconv.QuoteToASCII(strings.ToValidUTF8(name[:longest], "")) + "...]"
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' {
			continue
		}
		return "[" + strconv.QuoteToASCII(name) + "]"
	}
	if name == "" {
		return `[""]`
	}
	return name
}

// typeError says that an attribute type does not fit a Go type.
type typeError struct {
	from string
	to   reflect.Type
	err  error
}

func (e *typeError) Error() string {
	msg := "cannot decode " + e.from + " into Go type " + e.to.String()
	if e.err != nil {
		msg += ": " + e.err.Error()
	}
	return msg
}

func (e *typeError) Unwrap() error { return e.err }

// foreignError stands for an error whose text may quote a value.
type foreignError struct{ err error }

func (e *foreignError) Error() string {
	return fmt.Sprintf("failed with %T (its text may hold item values; errors.Unwrap gives it)", e.err)
}

func (e *foreignError) Unwrap() error { return e.err }

// valueFree turns an error of attributevalue, or of a user's method that it
// called, into one whose text holds no value of the item.
func valueFree(err error) error {
	switch e := err.(type) {
	case nil:
		return nil
	case *Error:
		return e
	case *attributevalue.UnmarshalTypeError:
		return officialTypeError(e)
	case *attributevalue.UnmarshalError:
		return &typeError{from: "value", to: e.Type, err: valueFree(e.Err)}
	case *strconv.NumError:
		return fmt.Errorf("number: %w", e.Err)
	case *time.ParseError:
		return errTime
	}
	return &foreignError{err}
}

func officialTypeError(e *attributevalue.UnmarshalTypeError) error {
	from, err := e.Value, valueFree(e.Err)
	if strings.HasPrefix(from, "number overflow") {
		from, err = "number", strconv.ErrRange
	}
	if strings.HasPrefix(from, "map key \"") {
		from = "map key"
	}
	return &typeError{from: from, to: e.Type, err: err}
}
