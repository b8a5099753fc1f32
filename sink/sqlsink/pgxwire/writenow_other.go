//go:build !unix

package pgxwire

import "io"

// writeNow leaves all of it to another goroutine.
func writeNow(io.Writer, []byte) (n int) { return 0 }
