# SPDX-License-Identifier: MIT
#
# The benchmark: the floor program, the plugin that counts instructions, and what runs them; and the plugin
# that tells which lines of a driver ran, for the report of the conformance suite.
#
# Wants: CROSS, ARCH, WERROR_FLAG, V and `quiet` as boot/rules.mk has them; HOSTCC for the plugin (default gcc).
# Gives: BENCH_TOOLS, which tests that use floor or plugin depend on, COVERAGE_PLUGIN, and
#
#   make bench            floor and kernel in turn, and a table with the ratios,
#                         and pictures of it (plot.pl)
#   make bench-accesses   the register accesses of one operation of each kind, as QEMU traced them
#   make bench-profile    where the instructions go; WORKLOAD=dma-read-4k-random (or another; of AHCI
#                         queued-read-4096-depth-1 and so on), BY=function, inlined or line
#   make bench-boot       the time to the prompt, on pc and on q35 with AHCI

BENCH_BUILD := build/bench
BENCH_FLOOR := $(BENCH_BUILD)/floor/kernel
BENCH_PLUGIN := $(BENCH_BUILD)/icount.so
BENCH_TOOLS := $(BENCH_FLOOR) $(BENCH_PLUGIN)
COVERAGE_PLUGIN := build/tools/coverage.so
HOSTCC ?= gcc

BENCH_WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla \
    $(WERROR_FLAG)

# 32-bit code: QEMU enters it so, and the floor needs no more.
FLOOR_CFLAGS := -m32 -march=i686 -std=gnu11 -O2 -g -ffreestanding -nostdlib -fno-pic -fno-pie \
    -mgeneral-regs-only -fomit-frame-pointer -fno-stack-protector -fno-asynchronous-unwind-tables \
    $(BENCH_WARNINGS) $(call quote,-ffile-prefix-map=$(CURDIR)/=) -I.
FLOOR_LDFLAGS := -m32 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack \
    -Wl,-T,tests/bench/floor/floor.ld
PLUGIN_CFLAGS := -std=gnu11 -O2 -g -fPIC -fvisibility=hidden $(BENCH_WARNINGS) -I.

FLOOR_OBJECTS := $(patsubst tests/bench/floor/%,$(BENCH_BUILD)/floor/%.o, \
    $(wildcard tests/bench/floor/*.c tests/bench/floor/*.S))

$(BENCH_BUILD)/floor/%.o: tests/bench/floor/% tests/bench/rules.mk
	@mkdir -p $(@D)
	$(call quiet,CC $<)$(CROSS)gcc $(FLOOR_CFLAGS) -MMD -MP -c -o $@ $<

$(BENCH_FLOOR): $(FLOOR_OBJECTS) tests/bench/floor/floor.ld
	$(call quiet,LD $@)$(CROSS)gcc $(FLOOR_LDFLAGS) -o $@ $(FLOOR_OBJECTS)

$(BENCH_PLUGIN): tests/bench/icount.c
$(COVERAGE_PLUGIN): tests/report/coverage.c
$(BENCH_PLUGIN) $(COVERAGE_PLUGIN): tests/bench/qemu_plugin.c tests/bench/qemu_plugin.h tests/bench/rules.mk
	@mkdir -p $(@D)
	$(call quiet,HOSTCC $@)$(HOSTCC) $(PLUGIN_CFLAGS) -shared -o $@ $(filter %.c,$^)

# `all` is the kernel and its drivers; what the scripts read from the environment is exported here.
BENCH_WORDS = BENCH_BUILD='$(BENCH_BUILD)' BUILD='$(or $(BUILD),build/$(or $(ARCH),x86_64))'
BENCH_RUN = $(BENCH_WORDS) tests/bench/run.pl
export WORKLOAD BY

.PHONY: bench bench-accesses bench-profile bench-boot bench-tools
bench-tools: $(BENCH_TOOLS)
BENCH_GOALS := bench bench-accesses bench-profile bench-boot
$(BENCH_GOALS) $(patsubst %,built-%,$(BENCH_GOALS)): all bench-tools
bench:
	@$(BENCH_RUN)
	@$(BENCH_WORDS) tests/bench/boot.pl
bench-accesses:
	@$(BENCH_RUN) --accesses
bench-profile:
	@$(BENCH_RUN) --profile
bench-boot:
	@$(BENCH_WORDS) tests/bench/boot.pl

-include $(FLOOR_OBJECTS:.o=.d)
