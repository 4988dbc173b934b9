// SPDX-License-Identifier: AGPL-3.0-or-later

// Package seed holds a small invented town: Lindholm on the river Lind, with its
// clubs, offices and firms, its causes, and as many neighbours as a test wants.
// Tests, the demo and the pictures in the documentation all use this one town.
//
// Nobody in it is real, every address ends in .example, and the same seed number
// always gives the same people on every machine, so that a picture drawn today
// can be drawn again.
package seed

import (
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

//go:embed organisations.csv initiatives.csv people.csv declarations/*.md names/*.txt
var files embed.FS

// Town is everything the seed holds, parsed.
type Town struct {
	Organisations []Organisation
	Declarations  []Declaration // in the order of their names
	Initiatives   []Initiative
	People        []Person

	traditions []tradition
	places     []place
	comments   map[string][]string // by language: en, ar
}

// Organisation is a club, office, firm or group that signs, asks or is asked.
type Organisation struct {
	Name    string
	Kind    string // civil society, public body, company, multilateral or community group
	Country string // two letters of ISO 3166
	Website string // empty for those that have none
}

// Initiative is the frame of one cause, in English and Arabic.
type Initiative struct {
	ID        string
	Title     string
	TitleAr   string
	Summary   string
	SummaryAr string
	Organiser string // name of an organisation
}

// Person is one of the few neighbours one can sign in as.
type Person struct {
	ID           string // short word for addresses, such as ada
	Name         string
	Email        string
	Role         string // steward, organiser, editor, signer or duty-bearer office
	Language     string // en or ar
	Organisation string // name of an organisation, or empty
}

// Load reads the whole town, anew each time, so that callers may change what they get.
// An error names the file and line and means that the program was built from a faulty seed.
func Load() (*Town, error) {
	town := &Town{}
	steps := []func() error{
		town.readOrganisations, town.readInitiatives, town.readPeople,
		town.readDeclarations, town.readTraditions, town.readPlaces, town.readComments,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("reading the seed town: %w", err)
		}
	}
	return town, nil
}

// OrganisationsCSV gives the organisations as a file for an importer:
// name, kind, country and website, with a heading row.
func OrganisationsCSV() ([]byte, error) { return files.ReadFile("organisations.csv") }

// OrganisationByName finds an organisation; false when there is none of that name.
func (t *Town) OrganisationByName(name string) (Organisation, bool) {
	for _, o := range t.Organisations {
		if o.Name == name {
			return o, true
		}
	}
	return Organisation{}, false
}

func (t *Town) readOrganisations() error {
	rows, err := readCSV("organisations.csv", "name,kind,country,website")
	for _, r := range rows {
		t.Organisations = append(t.Organisations, Organisation{r[0], r[1], r[2], r[3]})
	}
	return err
}

func (t *Town) readInitiatives() error {
	rows, err := readCSV("initiatives.csv", "id,title,title_ar,summary,summary_ar,organiser")
	for _, r := range rows {
		t.Initiatives = append(t.Initiatives, Initiative{r[0], r[1], r[2], r[3], r[4], r[5]})
	}
	return err
}

func (t *Town) readPeople() error {
	rows, err := readCSV("people.csv", "id,name,email,role,language,organisation")
	for _, r := range rows {
		t.People = append(t.People, Person{r[0], r[1], r[2], r[3], r[4], r[5]})
	}
	return err
}

// readCSV gives the rows under a heading that must be exactly as expected.
func readCSV(name, heading string) ([][]string, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], strings.Split(heading, ",")) {
		return nil, fmt.Errorf("%s: the first row must be %s", name, heading)
	}
	return rows[1:], nil
}

// readLines gives the lines of a list of names, without empty ones.
func readLines(name string) ([]string, error) {
	content, err := files.ReadFile("names/" + name)
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}
