// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"context"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/recorder"
)

// EnterIn publishes an organisation within somebody else's deed. Nobody acts
// for it yet. chorus.Invalid if the input is faulty.
func (s *Service) EnterIn(ctx context.Context, d *recorder.Deed, in Input) (chorus.ID, error) {
	if err := in.Check().Err(); err != nil {
		return "", err
	}
	id := chorus.NewID()
	_, err := d.Publish(ctx, &fact.OrganisationEntered{Organisation: id, Core: fact.Show(in.tidy().core())})
	return id, err
}

// Enter publishes an organisation and makes a person its owner.
func (s *Service) Enter(ctx context.Context, by chorus.ID, in Input) (id chorus.ID, err error) {
	if by == "" {
		return "", chorus.ErrForbidden
	}
	err = s.Record.Write(ctx, func(d *recorder.Deed) error {
		if id, err = s.EnterIn(ctx, d, in); err != nil || by == account.Operator {
			return err
		}
		return setRole(ctx, d.Tx, id, by, Owner)
	})
	return id, err
}

// Change replaces what is shown of an organisation. Its members may, and
// stewards; what a member changes of the name, the country or the website ends a verification.
func (s *Service) Change(ctx context.Context, by, id chorus.ID, in Input) error {
	if err := in.Check().Err(); err != nil {
		return err
	}
	in = in.tidy()
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		o, err := ByID(ctx, d.Tx, id)
		if err != nil {
			return err
		}
		steward, err := actsFor(ctx, d.Tx, by, id)
		if err != nil || o.input() == in {
			return err
		}
		if _, err := d.Publish(ctx, &fact.OrganisationChanged{Organisation: id, Entered: o.Entered, Core: fact.Show(in.core())}); err != nil {
			return err
		}
		if !o.Verified || steward || !in.differs(o) {
			return nil
		}
		_, err = d.Publish(ctx, &fact.OrganisationUnverified{Organisation: id, Entered: o.Entered,
			Core: fact.Show(fact.Explanation{Text: "What was checked has been changed by the organisation."})})
		return err
	})
}

func (o Organisation) input() Input {
	return Input{Name: o.Name, Kind: string(o.Kind), Country: o.Country, Website: o.Website}
}

// differs reports whether the input is of another body than the one checked.
func (in Input) differs(o Organisation) bool {
	return in.Name != o.Name || in.Country != o.Country || Organisation{Website: in.Website}.Host() != o.Host()
}
