// SPDX-License-Identifier: AGPL-3.0-or-later

package witness

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/record"
)

// The file witnessed.txt has a line for each record that is watched, spelled
// as in C2SP tlog-policy: log, verifier key, and an address if one is known.
const (
	listName   = "witnessed.txt"
	listNotice = "# The records that this instance watches: log VERIFIER-KEY [ADDRESS]\n"
)

// ErrList says that a list of records cannot be read.
var ErrList = errors.New("not a list of records to watch")

// A list is the file, as it was when it last changed.
type list struct {
	file string

	mu   sync.Mutex
	seen fs.FileInfo // nil: none
	logs []record.Log
}

// read gives the records of the list, and reads the file again if it has
// changed. With an error it gives those that held before.
func (l *list) read() ([]record.Log, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := os.Stat(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		l.seen, l.logs = nil, nil
		return nil, nil
	}
	if err != nil {
		return l.logs, err
	}
	if l.seen != nil && info.ModTime().Equal(l.seen.ModTime()) && info.Size() == l.seen.Size() && os.SameFile(info, l.seen) {
		return l.logs, nil
	}
	logs, err := readList(l.file)
	if err != nil {
		return l.logs, err
	}
	l.seen, l.logs = info, logs
	return logs, nil
}

func readList(file string) ([]record.Log, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, record.MaxPolicy))
	if err != nil {
		return nil, err
	}
	logs, err := parseList(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return logs, nil
}

func parseList(text string) ([]record.Log, error) {
	p, err := record.ParsePolicy([]byte(text + "\nquorum none\n"))
	if err == nil && len(p.Witnesses)+len(p.Groups) > 0 {
		err = errors.New("it names witnesses")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrList, err)
	}
	return p.Logs, nil
}

// Listed are the records that a data folder says are watched.
func Listed(folder string) ([]record.Log, error) { return readList(filepath.Join(folder, listName)) }

// List adds a record to those that are watched. It is there already if its key is.
func List(folder string, l record.Log) error {
	return change(folder, func(text string, logs []record.Log) string {
		if slices.ContainsFunc(logs, func(o record.Log) bool { return o.Key == l.Key }) {
			return text
		}
		return text + strings.TrimSpace("log "+l.Key+" "+l.URL) + "\n"
	})
}

// Unlist takes the record with a key out of those that are watched. What was
// seen of it is remembered.
func Unlist(folder, key string) error {
	return change(folder, func(text string, _ []record.Log) string {
		var kept strings.Builder
		for line := range strings.Lines(text) {
			if words := strings.Fields(line); len(words) < 2 || words[0] != "log" || words[1] != key {
				kept.WriteString(line)
			}
		}
		return kept.String()
	})
}

// change rewrites the list and leaves every other line as it is.
func change(folder string, rewrite func(text string, logs []record.Log) string) error {
	file := filepath.Join(folder, listName)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte(listNotice), nil
	}
	if err != nil {
		return err
	}
	text := string(data)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	logs, err := parseList(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	text = rewrite(text, logs)
	if _, err := parseList(text); err != nil {
		return err
	}
	return vault.ReplaceFile(file, text)
}
