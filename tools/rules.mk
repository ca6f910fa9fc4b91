# SPDX-License-Identifier: MIT
#
# The host's programs that run-qemu.sh calls: `registry`, made of the kernel's own sources, has the registry's
# file while a guest runs, and shortens it; `image` says what an image is; `session` stays beside QEMU; and `lines`
# makes a driver's line table. `trace-lines` is GDB's; `timeline`, which has the kernel's own words, reads its trace.
#
# Wants: HOSTCC, WERROR_FLAG, Q. Gives: build/tools/registry, image, session, lines and timeline, and
#
#   make registry-compact     HIVE= becomes as short as it can be and means the same

REGISTRY_TOOL := build/tools/registry
REGISTRY_TOOL_SOURCES := tools/registry.c tools/registry_session.c lib/crc32.c lib/utf.c \
    $(addprefix port/registry/,memory.c name.c store.c store_table.c store_journal.c reg_scan.c \
    reg_data.c reg_read.c reg_write.c)

$(REGISTRY_TOOL): $(REGISTRY_TOOL_SOURCES) tools/registry.h tools/end.h $(wildcard port/registry/*.h lib/*.h)
	@mkdir -p $(@D)
	@$(if $(Q),echo '  HOSTCC $@')
	$(Q)$(HOSTCC) -std=gnu11 -O2 -g -fno-strict-aliasing -Wall -Wextra $(WERROR_FLAG) -D_GNU_SOURCE -I. \
	    -o $@ $(REGISTRY_TOOL_SOURCES)

HOST_TOOLS := build/tools/image build/tools/session build/tools/lines

build/tools/session: tools/session_keys.c tools/session_host.c tools/session_files.c tools/session_history.c tools/session_core.c tools/session_replay.c tools/session_door.c tools/session.h tools/end.h lib/plural.h \
    lib/host_file.h lib/door.h
build/tools/lines: tools/dwarf.c tools/dwarf_form.c tools/dwarf_line.c tools/dwarf_frame.c tools/dwarf.h tools/dwarf_read.h
$(HOST_TOOLS): build/tools/%: tools/%.c
	@mkdir -p $(@D)
	@$(if $(Q),echo '  HOSTCC $@')
	$(Q)$(HOSTCC) -std=gnu11 -O2 -g -Wall -Wextra $(WERROR_FLAG) -D_GNU_SOURCE -I. -o $@ $(filter %.c,$^)

# What reads the kernel's trace has the kernel's own words for it. NTAPI and the interface's types are as in the kernel;
# its tables look at no machine.
TRACE_LINES := build/tools/trace-lines
TIMELINE_TOOL := build/tools/timeline
TRACE_WORDS := $(addprefix port/,trace_words.c trace_command.c trace_text.c states.c irb_names.c contract/context.c contract/rules.c \
    access/names.c access/names_commands.c access/names_word.c)
$(TRACE_LINES): tools/gdb/trace_lines.c port/trace.c
$(TIMELINE_TOOL): $(addprefix tools/timeline/,main.c record.c story.c events.c diagram.c compare.c timeline.h)
$(TRACE_LINES) $(TIMELINE_TOOL): $(TRACE_WORDS) lib/plural.h hal/hal.h $(wildcard port/*.h port/*.def port/access/*.h \
    port/contract/*.h port/contract/*.def include/ddi/*.h include/ddi/*/*.h)
	@mkdir -p $(@D)
	@$(if $(Q),echo '  HOSTCC $@')
	$(Q)$(HOSTCC) -std=gnu11 -O2 -g -fshort-wchar -fno-strict-aliasing -Wall -Wextra $(WERROR_FLAG) -D_GNU_SOURCE -I. \
	    -Iinclude/ddi -I$(HAL_FOLDER_x86_64) -o $@ $(filter %.c,$^)

all: $(REGISTRY_TOOL) $(HOST_TOOLS) $(TRACE_LINES) $(TIMELINE_TOOL)

# The plugin of nbdkit's is for NBD=1 and for tests: nobody else needs nbdkit's headers.
NBD_PLUGIN := build/tools/nbd.so
NBD_SOURCES := tools/nbd/plugin.c tools/nbd/link.c tools/nbd/head.c
$(NBD_PLUGIN): $(NBD_SOURCES) tools/nbd/link.h lib/door.h
	@mkdir -p $(@D)
	@$(if $(Q),echo '  HOSTCC $@')
	$(Q)$(HOSTCC) -std=gnu11 -O2 -g -fPIC -shared -pthread -Wall -Wextra $(WERROR_FLAG) -D_GNU_SOURCE -I. -o $@ $(NBD_SOURCES)

TEST_TOOLS += $(NBD_PLUGIN)
ifeq ($(NBD),1)
all: $(NBD_PLUGIN)
endif

registry-compact: $(REGISTRY_TOOL)
	@$(REGISTRY_TOOL) compact "$${HIVE:-build/registry.reg}"

.PHONY: registry-compact
