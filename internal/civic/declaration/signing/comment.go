// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"encoding/json"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// A WaitingComment is a comment that an organiser has yet to read.
type WaitingComment struct {
	Signer chorus.ID
	fact.Comment
	Made time.Time

	sealed []byte
}

func scanComment(r db.Row) (c WaitingComment, err error) {
	return c, r.Scan(&c.Signer, &c.sealed, &c.Made)
}

func (s *Service) openComment(c *WaitingComment) error {
	plain, err := s.Vault.Open("signer comment", c.sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, &c.Comment)
}

// WaitingComments lists the oldest hundred comments that wait at a declaration.
func (s *Service) WaitingComments(ctx context.Context, by, id chorus.ID) (all []WaitingComment, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if _, err := declaration.WorkFor(ctx, tx, by, id); err != nil {
			return err
		}
		if all, err = db.All(ctx, tx, commentsOf, scanComment, id); err != nil {
			return err
		}
		for i := range all {
			if err := s.openComment(&all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// ShowComment publishes a comment that an organiser has read.
func (s *Service) ShowComment(ctx context.Context, by, id, signerID chorus.ID) error {
	return s.judge(ctx, by, id, signerID, func(d *recorder.Deed, who signer, c WaitingComment) error {
		if who.state != signed {
			return nil
		}
		hash, err := d.Publish(ctx, &fact.CommentPublished{Declaration: id, Signature: who.signature(), Comment: fact.Show(c.Comment)})
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, d.Tx, keepComment, who.id, hash[:])
		return err
	})
}

// DropComment throws a comment away that shall not be shown. The signature stays.
func (s *Service) DropComment(ctx context.Context, by, id, signerID chorus.ID) error {
	return s.judge(ctx, by, id, signerID, func(*recorder.Deed, signer, WaitingComment) error { return nil })
}

// judge takes a comment from the heap. One that is not there any more has been
// judged already.
func (s *Service) judge(ctx context.Context, by, id, signerID chorus.ID, deed func(*recorder.Deed, signer, WaitingComment) error) error {
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		if _, err := declaration.WorkFor(ctx, d.Tx, by, id); err != nil {
			return err
		}
		who, err := db.One(ctx, d.Tx, lockSigner, scanSigner, signerID)
		if err != nil {
			return err
		}
		waiting, err := db.All(ctx, d.Tx, commentOf, scanComment, signerID, id)
		if err != nil || len(waiting) == 0 {
			return err
		}
		if err := s.openComment(&waiting[0]); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, d.Tx, deleteComment, signerID); err != nil {
			return err
		}
		return deed(d, who, waiting[0])
	})
}

// CountComments tells how many comments wait at each of some declarations.
func CountComments(ctx context.Context, tx *db.Tx, ids ...chorus.ID) (map[chorus.ID]int64, error) {
	waiting := map[chorus.ID]int64{}
	return waiting, db.Each(ctx, tx, countComments, func(r db.Row) error {
		var id chorus.ID
		var n int64
		err := r.Scan(&id, &n)
		waiting[id] = n
		return err
	}, db.JSONList(ids))
}

var (
	putComment    = db.SQL(`INSERT INTO private_comment (signer, declaration, sealed, made) VALUES ($1, $2, $3, $4) ON CONFLICT (signer) DO UPDATE SET sealed = excluded.sealed, made = excluded.made`)
	deleteComment = db.SQL(`DELETE FROM private_comment WHERE signer = $1`)
	commentOf     = db.SQL(`SELECT signer, sealed, made FROM private_comment WHERE signer = $1 AND declaration = $2`)
	commentsOf    = db.SQL(`SELECT signer, sealed, made FROM private_comment WHERE declaration = $1 ORDER BY made, signer LIMIT 100`)
	countComments = db.SQL(`SELECT declaration, count(1) FROM private_comment WHERE declaration IN ` + db.InList + ` GROUP BY declaration ORDER BY declaration LIMIT 500`)
)
