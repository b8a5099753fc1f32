package runtimeapi

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxResponse is Lambda's limit on a synchronous response.
const maxResponse = 6 << 20

func (f *Function) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", f.succeed)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", f.fail)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", f.failInit)
	mux.HandleFunc("POST /2020-01-01/extension/register", f.register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", f.nextEvent)
	return mux
}

// next gives the function an event, as soon as there is one. The invocation's time starts here.
func (f *Function) next(w http.ResponseWriter, r *http.Request) {
	f.markReady(nil)
	select {
	case inv := <-f.waiting:
		f.hand(w, inv)
	case <-f.closing:
		w.WriteHeader(http.StatusInternalServerError)
	case <-r.Context().Done():
	}
}

func (f *Function) hand(w http.ResponseWriter, inv *invocation) {
	f.mu.Lock()
	f.running[inv.id] = inv
	f.mu.Unlock()
	now := time.Now()
	deadline := now.Add(f.config.timeout)
	inv.taken <- handover{at: now, deadline: deadline, printed: len(f.Logs())}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(deadline.UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", f.config.arn())
	h.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
	_, _ = w.Write(inv.payload) // a function that died meanwhile shows in its exit
}

func (f *Function) markReady(failed *Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.started || f.initErr != nil {
		return
	}
	f.started, f.initErr = failed == nil, failed
	close(f.ready)
}

// succeed takes a response. One that breaks off carries the error in its trailers.
func (f *Function) succeed(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxResponse+1))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if len(body) > maxResponse {
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge")
		f.answer(r.PathValue("id"), response{err: &Error{
			Type: "Function.ResponseSizeTooLarge", Message: "the response is larger than 6 MB"}})
		return
	}
	if kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" {
		f.accept(w, r, response{err: trailing(kind, r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))})
		return
	}
	f.accept(w, r, response{payload: body})
}

// trailing reads the error that a response was cut short by.
func trailing(kind, body string) *Error {
	e := &Error{Type: kind}
	if text, err := base64.StdEncoding.DecodeString(body); err == nil {
		_ = json.Unmarshal(text, e) // then the type has to do
	}
	return e
}

func (f *Function) fail(w http.ResponseWriter, r *http.Request) {
	e, err := readError(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest")
		return
	}
	f.accept(w, r, response{err: e})
}

func (f *Function) failInit(w http.ResponseWriter, r *http.Request) {
	e, err := readError(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest")
		return
	}
	f.markReady(e)
	w.WriteHeader(http.StatusAccepted)
}

func readError(body io.Reader) (*Error, error) {
	e := new(Error)
	return e, json.NewDecoder(body).Decode(e)
}

func (f *Function) accept(w http.ResponseWriter, r *http.Request, given response) {
	if !f.answer(r.PathValue("id"), given) {
		refuse(w, http.StatusBadRequest, "InvalidRequestID")
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// answer ends the invocation called id; there is none when it was answered before, or given up.
func (f *Function) answer(id string, given response) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	inv, ok := f.running[id]
	if !ok {
		return false
	}
	delete(f.running, id)
	inv.response <- given
	return true
}

func (f *Function) forget(inv *invocation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.running, inv.id)
}

func refuse(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorType": kind, "errorMessage": kind})
}

func (f *Function) register(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Lambda-Extension-Name") == "" {
		refuse(w, http.StatusBadRequest, "Extension.MissingName")
		return
	}
	f.mu.Lock()
	f.extensions++
	id := "extension-" + strconv.Itoa(f.extensions)
	f.mu.Unlock()
	w.Header().Set("Lambda-Extension-Identifier", id)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{
		"functionName": f.config.name, "functionVersion": "$LATEST", "handler": "bootstrap"})
}

// nextEvent never answers: an extension inside the function may register for no event that comes before its end.
func (f *Function) nextEvent(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Lambda-Extension-Identifier") == "" {
		refuse(w, http.StatusForbidden, "Extension.MissingIdentifier")
		return
	}
	select {
	case <-f.closing:
	case <-r.Context().Done():
	}
}
