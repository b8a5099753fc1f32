package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// valueFree tells what is wrong with JSON without quoting it: encoding/json's messages, and those of a type's own
// unmarshaler, may hold values.
func valueFree(err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax) && strings.HasPrefix(syntax.Error(), "unexpected end"):
		return fmt.Errorf("the JSON ends too early, after %d bytes", syntax.Offset)
	case errors.As(err, &syntax):
		return fmt.Errorf("not valid JSON at byte %d", syntax.Offset)
	case errors.As(err, &mismatch):
		kind, _, _ := strings.Cut(mismatch.Value, " ") // "number 12" → "number"
		return fmt.Errorf("%s: a JSON %s does not fit the Go type %s", path(mismatch.Field), kind, mismatch.Type)
	}
	return fmt.Errorf("the JSON does not decode (%T)", err)
}

func path(field string) string {
	if field == "" {
		return "at the top"
	}
	return field
}
