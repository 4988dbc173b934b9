# Everything a developer of Chorus does, by name. `make` alone lists it.

FUZZTIME ?= 10s
ENTRIES ?= 1000000
# A test that hangs ends; one on a busy machine may take its time.
TEST := test -p 2 -timeout 1h
TOOL := go tool -modfile=tools/go.mod
# Modules of their own, beside the main one.
NESTED := $(patsubst %/go.mod,%,$(wildcard */go.mod))

.PHONY: help run test check needs format house lint fresh generate golden shots bench bench-opinion bench-record fuzz

help: ## lists these
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \2/p' Makefile | awk '{ t = $$2; $$1 = $$2 = ""; printf "  make %-14s %s\n", t, $$0 }'

run: ## starts the demo on http://localhost:8080
	go run ./cmd/chorus demo

test: needs ## installs what the tests need and runs them all
	go vet ./...
	@set -e; for m in $(NESTED); do echo "go -C $$m test ./..."; go -C $$m vet ./...; go -C $$m $(TEST) ./...; done
	go $(TEST) ./...

check: format house fresh lint test ## the gate: all that .ci/run asks for

needs:
	@tools/install-test-needs.sh

format:
	@unformatted=$$(gofmt -l $$(git -c safe.directory='*' ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "Run gofmt -w on:"; echo "$$unformatted"; exit 1; fi

house:
	go test -count=1 .

lint:
	$(TOOL) staticcheck ./...

fresh:
	tools/check-fresh.sh

generate: ## makes the generated files anew: views, style and script
	$(TOOL) templ generate -log-level warn
	go generate ./...

golden: ## takes what the tests print now as right; read the diff before you commit it
	go $(TEST) $$(grep -rl --include='*_test.go' '"update"' . | xargs -r -n1 dirname | sort -u) -update

shots: needs ## draws the pages into docs/shots
	CHORUS_SHOTS=$(CURDIR)/docs/shots go test -count=1 -run '^TestShots$$' ./internal/app/...

bench: ## measures an instance on this machine
	@mkdir -p .cache
	go build -trimpath -ldflags "-s -w" -o .cache/chorus ./cmd/chorus
	tools/with-postgres.sh .cache/chorus bench

bench-opinion: ## measures the mathematics of deliberation; LARGE=1 adds a million people
	@tools/bench-opinion.sh

bench-record: ## times tessera's fsck and our verifier on a record of ENTRIES=1000000, which takes 1 GB of disk
	@go -C interop test -count=1 -timeout 60m -v -run '^TestSpeed$$' . -args -entries $(ENTRIES)

fuzz: ## feeds every parser nonsense, FUZZTIME=10s each
	@tools/fuzz.sh $(FUZZTIME)
