package sqlsink

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
)

// hold finds out what a field of a row type needs of its column. It follows [encoderOf].
func (c *columnSpec) hold(t reflect.Type) {
	switch {
	case t == timeType:
		c.holds = wantTime
	case t.Kind() == reflect.Interface:
		c.nullable, c.null = true, true
	case t.PkgPath() == "database/sql" && strings.HasPrefix(t.Name(), "Null"): // their first field is the value
		c.hold(t.Field(0).Type)
		c.nullable, c.null = true, true
	case t.Kind() == reflect.Pointer:
		c.hold(t.Elem())
		c.nullable, c.null = true, true
	case implements(t, valuerType):
		c.nullable = true // perhaps
	case t == reflect.TypeFor[json.RawMessage]():
		c.holds, c.nullable, c.null = wantJSON, true, true
	case implements(t, textType) && t.Kind() != reflect.String:
		c.holds, c.digits = wantText, t == reflect.TypeFor[big.Int]()
		c.nilable(t)
	default:
		c.holdKind(t)
	}
}

func (c *columnSpec) holdKind(t reflect.Type) {
	switch t.Kind() {
	case reflect.String:
		c.holds = wantText
	case reflect.Bool:
		c.holds = wantBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		c.holds, c.bits = wantWhole, t.Bits()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		c.holds, c.bits, c.unsigned = wantWhole, t.Bits(), true
	case reflect.Float32, reflect.Float64:
		c.holds, c.bits = wantFloat, t.Bits()
	case reflect.Slice, reflect.Array:
		c.holds = wantJSON
		if t.Elem().Kind() == reflect.Uint8 {
			c.holds = wantBytes
		}
		c.nilable(t)
	default:
		c.holds = wantJSON
		c.nilable(t)
	}
}

func (c *columnSpec) nilable(t reflect.Type) {
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		c.nullable, c.null = true, true
	}
}

func implements(t, method reflect.Type) bool {
	return t.Implements(method) || reflect.PointerTo(t).Implements(method)
}

// types are the column types of what needs no closer look.
var types = map[want]map[Dialect]string{
	wantAny:      {PostgreSQL: "TEXT", MySQL: "MEDIUMTEXT CHARACTER SET utf8mb4", SQLite: "TEXT"},
	wantText:     {PostgreSQL: "TEXT", MySQL: "MEDIUMTEXT CHARACTER SET utf8mb4", SQLite: "TEXT"},
	wantFloat:    {PostgreSQL: "DOUBLE PRECISION", MySQL: "DOUBLE", SQLite: "REAL"},
	wantBool:     {PostgreSQL: "BOOLEAN", MySQL: "BOOLEAN", SQLite: "BOOLEAN"},
	wantBytes:    {PostgreSQL: "BYTEA", MySQL: "MEDIUMBLOB", SQLite: "BLOB"},
	wantTime:     {PostgreSQL: "TIMESTAMPTZ", MySQL: "DATETIME(6)", SQLite: "TIMESTAMP"},
	wantJSON:     {PostgreSQL: "JSONB", MySQL: "JSON", SQLite: "TEXT"},
	wantSequence: {PostgreSQL: `CHAR(40) COLLATE "C"`, MySQL: "CHAR(40) CHARACTER SET ascii COLLATE ascii_bin", SQLite: "CHAR(40)"},
	wantDeletion: {PostgreSQL: "TIMESTAMPTZ", MySQL: "DATETIME(6)", SQLite: "TIMESTAMP"},
}

// columnType is the type that DDL gives the column; sizes are those of MySQL's keys.
func (c *columnSpec) columnType(d Dialect, sizes map[string]int) string {
	switch {
	case c.declared != "":
		return c.declared
	case c.key && d == MySQL && c.sized():
		return fmt.Sprintf("VARBINARY(%d)", sizes[c.name])
	case c.holds == wantWhole:
		return c.wholeType(d)
	case c.digits:
		return map[Dialect]string{PostgreSQL: "NUMERIC", MySQL: "DECIMAL(65)", SQLite: "TEXT"}[d]
	case c.version:
		return map[Dialect]string{PostgreSQL: "NUMERIC(40)", MySQL: "DECIMAL(40)", SQLite: "INTEGER"}[d]
	}
	return types[c.holds][d]
}

func (c *columnSpec) wholeType(d Dialect) string {
	switch {
	case d == SQLite || c.bits < 32 || c.bits == 32 && !c.unsigned:
		return "INTEGER"
	case !c.unsigned || c.bits == 32:
		return "BIGINT"
	case d == MySQL:
		return "BIGINT UNSIGNED"
	}
	return "NUMERIC(20)"
}

// sized reports whether an index of the column needs to know how long its values may become.
func (c *columnSpec) sized() bool {
	switch c.holds {
	case wantAny, wantText, wantBytes, wantJSON:
		return c.declared == ""
	}
	return false
}

// keySizes divides what MySQL's index has room for.
func (s *tableSpec) keySizes() map[string]int {
	const first, others, other = 2048, 1024, 16 // bytes: of the first, of all others that are sized, of one that is not
	var sized []string
	rest := others
	for _, name := range slices.Concat(s.primary, slices.Concat(s.indexes...)) {
		if c := s.column(name); c.sized() {
			sized = append(sized, name)
		} else {
			rest -= other
		}
	}
	sizes := map[string]int{}
	for i, name := range sized {
		sizes[name] = first
		if i > 0 {
			sizes[name] = rest / (len(sized) - 1)
		}
	}
	return sizes
}
