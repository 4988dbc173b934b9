// SPDX-License-Identifier: AGPL-3.0-or-later

package desk

import (
	"strings"

	"github.com/a-h/templ"

	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/platform/markdown"
	"example.org/chorus/internal/platform/web"
)

// HTML is the text as it will look.
func (p preview) HTML() string { return markdown.HTML(p.Draft.Text) }

// A named value stands in a list of facts.
type named struct{ Name, Value string }

// frameOf is what is said of a declaration beside its text.
func frameOf(v *web.Visit, d document.Draft) []named {
	value := func(is bool, said func() string) string {
		if is {
			return said()
		}
		return v.T("declaration.desk.frame.none")
	}
	opens := v.T("declaration.desk.frame.at_once")
	if !d.Opens.IsZero() {
		opens = v.Say.Date(d.Opens)
	}
	return []named{
		{v.T("declaration.desk.field.signers"), value(len(d.Signers) > 0, func() string { return v.T("declaration.desk.signers." + signersWord(d.Signers)) })},
		{v.T("declaration.desk.field.opens"), opens},
		{v.T("declaration.desk.field.closes"), value(!d.Closes.IsZero(), func() string { return v.Say.Date(d.Closes) })},
		{v.T("declaration.desk.field.answer_within"), value(d.AnswerWithin > 0, func() string { return v.Say.Number(int64(d.AnswerWithin)) })},
		{v.T("declaration.desk.field.goal"), value(d.Goal > 0, func() string { return v.Say.Number(d.Goal) })},
	}
}

func kindOf(v *web.Visit, kind fact.DeclarationKind) string {
	return v.T("declaration.kind." + string(kind))
}

func kindChoices(v *web.Visit) (all []web.Choice) {
	for _, k := range fact.DeclarationKinds {
		all = append(all, web.Choice{Value: string(k), Text: kindOf(v, k), More: v.T("declaration.desk.kind." + string(k))})
	}
	return all
}

func signerChoices(v *web.Visit) (all []web.Choice) {
	for _, word := range []string{peopleAndOrganisations, string(fact.People), string(fact.Organisations)} {
		all = append(all, web.Choice{Value: word, Text: v.T("declaration.desk.signers." + word)})
	}
	return all
}

// bodyChoices are the kinds of organisations.
func bodyChoices(v *web.Visit) (all []web.Choice) {
	for _, k := range fact.OrganisationKinds {
		all = append(all, web.Choice{Value: string(k), Text: bodyKind(v, k)})
	}
	return all
}

func bodyKind(v *web.Visit, k fact.OrganisationKind) string {
	return v.T("declaration.desk.body." + strings.ReplaceAll(string(k), " ", "-"))
}

// numbersOf are the counts of a declaration in words.
func numbersOf(v *web.Visit, d *declaration.Declaration) string {
	var all []string
	if d.Takes(fact.People) {
		all = append(all, v.N("declaration.desk.people", d.People))
	}
	if d.Takes(fact.Organisations) && (d.Organisations > 0 || !d.Takes(fact.People)) {
		all = append(all, v.N("declaration.count.organisations", d.Organisations))
	}
	said := v.Say.List(all)
	if d.Waiting > 0 {
		said += " · " + v.N("declaration.desk.waiting", d.Waiting)
	}
	return said
}

// faultAttributes tie a field to its fault for those who hear the page.
func faultAttributes(f web.Form, name string) templ.Attributes {
	if f.Wrong[name] == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": name + "-fault"}
}

// exampleFile shows the form of a file that can be brought. It is a file, not
// a text, so it is the same in every language.
const exampleFile = `---
kind: petition
title: Open the gates to the river
language: en
organisers:
  - Friends of the Lind
signers: [people, organisations]
duty-bearers:
  - name: City of Lindholm
    kind: public body
    country: DK
closes: 2027-05-01
answer-within: 60 days
---

The path along the river has been closed for a year.

## Recommendations

1. Open the three gates.
2. Publish the plan for the path. (to: City of Lindholm)
`
