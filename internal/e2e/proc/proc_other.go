//go:build unix && !linux

package proc

import "syscall"

// attributes: outside Linux a process outlives a test process that is killed.
func attributes(o Options) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: o.As, Setpgid: true}
}

func descendants(int) []int { return nil }

// waitForStop: the signal takes effect before long.
func waitForStop(int) error { return nil }
