//go:build unix && !linux

package servers

import "syscall"

// attributes: outside Linux a server outlives a test process that is killed.
func attributes(who *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who, Setpgid: true}
}

func descendants(int) []int { return nil }
