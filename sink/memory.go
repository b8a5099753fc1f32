package sink

import "reflect"

// place is where a staged row stays. They are allocated many at once.
func (p *port[R, K, Tx]) place(u *Unit) *R {
	u.mu.Lock()
	defer u.mu.Unlock()
	s, ok := u.stages[p].(*stage[R, K, Tx])
	if !ok {
		return new(R) // nothing has been staged yet, and may never be
	}
	if len(s.places) == 0 {
		s.places = make([]R, 32)
	}
	place := &s.places[0]
	s.places = s.places[1:]
	return place
}

// room returns an empty slice for n writes. One is kept from commit to commit, because a writer has its writes only until it
// returns; keep takes it back.
func (p *port[R, K, Tx]) room(n int) []Write[R] {
	if kept := p.kept.Swap(nil); kept != nil && cap(*kept) >= n {
		return (*kept)[:0]
	}
	return make([]Write[R], 0, n)
}

func (p *port[R, K, Tx]) keep(writes []Write[R]) {
	const most = 1 << 20 // bytes
	if p.rank == rankEffect {
		return // who writes one for a sink of their own may keep what they get
	}
	clear(writes) // or rows would stay in memory
	if uintptr(cap(writes))*reflect.TypeFor[Write[R]]().Size() <= most {
		p.kept.Store(&writes)
	}
}
