package mapping

import (
	"reflect"
	"strings"
)

// structRun is the state of decoding one map into one struct.
type structRun struct {
	plan  *structPlan
	into  reflect.Value
	mark  int // the names above it are this map's
	after int // field of the attribute before, plus one
	// exact and folded have a bit for each field that an attribute of its very
	// name, or of one that matches but for case, has been decoded into.
	exact, folded bitset
}

// bitset has room for 64 fields, and for more in rest.
type bitset struct {
	first uint64
	rest  []uint64
}

func (b *bitset) word(i int) *uint64 {
	if i < 64 {
		return &b.first
	}
	return &b.rest[i/64-1]
}

func (b *bitset) has(i int) bool { return *b.word(i)&(1<<(i%64)) != 0 }
func (b *bitset) add(i int)      { *b.word(i) |= 1 << (i % 64) }

func (r *structRun) members(d *decoding) error {
	for more := true; more; {
		var err error
		if more, err = r.guesses(d); err != nil || !more {
			return err
		}
		d.space()
		if err = r.member(d); err != nil {
			return err
		}
		if more, err = d.more('}'); err != nil {
			return err
		}
	}
	return nil
}

// guesses decodes attributes as long as they are those that were guessed, and
// reports whether there are more.
func (r *structRun) guesses(d *decoding) (more bool, err error) {
	for {
		h := r.plan.next[r.after].Load()
		if h == nil || !strings.HasPrefix(d.s[d.i:], h.text) || r.exact.has(h.field.at) || r.folded.has(h.field.at) {
			return true, nil
		}
		if err := r.guessed(d, h); err != nil {
			return false, withinName(h.field.name, err)
		}
		if i := d.i; i < len(d.s) && d.s[i] == ',' {
			d.i++
			continue
		}
		if more, err = d.more('}'); err != nil || !more {
			return more, err
		}
	}
}

func (r *structRun) guessed(d *decoding, h *head) (err error) {
	f := h.field
	r.exact.add(f.at)
	r.after = f.at + 1
	start := d.i + h.open
	d.i += len(h.text)
	if d.i < len(d.s) && d.s[d.i] <= ' ' {
		d.space()
	}
	var v reflect.Value
	if len(f.index) == 1 {
		v = r.into.Field(f.index[0])
	} else if v, err = f.value(r.into); err != nil {
		return err
	}
	if err = h.decode(d, v); err == nil {
		if d.accept('}') {
			return nil
		}
		return d.close()
	}
	if err == errOfficial {
		return d.official(f.plan, v, start)
	}
	return err
}

// member decodes one attribute by its name.
func (r *structRun) member(d *decoding) error {
	start := d.i
	name, err := d.name()
	if err != nil {
		return err
	}
	if i, found := r.plan.byName[name]; found {
		err = r.exactly(d, &r.plan.fields[i])
	} else {
		err = r.other(d, name, start)
	}
	if err != nil {
		return withinName(name, err)
	}
	return nil
}

// exactly decodes the attribute that has the very name of f, and guesses that
// it will be here in the next item. It counts more than one whose name matches
// but for case.
func (r *structRun) exactly(d *decoding, f *fieldPlan) error {
	if r.exact.has(f.at) {
		return errDuplicate
	}
	start := d.i
	k, err := d.open()
	if err != nil {
		return err
	}
	if h := f.head(k); h != nil {
		r.plan.next[r.after].Store(h)
	}
	v, err := f.value(r.into)
	if err != nil {
		return err
	}
	if r.folded.has(f.at) && v.CanSet() {
		v.SetZero()
	}
	r.exact.add(f.at)
	r.after = f.at + 1
	return d.payload(f.plan, k, v, start)
}

// other decodes an attribute into the first field whose name matches but for
// case, or passes over it. The attribute starts at start with its name.
func (r *structRun) other(d *decoding, name string, start int) error {
	d.names = append(d.names, name)
	i := r.plan.fold(name)
	if i >= 0 && (r.exact.has(i) || r.folded.has(i)) {
		i = -1
	}
	if err := r.folds(d, i); err != nil {
		return err
	}
	if r.plan.overflow != nil {
		d.leftovers = append(d.leftovers, leftover{start, d.i, i})
	}
	return nil
}

// folds decodes an attribute value into field i, or passes over it if i < 0.
func (r *structRun) folds(d *decoding, i int) error {
	if i < 0 {
		return d.pass()
	}
	f := &r.plan.fields[i]
	v, err := f.value(r.into)
	if err != nil {
		return err
	}
	r.folded.add(i)
	return d.value(f.plan, v)
}

// leftover is an attribute of the item that has no field of its very name.
type leftover struct {
	start, end int // in the text, name and value
	field      int // the one that it was decoded into, or -1
}

// overflow gives the Overflow what no other field has in the end: an attribute
// that matched a field but for case has made room for one that matched exactly.
func (r *structRun) overflow(d *decoding) error {
	d.buf = append(d.buf[:0], '{')
	for _, l := range d.leftovers {
		if l.field < 0 || r.exact.has(l.field) {
			d.buf = append(append(d.buf, d.s[l.start:l.end]...), ',')
		}
	}
	if len(d.buf) == len("{") {
		return nil
	}
	d.buf[len(d.buf)-1] = '}'
	v, err := r.plan.overflow.value(r.into)
	if err == nil {
		v.Addr().Interface().(*Overflow).item = string(d.buf)
	}
	return err
}

func (sp *structPlan) fold(name string) int {
	for i := range sp.fields {
		if strings.EqualFold(sp.fields[i].name, name) {
			return i
		}
	}
	return -1
}
