// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// Routes adds the pages of organisations.
func (s *Service) Routes(site *web.Site) {
	site.HandlePublic("GET /organisations", s.showList)
	site.HandlePublic("GET /organisations/{id}", s.show)
	site.Handle("GET /organisations/new", signedIn(s.showNew))
	site.Handle("POST /organisations", signedIn(s.enter))
	site.Handle("GET /organisations/{id}/edit", signedIn(s.showEdit))
	site.Handle("POST /organisations/{id}", signedIn(s.change))
	site.Handle("GET /organisations/import", signedIn(s.showImport))
	site.Handle("POST /organisations/import", signedIn(s.importFile))

	site.Handle("GET /organisations/{id}/verify", signedIn(s.showVerify))
	site.Handle("POST /organisations/{id}/verify/ask", signedIn(s.askDomain))
	site.Handle("POST /organisations/{id}/verify/code", signedIn(s.confirmDomain))
	site.Handle("POST /organisations/{id}/verify/steward", signedIn(s.verifyBySteward))
	site.Handle("POST /organisations/{id}/verify/end", signedIn(s.unverify))

	site.Handle("GET /organisations/{id}/members", signedIn(s.showMembers))
	site.Handle("POST /organisations/{id}/join", signedIn(s.askToJoin))
	site.Handle("POST /organisations/{id}/invitations", signedIn(s.invite))
	site.Handle("POST /organisations/{id}/invitations/{invitation}/end", signedIn(s.uninvite))
	site.Handle("POST /organisations/{id}/members/{person}/role", signedIn(s.changeRole))
	site.Handle("POST /organisations/{id}/members/{person}/end", signedIn(s.remove))
	site.Handle("GET /invitations/{token}", signedIn(s.showInvitation))
	site.Handle("POST /invitations/{token}", signedIn(s.accept))
}

// signedIn lets only people in who are signed in.
func signedIn(h web.Handler) web.Handler {
	return func(v *web.Visit) error {
		if v.Who == "" {
			return chorus.ErrForbidden
		}
		return h(v)
	}
}

func idOf(v *web.Visit) chorus.ID { return chorus.ID(v.PathValue("id")) }

// A listView is what the list of organisations shows.
type listView struct {
	Filter      Filter
	Some        []Organisation
	All         int64
	Page, Pages int
	Countries   []string
	Steward     bool
}

func (s *Service) showList(v *web.Visit) error {
	q := v.URL.Query()
	view := listView{Filter: Filter{Text: q.Get("q"), Kind: fact.OrganisationKind(q.Get("kind")), Country: q.Get("country")}, Page: 1}
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 1 && n < 1_000_000 {
		view.Page = n
	}
	err := s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		if view.Some, view.All, err = list(v.Context(), tx, view.Filter, view.Page); err != nil {
			return err
		}
		if view.Countries, err = countries(v.Context(), tx); err != nil {
			return err
		}
		view.Steward, err = isSteward(v, tx)
		return err
	})
	if err != nil {
		return err
	}
	view.Pages = max(1, int((view.All+perPage-1)/perPage))
	title := v.T("organisation.list.title")
	return v.Show(http.StatusOK, web.Page{Title: title, Description: v.T("organisation.list.lead"), Class: web.Wide}, listPage(v, view))
}

// link is the address of another page of the list.
func (l listView) link(page int) string {
	q := url.Values{}
	for name, value := range map[string]string{"q": l.Filter.Text, "kind": string(l.Filter.Kind), "country": l.Filter.Country} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return "/organisations"
	}
	return "/organisations?" + q.Encode()
}

func isSteward(v *web.Visit, tx *db.Tx) (bool, error) {
	if v.Who == "" {
		return false, nil
	}
	p, err := account.ByIDs(v.Context(), tx, v.Who)
	return p[v.Who].Steward, err
}

// A pageView is what the page of one organisation shows.
type pageView struct {
	Organisation
	Runs, Asked, Signed []catalogue.Card
	Size                int64 // of the record that the numbers are of
	Standing            Role  // of the reader
	Steward             bool  // the reader is one
}

func (s *Service) show(v *web.Visit) error {
	view := pageView{}
	err := s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		if view.Organisation, err = ByID(v.Context(), tx, idOf(v)); err != nil {
			return err
		}
		for relation, cards := range map[catalogue.Relation]*[]catalogue.Card{
			catalogue.RunBy: &view.Runs, catalogue.Addresses: &view.Asked, catalogue.SignedBy: &view.Signed,
		} {
			if *cards, err = catalogue.Linking(v.Context(), tx, relation, view.Ref()); err != nil {
				return err
			}
		}
		if v.Who != "" {
			if view.Standing, err = standing(v.Context(), tx, v.Who, view.ID); err != nil {
				return err
			}
		}
		if view.Steward, err = isSteward(v, tx); err == nil {
			view.Size, err = recorder.Size(v.Context(), tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: nameOf(v, view.Organisation), Description: describe(v, view.Organisation), Class: web.Wide}, organisationPage(v, view))
}

func describe(v *web.Visit, o Organisation) string {
	return KindWord(v, o.Kind) + ", " + v.Say.Country(o.Country)
}

// nameOf is the name to show, also of an organisation whose name was erased.
func nameOf(v *web.Visit, o Organisation) string {
	if o.Name == "" {
		return v.T("organisation.page.erased")
	}
	return o.Name
}

func formOf(in Input) web.Form {
	return web.Form{Values: url.Values{"name": {in.Name}, "kind": {in.Kind}, "country": {in.Country}, "website": {in.Website}}}
}

func inputOf(f web.Form) Input {
	return Input{Name: f.Get("name"), Kind: f.Get("kind"), Country: f.Get("country"), Website: f.Get("website")}
}

func (s *Service) showNew(v *web.Visit) error {
	return showForm(v, http.StatusOK, formOf(Input{Name: v.URL.Query().Get("name")}), Organisation{})
}

func showForm(v *web.Visit, status int, f web.Form, o Organisation) error {
	title := v.T("organisation.edit.title")
	if o.ID == "" {
		title = v.T("organisation.new.title")
	}
	return v.Show(status, web.Page{Title: title, Class: web.Narrow, Private: true}, formPage(v, f, title, o))
}

var enterRate = web.Rate{Deed: "organisation", PerHour: 20, Burst: 20}

func (s *Service) enter(v *web.Visit) error {
	if err := v.Limit(enterRate); err != nil {
		return err
	}
	f, err := v.Form()
	if err != nil {
		return err
	}
	id, err := s.Enter(v.Context(), v.Who, inputOf(f))
	if f, faulty := f.With(err); faulty {
		return showForm(v, http.StatusUnprocessableEntity, f, Organisation{})
	}
	if err != nil {
		return err
	}
	return v.Redirect(Path(id))
}

// seen reads an organisation for somebody with one of the roles or a steward.
func (s *Service) seen(v *web.Visit, roles ...Role) (o Organisation, err error) {
	return o, s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		if o, err = ByID(v.Context(), tx, idOf(v)); err != nil {
			return err
		}
		_, err = permits(v.Context(), tx, v.Who, o.ID, roles...)
		return err
	})
}

func (s *Service) showEdit(v *web.Visit) error {
	o, err := s.seen(v, Owner, Editor)
	if err != nil {
		return err
	}
	return showForm(v, http.StatusOK, formOf(o.input()), o)
}

func (s *Service) change(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	err = s.Change(v.Context(), v.Who, idOf(v), inputOf(f))
	if f, faulty := f.With(err); faulty {
		o, err := s.seen(v, Owner, Editor)
		if err != nil {
			return err
		}
		return showForm(v, http.StatusUnprocessableEntity, f, o)
	}
	if err != nil {
		return err
	}
	return v.Redirect(Path(idOf(v)))
}

func kindChoices(v *web.Visit) (all []web.Choice) {
	for _, k := range fact.OrganisationKinds {
		all = append(all, web.Choice{Value: string(k), Text: KindWord(v, k)})
	}
	return all
}

var kindKeys = map[fact.OrganisationKind]string{
	fact.CivilSociety: "organisation.kind.civil_society", fact.PublicBody: "organisation.kind.public_body", fact.Company: "organisation.kind.company",
	fact.Multilateral: "organisation.kind.multilateral", fact.CommunityGroup: "organisation.kind.community_group",
}

// KindWord names a kind of organisation in the visitor's language.
func KindWord(v *web.Visit, k fact.OrganisationKind) string {
	if !slices.Contains(fact.OrganisationKinds, k) {
		return ""
	}
	return v.T(kindKeys[k])
}

// KindChoices are the kinds of organisations for a form.
func KindChoices(v *web.Visit) []web.Choice { return kindChoices(v) }

// A verifyView is what the page of making sure of an organisation shows.
type verifyView struct {
	Organisation
	Sent    bool // a code was asked for
	Steward bool
}

func (s *Service) showVerify(v *web.Visit) error {
	return s.verifyAgain(v, http.StatusOK, web.Form{})
}

func (s *Service) verifyAgain(v *web.Visit, status int, f web.Form) error {
	view := verifyView{Sent: v.URL.Query().Has("sent") || f.Wrong["code"] != ""}
	err := s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		if view.Organisation, err = ByID(v.Context(), tx, idOf(v)); err != nil {
			return err
		}
		view.Steward, err = isSteward(v, tx)
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("organisation.verify.title"), Class: web.Narrow, Private: true}, verifyPage(v, f, view))
}

// deed reads a form, does something with it, and goes on to a page, or shows
// the form again with what was wrong.
func deed(v *web.Visit, to string, again func(*web.Visit, int, web.Form) error, do func(f web.Form) error) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	err = do(f)
	if f, faulty := f.With(err); faulty {
		return again(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.Redirect(to)
}

var codeRate = web.Rate{Deed: "organisation code", PerHour: 30, Burst: 15}

func (s *Service) askDomain(v *web.Visit) error {
	if err := v.Limit(codeRate); err != nil {
		return err
	}
	return deed(v, Path(idOf(v))+"/verify?sent", s.verifyAgain, func(f web.Form) error {
		return s.AskDomain(v.Context(), v.Who, idOf(v), f.Get("address"))
	})
}

func (s *Service) confirmDomain(v *web.Visit) error {
	if err := v.Limit(codeRate); err != nil {
		return err
	}
	return deed(v, Path(idOf(v)), s.verifyAgain, func(f web.Form) error {
		return s.ConfirmDomain(v.Context(), v.Who, idOf(v), f.Get("code"))
	})
}

func (s *Service) verifyBySteward(v *web.Visit) error {
	return deed(v, Path(idOf(v)), s.verifyAgain, func(web.Form) error {
		return s.VerifyBySteward(v.Context(), v.Who, idOf(v))
	})
}

func (s *Service) unverify(v *web.Visit) error {
	return deed(v, Path(idOf(v)), s.verifyAgain, func(f web.Form) error {
		return s.Unverify(v.Context(), v.Who, idOf(v), f.Get("why"))
	})
}

// A membersView is what the page of an organisation's members shows.
type membersView struct {
	Organisation
	Members []member
	Invited []invitation
	Decides bool // the reader is an owner or a steward
	Who     chorus.ID
}

func (s *Service) showMembers(v *web.Visit) error {
	return s.membersAgain(v, http.StatusOK, web.Form{})
}

func (s *Service) membersAgain(v *web.Visit, status int, f web.Form) error {
	view := membersView{Who: v.Who}
	err := s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		if view.Organisation, err = ByID(v.Context(), tx, idOf(v)); err != nil {
			return err
		}
		if _, err := actsFor(v.Context(), tx, v.Who, view.ID); err != nil {
			return err
		}
		if view.Members, err = s.members(v.Context(), tx, view.ID); err != nil {
			return err
		}
		if err = decidesFor(v.Context(), tx, v.Who, view.ID); err != nil {
			return unless(chorus.ErrForbidden, err)
		}
		view.Decides = true
		view.Invited, err = s.invitations(v.Context(), tx, view.ID)
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("organisation.members.title"), Class: web.Narrow, Private: true}, membersPage(v, f, view))
}

// unless is err, but nil for the one that was to be expected.
func unless(expected, err error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

func (s *Service) askToJoin(v *web.Visit) error {
	if err := v.Limit(enterRate); err != nil {
		return err
	}
	if err := s.AskToJoin(v.Context(), v.Who, idOf(v)); err != nil {
		return err
	}
	return v.Redirect(Path(idOf(v)))
}

func (s *Service) invite(v *web.Visit) error {
	if err := v.Limit(enterRate); err != nil {
		return err
	}
	return deed(v, Path(idOf(v))+"/members", s.membersAgain, func(f web.Form) error {
		return s.Invite(v.Context(), v.Who, idOf(v), f.Get("email"), Role(f.Get("role")))
	})
}

func (s *Service) uninvite(v *web.Visit) error {
	return deed(v, Path(idOf(v))+"/members", s.membersAgain, func(web.Form) error {
		return s.Uninvite(v.Context(), v.Who, idOf(v), chorus.ID(v.PathValue("invitation")))
	})
}

func (s *Service) changeRole(v *web.Visit) error {
	return deed(v, Path(idOf(v))+"/members", s.membersAgain, func(f web.Form) error {
		return s.ChangeRole(v.Context(), v.Who, idOf(v), chorus.ID(v.PathValue("person")), Role(f.Get("role")))
	})
}

func (s *Service) remove(v *web.Visit) error {
	to, person := Path(idOf(v))+"/members", chorus.ID(v.PathValue("person"))
	if person == v.Who {
		to = Path(idOf(v))
	}
	return deed(v, to, s.membersAgain, func(web.Form) error {
		return s.Remove(v.Context(), v.Who, idOf(v), person)
	})
}

func (s *Service) showInvitation(v *web.Visit) error {
	var o Organisation
	mine := false
	err := s.DB.Read(v.Context(), func(tx *db.Tx) error {
		i, yes, err := s.invitationFor(v.Context(), tx, v.Who, v.PathValue("token"))
		if err != nil {
			return err
		}
		mine = yes
		o, err = ByID(v.Context(), tx, i.Organisation)
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("organisation.invitation.title"), Class: web.Narrow, Private: true},
		invitationPage(v, o, v.PathValue("token"), mine))
}

func (s *Service) accept(v *web.Visit) error {
	id, err := s.Accept(v.Context(), v.Who, v.PathValue("token"))
	if err != nil {
		return err
	}
	return v.Redirect(Path(id))
}

func (s *Service) showImport(v *web.Visit) error {
	err := s.DB.Read(v.Context(), func(tx *db.Tx) error { return account.RequireSteward(v.Context(), tx, v.Who) })
	if err != nil {
		return err
	}
	return showImport(v, http.StatusOK, web.Form{}, nil)
}

func showImport(v *web.Visit, status int, f web.Form, bad []Row) error {
	return v.Show(status, web.Page{Title: v.T("organisation.import.title"), Class: web.Narrow, Private: true}, importPage(v, f, bad))
}

func (s *Service) importFile(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	text, err := v.File("file")
	if err != nil {
		return err
	}
	enter := s.Import
	if f.Has("skip", "yes") {
		enter = s.ImportGood
	}
	done, err := enter(v.Context(), v.Who, strings.NewReader(text))
	bad, isBad := errors.AsType[BadRows](err)
	file, isFile := errors.AsType[BadFile](err)
	switch {
	case isBad:
		f.Wrong = chorus.Invalid{"file": "organisation.import.refused"}
	case isFile:
		f.Wrong = chorus.Invalid{"file": string(file)}
	case err != nil:
		return err
	default:
		title := v.T("organisation.imported.title")
		return v.Show(http.StatusOK, web.Page{Title: title, Class: web.Narrow, Private: true}, importedPage(v, done))
	}
	return showImport(v, http.StatusUnprocessableEntity, f, bad)
}
