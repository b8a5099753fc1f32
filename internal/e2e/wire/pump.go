package wire

import (
	"io"
	"time"
)

type chunk struct {
	data []byte
	due  time.Time
}

// pump reads until the end and passes on what it reads, each piece as late as delay says. It takes all that comes,
// however slow the other end is: neither side of a connection waits for the other one's proxy. It ends with stop.
func pump(from io.Reader, delay func() time.Duration, stop <-chan struct{}) <-chan []byte {
	in, out := make(chan chunk), make(chan []byte)
	go read(from, delay, in, stop)
	go queue(in, out, stop)
	return out
}

func read(from io.Reader, delay func() time.Duration, in chan<- chunk, stop <-chan struct{}) {
	defer close(in)
	for {
		buffer := make([]byte, 32<<10)
		n, err := from.Read(buffer)
		if n > 0 {
			select {
			case in <- chunk{buffer[:n], time.Now().Add(delay())}:
			case <-stop:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func queue(in <-chan chunk, out chan<- []byte, stop <-chan struct{}) {
	defer close(out)
	var waiting []chunk
	for in != nil || len(waiting) > 0 {
		var ready chan<- []byte
		var first []byte
		var due <-chan time.Time
		if len(waiting) > 0 {
			if wait := time.Until(waiting[0].due); wait > 0 {
				due = time.After(wait)
			} else {
				ready, first = out, waiting[0].data
			}
		}
		select {
		case c, ok := <-in:
			if !ok {
				in = nil
				continue
			}
			waiting = append(waiting, c)
		case ready <- first:
			waiting = waiting[1:]
		case <-due:
		case <-stop:
			return
		}
	}
}
