package servers

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const folderPattern = "dynasink-e2e-"

// base is the folder that holds all servers of this test process. It is locked for as long as the process lives, so
// that a later one can tell what a killed one left behind, and clears that away.
var base = sync.OnceValues(func() (*os.File, error) {
	sweep()
	dir, err := os.MkdirTemp("", folderPattern)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o711); err != nil { // a server with an account of its own has to pass
		return nil, err
	}
	return lockFolder(dir)
})

// lockFolder takes the lock, which lasts until the file is closed, or fails at once where someone has it.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, &os.PathError{Op: "lock", Path: dir, Err: err}
	}
	return f, nil
}

// removeBase removes the folder, which nothing uses any more.
func removeBase() error {
	lock, err := base()
	if err != nil {
		return nil // nothing was made
	}
	defer lock.Close()
	return os.RemoveAll(lock.Name())
}

// sweep removes the folders of test processes that are gone. A folder that was made a moment ago may not be locked yet.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPattern+"*"))
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if lock, err := lockFolder(dir); err == nil {
			_ = os.RemoveAll(dir) // another user's: not ours to clear
			lock.Close()
		}
	}
}

// newFolder makes an empty folder for one server, and in it the one for its data, which belongs to who.
func newFolder(name string, who *syscall.Credential) (string, error) {
	lock, err := base()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(lock.Name(), name+"-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", err
	}
	data := dataFolder(dir)
	if err := os.Mkdir(data, 0o700); err != nil {
		return "", err
	}
	if who == nil {
		return dir, nil
	}
	return dir, os.Chown(data, int(who.Uid), int(who.Gid))
}

func dataFolder(dir string) string { return filepath.Join(dir, "data") }
func logFile(dir string) string    { return filepath.Join(dir, "log") }
