package sqssink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dynasink/dynasink/sink"
)

// encode returns the row as JSON that SQS takes. Characters of HTML stay as they are: a third of a dead letter would
// otherwise be escapes when its items hold markup.
func encode(row any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(row); err != nil {
		return "", encodeError(err)
	}
	return escape(strings.TrimSuffix(b.String(), "\n")), nil
}

// unencodable keeps the text of an error of encoding/json, which may quote the value, out of logs.
type unencodable struct {
	what string
	err  error
}

func (e *unencodable) Error() string { return "the row cannot be encoded as JSON: " + e.what }
func (e *unencodable) Unwrap() error { return e.err }

// encodeError marks what is wrong with the row; a type that has no JSON is a mistake in the program.
func encodeError(err error) error {
	var kind *json.UnsupportedTypeError
	if errors.As(err, &kind) {
		return &unencodable{kind.Error(), err}
	}
	what := fmt.Sprintf("%T", err)
	if failed := (*json.MarshalerError)(nil); errors.As(err, &failed) {
		what = fmt.Sprintf("a method of %v failed", failed.Type)
	}
	return sink.Permanent(&unencodable{what, err})
}

// SQS takes the characters of XML 1.0 only:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
//
//	#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF

// escape writes what SQS does not take as JSON escapes. encoding/json has escaped the control characters, so that only
// U+FFFE, U+FFFF and bytes that are not UTF-8 are left, and those only inside strings. A byte that is no character has no
// escape and becomes U+FFFD, as it does in every string that encoding/json writes or reads.
func escape(text string) string {
	if taken(text) {
		return text
	}
	var b bytes.Buffer
	for i, r := range text {
		switch {
		case r == utf8.RuneError:
			b.WriteRune(r) // also for a single bad byte
		case allowed(r):
			b.WriteString(text[i : i+utf8.RuneLen(r)])
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// plain is escape for a text that is not JSON: what SQS does not take becomes U+FFFD.
func plain(text string) string {
	if taken(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if allowed(r) {
			return r
		}
		return utf8.RuneError
	}, text)
}

func taken(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !allowed(r) }) < 0
}

func allowed(r rune) bool {
	return r >= 0x20 && r != 0xFFFE && r != 0xFFFF || r == '\t' || r == '\n' || r == '\r'
}
