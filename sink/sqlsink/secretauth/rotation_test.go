package secretauth_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/sink/sqlsink/secretauth"
)

func TestASingleUserRotates(t *testing.T) {
	t.Parallel()
	s, d := &store{}, &database{}
	pool := newPool(t, s, d)
	s.put(current, "app", "one")
	d.change("app", "one")
	must(t, connect(t, s, pool, current))
	must(t, connect(t, s, pool)) // kept

	s.put(pending, "app", "two")
	must(t, connect(t, s, pool))
	d.change("app", "two") // setSecret
	must(t, connect(t, s, pool, current, pending))
	must(t, connect(t, s, pool, current, pending)) // the pending one is not kept
	s.stages[current] = s.stages[pending]          // finishSecret
	must(t, connect(t, s, pool, current))
	must(t, connect(t, s, pool))
	if d.refused != 3 {
		t.Errorf("%d logins were refused", d.refused)
	}
}

func TestUsersAlternate(t *testing.T) {
	t.Parallel()
	s, d := &store{}, &database{}
	pool := newPool(t, s, d)
	s.put(current, "app", "one")
	d.passwords = map[string]string{"app": "one", "app_clone": "two"}
	must(t, connect(t, s, pool, current))
	s.put(current, "app_clone", "two")
	must(t, connect(t, s, pool)) // app goes on
	d.passwords["app"] = "three"
	s.put(current, "app", "three")
	must(t, connect(t, s, pool, current))
}

func TestALoginThatIsWrong(t *testing.T) {
	t.Parallel()
	s, d := &store{}, &database{}
	pool := newPool(t, s, d)
	s.put(current, "app", "one")
	d.change("app", "another")
	var state interface{ SQLState() string }
	if err := connect(t, s, pool, current, current, pending); !errors.As(err, &state) || state.SQLState() != "28P01" {
		t.Errorf("error %v", err)
	}
	s.put(pending, "app", "neither")
	if err := connect(t, s, pool, current, pending); !errors.As(err, &state) {
		t.Errorf("error %v", err)
	}
	s.stages[pending] = s.stages[current] // where a rotation has left it
	if err := connect(t, s, pool, current, pending); !errors.As(err, &state) {
		t.Errorf("error %v", err)
	}
	s.put(current, "app", "another") // mended by hand
	must(t, connect(t, s, pool, current))
}

// TestWhatCountsAsRefused: other errors cost no request.
func TestWhatCountsAsRefused(t *testing.T) {
	t.Parallel()
	mysql := func(n uint16) error { return &MySQLError{Number: n, SQLState: [5]byte{'2', '8', '0', '0', '0'}} }
	for _, c := range []struct {
		err     error
		refused bool
	}{
		{stated("28P01"), true},
		{stated("28000"), true},
		{mysql(1045), true},
		{mysql(1698), true},
		{mysql(1862), true},
		{stated("53300"), false},
		{mysql(1040), false},
		{driver.ErrBadConn, false},
		{context.DeadlineExceeded, false},
		{errors.New("no such host"), false},
	} {
		s, d := &store{}, &database{err: c.err}
		s.put(current, "app", "one")
		want := []string{current}
		if c.refused {
			want = []string{current, current, pending}
		}
		login, err := secretauth.New(s, "shop")
		if err != nil {
			t.Fatal(err)
		}
		_, err = login.Connector(d.open).Connect(t.Context())
		if got := s.asked(); !errors.Is(err, c.err) || !slices.Equal(got, want) {
			t.Errorf("%v became %v, asked for %q", c.err, err, got)
		}
	}
}

// TestConnectionsOpenedTogether ask for the secret once.
func TestConnectionsOpenedTogether(t *testing.T) {
	t.Parallel()
	s, d := &store{}, &database{}
	pool := newPool(t, s, d)
	s.put(current, "app", "one")
	for _, password := range []string{"one", "two"} {
		d.change("app", password)
		s.put(current, "app", password)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { must(t, pool.PingContext(t.Context())) })
		}
		all.Wait()
		if got := s.asked(); len(got) != 1 {
			t.Errorf("asked for %q", got)
		}
	}
}
