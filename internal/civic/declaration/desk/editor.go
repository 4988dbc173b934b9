// SPDX-License-Identifier: AGPL-3.0-or-later

package desk

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

// A beginning is the page on which a declaration is begun.
type beginning struct {
	web.Form
	Runners []web.Choice // organisations to choose from
}

func (s *Service) showNew(v *web.Visit) error {
	f := web.Form{Values: v.URL.Query()}
	if f.Get("kind") == "" {
		f.Values.Set("kind", string(fact.OpenLetter))
	}
	return s.drawNew(v, statusOK, f)
}

func (s *Service) drawNew(v *web.Visit, status int, f web.Form) error {
	if v.Who == "" {
		return chorus.ErrForbidden
	}
	page := beginning{Form: f}
	err := s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		page.Runners, err = runnersFor(v.Context(), tx, v.Who)
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("declaration.desk.new.title"), Class: web.Narrow, Private: true}, newPage(v, page))
}

// mostRunners is how many organisations a steward can choose from.
const mostRunners = 300

// runnersFor are the organisations that somebody can begin a declaration for:
// their own and, for a steward, all.
func runnersFor(ctx context.Context, tx *db.Tx, by chorus.ID) (all []web.Choice, err error) {
	orgs, err := organisation.Editing(ctx, tx, by)
	if err != nil {
		return nil, err
	}
	if steward, err := isSteward(ctx, tx, by); err != nil {
		return nil, err
	} else if steward {
		others, err := organisation.Search(ctx, tx, "", mostRunners)
		if err != nil {
			return nil, err
		}
		orgs = append(orgs, others...)
	}
	seen := map[chorus.ID]bool{}
	for _, o := range orgs {
		if !seen[o.ID] && o.Name != "" {
			all = append(all, web.Choice{Value: string(o.ID), Text: o.Name})
		}
		seen[o.ID] = true
	}
	return all, nil
}

// begin puts an empty draft on the desk of an organisation.
func (s *Service) begin(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	d := document.Draft{Kind: fact.DeclarationKind(f.Get("kind")), Lang: string(v.Say.Tag()), Signers: []fact.SignerClass{fact.People, fact.Organisations}}
	wrong := chorus.Invalid{}
	if !slices.Contains(fact.DeclarationKinds, d.Kind) {
		wrong["kind"] = "form.choose"
	}
	err = s.DB.Read(v.Context(), func(tx *db.Tx) error {
		o, err := organisation.ByID(v.Context(), tx, chorus.ID(f.Get("organiser")))
		if errors.Is(err, chorus.ErrNotFound) {
			wrong["organiser"] = "form.choose"
			return nil
		}
		if err != nil {
			return err
		}
		d.Organisers = []document.Party{document.PartyOf(o)}
		d.Initiative, err = joined(v.Context(), tx, o.ID, chorus.ID(f.Get("initiative")))
		return err
	})
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		f.Wrong = wrong
		return s.drawNew(v, statusFaulty, f)
	}
	id, err := s.Declarations.Save(v.Context(), v.Who, "", d)
	if err != nil {
		return err
	}
	return v.Redirect(pathOf(id))
}

// initiativesOf are the initiatives that an organisation runs.
func initiativesOf(ctx context.Context, tx *db.Tx, org chorus.ID) (all []catalogue.Card, err error) {
	cards, err := catalogue.Linking(ctx, tx, catalogue.RunBy, organisation.Ref(org))
	for _, c := range cards {
		if c.Ref.Kind == chorus.Initiative {
			all = append(all, c)
		}
	}
	return all, err
}

// joined is the initiative if the organisation runs it, else none.
func joined(ctx context.Context, tx *db.Tx, org, initiative chorus.ID) (chorus.ID, error) {
	cards, err := initiativesOf(ctx, tx, org)
	if err != nil || !slices.ContainsFunc(cards, func(c catalogue.Card) bool { return c.Ref.ID == initiative }) {
		return "", err
	}
	return initiative, nil
}

// An editor is the page on which a draft is written.
type editor struct {
	web.Form
	declaration.Work
	Lacks       []lack // what keeps it from being published
	Initiatives []web.Choice
	Bearers     int // rows
	Demands     int // rows
	Saved       bool
}

// Known reports whether the duty-bearer of a row, from 1, has an entry here.
func (e editor) Known(row int) bool {
	return row <= len(e.Draft.DutyBearers) && e.Draft.DutyBearers[row-1].ID != ""
}

func (s *Service) showEditor(v *web.Visit) error {
	e := editor{}
	err := s.atWork(v, func(tx *db.Tx, w declaration.Work) error {
		e.Work = w
		if w.Published {
			return nil
		}
		return s.furnish(v, tx, &e)
	})
	if err != nil {
		return err
	}
	if e.Published {
		return v.Redirect("/declarations/" + e.Slug)
	}
	e.Form = formOf(e.Draft)
	e.Form.Wrong = typedWrong(e.Lacks)
	e.Saved = v.URL.Query().Has("saved")
	return drawEditor(v, statusOK, e)
}

func drawEditor(v *web.Visit, status int, e editor) error {
	return v.Show(status, web.Page{Title: v.T("declaration.desk.edit.title"), Class: web.Narrow, Private: true}, editorPage(v, e))
}

// furnish fills in what the page shows beside the draft itself.
func (s *Service) furnish(v *web.Visit, tx *db.Tx, e *editor) error {
	e.Bearers, e.Demands = max(1, len(e.Draft.DutyBearers)), max(1, len(e.Draft.Recommendations))
	e.Lacks = lacksOf(v, e.Draft, tx.Now)
	cards, err := initiativesOf(v.Context(), tx, e.Organisation)
	for _, c := range cards {
		e.Initiatives = append(e.Initiatives, web.Choice{Value: string(c.Ref.ID), Text: declaration.Words(v, c.Title)})
	}
	return err
}

// postEditor saves what was typed, faults and all; only what cannot be kept
// as it was typed, such as a day that does not exist, is asked for again.
func (s *Service) postEditor(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	e, err := s.readEditor(v, f)
	if err != nil {
		return err
	}
	do := f.Get("do")
	if len(e.Wrong) > 0 {
		return drawEditor(v, statusFaulty, e)
	}
	if strings.HasPrefix(do, "add-") {
		e.addRow(do)
		return drawEditor(v, statusOK, e)
	}
	if _, err := s.Declarations.Save(v.Context(), v.Who, e.ID, e.Draft); err != nil {
		return err
	}
	switch do {
	case "preview", "publish":
		return v.Redirect(pathOf(e.ID) + "/" + do)
	}
	return v.Redirect(pathOf(e.ID) + "?saved=yes")
}

// readEditor is the editor as it was sent, with organisations found by name.
func (s *Service) readEditor(v *web.Visit, f web.Form) (e editor, err error) {
	return e, s.aDraft(v, func(tx *db.Tx, w declaration.Work) error {
		d, wrong := readForm(f, w.Draft)
		if !slices.ContainsFunc(languages(v, w.Draft.Lang), func(c web.Choice) bool { return c.Value == d.Lang }) {
			wrong["lang"] = "form.choose"
		}
		if err := declaration.Resolve(v.Context(), tx, d.Organisers, d.DutyBearers); err != nil {
			return err
		}
		d.Organisers = uniqueParties(d.Organisers)
		markTwice(d.DutyBearers, wrong)
		if d.Initiative != "" && d.Initiative != w.Draft.Initiative {
			var err error
			if d.Initiative, err = joined(v.Context(), tx, w.Organisation, d.Initiative); err != nil {
				return err
			}
		}
		w.Draft = d
		e = editor{Work: w, Form: formOf(d)}
		for field := range wrong {
			if typed, ok := f.Values[field]; ok {
				e.Values[field] = typed
			}
		}
		if err := s.furnish(v, tx, &e); err != nil {
			return err
		}
		e.Wrong = wrong
		return nil
	})
}

func (e *editor) addRow(do string) {
	switch do {
	case "add-duty-bearer":
		e.Bearers = min(len(e.Draft.DutyBearers)+1, document.MaxParties)
	case "add-recommendation":
		e.Demands = min(len(e.Draft.Recommendations)+1, document.MaxRecommendations)
	}
}

// A lack is one thing that keeps a draft from being published.
type lack struct {
	Field string
	Label string // of the field
	Key   string // of the fault
	Fault string
}

// lacksOf lists what keeps a draft from being published at a moment, in the
// order in which the page asks for it.
func lacksOf(v *web.Visit, d document.Draft, now time.Time) (all []lack) {
	if d.Opens.Before(now) {
		d.Opens = now // publishing does so
	}
	wrong := d.Check(now)
	for field, key := range wrong {
		all = append(all, lack{Field: field, Label: fieldLabel(v, field), Key: key, Fault: faultText(v, key)})
	}
	slices.SortFunc(all, func(a, b lack) int {
		x, y := fieldPlace(a.Field), fieldPlace(b.Field)
		if x[0] != y[0] {
			return x[0] - y[0]
		}
		if x[1] != y[1] {
			return x[1] - y[1]
		}
		return strings.Compare(a.Field, b.Field)
	})
	return all
}

// typedWrong are the faults of what was typed; what is only missing is told on
// top of the page, and not held against those who have just begun.
func typedWrong(lacks []lack) chorus.Invalid {
	wrong := chorus.Invalid{}
	for _, l := range lacks {
		switch l.Key {
		case "form.missing", "form.choose", "form.country", "declaration.fault.no_duty_bearer", "declaration.fault.no_organiser":
		default:
			wrong[l.Field] = l.Key
		}
	}
	return wrong
}

var fieldOrder = []string{"kind", "title", "lang", "text", "duty_bearer", "recommendation", "signers", "opens", "closes", "answer_within", "goal", "initiative", "organisers"}

// splitField takes a name such as duty_bearer_2_name apart.
func splitField(field string) (base string, row int, part string) {
	for _, base := range []string{"duty_bearer", "recommendation"} {
		if rest, ok := strings.CutPrefix(field, base+"_"); ok {
			number, part, _ := strings.Cut(rest, "_")
			row, _ := strconv.Atoi(number) // the names are ours
			return base, row, part
		}
	}
	return field, 0, ""
}

func fieldPlace(field string) [2]int {
	base, row, _ := splitField(field)
	return [2]int{slices.Index(fieldOrder, base), row}
}

func fieldLabel(v *web.Visit, field string) string {
	base, row, part := splitField(field)
	switch {
	case part != "":
		return v.T("declaration.desk.bearer.part", "number", row, "field", v.T("declaration.desk.bearer."+part))
	case row > 0:
		return v.T("declaration.desk.demand.nth", "number", row)
	}
	return v.T("declaration.desk.field." + base)
}

// faultText says a fault that may carry a value: form.long_max|max=200.
func faultText(v *web.Visit, key string) string {
	key, arg, ok := strings.Cut(key, "|")
	if !ok {
		return v.T(key)
	}
	name, value, _ := strings.Cut(arg, "=")
	return v.T(key, name, value)
}

// written are languages in which declarations are often written, each with
// its own name for itself.
var written = []web.Choice{
	{Value: "ar", Text: "العربية"}, {Value: "bn", Text: "বাংলা"}, {Value: "cs", Text: "Čeština"}, {Value: "da", Text: "Dansk"},
	{Value: "de", Text: "Deutsch"}, {Value: "el", Text: "Ελληνικά"}, {Value: "en", Text: "English"}, {Value: "es", Text: "Español"},
	{Value: "fa", Text: "فارسی"}, {Value: "fi", Text: "Suomi"}, {Value: "fr", Text: "Français"}, {Value: "he", Text: "עברית"},
	{Value: "hi", Text: "हिन्दी"}, {Value: "id", Text: "Indonesia"}, {Value: "it", Text: "Italiano"}, {Value: "ja", Text: "日本語"},
	{Value: "ko", Text: "한국어"}, {Value: "nl", Text: "Nederlands"}, {Value: "pl", Text: "Polski"}, {Value: "pt", Text: "Português"},
	{Value: "ru", Text: "Русский"}, {Value: "sv", Text: "Svenska"}, {Value: "sw", Text: "Kiswahili"}, {Value: "tr", Text: "Türkçe"},
	{Value: "uk", Text: "Українська"}, {Value: "ur", Text: "اردو"}, {Value: "vi", Text: "Tiếng Việt"}, {Value: "zh", Text: "中文"},
}

// languages are those to choose from: the site's own, the draft's, and others.
func languages(v *web.Visit, also string) (all []web.Choice) {
	add := func(c web.Choice) {
		if c.Value != "" && !slices.ContainsFunc(all, func(known web.Choice) bool { return known.Value == c.Value }) {
			all = append(all, c)
		}
	}
	for _, t := range v.Site.Catalogue.Languages() {
		add(web.Choice{Value: string(t), Text: v.Site.Catalogue.Speak(t).Autonym()})
	}
	for _, c := range written {
		add(c)
	}
	add(web.Choice{Value: also, Text: also})
	return all
}
