# make demo    generate bindings from models/ and run a device against the local server
# make test    everything that is checked; needs only Go
# make check   are the generated bindings up to date?
# The rest: docs in CONTRIBUTING.md.

GO         ?= go
CROSS      := linux/386 linux/amd64 linux/arm linux/arm64 linux/mipsle linux/riscv64 windows/amd64 darwin/arm64
CLIENT     := iotcs-csl-js@19.1.5
INTEROP    := .interop
STATICCHECK = $(GO) tool -modfile=internal/tools/go.mod staticcheck

.PHONY: help demo test unit bench figures generate check lint interop-tools cross clean

help:
	@sed -n 's/^# //p' $(firstword $(MAKEFILE_LIST))

# The whole story in one screen: generate, a local server, fetch, activate,
# readings, an alert, a cloud write and cloud actions.
demo:
	$(GO) run ./cmd/iotcs-gen generate
	@mkdir -p bin && $(GO) build -o bin ./cmd/iotcs-gen ./cmd/iotcs-emulator ./examples/demo
	@IOTCS_PASSPHRASE=demo bin/iotcs-emulator exec --strict -- sh examples/demo/story.sh bin

# The tests come last, so that their results are the end of the output.
test: lint cross unit

lint:
	$(GO) vet ./...
	$(STATICCHECK) ./...

# Two passes: with the race detector, and without it for the tests that count
# allocations, which skip in the first one.
unit:
	$(GO) run ./internal/interop/skipcheck "-race ./..." "./..."

# The second line is the table of peers, a module of its own.
bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...
	cd internal/bench && $(GO) test -run '^$$' -bench . -benchmem ./...

# Speed and memory against their bounds, the official JavaScript client beside;
# on a quiet machine.
figures: interop-tools
	$(GO) run ./internal/figures

generate:
	$(GO) run ./cmd/iotcs-gen generate

check:
	$(GO) run ./cmd/iotcs-gen check

# What devices link must build for the machines that devices are.
cross:
	@set -e; for target in $(CROSS); do \
		echo "build $$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build ./runtime/... ./generated/...; \
	done

# The official JavaScript client, as a witness in tests. Needs node, npm and
# what npm needs to compile its SQLite binding (python3, make, a C++ compiler).
interop-tools:
	@command -v node >/dev/null || { echo "interop-tools: node is not installed"; exit 2; }
	@command -v npm >/dev/null || { echo "interop-tools: npm is not installed"; exit 2; }
	@if [ "$$(node -p 'require("./$(INTEROP)/node_modules/iotcs-csl-js/package.json").version' 2>/dev/null)" != "$(lastword $(subst @, ,$(CLIENT)))" ]; then \
		npm install --prefix $(INTEROP) --no-save --no-audit --no-fund $(CLIENT); \
	fi
	@node -e 'require("./$(INTEROP)/node_modules/iotcs-csl-js")'

clean:
	rm -rf bin $(INTEROP)
	$(GO) clean -testcache
