// SPDX-License-Identifier: AGPL-3.0-or-later

// Package eye has others look at the record of this instance: witnesses, which
// cosign its checkpoints, and mirrors, which hold copies of it.
//
//   - Whom to ask stands in the file policy.txt (C2SP tlog-policy). Each witness
//     is asked at most every five seconds, and only when there is something new.
//   - A cosignature is verified before it is put under the checkpoint that is
//     served. Nothing that a witness says or does not say holds up the record.
//   - At the start, and whenever a witness knows more than we do, its newest
//     checkpoint is looked at. If it bears our own signature and the record here
//     does not go on from it, the record is read-only.
//   - What is only claimed, without our signature, changes nothing: a hostile
//     witness can withhold its cosignature and no more.
package eye

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/witness"
	"example.org/chorus/record"
)

// Schema is the tables of this package.
//
//go:embed schema.sql
var Schema string

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// PolicyName is the file in the data folder that says which witnesses are
// asked, and how many of them must have cosigned.
const PolicyName = "policy.txt"

const (
	askEvery    = 5 * time.Second // as the public network of witnesses wishes
	lookEvery   = 500 * time.Millisecond
	mirrorEvery = time.Minute
	patience    = 2 * time.Second
	mostBackoff = 10 * time.Minute
)

// A Service asks others to look.
type Service struct {
	DB       *db.DB
	Record   *recorder.Recorder
	Log      *slog.Logger
	Mirrors  []string      // addresses of sites that mirror this one
	Patience time.Duration // for one answer; 0: two seconds

	policy *record.Policy // nil: no witness is asked
	mu     sync.Mutex
	copies map[string]Copy // what mirrors said last, by address
}

// Open reads whom to ask from a data folder. Where witnesses are asked,
// checkpoints are published every five seconds, so that what is served mostly
// bears their cosignatures.
func (s *Service) Open(folder string) error {
	file := filepath.Join(folder, PolicyName)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading whom to ask: %w", err)
	}
	if s.policy, err = record.ParsePolicy(text); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(s.asked()) > 0 {
		s.Record.PublishEvery(askEvery)
	}
	return nil
}

// asked are the witnesses that have an address.
func (s *Service) asked() (all []record.Witness) {
	if s.policy == nil {
		return nil
	}
	for _, w := range s.policy.Witnesses {
		if w.URL != "" {
			w.URL = strings.TrimSuffix(w.URL, "/")
			all = append(all, w)
		}
	}
	return all
}

// Guard asks all witnesses and mirrors what they hold of this record, before
// anything is written. Who does not answer in time is named in the log.
func (s *Service) Guard(ctx context.Context) {
	var asking sync.WaitGroup
	for _, w := range s.asked() {
		asking.Go(func() { s.tell("a witness is not reached", w.URL, s.look(ctx, w)) })
	}
	for _, m := range s.Mirrors {
		asking.Go(func() { s.tell("a mirror is not reached", m, s.visit(ctx, m)) })
	}
	asking.Wait()
}

// tell logs what went wrong with somebody else, and does nothing about it.
func (s *Service) tell(what, who string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.Log.Warn(what, "address", who, "err", err)
	}
}

// Run asks witnesses and mirrors until ctx ends.
func (s *Service) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, w := range s.asked() {
		f := &feeder{Service: s, Witness: w}
		running.Go(func() { repeat(ctx, lookEvery, f.feed) })
	}
	for _, m := range s.Mirrors {
		running.Go(func() {
			repeat(ctx, mirrorEvery, func(ctx context.Context) { s.tell("a mirror is not reached", m, s.visit(ctx, m)) })
		})
	}
	running.Wait()
}

func repeat(ctx context.Context, every time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// newest is the checkpoint that is served, and its text.
func (s *Service) newest(ctx context.Context) (c record.Checkpoint, text string, err error) {
	if text, err = s.Record.Checkpoint(ctx); err != nil {
		return c, "", err
	}
	signed, _, err := record.SplitNote([]byte(text))
	if err == nil {
		c, err = record.ParseCheckpoint(signed)
	}
	return c, text, err
}

// origin is the name of the record here.
func (s *Service) origin() (string, error) {
	key, err := s.Record.VerifierKey()
	name, _, _ := strings.Cut(key, "+")
	return name, err
}

// look reads what a witness shows of this record and learns from it.
func (s *Service) look(ctx context.Context, w record.Witness) error {
	origin, err := s.origin()
	if err != nil {
		return err
	}
	text, err := s.get(ctx, w.URL+witness.CheckpointPath(origin))
	if errors.Is(err, fs.ErrNotExist) { // it has cosigned nothing yet
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.learn(ctx, w.URL, text)
	return err
}

// visit asks a mirror how far it has come, and learns from it.
func (s *Service) visit(ctx context.Context, mirror string) error {
	text, err := s.get(ctx, strings.TrimSuffix(mirror, "/")+"/record/checkpoint")
	if err != nil {
		return err
	}
	c, err := s.learn(ctx, mirror, text)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.copies == nil {
		s.copies = map[string]Copy{}
	}
	s.copies[mirror] = Copy{Address: mirror, Size: c.Size, At: s.DB.Now()}
	return nil
}

// learn holds the record against a checkpoint that somebody shows. Without our
// signature it is an error, and nothing else.
func (s *Service) learn(ctx context.Context, who string, text []byte) (c record.Checkpoint, err error) {
	err = s.Record.Learn(ctx, text)
	if errors.Is(err, recorder.ErrReadOnly) {
		s.Log.Error("a checkpoint with our signature is held elsewhere, and the record here does not go on from it", "address", who, "checkpoint", string(text))
	}
	if err != nil {
		return c, err
	}
	signed, _, err := record.SplitNote(text)
	if err == nil {
		c, err = record.ParseCheckpoint(signed)
	}
	return c, err
}

// isNothing reports that there is no checkpoint yet.
func isNothing(err error) bool { return errors.Is(err, chorus.ErrNotFound) }
