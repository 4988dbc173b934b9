// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres returns the URL of a new, empty PostgreSQL database that goes when the test ends.
// Its server keeps nothing safe from a power cut, which makes it fast. Where PostgreSQL is
// missing the test is skipped, or fails when CI is set. CHORUS_TEST_PG names another server to use.
func Postgres(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("CHORUS_TEST_PG"); given != "" {
		return freshDatabase(t, given)
	}
	return freshDatabase(t, fastServer.url(t))
}

// PostgresDurable is like Postgres on a server that flushes every commit to the disk.
func PostgresDurable(t testing.TB) string {
	t.Helper()
	return freshDatabase(t, durableServer.url(t))
}

var (
	fastServer    = sharedServer{name: "fast", fsync: "off"}
	durableServer = sharedServer{name: "durable", fsync: "on"}
)

// A sharedServer is one PostgreSQL for all test processes of one person on one machine.
//
// Each process that uses it holds a shared lock on the file "users" in its folder. The
// kernel drops that lock however the process ends, and the server's keeper, who waits
// for a lock of its own, then stops the server and removes the folder.
type sharedServer struct {
	name, fsync string

	once  sync.Once
	admin string
	err   error
	users *os.File // held open, and so locked, until the process ends
}

// databases numbers the databases of this process.
var databases atomic.Int64

// keeper makes a server and runs it until nobody holds a lock on "users".
// Arguments: the folder of the binaries, the server's folder, fsync.
const keeper = `
exec </dev/null >"$2/log" 2>&1
"$1/initdb" -D "$2/data" -U chorus -A trust -E UTF8 --no-locale --no-sync
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync="$3" -c full_page_writes="$3" \
	-c max_connections=300 -c shared_buffers=64MB -c max_wal_size=256MB -c timezone=UTC &
server=$!
exec 9<"$2/users"
flock -x 9
kill -TERM $server # a server that has hardly begun ignores QUIT
kill -QUIT $server
wait $server
rm -rf "$2"
`

// url starts or joins the server and returns the URL of its database for administration.
func (s *sharedServer) url(t testing.TB) string {
	t.Helper()
	binaries := postgresBinaries()
	if binaries == "" {
		Missing(t, "PostgreSQL", "initdb and postgres")
	}
	s.once.Do(func() { s.err = s.join(binaries) })
	if s.err != nil {
		t.Fatalf("starting PostgreSQL for tests: %v", s.err)
	}
	return s.admin
}

// join finds the running server through a note that only one process reads or writes at a time.
func (s *sharedServer) join(binaries string) error {
	// Not os.TempDir: a socket's path may have 107 bytes, and the server's own user must get there.
	note := fmt.Sprintf("/tmp/chorus-postgres-%d-%s", os.Getuid(), s.name)
	f, err := os.OpenFile(note, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	folder, err := os.ReadFile(note)
	if err != nil {
		return err
	}
	if len(folder) > 0 && s.enter(string(folder), 20*time.Second) == nil {
		return nil
	}
	return s.start(binaries, f)
}

// enter takes a place among the users of the server in folder, which has so long to answer.
func (s *sharedServer) enter(folder string, wait time.Duration) error {
	users, err := os.Open(filepath.Join(folder, "users"))
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(users.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		users.Close() // its keeper is stopping it
		return err
	}
	admin := (&url.URL{
		Scheme: "postgres", User: url.User("chorus"), Path: "/postgres",
		RawQuery: url.Values{"host": {folder}}.Encode(),
	}).String()
	if err := waitForServer(admin, wait); err != nil {
		users.Close()
		return err
	}
	s.users, s.admin = users, admin
	return nil
}

func waitForServer(admin string, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	for {
		conn, err := pgx.Connect(context.Background(), admin)
		if err == nil {
			return conn.Close(context.Background())
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// start makes a new server in a new folder and writes the folder's name into the note.
func (s *sharedServer) start(binaries string, note *os.File) error {
	folder, err := os.MkdirTemp("/tmp", "chorus-postgres-")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "users"), nil, 0o644); err != nil {
		return err
	}
	as, err := serverUser(folder)
	if err != nil {
		return err
	}
	users, err := os.Open(filepath.Join(folder, "users"))
	if err != nil {
		return err
	}
	defer users.Close()
	// Locked before the keeper looks, or it would stop the server at once.
	if err := syscall.Flock(int(users.Fd()), syscall.LOCK_SH); err != nil {
		return err
	}
	keep := exec.Command("/bin/sh", "-c", keeper, "keeper", binaries, folder, s.fsync)
	keep.Dir, keep.SysProcAttr = folder, as
	keep.SysProcAttr.Setsid = true // Ctrl-C is for the tests; the keeper follows by itself
	if err := keep.Start(); err != nil {
		return err
	}
	go keep.Wait() // leaves no zombie when the server dies first
	if err := s.enter(folder, Patience); err != nil {
		log, _ := os.ReadFile(filepath.Join(folder, "log"))
		return fmt.Errorf("%w\n%s", err, log)
	}
	if err := note.Truncate(0); err != nil {
		return err
	}
	_, err = note.WriteAt([]byte(folder), 0)
	return err
}

// serverUser says as whom the server runs: as us, or, since PostgreSQL refuses to run
// as root, as postgres or nobody, who is then given the folder.
func serverUser(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{folder, filepath.Join(folder, "users")} {
		if err := os.Chown(name, uid, gid); err != nil {
			return nil, err
		}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// postgresBinaries is the folder of initdb and postgres, the newest of several, or "".
func postgresBinaries() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a) // 9.6 is older than 15
		}
		return strings.Compare(b, a)
	})
	if len(found) > 0 {
		return filepath.Dir(found[0])
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			return filepath.Dir(real)
		}
	}
	return ""
}

// freshDatabase makes an empty database on the server of the URL admin.
func freshDatabase(t testing.TB, admin string) string {
	t.Helper()
	name := fmt.Sprintf("chorus_%d_%d", os.Getpid(), databases.Add(1))
	for end := time.Now().Add(Patience); ; time.Sleep(20 * time.Millisecond) {
		err := administer(admin, "CREATE DATABASE "+name)
		if err == nil {
			break
		}
		// Such as: the server is just tidying up the template, or has too many visitors.
		if time.Now().After(end) || !isPassing(err) {
			t.Fatalf("making a database: %v", err)
		}
	}
	t.Cleanup(func() {
		// FORCE, for a test that failed may have left connections open.
		if err := administer(admin, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("dropping a database: %v", err)
		}
	})
	fresh, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("CHORUS_TEST_PG is not a URL: %v", err)
	}
	fresh.Path = "/" + name
	return fresh.String()
}

func administer(admin, deed string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, deed)
	return err
}

// isPassing reports object_in_use, too_many_connections and cannot_connect_now:
// the server is well, and busy.
func isPassing(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"55006", "53300", "57P03"}, e.Code)
}
