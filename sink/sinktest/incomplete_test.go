package sinktest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// incomplete are configurations that lack what their key names.
var incomplete = map[string]Config[row]{
	"Config.New":     {},
	"Subject.Target": without(func(s *Subject[row]) { s.Target = nil }),
	"Subject.Rows":   without(func(s *Subject[row]) { s.Rows = nil }),
	"Subject.Row":    without(func(s *Subject[row]) { s.Row = nil }),
	"Subject.Key":    without(func(s *Subject[row]) { s.Key = nil }),
	"Subject.Same":   without(func(s *Subject[row]) { s.Same = nil }),
}

func without(remove func(*Subject[row])) Config[row] {
	return Config[row]{Features: plainStore, New: func(*testing.T) Subject[row] {
		s := subject(plainStore)
		remove(&s)
		return s
	}}
}

// TestIncompleteConfigsAreTold runs itself in a process of its own, where the suite may fail.
func TestIncompleteConfigsAreTold(t *testing.T) {
	t.Parallel()
	const inside = "SINKTEST_INCOMPLETE"
	if os.Getenv(inside) != "" {
		for name, cfg := range incomplete {
			t.Run(name, func(t *testing.T) { Run(t, cfg) })
		}
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || strings.Contains(string(out), "panic") {
		t.Errorf("error %v, want failed tests and no panic:\n%s", err, out)
	}
	for name := range incomplete {
		if !strings.Contains(string(out), "sinktest: "+name+" is nil") {
			t.Errorf("nothing tells that %s is missing:\n%s", name, out)
		}
	}
}
