package sqlsink

import (
	"errors"
	"fmt"

	"github.com/dynasink/dynasink/sink"
)

// maxName is what the name columns of the library's tables hold.
const maxName = 255

var errNoFunction = sink.Permanent(errors.New("sqlsink: the staged function is nil"))

// checkFunction refuses what Once and Newest cannot stage.
func checkFunction(kind, name string, fn Function) error {
	switch {
	case fn == nil:
		return errNoFunction
	case name == "" || len(name) > maxName:
		return sink.Permanent(fmt.Errorf("sqlsink: %s needs a name of 1 to %d bytes, and this one has %d", kind, maxName, len(name)))
	}
	return nil
}
