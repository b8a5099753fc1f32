package sqlsink

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

func TestClassification(t *testing.T) {
	t.Parallel()
	my := func(number uint16, state string) error {
		e := &MySQLError{Number: number}
		copy(e.SQLState[:], state)
		return fmt.Errorf("wrapped: %w", e)
	}
	for _, c := range []struct {
		dialect Dialect
		err     error
		want    class
	}{
		{PostgreSQL, pgError("23505"), permanent},
		{PostgreSQL, pgError("22P02"), permanent},
		{PostgreSQL, pgError("21000"), permanent},
		{PostgreSQL, pgError("54000"), permanent},
		{PostgreSQL, pgError("40002"), permanent},
		{PostgreSQL, pgError("40P01"), transient},
		{PostgreSQL, pgError("25006"), transient},
		{PostgreSQL, pgError("25P03"), transient},
		{PostgreSQL, pgError("57P01"), transient},
		{PostgreSQL, pgError("08006"), transient},
		{PostgreSQL, pgError("53300"), transient},
		{PostgreSQL, pgError("42P01"), unknown},
		{PostgreSQL, pgError("42501"), unknown},
		{PostgreSQL, pgError("2"), unknown},
		{MySQL, my(1062, "23000"), permanent},
		{MySQL, my(1366, "HY000"), permanent},
		{MySQL, my(9999, "22999"), permanent},
		{MySQL, my(3819, "HY000"), permanent},
		{MySQL, my(1213, "40001"), transient},
		{MySQL, my(1290, "HY000"), transient},
		{MySQL, my(1792, "25006"), transient},
		{MySQL, my(1927, "70100"), transient},
		{MySQL, my(4031, "HY000"), transient},
		{MySQL, my(1146, "42S02"), unknown},
		{MySQL, my(1142, "42000"), unknown},
		{SQLite, moderncError(2067), permanent},
		{SQLite, mattnError{19, 2067}, permanent},
		{SQLite, moderncError(517), transient},
		{SQLite, mattnError{6, 262}, transient},
		{SQLite, moderncError(1), unknown},
		{PostgreSQL, fmt.Errorf("wrapped: %w", driver.ErrBadConn), transient},
		{PostgreSQL, io.ErrUnexpectedEOF, transient},
		{PostgreSQL, errors.New("conn closed"), transient},
		{MySQL, fmt.Errorf("wrapped: %w", errors.New("invalid connection")), transient},
		{MySQL, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, transient},
		{SQLite, sql.ErrConnDone, transient},
		{PostgreSQL, context.DeadlineExceeded, transient},
		{PostgreSQL, errors.New(`unable to encode "x" into text format`), permanent},
		{PostgreSQL, errors.New("sql: converting argument $1 type: unsupported type"), permanent},
		{MySQL, errors.New("packet for query is too large. Try adjusting"), permanent},
		{PostgreSQL, errPlain, unknown},
	} {
		err := (&store{dialect: c.dialect}).wrap("do", c.err)
		got := unknown
		switch {
		case sink.IsPermanent(err):
			got = permanent
		case sink.IsTransient(err):
			got = transient
		}
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%v: %v is of class %d, want %d", c.dialect, c.err, got, c.want)
		}
	}
}

func TestErrorsKeepTheirTextOnRequest(t *testing.T) {
	t.Parallel()
	text := "Duplicate entry 'value' for key 'k'"
	err := errors.New(text)
	if got := (&store{}).wrap("do", err).Error(); got != "sqlsink: do: Duplicate entry …" {
		t.Errorf("by default: %s", got)
	}
	if got := (&store{values: true}).wrap("do", err).Error(); got != "sqlsink: do: "+text {
		t.Errorf("with ValuesInErrors: %s", got)
	}
}

func TestRedactKeepsNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`null value in column "note" of relation "orders" violates not-null constraint`: ``,
		`duplicate key value violates unique constraint "orders_pkey" (SQLSTATE 23505)`: ``,
		`Table 'shop.orders' doesn't exist`:                                             ``,
		`Unknown column 'x' in 'field list'`:                                            `Unknown column 'x' in …`,
		`Data too long for column 'short' at row 1`:                                     ``,
		`invalid input syntax for type integer: "12a"`:                                  `invalid input syntax for type integer: …`,
		`ungültige Eingabesyntax für Typ integer: »12a«`:                                `ungültige Eingabesyntax für Typ integer: …`,
		`failed to encode args[0]: unable to encode "x" into text format`:               `failed to encode args[0]: unable to encode the value`,
		`column "open`: `column …`,
		`column"x"`:    `column…`,
		`no quotes`:    ``,
	} {
		if want == "" {
			want = text
		}
		if got := redact(text); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", text, got, want)
		}
	}
}

// shapes are messages in which engines and drivers quote data.
var shapes = []string{
	"Error 1062 (23000): Duplicate entry '%s' for key 't.PRIMARY'",
	"Error 1366 (HY000): Incorrect string value: '%s' for column 'v' at row 1",
	"Error 1366 (22007): Incorrect integer value: '%s' for column `d`.`t`.`v` at row 1",
	"Error 1292 (22007): Truncated incorrect DOUBLE value: '%s'",
	"Error 1690 (22003): BIGINT value is out of range in '%s'",
	"Error 3140 (22032): Invalid JSON text: \"%s\" at position 1 in value for column 't.v'.",
	"Error 1064 (42000): You have an error in your SQL syntax near '%s' at line 1",
	`ERROR: invalid input syntax for type integer: "%s" (SQLSTATE 22P02)`,
	`ERROR: value "%s" is out of range for type integer (SQLSTATE 22003)`,
	`ERROR: invalid input value for enum mood: "%s" (SQLSTATE 22P02)`,
	`ERROR: malformed array literal: "%s" (SQLSTATE 22P02)`,
	`pq: date/time field value out of range: "%s"`,
	`pq: duplicate JSON object key value: "%s"`,
	`FEHLER: ungültige Eingabesyntax für Typ integer: »%s«`,
	`ERREUR: syntaxe en entrée invalide pour le type integer : « %s »`,
	`failed to encode args[1]: unable to encode "%s" into binary format for int4 (OID 23): cannot find encode plan`,
	`sql: Scan error on column index 0, name "n": converting driver.Value type string ("%s") to a int: invalid syntax`,
}

func FuzzRedact(f *testing.F) {
	for _, seed := range []string{"", "x", "'", `"`, `column "a" `, "it's", "doesn't exist", "a' for key 'b", "unable to encode", "»«"} {
		f.Add(seed, "")
		f.Add("", seed)
	}
	const marker = "MARKER"
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, shape := range shapes {
			if got := redact(fmt.Sprintf(shape, before+marker+after)); strings.Contains(got, marker) {
				t.Errorf("%s: %s", shape, got)
			}
		}
	})
}
