package servers

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// attributes has the kernel send end when the test process dies, however that comes about.
func attributes(who *syscall.Credential, end syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who, Setpgid: true, Pdeathsig: end}
}

// descendants lists the processes below pid. Process groups do not tell: PostgreSQL gives each of its own one.
func descendants(pid int) []int {
	children := map[int][]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		if child, parent, ok := parentage(file); ok {
			children[parent] = append(children[parent], child)
		}
	}
	var found []int
	for queue := children[pid]; len(queue) > 0; queue = queue[1:] {
		found = append(found, queue[0])
		queue = append(queue, children[queue[0]]...)
	}
	return found
}

// parentage reads "PID (COMMAND) STATE PPID …"; the command may hold anything.
func parentage(file string) (pid, parent int, ok bool) {
	stat, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, false
	}
	rest := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(rest) < 2 {
		return 0, 0, false
	}
	pid, err = strconv.Atoi(filepath.Base(filepath.Dir(file)))
	if err != nil {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(string(rest[1]))
	return pid, parent, err == nil
}
