//go:build unix

package pgxwire

import (
	"io"
	"syscall"
)

// writeNow writes as much as a socket has room for, without waiting, and returns how much that was: nothing where to is no socket,
// as with TLS, or has an error, which who writes the rest finds as well.
func writeNow(to io.Writer, data []byte) (n int) {
	socket, ok := to.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0
	}
	if raw.Write(func(fd uintptr) (done bool) {
		n, err = syscall.Write(int(fd), data) // package net's sockets do not block
		return true
	}) != nil || err != nil {
		return 0
	}
	return n
}
