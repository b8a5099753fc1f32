package handler

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/dynasink/dynasink/mapping"
	"github.com/dynasink/dynasink/sink"
)

// ConfigError is a failure of the set-up and not of a record: the stream's view type lacks an image that the handler
// needs, the function is fed by something that is no DynamoDB stream. It fails the whole batch, whatever the failure
// policy, so that a misconfiguration never drains a stream into the dead letters.
type ConfigError struct {
	Setting string // what to change, e.g. "StreamViewType"
	Err     error
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("handler: misconfigured (%s): %v", e.Setting, e.Err)
}
func (e *ConfigError) Unwrap() error { return e.Err }

func isConfig(err error) bool {
	var e *ConfigError
	return errors.As(err, &e)
}

// missingImage is the error for an image that the handler needs and a record lacks. It is the record's own failure if the
// view type has the image, and else the set-up's.
func missingImage(image string, event EventName, view StreamViewType) error {
	if string(view) == viewOf[image] || view == NewAndOldImages {
		return sink.Permanent(fmt.Errorf("%s is missing from a record of the view type %s", image, view))
	}
	if view == "" {
		view = "unknown"
	}
	return &ConfigError{"StreamViewType", fmt.Errorf(
		"the handler needs %s, which this %s record does not hold: the stream's view type is %s; "+
			"disable the stream and enable it with a view type that has the image", image, event, view)}
}

var viewOf = map[string]string{"NewImage": string(NewImageOnly), "OldImage": string(OldImageOnly)}

// PanicError is a panic of user code, turned into the failure of its record. It does not unwrap: a panic with a marked error
// is not an instruction.
type PanicError struct {
	Value any    // what panic was called with
	Stack string // the stack of the panicking goroutine
}

// Error shows errors and strings as they are; of any other value only its type, because it may hold an item.
func (e *PanicError) Error() string {
	switch v := e.Value.(type) {
	case error:
		return fmt.Sprintf("panic: %v\n%s", v, e.Stack)
	case string:
		return fmt.Sprintf("panic: %s\n%s", v, e.Stack)
	default:
		return fmt.Sprintf("panic with a %T\n%s", v, e.Stack)
	}
}

// guard runs fn and turns a panic into an error.
func guard(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			buf := make([]byte, 16<<10)
			err = &PanicError{p, string(buf[:runtime.Stack(buf, false)])}
		}
	}()
	return fn()
}

// instruction marks the errors of package mapping that a handler passes on as permanent: what cannot be mapped once never
// can. The handler's own mark counts more.
func instruction(err error) error {
	if err == nil {
		return nil
	}
	var unmapped *mapping.Error
	if !errors.As(err, &unmapped) || sink.IsTransient(err) || sink.IsUncertain(err) {
		return err
	}
	return sink.Permanent(err)
}
