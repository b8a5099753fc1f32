package servers

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// variable is the environment variable that names a server of the user's own.
func variable(name string) string {
	if name == mongodb {
		return "MONGODB_URI" // the name that the world has agreed on
	}
	return "DYNASINK_" + strings.ToUpper(name) + "_URL"
}

// partsFolder is where .ci/parts unpacks what Debian's stable suite does not have. Root's is where others can look in, because
// PostgreSQL does not run as root.
func partsFolder() string {
	if dir := os.Getenv("DYNASINK_PARTS"); dir != "" {
		return dir
	}
	if isRoot() {
		return "/var/cache/dynasink-parts"
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "dynasink-parts")
}

// lookPath finds a command also where Debian keeps it out of an ordinary user's PATH.
func lookPath(absent *MissingError, command string) (string, error) {
	for _, name := range []string{command, "/usr/sbin/" + command} {
		if bin, err := exec.LookPath(name); err == nil {
			return bin, nil
		}
	}
	return "", absent
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isRoot() bool { return os.Geteuid() == 0 }

func credential(u *user.User) (*syscall.Credential, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("servers: user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("servers: user %s: %w", u.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}
