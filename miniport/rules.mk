# SPDX-License-Identifier: MIT
#
# Miniports: how a folder of C files becomes $(BUILD)/NAME.sys, with NAME.lines beside it, from which the
# kernel names places in its source (tools/lines.c).
#
# Wants: ARCH (x86_64 or i386), BUILD (that architecture's build folder), Q (@, or nothing with V=1),
# MINIPORT_CROSS (the prefix of the compiler and its tools), which may be empty, and WERROR_FLAG (-Werror or nothing).
#
#   $(eval $(call miniport,NAME,FOLDER,FLAGS,OBJECTS))
#       a folder whose path make can handle; OBJECTS, which may be left out, are linked with it
#   $(eval $(call external_miniport,NAME,$$(VARIABLE),FLAGS))
#       any folder: an absolute path, which may hold blanks or $, in a variable
#
# All *.c files of the folder are compiled (FLAGS, which may be left out, come last) and linked with the
# import libraries of the port. Nothing is ever written into the folder. MINIPORT_CFLAGS is the
# user's, for all drivers. A driver sees include/ddi, its own folder, and no other header.

MINIPORT_TRIPLE_x86_64 := x86_64-w64-mingw32
MINIPORT_TRIPLE_i386 := i686-w64-mingw32
MINIPORT_TRIPLE := $(MINIPORT_TRIPLE_$(ARCH))
ifeq ($(MINIPORT_TRIPLE),)
$(error ARCH=$(ARCH) is unknown to miniport/rules.mk: x86_64 and i386 are known)
endif
MINIPORT_PREFIX := $(or $(MINIPORT_CROSS),$(MINIPORT_TRIPLE)-)
# mingw-w64's gcc compiles, unless MINIPORT_CC names clang, and links in any case.
MINIPORT_LD := $(MINIPORT_PREFIX)gcc
MINIPORT_CC ?= $(MINIPORT_LD)
MINIPORT_PACKAGE_x86_64 := gcc-mingw-w64-x86-64-win32
MINIPORT_PACKAGE_i386 := gcc-mingw-w64-i686-win32

# $(call miniport_quote,TEXT): TEXT as one word for the shell.
miniport_quote = '$(subst ','\'',$(1))'

# What a driver is compiled with:
# - headers of our own only: mingw-w64 has some of the same names, which are not meant;
# - one frame per function, chained through the frame pointer, so that a stack can be walked and a
#   report finds the line: no tail calls, no merged calls or functions, and, since gcc places the
#   frame pointer elsewhere when it writes Windows' unwind tables, none of these (DWARF has what
#   debuggers need);
# - no helper for large stack frames, no helper for stack protection: nobody provides them;
# - no time, no compiler's name, no path of this tree: the same sources give the same bytes anywhere.
MINIPORT_COMMON_FLAGS := -std=gnu11 -O2 -g -gdwarf-4 -Wall -Wno-unknown-pragmas \
    -ffreestanding -nostdinc -Iinclude/ddi \
    -fno-strict-aliasing -fno-omit-frame-pointer -fno-optimize-sibling-calls \
    -fno-asynchronous-unwind-tables -fno-unwind-tables \
    -fno-stack-protector -mno-stack-arg-probe -fno-ident
ifneq ($(findstring clang,$(notdir $(firstword $(MINIPORT_CC)))),)
MINIPORT_CLANG_x86_64 := x86_64-pc-windows-gnu
MINIPORT_CLANG_i386 := i686-pc-windows-gnu
MINIPORT_COMMON_FLAGS += -target $(MINIPORT_CLANG_$(ARCH))
MINIPORT_SUPPORT_FLAGS := -fno-builtin
MINIPORT_OLD_CODE_FLAGS := -Wno-error=incompatible-function-pointer-types
else
MINIPORT_COMMON_FLAGS += -fno-crossjumping -fno-tree-tail-merge -fno-ipa-icf
# gcc loses the arguments, which are on the stack on i386, when it tracks assignments as well.
MINIPORT_COMMON_FLAGS += $(if $(filter i386,$(ARCH)),-fno-var-tracking-assignments)
# Two stores side by side are not worth an SSE register: its first use in an interrupt saves all of them.
MINIPORT_COMMON_FLAGS += -fno-tree-slp-vectorize
# i386: stacks are aligned to 4 bytes, as in Windows; gcc counts on 16 where it uses SSE unless it is told.
MINIPORT_COMMON_FLAGS += $(if $(filter i386,$(ARCH)),-mincoming-stack-boundary=2)
MINIPORT_SUPPORT_FLAGS := -fno-tree-loop-distribute-patterns
endif
# MINIPORT_DEBUG=1: for a debugger, which then finds every variable, and knows macros by name.
MINIPORT_COMMON_FLAGS += $(if $(filter 1,$(MINIPORT_DEBUG)),-Og -g3)
# Pointers of another type, integers in their place, and functions that no header declares are in many drivers: what
# newer compilers refuse stays a warning in drivers from outside, as it is for the kits' compiler.
MINIPORT_OLD_CODE_FLAGS += -Wno-error=incompatible-pointer-types -Wno-error=int-conversion \
    -Wno-error=implicit-function-declaration
MINIPORT_FLAGS_x86_64 := -mcmodel=small -D_AMD64_=1
MINIPORT_FLAGS_i386 := -mrtd -D_X86_=1
MINIPORT_FLAGS = $(MINIPORT_COMMON_FLAGS) $(MINIPORT_FLAGS_$(ARCH)) \
    $(call miniport_quote,-ffile-prefix-map=$(CURDIR)=.)

# A native image with relocations that keeps its symbols. --disable-auto-import and the strict names:
# what would need a helper at run time, or would call with the wrong number of bytes, does not link.
MINIPORT_LINK_FLAGS := -nostdlib -Wl,--subsystem,native -Wl,--dynamicbase -Wl,--nxcompat \
    -Wl,--section-alignment,4096 -Wl,--file-alignment,512 -Wl,--exclude-all-symbols \
    -Wl,--disable-auto-import -Wl,--disable-stdcall-fixup -Wl,--no-insert-timestamp

MINIPORT_OUT := $(BUILD)/miniport
miniport_quiet = $(if $(Q),@echo '  $(1)';)

# ---------------------------------------------------------------- import and support libraries

# In the order of linking: what both port modules export is taken from pciidex.sys.
MINIPORT_IMPORT_LIBRARIES := $(patsubst %,$(MINIPORT_OUT)/lib%.a,\
    pciidex.sys ataport.sys ntoskrnl.exe)
MINIPORT_SUPPORT_LIBRARY := $(MINIPORT_OUT)/libsupport.a
MINIPORT_SUPPORT_OBJECTS := $(patsubst miniport/support/%.c,$(MINIPORT_OUT)/support/%.o,\
    $(wildcard miniport/support/*.c))

.PHONY: miniport-toolchain miniport-force
miniport-toolchain:
	@for tool in '$(firstword $(MINIPORT_CC))' '$(MINIPORT_LD)'; do \
	    command -v "$$tool" >/dev/null && continue; \
	    echo "$$tool is missing: drivers are Windows images, made by mingw-w64's tools." \
	        "Install it with 'make setup', or with: apt-get install $(MINIPORT_PACKAGE_$(ARCH))" >&2; \
	    exit 1; \
	done
miniport-force:

# The order-only prerequisite gives the message; make does not rebuild anything for it.
$(MINIPORT_OUT)/lib%.a: port/contract/routines.def tools/exports.pl tools/Routines.pm | miniport-toolchain
	$(Q)mkdir -p $(@D)
	$(Q)tools/exports.pl def $(ARCH) $* $< >$(@:.a=.def)
	$(call miniport_quiet,DLLTOOL $@)cd $(@D) && $(MINIPORT_PREFIX)dlltool --input-def lib$*.def \
	    --output-lib $(@F) --temp-prefix $*

# These are the memory routines: the compiler must not see a call of them in their own loops.
$(MINIPORT_OUT)/support/%.o: miniport/support/%.c $(MINIPORT_OUT)/support/stamp | miniport-toolchain
	$(call miniport_quiet,CC $<)$(MINIPORT_CC) $(MINIPORT_FLAGS) -Wextra $(WERROR_FLAG) \
	    $(MINIPORT_SUPPORT_FLAGS) -MMD -MP -c $< -o $@

$(MINIPORT_SUPPORT_LIBRARY): $(MINIPORT_SUPPORT_OBJECTS)
	$(Q)rm -f $@
	$(call miniport_quiet,AR $@)$(MINIPORT_PREFIX)ar rcsD $@ $^

-include $(MINIPORT_SUPPORT_OBJECTS:.o=.d)

# ---------------------------------------------------------------- one driver

# A stamp changes when its text does, so that changed flags and removed sources rebuild.
# $(call miniport_stamp,TEXT)
miniport_stamp = mkdir -p $(@D); printf '%s\n' $(call miniport_quote,$(1)) | cmp -s - $@ || \
    printf '%s\n' $(call miniport_quote,$(1)) >$@

$(MINIPORT_OUT)/support/stamp: miniport-force
	$(Q)$(call miniport_stamp,$(MINIPORT_CC) $(MINIPORT_FLAGS) $(WERROR_FLAG))

# The entry point is looked for among the objects: a linker that does not find it only warns.
# $(call miniport_link,NAME,FOLDER,OBJECTS)
miniport_place = $(call miniport_quote,$(or $(miniport_folder_$(1)),$(2)))
define miniport_link
	$(if $(strip $(3)),,@echo "$(notdir $(1)): there are no C files in" $(miniport_place) >&2; exit 1)
	$(call miniport_quiet,LD $@)entry=$$($(MINIPORT_PREFIX)nm --defined-only $(3) | \
	    sed -n 's/^.* T \(_\{0,1\}DriverEntry\(@8\)\{0,1\}\)$$/\1/p'); \
	if test -z "$$entry"; then \
	    echo "$(notdir $(1)): no function DriverEntry is defined in" $(miniport_place) >&2; exit 1; \
	fi; \
	$(MINIPORT_LD) $(MINIPORT_LINK_FLAGS) -Wl,--entry,$$entry -o $@ $(3) \
	    $(MINIPORT_SUPPORT_LIBRARY) $(MINIPORT_IMPORT_LIBRARIES) -lgcc && \
	build/tools/lines $@ >$(@:.sys=.lines)
endef

define miniport
miniport_objects_$(1) := $$(patsubst $(2)/%.c,$$(MINIPORT_OUT)/$(1)/%.o,$$(wildcard $(2)/*.c))
miniport_flags_$(1) = $$(MINIPORT_FLAGS) -I$(2) $$(MINIPORT_CFLAGS) $(3)

$$(MINIPORT_OUT)/$(1)/stamp: miniport-force
	$$(Q)$$(call miniport_stamp,$$(MINIPORT_CC) $$(miniport_flags_$(1)) $$(miniport_objects_$(1)))

$$(miniport_objects_$(1)): $$(MINIPORT_OUT)/$(1)/%.o: $(2)/%.c $$(MINIPORT_OUT)/$(1)/stamp \
    | miniport-toolchain
	$$(call miniport_quiet,CC $$(subst $(2)/,$$(or $$(miniport_shown_$(1)),$(2)/),$$<))$$(MINIPORT_CC) \
	    $$(miniport_flags_$(1)) -MMD -MP -c $$< -o $$@ \
	    $$(miniport_messages_$(1))

$$(BUILD)/$(1).sys: $$(miniport_objects_$(1)) $(4) $$(MINIPORT_OUT)/$(1)/stamp \
    $$(MINIPORT_SUPPORT_LIBRARY) $$(MINIPORT_IMPORT_LIBRARIES) build/tools/lines
	$$(call miniport_link,$(1),$(2),$$(miniport_objects_$(1)) $(4))

-include $$(miniport_objects_$(1):.o=.d)
endef

# Make cannot have blanks in a target or a prerequisite, so such a folder is reached through a link in
# the build folder. The compiler's messages, debuggers and reports show the folder's own path.
miniport_replacement = $(subst |,\|,$(subst &,\&,$(subst \,\\,$(1))))
define external_miniport
$$(shell mkdir -p $$(dir $$(MINIPORT_OUT)/$(1)) && \
    ln -sfn $$(call miniport_quote,$(2)) $$(MINIPORT_OUT)/$(1).source)
miniport_folder_$(1) = $(2)
miniport_shown_$(1) := $(notdir $(1))/
miniport_map_$(1) = $$(call miniport_quote,-ffile-prefix-map=$$(MINIPORT_OUT)/$(1).source=$(2))
miniport_messages_$(1) = 2>$$@.messages; code=$$$$?; sed $$(call miniport_quote,s|$$(MINIPORT_OUT)/$(1).source|$$(call \
    miniport_replacement,$(2))|g) $$@.messages >&2; exit $$$$code
$$(eval $$(call miniport,$(1),$$(MINIPORT_OUT)/$(1).source,$(3) $$$$(MINIPORT_OLD_CODE_FLAGS) $$$$(miniport_map_$(1))))
endef
