# SPDX-License-Identifier: MIT
#
# Builds, runs and tests. `make help` says how; the fragments that are included say what is compiled.
#
# A fragment finds ARCH, BUILD (build/$(ARCH)), CROSS, MINIPORT_CROSS, HOSTCC, WERROR_FLAG, V, Q (@, or nothing
# with V=1). It adds what `make` alone shall build to `all`, and leaves every file it makes in build/.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
IS_DRY_RUN := $(findstring n,$(firstword -$(MAKEFLAGS)))
MAKEFLAGS += --no-builtin-rules --no-builtin-variables

# Without ARCH= the tests are run for all of them, and everything else is for the first.
ARCHES := $(if $(filter undefined,$(origin ARCH)),x86_64 i386,$(ARCH))
ARCH ?= $(firstword $(ARCHES))
ifeq ($(filter $(ARCH),x86_64 i386),)
$(error ARCH=$(ARCH): expected x86_64 or i386)
endif
# $(call quote,TEXT): TEXT as one word for the shell.
quote = '$(subst ','\'',$(1))'
BUILD := build/$(ARCH)
V ?=
Q := $(if $(filter 1,$(V)),,@)

# Jobs of a build, unless the user's -j says otherwise, and whether gcc makes code for PCs by itself.
HOST := $(shell nproc; uname -m)
JOBS := $(firstword $(HOST))
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
ifeq ($(origin CROSS),undefined)
CROSS := $(if $(filter x86_64,$(lastword $(HOST))),,x86_64-linux-gnu-)
endif
HOSTCC ?= gcc

# WERROR=1: a warning stops the build, of everything that is ours. A user's compiler may be newer than ours, and
# warn where none did.
WERROR_FLAG := $(if $(filter 1,$(WERROR)),-Werror)

# ---------------------------------------------------------------- what is asked for

GOALS := $(patsubst built-%,%,$(or $(MAKECMDGOALS),all))
# What builds something, and, of that, what goes on to do something with it.
BUILDING := $(filter-out check clean help lint new-miniport setup,$(GOALS))
ACTIONS := $(filter run debug test crash-test hang-test door-test sweep soak trace trace-check record replay replay-debug timeline-pictures bench bench-accesses bench-profile bench-boot fuzz fuzz-keep,$(BUILDING))

# Two that build in one folder would write the same files, so what builds waits for the one before it. A make
# calls itself for that, with BUILD_PHASE=build under the lock, and with BUILD_PHASE=act for what follows.
PHASE := $(if $(BUILDING),$(or $(BUILD_PHASE),start),none)
ifeq ($(PHASE),act)
unexport BUILD_PHASE
endif

# A misspelt name on the command line would be ignored.
TYPED := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
ifneq ($(TYPED),)
ifeq ($(shell tools/near-words.pl $(foreach name,$(TYPED),$(call quote,$(name))) >&2; echo $$?),1)
$(error `make help` and `./run-qemu.sh --help` list the words)
endif
endif

# Words for run-qemu.sh. They are handed on as they were typed: a $ in a path is a $, in a variable of
# the environment and on make's command line alike.
RUN_WORDS := ACCEL CDROM CHECKS CMD CONTROLLER CORE DISK DISK1 DISK2 DISK3 FAULT FORMAT GDB GDB_WAIT HISTORY HIVE HIVE_RO \
    KARGS MACHINE MINIPORT MODE NBD OUT QEMU QEMU_EXTRA RECORD REPLAY REQUEST RUN_DIR STRICT TIMELINE TIMEOUT TRACE WATCHDOG WRITE

define hand_on
ifneq ($(origin $(1)),undefined)
override $(1) := $$(value $(1))
export $(1)
endif
endef
$(foreach word,$(RUN_WORDS),$(eval $(call hand_on,$(word))))

# ---------------------------------------------------------------- what is needed

# The uses in tools/setup.sh whose programs a goal needs. They are looked for, and installed, before
# anything else; that takes a few milliseconds when all are there. `make -n` installs nothing.
USES_all := build $(if $(filter 1,$(NBD)),nbd)
USES_run := build run $(if $(filter 1,$(NBD)),nbd)
USES_trace := $(USES_run)
USES_trace-check := $(USES_run)
USES_record := $(USES_run) record
USES_replay := run record
USES_replay-debug := debug record
USES_timeline-pictures := $(USES_run)
USES_test := test
USES_check := test lint
USES_setup := test
USES_debug := debug
USES_bench := bench
USES_bench-accesses := bench
USES_bench-profile := bench
USES_bench-boot := bench
USES_lint := lint
USES_crash-test := test
USES_hang-test := test
USES_door-test := test
USES_sweep := test
USES_soak := test
USES_fuzz := build fuzz
USES_fuzz-keep := fuzz
USES_clean :=
USES_help :=
USES_new-miniport :=
NEEDED := $(sort $(foreach goal,$(GOALS),$(if $(filter undefined,$(origin USES_$(goal))),build,$(USES_$(goal)))))

ifneq ($(if $(filter start none,$(PHASE)),$(NEEDED)),)
SETUP := $(foreach word,ARCH CROSS MINIPORT_CROSS HOSTCC QEMU,$(word)=$(call quote,$($(word)))) tools/setup.sh \
    $(if $(IS_DRY_RUN),--check) $(NEEDED)
ifneq ($(shell $(SETUP) </dev/null >&2; echo $$?),0)
$(error the programs above are missing)
endif
endif

# ---------------------------------------------------------------- one build at a time

ifeq ($(PHASE),start)
ifneq ($(shell mkdir -p build 2>/dev/null && test -w build && echo yes),yes)
$(error $(CURDIR)/build cannot be written, and all that is built goes there; copy the project to a folder of your own)
endif

.PHONY: $(GOALS) build-alone
build-alone:
	@flock --nonblock build/lock true || echo 'waiting for another make, which builds in this folder'
	@+BUILD_PHASE=build flock build/lock $(MAKE) --no-print-directory \
	    $(foreach goal,$(BUILDING),$(if $(filter $(goal),$(ACTIONS)),built-)$(goal)) </dev/null
$(filter-out $(ACTIONS),$(BUILDING)): build-alone
	@:
$(ACTIONS): build-alone
	@+BUILD_PHASE=act $(MAKE) --no-print-directory $@
else

# ---------------------------------------------------------------- building

.PHONY: $(ACTIONS:%=built-%) all run trace trace-check record replay replay-debug timeline-pictures test test-tools debug bench crash-test hang-test door-test sweep soak
all:

ifneq ($(BUILDING),)
-include boot/rules.mk
-include miniport/rules.mk
-include tools/rules.mk
-include $(wildcard tests/*/rules.mk)
endif

# Our own drivers: the folders of miniport/, each in a file of its own.
DRIVERS := pata ahci
ifdef miniport
$(foreach driver,$(DRIVERS),$(eval $(call miniport,$(driver),miniport/$(driver),-Wextra -Wshadow -Wswitch-enum $(WERROR_FLAG))))
endif

# Somebody's own, in any folder: tools/build-miniport.sh asks for $(BUILD)/external/NAME.sys.
ifdef EXTERNAL_NAME
$(eval $(call hand_on,EXTERNAL_FOLDER))
$(eval $(call external_miniport,external/$(EXTERNAL_NAME),$$(EXTERNAL_FOLDER)))
$(BUILD)/external/$(EXTERNAL_NAME).sys: | $(BUILD)/external
$(BUILD)/external:
	@mkdir -p $@
endif

export ARCH BUILD CROSS HOSTCC

all: $(BUILD)/kernel $(DRIVERS:%=$(BUILD)/%.sys)

# ---------------------------------------------------------------- running

# make shows 0 or 2 only, so the script's own code is printed.
run built-run: all
run:
	@./run-qemu.sh || { code=$$?; echo "run-qemu.sh ended with $$code"; exit $$code; }

# The same, and what it did: docs/timeline.md.
trace built-trace trace-check built-trace-check: all
trace: export TIMELINE = 1
trace-check: export TIMELINE = check
trace trace-check:
	@./run-qemu.sh || { code=$$?; echo "run-qemu.sh ended with $$code"; exit $$code; }

# A run that can be repeated, instruction for instruction: docs/replay.md. A replay needs nothing of what is built but
# the host's programs.
record built-record: all
record: export RECORD = 1
replay built-replay built-replay-debug: $(REGISTRY_TOOL) $(HOST_TOOLS)
replay: export REPLAY = 1
record replay:
	@./run-qemu.sh || { code=$$?; echo "run-qemu.sh ended with $$code"; exit $$code; }
built-replay-debug: $(TRACE_LINES)
replay-debug:
	@REPLAY=1 tools/debug.sh

# The pictures of docs/timeline.md, from runs of now.
timeline-pictures built-timeline-pictures: all
timeline-pictures:
	@tools/timeline-pictures.sh

debug built-debug: $(if $(TEST),test-tools,all)
debug:
	@TEST=$(call quote,$(TEST)) tools/debug.sh

# ---------------------------------------------------------------- testing

# Tests that are processes of their own: tests/host/test_NAME.c names, in its opening comment, what is
# compiled with it and which files it wants: "SOURCES: a.c b.c" and "ARGUMENTS: build/x", as often as needed.
HOST_BUILD := build/host
HOST_CFLAGS := -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
    -fno-omit-frame-pointer -fshort-wchar -fno-strict-aliasing -Wall -Wextra $(WERROR_FLAG) \
    -Wno-maybe-uninitialized -D_GNU_SOURCE -I. -Iinclude/ddi -I$(HAL_FOLDER_x86_64)
HOST_TESTS := $(wildcard tests/host/test_*.c)
GUEST_TESTS := $(if $(filter test check,$(GOALS)),$(addprefix tests/guest/,$(shell tests/guest/run.pl)))
TESTS := $(filter-out tests/conformance/%,$(sort $(wildcard tests/*/*.t) $(HOST_TESTS) $(GUEST_TESTS)))
ifneq ($(TEST),)
TESTS := $(strip $(foreach test,$(TESTS),$(if $(findstring $(TEST),$(test:tests/%=%)),$(test))))
endif

$(HOST_BUILD)/tests.mk: $(HOST_TESTS) tools/host-tests.pl tests/lib/Verdict.pm
	@mkdir -p $(@D)
	@tools/host-tests.pl $(HOST_BUILD) $(HOST_TESTS) >$@

$(HOST_BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(HOSTCC) $(HOST_CFLAGS)' | cmp -s - $@ || echo '$(HOSTCC) $(HOST_CFLAGS)' >$@

# Sanitizers make gcc see uninitialised values where there are none, hence the -Wno.
#
# The preprocessor runs first by itself, to standard output: a file that gcc is told to write holds the last
# source's dependencies only.
$(HOST_TESTS:tests/host/%.c=$(HOST_BUILD)/%): $(HOST_BUILD)/test_%: $(HOST_BUILD)/flags
	@$(if $(Q),echo '  HOSTCC $@')
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -MM -MP -MT $@ $(host_sources_test_$*) >$@.d
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -o $@ $(host_sources_test_$*)

ifneq ($(filter test check $(HOST_BUILD)/%,$(GOALS)),)
-include $(HOST_BUILD)/tests.mk $(wildcard $(HOST_BUILD)/*.d)
endif

.PHONY: FORCE
FORCE:

# These are the same for each ARCH: they look at what runs on the host, or at the headers with all
# compilers. And in a run for all of them some run on one alone, as they say themselves.
SINGLE_TESTS := $(filter tests/abi/% tests/host/% \
    $(addprefix tests/boot/,make.t run-qemu.t images.t ends.t checkout.t),$(TESTS))
alone_on = $(if $(filter test check,$(GOALS)),$(shell grep -l '^\# Run on $(1) alone' tests/boot/*.t))
OTHERS_TESTS_x86_64 := $(call alone_on,i386)
OTHERS_TESTS_i386 := $(call alone_on,x86_64)
ARCH_TESTS := $(filter-out $(SINGLE_TESTS),$(TESTS))
tests_on = $(filter-out $(if $(word 2,$(ARCHES)),$(OTHERS_TESTS_$(1))),$(ARCH_TESTS))

test-tools: all $(TEST_TOOLS)

# Another ARCH is built by a make that is told so, with a compiler for that machine. One after the other:
# some programs serve both.
OTHER_TOOLS := $(if $(ARCH_TESTS),$(patsubst %,test-tools-%,$(filter-out $(ARCH),$(ARCHES))))
$(OTHER_TOOLS): test-tools-%: FORCE | test-tools
	@+$(MAKE) --no-print-directory ARCH=$* MINIPORT_CROSS= test-tools
ifneq ($(filter test check,$(GOALS)),)
build/$(OTHER_ARCH)/sample.sys build/$(OTHER_ARCH)/sample_packed.sys: | $(OTHER_TOOLS)
endif

# With MINIPORT= it is the conformance suite, on that driver and this ARCH.
ifneq ($(MINIPORT),)
export TEST V JOBS
REPORT ?= build/report
$(eval $(call hand_on,REPORT))
test built-test: all $(GUEST_BUILD)/kernel $(DRIVERS:%=$(GUEST_BUILD)/%.sys) $(COVERAGE_PLUGIN)
test:
	@tests/conformance/run.pl
else
test built-test: test-tools $(OTHER_TOOLS) $(BENCH_TOOLS) \
    $(patsubst tests/host/%.c,$(HOST_BUILD)/%,$(filter $(HOST_TESTS),$(TESTS))) \
    $(if $(filter tests/host/lines.t,$(TESTS)),build/x86_64/sample.sys)
# More than there are processors, since tests wait for time-outs and disks most of their time. The longest
# ones stand first.
test:
	$(if $(TESTS),,$(error TEST=$(TEST): no test has that in its name))
	@code=0; PERL5LIB=tests/lib prove --timer -j$$((2 * $(JOBS) + 1)) -PVerdict $(if $(Q),,-v) \
	    $(SINGLE_TESTS) $(foreach arch,$(ARCHES),$(addprefix $(arch):,$(call tests_on,$(arch)))) || code=1; \
	$(if $(TEST),,for tool in rule edge; do tools/$$tool-coverage.pl || code=1; done;) exit $$code
endif

# The long forms of tests.
crash-test built-crash-test: all $(TEST_TOOLS)
crash-test:
	@KILLS='$(or $(KILLS),1000)' SEED='$(SEED)' PERL5LIB=tests/lib prove -v tests/boot/crash.t

hang-test built-hang-test: test-tools $(OTHER_TOOLS)
hang-test:
	@HANGS=all PERL5LIB=tests/lib prove --timer -j$(JOBS) -PVerdict $(if $(Q),,-v) $(ARCHES:%=%:tests/boot/hang.t)

door-test built-door-test: all $(NBD_PLUGIN)
door-test:
	@tests/bench/door.pl '$(or $(NBD_SIZE),1G)'

# The same: of pata by DMA and by PIO, or of a driver of one's own.
$(eval $(call hand_on,CASE))
sweep built-sweep: all $(TEST_TOOLS)
sweep:
	@SWEEP="$${CASE:-$(or $(SEED),1):$(or $(RUNS),8000)}" TIMEOUT='$(or $(TIMEOUT),3600)' TEST=sweep V=1 REPORT= PERL5LIB=tests/lib \
	    $(if $(MINIPORT),tests/conformance/run.pl,prove -v tests/boot/sweep.t tests/boot/sweep-ahci.t)

# Of the driver whose disks MACHINE= and CONTROLLER= have, or of one of one's own.
SOAK_DRIVER := $(if $(filter ahci,$(or $(CONTROLLER),$(MACHINE:q35=ahci))),ahci,pata)
soak built-soak: all $(TEST_TOOLS)
soak:
	@SOAK='$(or $(SEED),1):$(or $(SOAK_REQUESTS),1000000):$(or $(SOAK_FAULTS),200)' TIMEOUT='$(or $(TIMEOUT),14400)' \
	    MINIPORT="$${MINIPORT:-$(BUILD)/$(SOAK_DRIVER).sys}" TEST=soak V=1 REPORT= tests/conformance/run.pl

endif

# ---------------------------------------------------------------- what builds nothing

.PHONY: lint check setup clean help new-miniport
# A driver of one's own.
ifneq ($(filter new-miniport,$(GOALS)),)
$(eval $(call hand_on,NAME))
$(eval $(call hand_on,DIR))
endif
new-miniport:
	@tools/new-miniport.sh

lint:
	@tools/lint.sh

# The variable is exported, but that is not what the user said.
check: lint
	@+$(if $(filter-out $(ARCH),$(ARCHES)),env -u ARCH) $(MAKE) --no-print-directory test

setup:
	@echo 'All programs that building, running, debugging and testing need are installed.'

clean:
	rm -rf build

help:
	@sed -n 's/^#? \{0,1\}//p' Makefile

#? make               build the kernel and its drivers into build/$ARCH/
#? make run           build, and start QEMU with the serial console on the terminal
#? make trace         as run, and writes OUT= (build/trace.json) for Perfetto or Chrome's viewer, and REQUEST= as a
#?                    picture: docs/timeline.md; trace-check also compares all register accesses with QEMU's trace
#? make record        as run, and keeps in OUT= (build/record) what it takes to repeat the run, instruction for instruction;
#?                    make replay does, and make replay-debug under GDB, forwards and backwards: docs/replay.md
#? make test          all tests, for x86_64 and i386 unless ARCH= says one; TEST=name: those with that in
#?                    their paths; MINIPORT=path: the conformance suite on your own driver, a folder or a
#?                    .sys file, for one ARCH; TIMEOUT= seconds for each boot of it (240); it leaves a report in
#?                    REPORT= (build/report): index.html, summary.json, junit.xml (docs/ci.md)
#? make new-miniport NAME=x DIR=path
#?                    a small working driver of your own: its source, in the folder path/x
#? make debug         QEMU under GDB, stopped in the driver's DriverEntry; MINIPORT=path: in that one's;
#?                    TEST=name: the guest of a test tests/guest/run.pl; docs/debugging.md
#? make bench         operations per second, and accesses and instructions per operation, and, with gnuplot, pictures of
#?                    throughput, latencies and the ratio to no port at all, in build/bench/;
#?                    bench-accesses lists the accesses, bench-profile shows where the instructions go
#?                    bench-boot says how long it takes to the prompt
#? make registry-compact  shorten HIVE= (default build/registry.reg) to what it says
#? make crash-test    kills QEMU KILLS= (1000) times while a driver stores values; SEED=
#? make hang-test     a loop in each routine of a driver's, interrupts on and off, on each machine: the hang
#?                    watchdog finds all 60 (30 with ARCH=) within ten seconds
#? make door-test     the door for the host's tools (docs/nbd.md) on two disks of NBD_SIZE=1G: fio, file systems, whole
#?                    disks, with and without faults; rates, beside qemu-nbd's
#? make sweep         each kind of fault at each access of a read, a write ... and RUNS= (8000) in all, SEED=;
#?                    of pata, or of MINIPORT=; CASE='write: bsy for=5ms nth=3' is one of them, and shown
#? make soak          SOAK_REQUESTS= (1000000) requests of all kinds on four disks, 64 at a time, and faults, one in
#?                    SOAK_FAULTS= (200) requests; SEED=; of pata, with CONTROLLER=ahci of ahci, or of MINIPORT=
#? make fuzz          fuzzes what reads foreign files: FUZZ=pe or reg, FUZZ_SECONDS=600
#? make lint          format, scripts, who includes whom; the kernel as clang and cppcheck see it
#? make check         lint and test
#? make setup         install the programs that are missing; run and test do it too
#? tools/fresh-machine.sh SUITE  run and test in a bare Debian or Ubuntu that it makes in a folder, as root
#? make clean         remove build/ (with the demonstration disks and the default registry)
#?
#? Words, on the command line or in the environment:
#?   ARCH=x86_64|i386 CROSS= MINIPORT_CROSS= HOSTCC= QEMU=         the tools;  V=1 shows commands
#?   MINIPORT_CC=clang                                        drivers by clang instead of mingw-w64's gcc
#?   MINIPORT_DEBUG=1                                         drivers with -Og -g3, for a debugger
#?   DISK= DISK1= DISK2= DISK3= CDROM= FORMAT= WRITE=1        disks
#?   MACHINE=pc|q35|isapc CONTROLLER= ACCEL= MINIPORT=        the machine and its drivers
#?   NBD=1                 the disks for qemu-img, nbdcopy, fio ... of the host: docs/nbd.md
#?   HIVE= HIVE_RO=1 CMD='a; b' STRICT=1 CHECKS=off TRACE= FAULT='rule; rule' KARGS= TIMEOUT= GDB=1 WATCHDOG=0 CORE=0
#?   HISTORY=              the lines entered at the prompt (build/history); nothing behind the = is none
#?   OUT= REQUEST=         of make trace
#? ./run-qemu.sh --help explains those from DISK= on.
#?   WERROR=1              warnings are errors
#?   REGISTRY_ARENA=256K   the memory that all registry buffers share, when the kernel is built
