//go:build unix

package pgxwire

import (
	"io"
	"net"
	"syscall"
)

// writeNow writes as much as a socket has room for, without waiting, and returns how much that was: nothing where to has an error,
// which who writes the rest finds as well, or is anything but package net's own socket. TLS is no socket, and what only has one
// within may do something to the data.
func writeNow(to io.Writer, data []byte) (n int) {
	var socket syscall.Conn
	switch to := to.(type) {
	case *net.TCPConn:
		socket = to
	case *net.UnixConn:
		socket = to
	default:
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
