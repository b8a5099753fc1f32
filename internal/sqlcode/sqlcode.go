// Package sqlcode reads an engine's error codes from the errors of database/sql drivers without importing them.
package sqlcode

import (
	"errors"
	"reflect"
)

// Of returns the SQLSTATE that PostgreSQL or MySQL gave, "" if there is none, and MySQL's error number or SQLite's result
// code, 0 for others.
func Of(err error) (state string, number int) {
	var stated interface{ SQLState() string } // pgx and lib/pq
	if errors.As(err, &stated) {
		return stated.SQLState(), 0
	}
	var coded interface{ Code() int } // modernc.org/sqlite
	if errors.As(err, &coded) {
		return "", coded.Code()
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if state, number := fields(err); number != 0 {
			return state, number
		}
	}
	return "", 0
}

// fields reads go-sql-driver's MySQLError{Number, SQLState} and mattn's Error{Code, ExtendedCode}.
func fields(err error) (state string, number int) {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return "", 0
	}
	if f := v.FieldByName("Number"); f.Kind() == reflect.Uint16 && v.Type().Name() == "MySQLError" {
		if s, ok := v.FieldByName("SQLState").Interface().([5]byte); ok && s[0] != 0 {
			state = string(s[:])
		}
		return state, int(f.Uint())
	}
	if f := v.FieldByName("ExtendedCode"); f.Kind() == reflect.Int {
		return "", int(f.Int())
	}
	return "", 0
}
