package di

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"
)

// redacted says what is wrong with the environment without showing any of it. The errors of env hold values (strconv
// quotes what it cannot parse), and do not name the variable of a malformed one: so they are neither printed nor wrapped.
func redacted[C any](err error, o env.Options) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		all.Errors = []error{err}
	}
	var problems []string
	for _, err := range all.Errors {
		if p := problem(err); p != "" {
			problems = append(problems, p)
		}
	}
	problems = append(problems, malformed[C](parseErrors(all.Errors), o)...)
	return startErrorf("di: configuration %s: %s", configName[C](), strings.Join(problems, "; "))
}

// problem is empty for an env.ParseError, which malformed takes care of.
func problem(err error) string {
	switch e := err.(type) {
	case env.VarIsNotSetError:
		return e.Key + " is not set"
	case env.EmptyVarError:
		return e.Key + " is empty"
	case env.LoadFileContentError:
		return fmt.Sprintf("the file that %s names cannot be read%s", e.Key, fileReason(e.Err))
	case env.NoParserError:
		return fmt.Sprintf("field %s has type %v, which cannot be read from a variable", e.Name, e.Type)
	case env.NoSupportedTagOptionError:
		return fmt.Sprintf("an env tag has the unknown option %q", e.Tag)
	case env.NotStructPtrError:
		return "the type is not a struct"
	case env.ParseError:
		return ""
	}
	return fmt.Sprintf("an error of type %T", err)
}

// fileReason leaves out the path, which is the variable's value.
func fileReason(err error) string {
	var e *fs.PathError
	if errors.As(err, &e) {
		return ": " + e.Err.Error()
	}
	return ""
}

func parseErrors(errs []error) []env.ParseError {
	var parse []env.ParseError
	for _, err := range errs {
		if e, ok := err.(env.ParseError); ok {
			parse = append(parse, e)
		}
	}
	return parse
}

// malformed finds the variables behind parse errors: those without which there are fewer of them.
func malformed[C any](failed []env.ParseError, o env.Options) []string {
	if len(failed) == 0 {
		return nil
	}
	var problems []string
	for _, key := range keys[C](o) {
		left := without[C](key, o)
		if len(left) < len(failed) {
			at := difference(failed, left)
			problems = append(problems, invalid(key, failed[at]))
			failed = slices.Delete(slices.Clone(failed), at, at+1)
			o.Environment = blank(o.Environment, key)
		}
	}
	for _, e := range failed { // what no variable is to blame for
		problems = append(problems, fmt.Sprintf("the default of field %s is not a valid %v", e.Name, e.Type))
	}
	return problems
}

// without parses again with one variable empty. It stays in the map, because env counts the elements of slices by names.
func without[C any](key string, o env.Options) []env.ParseError {
	o.Environment = blank(o.Environment, key)
	var again C
	var all env.AggregateError
	errors.As(env.ParseWithOptions(&again, o), &all)
	return parseErrors(all.Errors)
}

func blank(environment map[string]string, key string) map[string]string {
	environment = maps.Clone(environment)
	environment[key] = ""
	return environment
}

// keys lists the variables that C is read from and that are set, each once.
func keys[C any](o env.Options) []string {
	var c C
	params, err := env.GetFieldParamsWithOptions(&c, o)
	if err != nil {
		return nil
	}
	var keys []string
	for _, p := range params {
		if o.Environment[p.Key] != "" && !slices.Contains(keys, p.Key) {
			keys = append(keys, p.Key)
		}
	}
	return keys
}

// difference is the index of the first error that is gone.
func difference(before, after []env.ParseError) int {
	for i := range after {
		if before[i].Name != after[i].Name || before[i].Type != after[i].Type {
			return i
		}
	}
	return len(after)
}

func invalid(key string, e env.ParseError) string {
	if errors.Is(e.Err, strconv.ErrRange) {
		return fmt.Sprintf("%s is out of the range of %v", key, e.Type)
	}
	return fmt.Sprintf("%s is not a valid %v", key, e.Type)
}
