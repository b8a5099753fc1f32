package sqlsink

import (
	"encoding/hex"
	"strconv"
	"time"
	"unicode/utf8"
)

// literal writes v as MySQL reads it in the text of a statement. Nothing in it depends on the session's sql_mode or
// character set: quotes hold printable ASCII without quote and backslash, whatever else is text or bytes goes as hexadecimal
// digits. https://dev.mysql.com/doc/refman/8.4/en/literals.html
func (s *statement) literal(v *datum) {
	var room [64]byte
	switch v.kind {
	case null:
		s.WriteString("NULL")
	case boolean, integer:
		s.Write(strconv.AppendInt(room[:0], v.n, 10))
	case real: // the exponent makes it a double, and not an exact number
		s.Write(strconv.AppendFloat(room[:0], v.real(), 'e', -1, 64))
	case textual, octets:
		s.quoted(v.text, v.kind)
	case moment:
		s.Write(appendTime(room[:0], v.time()))
	}
}

// appendTime writes a time as go-sql-driver does, which leaves midnight out:
// https://github.com/go-sql-driver/mysql#timetime-support
func appendTime(dst []byte, t time.Time) []byte {
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.AppendFormat(dst, `'`+time.DateOnly+`'`)
	}
	return t.AppendFormat(dst, `'`+time.DateTime+`.999999999'`)
}

// quoted writes a string. Bytes that are valid UTF-8 are text too, since JSON columns insist on a character set; in a binary
// column they are the same. Text that is not valid is an error here, and an argument then.
func (s *statement) quoted(text string, k kind) {
	switch {
	case plain(text):
		s.text("'", text, "'")
	case k == textual || utf8.ValidString(text):
		s.hexadecimal("_utf8mb4 0x", text)
	default:
		s.hexadecimal("_binary 0x", text)
	}
}

// plain reports whether text can stand between quotes in every mode and character set.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '\'' || c == '\\' {
			return false
		}
	}
	return true
}

func (s *statement) hexadecimal(prefix, text string) {
	s.Grow(len(prefix) + hex.EncodedLen(len(text)))
	s.WriteString(prefix)
	const digits = "0123456789abcdef"
	for i := range len(text) {
		s.WriteByte(digits[text[i]>>4])
		s.WriteByte(digits[text[i]&0xf])
	}
}
