// SPDX-License-Identifier: AGPL-3.0-or-later

package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"errors"
	"net/http"
	"strings"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

// Schema is the table of sessions.
//
//go:embed schema.sql
var Schema string

const sessionLife = 90 * 24 * time.Hour // after the last day it was used

var (
	insertSession = db.SQL(`INSERT INTO private_session (id, token, person, device, begun, seen) VALUES ($1, $2, $3, $4, $5, $5)`)
	sessionByHash = db.SQL(`SELECT id, person, device, begun, seen FROM private_session WHERE token = $1`)
	touchSession  = db.SQL(`UPDATE private_session SET seen = $2 WHERE token = $1`)
	sessionsOf    = db.SQL(`SELECT id, person, device, begun, seen FROM private_session WHERE person = $1 ORDER BY seen DESC, id LIMIT 100`)
	deleteByHash  = db.SQL(`DELETE FROM private_session WHERE token = $1`)
	deleteByID    = db.SQL(`DELETE FROM private_session WHERE person = $1 AND id = $2`)
	deleteOthers  = db.SQL(`DELETE FROM private_session WHERE person = $1 AND token <> $2`)
	deleteStale   = db.SQL(`DELETE FROM private_session WHERE seen < $1`)
)

// A Session is one browser in which somebody is signed in.
type Session struct {
	ID          chorus.ID
	Person      chorus.ID
	Device      string // "Firefox on Android", as far as the browser says
	Begun, Seen time.Time
}

func scanSession(r db.Row) (s Session, err error) {
	return s, r.Scan(&s.ID, &s.Person, &s.Device, &s.Begun, &s.Seen)
}

func tokenHash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// StartSession signs a person in with this browser. Any earlier session of the
// browser ends.
func (v *Visit) StartSession(ctx context.Context, person chorus.ID) error {
	token := rand.Text()
	err := v.Site.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, deleteByHash, tokenHash(v.sessionToken())); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, insertSession, chorus.NewID(), tokenHash(token), person, device(v.UserAgent()), tx.Now)
		return err
	})
	if err != nil {
		return err
	}
	v.setCookie(sessionCookie, token, sessionLife)
	v.Who = person
	return nil
}

// EndSession signs this browser out.
func (v *Visit) EndSession(ctx context.Context) error {
	err := v.Site.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, deleteByHash, tokenHash(v.sessionToken()))
		return err
	})
	v.setCookie(sessionCookie, "", -time.Second)
	return err
}

// Sessions lists where the visitor is signed in, newest first, and the ID of
// the session of this browser.
func (v *Visit) Sessions(ctx context.Context) (all []Session, this chorus.ID, err error) {
	err = v.Site.DB.Read(ctx, func(tx *db.Tx) error {
		if all, err = db.All(ctx, tx, sessionsOf, scanSession, v.Who); err != nil {
			return err
		}
		mine, err := db.One(ctx, tx, sessionByHash, scanSession, tokenHash(v.sessionToken()))
		this = mine.ID
		return err
	})
	return all, this, err
}

// RevokeSession ends one session of the visitor.
func (v *Visit) RevokeSession(ctx context.Context, id chorus.ID) error {
	return v.Site.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, deleteByID, v.Who, id)
		if err == nil && n == 0 {
			err = chorus.ErrNotFound
		}
		return err
	})
}

// RevokeOthers ends every session of the visitor but this one.
func (v *Visit) RevokeOthers(ctx context.Context) error {
	return v.Site.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, deleteOthers, v.Who, tokenHash(v.sessionToken()))
		return err
	})
}

// DropStaleSessions ends the sessions that nobody used for their lifetime.
func (s *Site) DropStaleSessions(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, deleteStale, tx.Now.Add(-sessionLife))
		return err
	})
}

// recognise finds out who makes the visit.
func (s *Site) recognise(v *Visit) error {
	token := v.sessionToken()
	if token == "" {
		return nil
	}
	var session Session
	var now time.Time
	err := s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		now = tx.Now
		session, err = db.One(v.Context(), tx, sessionByHash, scanSession, tokenHash(token))
		return err
	})
	if errors.Is(err, chorus.ErrNotFound) || err == nil && now.Sub(session.Seen) > sessionLife {
		return nil
	}
	if err != nil {
		return err
	}
	v.Who = session.Person
	if now.Sub(session.Seen) < 24*time.Hour {
		return nil
	}
	return s.DB.Write(v.Context(), func(tx *db.Tx) error { // to the day: who was here when is nobody's business
		_, err := db.Exec(v.Context(), tx, touchSession, tokenHash(token), tx.Now.Truncate(24*time.Hour))
		return err
	})
}

const sessionCookie = "chorus-session"

func (v *Visit) sessionToken() string { return v.CookieValue(sessionCookie) }

// CookieValue is the value of a cookie that SetCookie set, or "".
func (v *Visit) CookieValue(name string) string {
	if v.Header["Cookie"] == nil || v.Site.Elsewhere != nil {
		return ""
	}
	c, err := v.Cookie(v.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// SetCookie keeps a secret in the visitor's browser for a while; the visitor
// has asked for something that needs it.
func (v *Visit) SetCookie(name, value string, life time.Duration) { v.setCookie(name, value, life) }

// cookieName binds cookies to exactly this site where it is reached by https.
func (v *Visit) cookieName(name string) string {
	if strings.HasPrefix(v.Site.BaseURL, "https:") {
		return "__Host-" + name
	}
	return name
}

func (v *Visit) setCookie(name, value string, life time.Duration) {
	if v.Site.Elsewhere != nil { // a mirror knows nobody
		return
	}
	http.SetCookie(v.Reply, &http.Cookie{Name: v.cookieName(name), Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(v.Site.BaseURL, "https:")})
}

// device says in two words what browser it is, and forgets the rest.
func device(agent string) string {
	find := func(words ...string) string {
		for _, w := range words {
			if strings.Contains(agent, w) {
				return w
			}
		}
		return "?"
	}
	return find("Firefox", "Edg", "OPR", "Chrome", "Safari") + ", " + find("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
}
