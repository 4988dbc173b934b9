// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestReadVotes(t *testing.T) {
	for name, text := range map[string]string{
		"openData":         "timestamp,datetime,comment-id,voter-id,vote\n1500000000000,Fri,3,7,1\n1500000001000,Fri,3,7,-1\n1500000000500,Fri,2,7,0\n",
		"today's export":   "timestamp,datetime,comment-id,voter-id,vote,important\n1500000000,Fri,3,7,1,0\n1500000001,Fri,3,7,-1,0\n1500000000,Fri,2,7,0,1\n",
		"revote unsorted":  "timestamp,comment-id,voter-id,vote\n1500000001000,3,7,-1\n1500000000000,3,7,1\n1500000000500,2,7,0\n",
		"no times":         "comment-id,voter-id,vote\n3,7,1\n3,7,-1\n2,7,0\n",
		"order of columns": "vote,voter-id,comment-id\r\n1,7,3\r\n-1,7,3\r\n0,7,2",
		"microseconds":     "timestamp,comment-id,voter-id,vote\n1500000001000000,3,7,-1\n1500000000000000,3,7,1\n1500000000500000,2,7,0\n",
		"dates":            "timestamp,comment-id,voter-id,vote\n2017-07-14T02:40:01.5Z,3,7,-1\n2017-07-14T04:40:00+02:00,3,7,1\n2017-07-14 02:40:00,2,7,0\n",
		"fractions":        "timestamp,comment-id,voter-id,vote\n1500000000.9,3.0,7.0,-1.0\n1500000000.1,3.0,7.0,1.0\n1.5e12,2,7.0,0.0\n",
		"semicolons":       "comment-id;voter-id;vote;note\n3;7;1;\"a;b\"\n3;7;-1;a,b\n2;7;0;\n",
		"tabs":             "comment-id\tvoter-id\tvote\n3\t7\t1\n3\t7\t-1\n2\t7\t0\n",
		"other names":      "Statement_ID,participant_id,VOTE\n3,7,1\n3,7,-1\n2,7,0\n",
		"mark in a field":  "comment-id,note,voter-id,vote\n3,5\" tall,7,1\n3,,7,-1\n2,\"6\"\" tall\",7,0\n",
		"list of today":    `[{"pid":7,"tid":3,"vote":1,"modified":"1500000000000"},{"pid":7,"tid":3,"vote":-1,"modified":"1500000000001"},{"tid":2,"pid":7,"vote":0,"modified":null,"modified":"1"}]`,
		"list of red-dwarf": "\xef\xbb\xbf\n[ {\"participant_id\": 7, \"statement_id\": 3, \"vote\": -1, \"modified\": 1691740361800.0, \"datetime\": null},\n" +
			`{"participant_id": 7, "statement_id": 2, "vote": 0.0, "modified": 1691740361800.0}]`,
		"mark and quotes": "\xef\xbb\xbf\"vote\",\"voter-id\",comment-id,\"a, \"\"b\"\"\nc\"\n1,7,3,x\n-1,7,3,\"x\ny\"\n\n0,7,2,\n",
	} {
		log, err := ReadVotes(strings.NewReader(text), ReadOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v := log.Votes()
		if len(v.participants) != 1 || v.Len() != 2 || v.Vote(0, 0) != Pass || v.Vote(0, 1) != Disagree {
			t.Errorf("%s: read %+v", name, v)
		}
	}
}

func TestReadVotesRefuses(t *testing.T) {
	const head = "timestamp,comment-id,voter-id,vote\n"
	for text, want := range map[string]string{
		"":                                    "the file is empty",
		"\n\n":                                "the file is empty",
		head:                                  "no votes",
		"a,b\n1,2\n":                          `the column "comment-id" is missing`,
		"vote,comment-id,voter-id,vote ":      `two columns are named "vote"`,
		head + "1,2,3\n":                      "row 2: 3 fields where the header has 4",
		head + "1,2,3,1\n1,x,3,1\n":           `row 3: comment-id "x"`,
		head + "1,2,-3,1\n":                   `row 2: voter-id "-3"`,
		head + "1,2,99999999999999999,1":      `row 2: voter-id`,
		head + "1,2,9007199254740992,1":       `row 2: voter-id`,
		head + "1,2,3,2\n":                    `row 2: vote "2"`,
		head + "1,2,3,\n":                     `row 2: vote ""`,
		head + "x,2,3,1\n":                    `row 2: timestamp "x"`,
		head + "1,2,3,\"1\n":                  "row 2: a quotation mark is not closed",
		head + "1,2,3,\"1\"x\n":               "row 2: text after a closing quotation mark",
		head + "-5,2,3,1\n":                   `row 2: timestamp "-5"`,
		head + ",2,3,1\n":                     `row 2: timestamp ""`,
		head + "NaN,2,3,1\n":                  `row 2: timestamp "NaN"`,
		head + "1969-01-01T00:00:00Z,2,3,1\n": `row 2: timestamp "1969`,
		head + "1,2.5,3,1\n":                  `row 2: comment-id "2.5"`,
		head + "1,2,3,0.5\n":                  `row 2: vote "0.5"`,
		"vote,comment-id,voter_id,Voter-ID\n": `two columns are named "voter-id"`,
		`{"comps": []}`:                       "the file is JSON, but not a list",
		"[]":                                  "the file is empty",
		`[{"pid":1,"vote":1}]`:                `the column "comment-id" is missing`,
		`[{"pid":1,"tid":2,"vote":1},{"pid":1,"tid":2}]`:             `row 2: vote ""`,
		`[{"pid":1,"tid":2,"vote":1},{"pid":1,"tid":2,"vote":null}]`: `row 2: vote ""`,
		`[{"pid":1,"tid":2,"vote":1},7]`:                             "row 2: ",
		`[{"pid":1,"tid":2,"vote":1},`:                               "row 2: the list is cut off",
		`[{"pid":1,"tid":2,"vote":1},{"p`:                            "row 2: the list is cut off",
		`[{"pid":1,"tid":2,"vote":1}`:                                "row 2: the list is cut off",
		head + "1,6,3,1\n1,5,3,1\n":                                  "row 3: a vote on statement 5, which is not among the statements",
	} {
		_, err := ReadVotes(strings.NewReader(text), ReadOptions{Known: []Statement{{ID: 2}, {ID: 6}}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestReadStatements(t *testing.T) {
	text := "timestamp,comment-id,moderated,is-meta,comment-body\n1,4,-1,false,\"one\ntwo, \"\"three\"\"\"\n1,5,1,TRUE,x\n1,6,,,\n"
	got, err := ReadStatements(strings.NewReader(text))
	want := []Statement{{4, Rejected, false, "one\ntwo, \"three\""}, {5, Accepted, true, "x"}, {ID: 6}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read %+v, %v", got, err)
	}
	text = `[{"txt":"one\ntwo, \"three\"","tid":4,"mod":-1,"is_meta":false,"is_seed":true},{"tid":5,"mod":1.0,"is_meta":true,"txt":"x"},{"tid":6,"mod":null}]`
	if got, err = ReadStatements(strings.NewReader(text)); err != nil || !slices.Equal(got, want) {
		t.Errorf("list read %+v, %v", got, err)
	}
	for text, want := range map[string]string{
		"":                                     "the file is empty",
		"id\n":                                 `the column "comment-id" is missing`,
		"comment-id\n4\n4\n":                   "row 3: statement 4 is there twice",
		"comment-id,moderated\n4,2\n":          `row 2: moderated "2"`,
		"comment-id,is-meta\n4,maybe\n":        `row 2: is-meta "maybe"`,
		"comment-id,comment-body\n4,a,b\n":     "row 2: 3 fields",
		"comment-id,comment-body\n4,\"a\nb":    "row 2: a quotation mark is not closed",
		"comment-id,comment-body\nfour,text\n": `row 2: comment-id "four"`,
	} {
		if _, err := ReadStatements(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestTooManyStatements(t *testing.T) {
	log := new(Log)
	for j := range MaxStatements {
		if err := log.Add(Event{1, StatementID(j), Agree, 0}); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Add(Event{1, MaxStatements, Agree, 0}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one more: %v", err)
	}
	if v := log.Votes(); v.Len() != MaxStatements {
		t.Errorf("%d votes", v.Len())
	}
}

// endless gives one more row whenever asked, and never the whole.
type endless struct {
	row, rows int
	rest      []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.row > e.rows {
			return 0, io.EOF
		}
		e.rest = []byte("comment-id,voter-id,vote\n")
		if e.row > 0 {
			e.rest = fmt.Appendf(e.rest[:0], "%d,%d,1\n", e.row%50, e.row/50)
		}
		e.row++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestReadVotesStreams(t *testing.T) {
	calls := 0
	log, err := ReadVotes(&endless{rows: 200_000}, ReadOptions{Progress: func(int) { calls++ }})
	if err != nil || log.Len() != 200_000 || calls < 2 {
		t.Errorf("%d events, %d calls, %v", log.Len(), calls, err)
	}
}

// TestStrayQuoteIsCheap: a quotation mark that is never closed must not cost the square of the file.
func TestStrayQuoteIsCheap(t *testing.T) {
	text := "comment-id,voter-id,vote\n1,2,\"" + strings.Repeat("\n", 3<<20)
	if _, err := ReadVotes(strings.NewReader(text), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "row 2: a quotation mark is not closed") {
		t.Errorf("error %v", err)
	}
}

func FuzzReadVotes(f *testing.F) {
	f.Add([]byte("timestamp,datetime,comment-id,voter-id,vote\n1,x,2,3,1\n1,\"a\nb\",2,3,-1\n"))
	f.Add([]byte("\xef\xbb\xbfvote,voter-id,comment-id\r\n0,0,0"))
	f.Add([]byte("\"vote"))
	f.Add([]byte("timestamp;comment-id;voter-id;vote\n2017-07-14 02:40:00;1;2;\"-1\"\n1e12;1.0;2;a\"b\n"))
	f.Add([]byte(`[{"pid":1,"tid":2,"vote":1,"modified":"1500000000000"},{"tid":2,"pid":0,"vote":-1}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		log, err := ReadVotes(strings.NewReader(string(text)), ReadOptions{})
		if (log == nil) == (err == nil) {
			t.Fatalf("log %v and error %v", log, err)
		}
		if err == nil && log.Votes().Len() > log.Len() {
			t.Fatal("more votes than events")
		}
	})
}

func FuzzReadStatements(f *testing.F) {
	f.Add([]byte("comment-id,moderated,is-meta,comment-body\n1,-1,true,\"a\nb\"\n"))
	f.Add([]byte(`[{"tid":4,"mod":-1,"is_meta":false,"txt":"a"}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ReadStatements(strings.NewReader(string(text)))
		if (list == nil) == (err == nil) {
			t.Fatalf("statements %v and error %v", list, err)
		}
	})
}

// FuzzScanner: what a writer of comma-separated values wrote is read back field by field.
func FuzzScanner(f *testing.F) {
	f.Add("id\x00a \"b\"\x00\nid2\x00c,d\r\ne\x00", false)
	f.Fuzz(func(t *testing.T, text string, semicolon bool) {
		fields := strings.Split(text, "\x00")
		var file strings.Builder
		w := csv.NewWriter(&file)
		head := make([]string, len(fields)+1)
		for i := range head {
			head[i] = fmt.Sprint("c", i)
		}
		if semicolon {
			w.Comma = ';'
		}
		w.WriteAll([][]string{head, append(fields, "end"), append(fields, "end")})
		s := openTable(strings.NewReader(file.String()))
		if names, err := s.header(); err != nil || !slices.Equal(names, head) {
			t.Fatalf("header %q, %v", names, err)
		}
		for range 2 {
			got, err := s.next()
			if err != nil || len(got) != len(fields)+1 {
				t.Fatalf("%q: read %q, %v", file.String(), got, err)
			}
			for i, want := range fields {
				if want = strings.ReplaceAll(want, "\r\n", "\n"); string(got[i]) != want {
					t.Fatalf("field %d: %q, want %q", i, got[i], want)
				}
			}
		}
		if _, err := s.next(); err != io.EOF {
			t.Fatalf("after the last row: %v", err)
		}
	})
}
