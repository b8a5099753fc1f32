package di

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"go.uber.org/dig"
)

// explain says in one paragraph, in the words of the program, why the container could not be built. The container's own
// error stays reachable by errors.Is and errors.As. What it does not recognise it repeats as it is.
//
// The types of dig's errors are not exported, hence the patterns; the tests hold what they make of dig's words.
func explain(err error, uses []use) error {
	var known *startError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return &startError{explained(err), err}
	}
	cause := dig.RootCause(err)
	text := ""
	switch missing := missingTypes.FindStringSubmatch(cause.Error()); {
	case isDig(cause) && missing != nil:
		text = explainMissing(err, strings.Split(missing[1], "; "), uses)
	case isDig(err) && !isDig(cause):
		text = explainFailed(err, cause)
	default:
		text = explainOther(err)
	}
	return &startError{"di: " + text, err}
}

// explained is the text of err without the frames of the container around our own words.
func explained(err error) string {
	if cause := dig.RootCause(err); !isDig(cause) {
		err = cause
	}
	return oneLine(err.Error())
}

var (
	missingTypes = regexp.MustCompile(`^missing types?: (.*)$`)
	suggestion   = regexp.MustCompile(`^(.*?) \(did you mean (.*)\?\)$`)
	needing      = regexp.MustCompile(`missing dependencies for function "([^"]*)"\.(\S+) \(([^)]*)\)`)
	failing      = regexp.MustCompile(`received non-nil error from function "([^"]*)"\.(\S+) \(([^)]*)\)`)
	functions    = regexp.MustCompile(`"([^"\s]*)"\.(\S+) \(([^)\s]*:\d+)\)`)
	twice        = regexp.MustCompile(`cannot provide function (.*?): cannot provide (\S+) from \[.*\]: already provided by (.*)$`)
	fxStack      = regexp.MustCompile(`(?s)^.*Failed: `)
)

func explainMissing(err error, missing []string, uses []use) string {
	parts := make([]string, len(missing))
	for i, m := range missing {
		instead := ""
		if s := suggestion.FindStringSubmatch(m); s != nil {
			m, instead = s[1], s[2]
		}
		parts[i] = explainType(err, m, uses) + explainInstead(m, instead)
	}
	return strings.Join(parts, "; ")
}

func explainType(err error, missing string, uses []use) string {
	for _, u := range uses {
		if u.needs == missing {
			return fmt.Sprintf("%s needs %s, which nothing provides: register %s", u.name, short(missing), u.advice)
		}
	}
	who := "an fx.Invoke or fx.Populate"
	if f := last(needing, err.Error()); f != nil && path.Base(f[1]) != "di" {
		who = function3(f)
	}
	return fmt.Sprintf("%s needs %s, which nothing provides: register a constructor of it with fx.Provide", who, short(missing))
}

// explainInstead mentions what is there and may have been meant.
func explainInstead(missing, instead string) string {
	switch {
	case instead == "":
		return ""
	case strings.HasPrefix(missing, "sink.Target["):
		return fmt.Sprintf(" (there is %s, but the container tells types apart exactly: let its constructor return %s, or "+
			"annotate it with fx.As(new(%[2]s)))", short(instead), short(missing))
	}
	return fmt.Sprintf(" (there is %s: did you mean that?)", short(instead))
}

func explainFailed(err, cause error) string {
	f := last(failing, err.Error())
	if f == nil {
		return fxStack.ReplaceAllString(cause.Error(), "")
	}
	return fmt.Sprintf("%s failed: %v", function3(f), cause)
}

// explainOther shortens what dig and fx say of two constructors of one type, a cycle, an argument that is no function.
func explainOther(err error) string {
	var first dig.Error
	if errors.As(err, &first) {
		err = first
	}
	text := fxStack.ReplaceAllString(err.Error(), "")
	text = functions.ReplaceAllStringFunc(text, func(f string) string { return function3(functions.FindStringSubmatch(f)) })
	if t := twice.FindStringSubmatch(text); t != nil {
		return explainTwice(t[2], t[1], t[3])
	}
	return oneLine(text)
}

func explainTwice(what, one, other string) string {
	if what == "*slog.Logger" {
		return "there are two constructors of *slog.Logger, and one is di's own: change it with di.ConfigureLogging, " +
			"or put your own in its place with fx.Replace or fx.Decorate"
	}
	return fmt.Sprintf("%s is provided twice, by %s and by %s: keep one of them", short(what), one, other)
}

// function3 shows a match of package, function and place as store.NewOrders (store.go:12).
func function3(match []string) string {
	if match[1] == "reflect" { // what fx.Annotate and fx.Supply make has no name
		return "a value or an annotated constructor"
	}
	return fmt.Sprintf("%s.%s (%s)", path.Base(match[1]), short(match[2]), filepath.Base(match[3]))
}

func last(pattern *regexp.Regexp, text string) []string {
	all := pattern.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

func isDig(err error) bool {
	var e dig.Error
	return errors.As(err, &e)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
