// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/internal/platform/web"
)

// A request is a form that was sent to a mirror, as it travels to its origin:
// sealed, so that only the origin reads it.
type request struct {
	Version     int       `json:"v"`           // 1
	ID          chorus.ID `json:"id"`          // 128 random bits, drawn for this request alone
	Declaration chorus.ID `json:"declaration"` // what it asks to sign
	Shown       string    `json:"shown"`       // leaf hash of the publication of the text that the person saw, base64url
	Made        string    `json:"made"`        // UTC day
	Details
}

const requestVersion = 1

// hash is by which the record speaks of the request: the SHA-256 of the 22
// characters of its id. Who does not know the id learns nothing from it.
func (r *request) hash() fact.Hash { return sha256.Sum256([]byte(r.ID)) }

// parseRequest reads what was in an envelope. Any fault in it is a
// relay.ErrEnvelope: without version and id nothing can be answered.
func parseRequest(plain []byte) (*request, error) {
	r := new(request)
	if err := json.Unmarshal(plain, r); err != nil {
		return nil, fmt.Errorf("%w: no request in it", relay.ErrEnvelope)
	}
	if r.Version != requestVersion || !r.ID.Valid() {
		return nil, fmt.Errorf("%w: a request of another version", relay.ErrEnvelope)
	}
	if !r.Declaration.Valid() {
		r.Declaration = "" // as good as one that is not known
	}
	return r, nil
}

// isFit reports whether a form of this instance would have taken the details,
// and the person saw the text that is signed.
func (r *request) isFit(d *declaration.Declaration) bool {
	_, err := time.Parse(time.DateOnly, r.Made)
	for _, s := range []string{r.Name, r.Email, r.Country, r.Town, r.Comment} {
		if web.Clean(s) != s {
			return false
		}
	}
	return err == nil && r.Shown == d.Hash.String() && len(r.Details.Check()) == 0
}

// Pass takes a form for the origin of this mirror: it is sealed at once, kept
// and handed on when there is a way. What it returns is by which the record
// will speak of it.
func (s *Service) Pass(ctx context.Context, slug string, d Details) (hash fact.Hash, err error) {
	if err := d.Check().Err(); err != nil {
		return hash, err
	}
	if d.Email, err = mail.ParseAddress(d.Email); err != nil {
		return hash, err
	}
	r := &request{Version: requestVersion, ID: chorus.NewID(), Details: d}
	key := ""
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		decl, err := declaration.BySlug(ctx, tx, slug)
		if err != nil {
			return err
		}
		if err := decl.CanSign(fact.People, tx.Now); err != nil {
			return err
		}
		r.Declaration, r.Shown, r.Made = decl.ID, decl.Hash.String(), tx.Now.Format(time.DateOnly)
		if key, err = s.Relay.Key(ctx, tx); isMissing(err) {
			err = chorus.ErrForbidden // the origin takes no requests
		}
		return err
	})
	if err != nil {
		return hash, err
	}
	plain, err := json.Marshal(r)
	if err != nil {
		return hash, err
	}
	sealed, err := relay.Seal(key, plain)
	if err != nil {
		return hash, err
	}
	return r.hash(), s.Relay.Box.Take(ctx, r.hash(), sealed)
}

// Ended reports whether the record says what became of a request.
func Ended(ctx context.Context, tx *db.Tx, hash fact.Hash) (bool, error) {
	n, err := db.Value[int](ctx, tx, requestsEnded, hash[:])
	return n > 0, err
}

// A requestPage is what can be told of a request.
type requestPage struct {
	Hash   string
	Slip   *relay.Slip // it waits here, at a mirror
	Origin string      // of the mirror
	End    *requestEnded
}

// A requestEnded is the entry that answers a request.
type requestEnded struct {
	Entry  int64
	Reason fact.Reason              // "" where it is counted
	Of     *declaration.Declaration // nil if it is none that is known
}

var requestEnd = db.SQL(`SELECT entry, declaration, reason FROM signing_request WHERE request = $1`)

func endOf(ctx context.Context, tx *db.Tx, hash []byte) (*requestEnded, error) {
	var of chorus.ID
	e, err := db.One(ctx, tx, requestEnd, func(r db.Row) (*requestEnded, error) {
		e := new(requestEnded)
		return e, r.Scan(&e.Entry, &of, &e.Reason)
	}, hash)
	if err != nil {
		return nil, err
	}
	e.Of, err = declaration.ByID(ctx, tx, of)
	return e, ignoreMissing(err)
}

func (s *Service) requestPage(ctx context.Context, text string) (*requestPage, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(fact.Hash{}) {
		return nil, chorus.ErrNotFound
	}
	p := &requestPage{Hash: text}
	if s.Relay.Box != nil {
		p.Origin = s.Relay.Box.Origin()
	}
	return p, s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if p.End, err = endOf(ctx, tx, b); !isMissing(err) || s.Relay.Box == nil {
			return ignoreMissing(err)
		}
		slip, err := relay.Find(ctx, tx, fact.Hash(b))
		if err == nil {
			p.Slip = &slip
		}
		return ignoreMissing(err)
	})
}

// host is the origin as people know it.
func (p *requestPage) host() string {
	_, host, _ := strings.Cut(p.Origin, "://")
	return host
}

// state is the word for where a request stands.
func (p *requestPage) state() string {
	switch {
	case p.End != nil && p.End.Reason == "":
		return "counted"
	case p.End != nil:
		return "refused"
	case p.Slip != nil:
		return "taken"
	}
	return "unheard"
}

// why is the message for a reason that this program knows.
func (e *requestEnded) why() string {
	switch e.Reason {
	case fact.Late, fact.Unfit, fact.Lapsed:
		return "declaration.request.refused." + string(e.Reason)
	}
	return "declaration.request.refused.text"
}
