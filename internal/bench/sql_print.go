package main

import (
	"fmt"
	"os"
	"strings"
)

// print gives a line for each guard that is asked for, and on standard error one for each route.
func (m *measurement) print() {
	for _, w := range m.direct {
		progress("%s %-10s %8.0f records/s  x%-6.2f %5d batches%s", m.sqlCase, w.name, m.speed(w.name), m.times(w.name, "usual"),
			len(m.samples[w.name]), m.tripsOf(w.name))
	}
	if m.peer != nil {
		progress("%s %-10s %8.0f records/s", m.sqlCase, "redpanda", m.speed("redpanda"))
	}
	for _, name := range guardNames() {
		if line := m.sqlCase.String() + "/" + name; m.run.MatchString(line) {
			fmt.Println(line, strings.Join(m.figures(name), " "))
		}
	}
}

func (m *measurement) figures(name string) []string {
	figures := []string{
		fmt.Sprintf("records_per_s=%.0f", m.speed(name)),
		fmt.Sprintf("x_usual=%.1f", m.times(name, "usual")),
		fmt.Sprintf("x_gorm=%.2f", m.times(name, "gorm")),
		fmt.Sprintf("of_ceiling=%.2f", m.times(name, "ceiling")),
		fmt.Sprintf("of_same_rows=%.2f", m.times(name, "same rows")),
		fmt.Sprintf("of_unguarded=%.2f", m.times(name, "unguarded")),
	}
	if m.peer != nil {
		figures = append(figures, fmt.Sprintf("x_redpanda=%.2f", m.times(name, "redpanda")))
	}
	if m.proxy != nil {
		figures = append(figures, fmt.Sprintf("round_trips=%d", m.turns[name]))
	}
	return figures
}

// tripsOf tells a route's round trips, where they have been counted.
func (m *measurement) tripsOf(name string) string {
	if n := m.turns[name]; n > 0 {
		return fmt.Sprintf(", %d round trips", n)
	}
	return ""
}

// speed is the median of a route's batches, in records per second.
func (m *measurement) speed(route string) float64 { return 1e9 / nanoseconds(m.samples[route]) }

func (m *measurement) times(route, other string) float64 { return m.speed(route) / m.speed(other) }

func nanoseconds(s []sample) float64 {
	return medianOf(len(s), func(i int) float64 { return float64(s[i].time) })
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
