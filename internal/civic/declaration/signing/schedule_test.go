// SPDX-License-Identifier: AGPL-3.0-or-later

package signing_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/record"
)

// TestSchedules takes requests at two mirrors, loses, doubles and mixes up what
// they hand on, has people confirm or not, sign at the origin as well, closes
// the text and restarts everybody, at random. A simple account is kept of what
// must come of it.
func TestSchedules(t *testing.T) {
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{rapid.IntRange(0, len(turns)-1).Draw(t, "turn"), rapid.IntRange(0, 3).Draw(t, "person"), rapid.IntRange(0, 1).Draw(t, "mirror"), rapid.IntRange(0, 1000).Draw(t, "luck")}
	}), 40, 40)
	schedules := 8
	if testing.Short() {
		schedules = 2
	}
	for seed := range schedules {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := openSchedule(t)
			defer s.close()
			for _, st := range steps.Example(seed) {
				turns[st.turn](s, st)
				if t.Failed() {
					return
				}
			}
			s.finish()
		})
	}
}

type step struct{ turn, person, mirror, luck int }

var turns = []func(*schedule, step){
	(*schedule).take, (*schedule).take, (*schedule).take, (*schedule).carry, (*schedule).carry, (*schedule).carry, (*schedule).carry, (*schedule).confirm, (*schedule).confirm,
	(*schedule).here, (*schedule).wait, (*schedule).wait, (*schedule).look, (*schedule).restart, (*schedule).shut,
}

// A station is an instance that can be closed and opened again.
type station struct {
	*app.App
	config app.Config
	pages  http.Handler
}

func (s *station) open(t *testing.T) {
	t.Helper()
	var err error
	if s.App, err = app.Open(t.Context(), s.config); err != nil {
		t.Fatal(err)
	}
	s.pages = s.Handler()
}

// A ticket is a request as the test knows it.
type ticket struct {
	person  int
	mirror  int
	arrived time.Time // zero: never
}

type schedule struct {
	*testing.T
	later   atomic.Int64
	origin  station
	server  *httptest.Server
	mirrors [2]station
	decl    *declaration.Declaration
	isShut  bool

	tickets map[fact.Hash]*ticket
	names   [2]map[string]fact.Hash // of envelopes
	forms   map[int]time.Time       // the last form typed at the origin can be confirmed before
	keys    map[int][2]string       // from the newest mail: key and code
	signed  map[int]bool
}

func (s *schedule) now() time.Time { return time.Now().Add(time.Duration(s.later.Load())) }

func (s *schedule) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func openSchedule(t *testing.T) *schedule {
	t.Helper()
	s := &schedule{T: t, tickets: map[fact.Hash]*ticket{}, forms: map[int]time.Time{}, keys: map[int][2]string{}, signed: map[int]bool{},
		names: [2]map[string]fact.Hash{{}, {}}}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.origin.pages.ServeHTTP(w, r) }))
	quiet := slog.New(slog.DiscardHandler)
	s.origin.config = app.Config{Data: t.TempDir(), BaseURL: s.server.URL, Mail: "memory:", Unlimited: true, Now: s.now, Log: quiet}
	s.origin.open(t)
	core := fact.SiteCore{Name: chorus.Text{Lang: "en", Text: "Lindholm"}, About: chorus.Text{Lang: "en", Text: "Of the town."}, Contact: "desk@lindholm.example"}
	in := chorustest.Over(t, s.origin.App, s.server.URL)
	s.must(in.Portal.Describe(t.Context(), in.Steward("olga@lindholm.example"), core))
	path, _ := in.Trams(document.Draft{Closes: s.now().AddDate(1, 0, 0)})
	var err error
	s.decl, err = s.origin.Declarations.BySlug(t.Context(), strings.TrimPrefix(path, "/declarations/"))
	s.must(err)
	s.must(s.origin.Record.PublishCheckpoint(t.Context()))
	for i := range s.mirrors {
		s.mirrors[i].config = app.Config{Data: t.TempDir(), Mirror: s.server.URL, BaseURL: fmt.Sprintf("http://mirror%d.example", i), Unlimited: true, Now: s.now, Log: quiet}
		s.mirrors[i].open(t)
		s.must(s.mirrors[i].Mirror.Look(t.Context(), nil))
	}
	return s
}

func (s *schedule) close() {
	s.server.Close()
	for _, st := range append(s.mirrors[:], s.origin) {
		if err := st.Close(); err != nil {
			s.Error(err)
		}
	}
}

func address(person int) string { return fmt.Sprintf("p%d@example.org", person) }

func details(person int) signing.Details {
	return signing.Details{Name: fmt.Sprint("Person ", person), Email: address(person), Country: "DK", Lang: "en", Hidden: person == 2}
}

// take has a person sign at a mirror.
func (s *schedule) take(st step) {
	m := s.mirrors[st.mirror]
	hash, err := m.Signing.Pass(s.Context(), s.decl.Slug, details(st.person))
	if errors.Is(err, chorus.ErrClosed) && s.isShut {
		return
	}
	s.must(err)
	s.tickets[hash] = &ticket{person: st.person, mirror: st.mirror}
	for name := range s.held(st.mirror) {
		if _, known := s.names[st.mirror][name]; !known {
			s.names[st.mirror][name] = hash
		}
	}
}

// held is what a mirror would hand on, by name.
func (s *schedule) held(mirror int) map[string][]byte {
	s.Helper()
	all := map[string][]byte{}
	s.must(relay.Export(s.Context(), s.mirrors[mirror].DB, func(name string, sealed []byte) error {
		all[name] = sealed
		return nil
	}))
	return all
}

// carry hands on a part of what a mirror holds, in any order, some of it twice.
func (s *schedule) carry(st step) {
	held := s.held(st.mirror)
	names := []string{}
	for name := range held {
		names = append(names, name)
	}
	slices.Sort(names)
	for i := range min(len(names), 1+st.luck%3) {
		name := names[(st.luck+i)%len(names)]
		for range 1 + st.luck%2 {
			s.arrive(s.names[st.mirror][name], held[name])
		}
	}
}

func (s *schedule) arrive(hash fact.Hash, sealed []byte) {
	s.Helper()
	s.must(s.origin.Signing.Receive(s.Context(), sealed))
	k := s.tickets[hash]
	if k.arrived.IsZero() {
		k.arrived = s.now()
		s.readMail(k.person)
	}
}

func (s *schedule) readMail(person int) {
	s.Helper()
	if _, err := s.origin.Jobs.RunDue(s.Context()); err != nil {
		s.Fatal(err)
	}
	letters := s.origin.Sender.(*mail.Inbox).For(address(person))
	if len(letters) == 0 {
		return
	}
	_, key, _ := strings.Cut(letters[0].Text, "/mine/")
	key, _, _ = strings.Cut(key, "\n")
	s.keys[person] = [2]string{key, chorustest.Code(letters[0])}
}

// here has a person fill in the form of the origin.
func (s *schedule) here(st step) {
	_, err := s.origin.Signing.Sign(s.Context(), s.decl.Slug, details(st.person))
	if errors.Is(err, chorus.ErrClosed) && s.isShut {
		return
	}
	s.must(err)
	s.forms[st.person] = s.now().Add(48 * time.Hour)
	s.readMail(st.person)
}

// canConfirm is what the account says: there is a form, and its time is not over.
func (s *schedule) canConfirm(person int) bool {
	if s.isShut || s.signed[person] {
		return false
	}
	for _, k := range s.tickets {
		if k.person == person && !k.arrived.IsZero() && s.now().Before(k.arrived.Add(week)) {
			return true
		}
	}
	return s.now().Before(s.forms[person])
}

func (s *schedule) confirm(st step) {
	key := s.keys[st.person]
	if key[0] == "" || s.signed[st.person] {
		return
	}
	want := s.canConfirm(st.person)
	err := s.origin.Signing.ConfirmByLink(s.Context(), key[0], signing.Cookie{}, key[1], details(st.person))
	if (err == nil) != want {
		s.Errorf("person %d confirms: %v; should be possible: %v", st.person, err, want)
	}
	if err == nil {
		s.signed[st.person] = true
	}
}

func (s *schedule) wait(st step) {
	s.later.Add(int64(time.Duration(1+st.luck%72) * time.Hour))
	s.chores()
}

func (s *schedule) chores() {
	s.Helper()
	s.must(s.origin.Signing.MailRequests(s.Context()))
	s.must(s.origin.Signing.LapseRequests(s.Context()))
	s.must(s.origin.Signing.DropStale(s.Context()))
}

// look has a mirror follow the origin, and forget: nothing but what its own
// record answers.
func (s *schedule) look(st step) {
	s.must(s.origin.Record.PublishCheckpoint(s.Context()))
	s.later.Add(int64(2 * time.Second))
	m := s.mirrors[st.mirror]
	s.must(m.Mirror.Look(s.Context(), nil))
	if _, err := m.Box.Clear(s.Context()); err != nil {
		s.Fatal(err)
	}
	ends, held := s.ends(m.App), s.held(st.mirror)
	for name, hash := range s.names[st.mirror] {
		if _, has := held[name]; has == (len(ends[hash]) > 0) {
			s.Errorf("mirror %d holds %s: %v, and its record says %v", st.mirror, name[:8], has, ends[hash])
		}
	}
}

// restart closes somebody and opens them again, on what they had written.
func (s *schedule) restart(st step) {
	if st.luck%3 == 0 {
		s.must(s.origin.Close())
		s.origin.open(s.T)
		return
	}
	s.must(s.mirrors[st.mirror].Close())
	s.mirrors[st.mirror].open(s.T)
}

// shut closes the declaration, now and then.
func (s *schedule) shut(st step) {
	if st.luck%4 == 0 && !s.isShut {
		s.must(s.origin.Declarations.Close(s.Context(), account.Operator, s.decl.ID, "It is done."))
		s.isShut = true
	}
}

// ends is how often and as what a record answers each request.
func (s *schedule) ends(a *app.App) map[fact.Hash][]string {
	s.Helper()
	all, err := a.Record.Entries(s.Context(), 0, 1<<20)
	s.must(err)
	ends := map[fact.Hash][]string{}
	for _, raw := range all {
		l, err := record.ParseLeaf(raw.Leaf)
		s.must(err)
		if l.Request != (record.Hash{}) {
			ends[fact.Hash(l.Request)] = append(ends[fact.Hash(l.Request)], l.Kind+l.Reason)
		}
	}
	return ends
}

// finish lets everything arrive and every time run out, and settles accounts.
func (s *schedule) finish() {
	s.Helper()
	for i := range s.mirrors {
		for name, sealed := range s.held(i) {
			s.arrive(s.names[i][name], sealed)
		}
	}
	s.later.Add(int64(week + time.Hour))
	s.chores()
	ends := s.ends(s.origin.App)
	counted := map[int]int{}
	for hash, k := range s.tickets {
		if len(ends[hash]) != 1 {
			s.Errorf("the request %v of person %d ended as %v", hash, k.person, ends[hash])
		} else if ends[hash][0] == "signature" {
			counted[k.person]++
		}
	}
	if len(ends) != len(s.tickets) {
		s.Errorf("%d requests have an answer, %d were made", len(ends), len(s.tickets))
	}
	for person, n := range counted {
		if n > 1 || !s.signed[person] {
			s.Errorf("%d requests of person %d count, who confirmed: %v", n, person, s.signed[person])
		}
	}
	d, err := s.origin.Declarations.BySlug(s.Context(), s.decl.Slug)
	if err != nil || int(d.People) != len(s.signed) {
		s.Errorf("%d people count, %v; %d confirmed", d.People, err, len(s.signed))
	}
	for i := range s.mirrors {
		s.look(step{mirror: i})
		s.checkTaken(i)
	}
}

// checkTaken compares a mirror's small log with all that was ever taken there.
func (s *schedule) checkTaken(i int) {
	s.Helper()
	m := s.mirrors[i]
	if n, err := m.Box.Waiting(s.Context()); n != 0 || err != nil {
		s.Errorf("%d requests still wait at mirror %d, %v", n, i, err)
	}
	server := httptest.NewServer(m.pages)
	defer server.Close()
	_, names := readLog(s.T, chorustest.Over(s.T, m.App, server.URL))
	if len(names) != len(s.names[i]) {
		s.Errorf("the log of mirror %d has %d entries, want %d", i, len(names), len(s.names[i]))
	}
	for _, name := range names {
		if b, err := hex.DecodeString(name); err != nil || len(b) != 32 || s.tickets[s.names[i][name]] == nil {
			s.Errorf("the log of mirror %d has %s, which was not taken", i, name)
		}
	}
}
