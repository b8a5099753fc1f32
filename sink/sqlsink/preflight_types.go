package sqlsink

// fit is what becomes of a field's values in a column.
type fit uint8

const (
	fits     fit = iota
	mistyped     // the engine refuses them, or they lose their meaning
	changes      // the engine may change them without an error
	rounds       // the engine may round them without an error
	short        // the column is too short
)

// say is the clause that describes a bad fit.
func (f fit) say(values string) string {
	switch f {
	case changes:
		return "which may change " + values + " without an error"
	case rounds:
		return "which may round " + values + " without an error"
	case short:
		return "which is too short for " + values
	}
	return "which does not go with " + values
}

// fitOf compares what a column is to hold with what it can. It is strict where the engine would be silent, and leaves to the
// engine what that refuses.
func fitOf(d Dialect, c *columnSpec, a *actualColumn) fit {
	switch {
	case c.version:
		return fitVersion(a)
	case c.holds == wantSequence:
		return fitSequence(d, a)
	case a.holds == haveOther:
		return fits
	}
	return map[want]func(Dialect, *columnSpec, *actualColumn) fit{
		wantText: fitText, wantWhole: fitWhole, wantFloat: fitFloat, wantBool: fitBool, wantBytes: fitBytes, wantTime: fitTime,
		wantDeletion: fitDeletion, wantJSON: fitJSON, wantAny: func(Dialect, *columnSpec, *actualColumn) fit { return fits },
	}[c.holds](d, c, a)
}

// fitText knows that a text may be a number with a fraction, and with more digits than a float has. Whoever gives an exact
// column digits after the point wants them, but DECIMAL alone has none.
func fitText(d Dialect, c *columnSpec, a *actualColumn) fit {
	switch {
	case c.field == "": // what the library writes is no number
		return fitOwn(d, a)
	case d == SQLite:
		return fitTextSQLite(a)
	case c.digits:
		return fitDigits(d, a)
	case a.holds == haveFloat || a.holds == haveExact && a.scale == 0 || a.holds == haveInteger && d == MySQL:
		return rounds
	case a.holds == haveBool && d == MySQL:
		return mistyped
	case a.holds == haveBytes && d == PostgreSQL: // where \ begins an escape
		return changes
	}
	return fits
}

// fitDigits is for whole numbers of any length.
func fitDigits(d Dialect, a *actualColumn) fit {
	switch a.holds {
	case haveText, haveInteger, haveExact:
		return fits
	case haveFloat:
		return rounds
	case haveJSON:
		if d == MySQL {
			return rounds
		}
		return fits
	}
	return mistyped
}

// fitTextSQLite: all but a few types turn a text that looks like a number into one.
// https://www.sqlite.org/datatype3.html#type_affinity
func fitTextSQLite(a *actualColumn) fit {
	if a.holds == haveText || a.holds == haveBytes {
		return fits
	}
	return changes
}

func fitWhole(d Dialect, c *columnSpec, a *actualColumn) fit {
	const mantissa64, mantissa32 = 53, 24
	switch a.holds {
	case haveInteger, haveExact:
		return fits
	case haveFloat:
		if c.bits <= mantissa32 || c.bits <= mantissa64 && a.bits == 64 {
			return fits
		}
		return rounds
	case haveBool, haveTime, haveDate, haveJSON:
		if d == SQLite || a.holds == haveJSON {
			return fits
		}
	}
	return mistyped
}

func fitFloat(d Dialect, c *columnSpec, a *actualColumn) fit {
	switch a.holds {
	case haveFloat:
		if c.bits > a.bits || a.bits == 32 && d == MySQL { // whose FLOAT is read with six digits
			return rounds
		}
		return fits
	case haveExact, haveInteger:
		switch {
		case d == SQLite || a.holds == haveExact && a.scale != 0:
			return fits
		case a.holds == haveExact || d == MySQL:
			return rounds
		}
	case haveJSON:
		return fits
	}
	return mistyped
}

func fitBool(d Dialect, _ *columnSpec, a *actualColumn) fit {
	number := a.holds == haveInteger || a.holds == haveExact && d == SQLite
	if a.holds == haveBool || a.holds == haveJSON || number && d != PostgreSQL {
		return fits
	}
	return mistyped
}

// fitBytes knows that lib/pq writes bytes as hexadecimal digits, which a text column of PostgreSQL takes as they are.
func fitBytes(d Dialect, _ *columnSpec, a *actualColumn) fit {
	switch {
	case a.holds == haveBytes || a.holds == haveUUID:
		return fits
	case a.holds == haveText && d == PostgreSQL:
		return changes
	case a.holds == haveText || a.holds == haveJSON && d != MySQL:
		return fits
	}
	return mistyped
}

// fitTime knows that SQLite keeps the text of a time in a column of any type.
func fitTime(d Dialect, _ *columnSpec, a *actualColumn) fit {
	switch {
	case d == SQLite, a.holds == haveTime && a.fraction > 0:
		return fits
	case a.holds == haveTime || a.holds == haveDate:
		return rounds
	}
	return mistyped
}

func fitDeletion(d Dialect, _ *columnSpec, a *actualColumn) fit {
	if d == SQLite || a.holds == haveTime {
		return fits
	}
	return mistyped
}

func fitJSON(d Dialect, _ *columnSpec, a *actualColumn) fit {
	switch {
	case a.holds == haveJSON || a.holds == haveText || a.holds == haveBytes && d != PostgreSQL:
		return fits
	case a.holds == haveBytes:
		return changes
	}
	return mistyped
}

func fitOwn(d Dialect, a *actualColumn) fit {
	if a.holds == haveText || a.holds == haveBytes && d == MySQL {
		return fits
	}
	return mistyped
}

// fitSequence wants text: every collation orders digits in the same way, and padding does not matter to 40 of them.
// SQLite would make a float of them in a column of numbers.
func fitSequence(d Dialect, a *actualColumn) fit {
	const digits = 40
	switch {
	case fitOwn(d, a) != fits:
		return mistyped
	case a.length > 0 && a.length < digits && d != SQLite:
		return short
	}
	return fits
}

// fitVersion wants numbers that are compared as numbers and exactly.
func fitVersion(a *actualColumn) fit {
	switch a.holds {
	case haveInteger, haveExact:
		return fits
	case haveFloat:
		return rounds
	}
	return mistyped
}
