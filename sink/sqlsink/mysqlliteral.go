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
		s.quoted(v.text)
	case moment:
		s.Write(v.time().AppendFormat(room[:0], mysqlTime))
	}
}

// mysqlTime is what go-sql-driver makes of a time, in UTC: https://github.com/go-sql-driver/mysql#timetime-support
const mysqlTime = `'` + time.DateTime + `.999999999'`

// quoted writes a string. One that is valid UTF-8 has a character set, which JSON columns insist on; its bytes are the
// same in a binary column.
func (s *statement) quoted(text string) {
	switch {
	case plain(text):
		s.text("'", text, "'")
	case utf8.ValidString(text):
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
