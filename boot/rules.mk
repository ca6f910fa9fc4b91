# SPDX-License-Identifier: MIT
#
# How the kernel is compiled and linked. Included by the top-level Makefile, which has set
#
#   ARCH     x86_64 or i386
#   BUILD    where everything goes: build/$(ARCH)
#   CROSS    prefix of gcc and binutils for $(ARCH), often empty
#   V        1: show whole commands
#   WERROR_FLAG   -Werror, or nothing
#   REGISTRY_ARENA   optional: size of the registry buffers' arena, in bytes or with K or M behind it;
#                    whole pages (port/registry/arena.h has the default)
#
# and gets
#
#   KERNEL_CC, KERNEL_CFLAGS      for any other object that is to be linked with the kernel
#   HAL_FOLDER_x86_64, ...        for anything else that includes hal/hal.h: -I$(HAL_FOLDER_x86_64)
#   hal_SOURCES, lib_SOURCES, port_SOURCES, boot_SOURCES
#   kernel_OBJECTS                all of these, compiled
#   $(BUILD)/kernel.elf           with DWARF: for GDB
#   $(BUILD)/kernel               ELF32 without symbols: for `qemu -kernel`, which takes no ELF64
#   $(call link_kernel,NAME,OBJECTS)  to be evaluated: rules for another such pair, $(BUILD)/NAME.elf
#                                     and $(BUILD)/NAME, from other objects (a test kernel)
#
# The kernel has a table of its own function names. It is made from a first link without one; the
# table lies behind all code, so the second link moves no function, which the recipe checks.

KERNEL_CC := $(CROSS)gcc
# Our own limit. Another compiler makes other code, so it stops a build where warnings do.
KERNEL_SIZE_LIMIT := 458752

# i386: the interface returns 8-byte structures in EDX:EAX, and Windows keeps stacks aligned to 4 bytes. Code for the
# Pentium Pro has more instructions, which an emulated CPU does mind.
KERNEL_ARCH_CFLAGS_x86_64 := -m64 -mno-red-zone -mcmodel=small
KERNEL_ARCH_CFLAGS_i386 := -m32 -march=i686 -mtune=generic -freg-struct-return -mpreferred-stack-boundary=2
KERNEL_OBJCOPY_FLAGS_x86_64 := -I elf64-x86-64 -O elf32-i386

# The HAL's folder for a machine, in which hal.h finds what is inline.
HAL_FOLDER_x86_64 := hal/x86
HAL_FOLDER_i386 := hal/x86

KERNEL_INCLUDES := -nostdinc -isystem $(shell $(KERNEL_CC) -print-file-name=include) \
    -I. -Ilib/libc -Iinclude/ddi -I$(HAL_FOLDER_$(ARCH))

# The same in bytes; empty where it is not a size that the arena can have.
registry_arena_bytes := $(shell printf '%s\n' '$(subst ','\'',$(REGISTRY_ARENA))' | awk \
    '/^[0-9]+[KM]?$$/ { n = $$0 * (/K/ ? 1024 : /M/ ? 1048576 : 1); \
    if (n > 0 && n % 4096 == 0 && n / 4096 < 65535) printf "%d", n }')
ifneq ($(REGISTRY_ARENA),)
ifeq ($(registry_arena_bytes),)
$(error REGISTRY_ARENA=$(REGISTRY_ARENA): expected 4K to 255M, in whole pages of 4096 bytes)
endif
endif

# Padding before loops and functions is a twentieth of the kernel, and an emulated CPU does not care. What is
# worth a copy at each call is marked inline.
KERNEL_CFLAGS = -std=gnu11 -O2 -fno-inline-functions -falign-functions=4 -falign-jumps=1 -falign-loops=1 -falign-labels=1 \
    -g3 -gdwarf-4 -ffreestanding -nostdlib -fno-pic -fno-pie \
    -mgeneral-regs-only $(KERNEL_ARCH_CFLAGS_$(ARCH)) \
    -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-stack-protector \
    -fno-asynchronous-unwind-tables \
    -fshort-wchar -fno-strict-aliasing -fno-common \
    -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla \
    $(WERROR_FLAG) \
    $(call quote,-ffile-prefix-map=$(CURDIR)/=) \
    $(registry_arena_bytes:%=-DREGISTRY_ARENA_BYTE_COUNT=%) \
    $(KERNEL_INCLUDES)

# nmagic: who loads the file reads it, and maps nothing, so segments need not lie at page boundaries in it.
KERNEL_LDFLAGS = -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--nmagic \
    -Wl,-z,noexecstack $(WERROR_FLAG:-Werror=-Wl,--fatal-warnings) \
    $(KERNEL_ARCH_CFLAGS_$(ARCH)) -Wl,-T,boot/kernel.ld

# Other architectures' files begin with their names.
KERNEL_ARCHITECTURES := i386 x86_64
kernel_sources_in = $(foreach source,$(wildcard $(1)),$(if $(filter \
    $(addsuffix _%,$(filter-out $(ARCH),$(KERNEL_ARCHITECTURES))),$(notdir $(source))),,$(source)))

hal_SOURCES := $(call kernel_sources_in,hal/*.c $(HAL_FOLDER_$(ARCH))/*/*.c $(HAL_FOLDER_$(ARCH))/*/*.S)
lib_SOURCES := $(call kernel_sources_in,lib/*.c lib/libc/*.c)
port_SOURCES := $(call kernel_sources_in,port/*.c port/*/*.c)
boot_SOURCES := $(call kernel_sources_in,boot/*.c boot/door/*.c boot/shell/*.c)

kernel_SOURCES = $(hal_SOURCES) $(lib_SOURCES) $(port_SOURCES) $(boot_SOURCES)
kernel_OBJECTS = $(addprefix $(BUILD)/,$(addsuffix .o,$(basename $(kernel_SOURCES))))

# What people wait for, what has gone wrong already and what a start does once is compiled for size: the shell,
# faults, loading, the registry, the life of controllers and channels.
KERNEL_SMALL := boot/%.o port/loader/%.o \
    $(addprefix port/registry/,arena.o binding.o ddi.o hive.o kernel.o name.o reg_data.o reg_read.o reg_write.o service.o \
    store.o store_journal.o store_table.o) \
    hal/pages.o hal/panic.o hal/print.o hal/x86/boot/%.o \
    $(addprefix hal/x86/cpu/,call.o exceptions.o stacks.o step.o tables.o i386_tables.o x86_64_tables.o) \
    $(addprefix hal/x86/pc/,acpi.o apic.o clock.o console.o exit.o host_file.o journal.o notices.o pci.o pic.o uart.o) \
    $(addprefix lib/,crc32.o near.o utf.o libc/stdio.o) \
    $(addprefix port/,atapi.o block_commands.o block_order.o block_run.o call.o channel.o control.o controller.o driver.o \
    device_names.o enumerate.o init.o irb_names.o objects.o parcel.o sense.o guard.o identify.o idle.o \
    log.o memory_faults.o owned.o power.o resources.o shared_page.o software_interrupts.o states.o trace.o trace_words.o trace_command.o \
    access/inject%.o access/names.o access/names_commands.o access/traced.o contract/%.o \
    $(addprefix ddi/,callback.o controller.o debug.o notification.o memory.o queue_tag.o unpublished.o) \
    $(addprefix request/,judge.o results.o timeout.o))

quiet = $(if $(filter 1,$(V)),,@echo '  $(1)';)

# A changed flag rebuilds: this file changes when, and only when, the commands do.
$(BUILD)/kernel.flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(KERNEL_CC) $(KERNEL_CFLAGS) $(KERNEL_LDFLAGS) $(KERNEL_SMALL) $(KERNEL_STRAIGHT)) | cmp -s - $@ || \
	    printf '%s\n' $(call quote,$(KERNEL_CC) $(KERNEL_CFLAGS) $(KERNEL_LDFLAGS) $(KERNEL_SMALL) $(KERNEL_STRAIGHT)) > $@
.PHONY: FORCE

$(addprefix $(BUILD)/,$(KERNEL_SMALL)): private KERNEL_CFLAGS += -Os

# What is entered with every request goes on to other functions instead of calling them, and what calls nobody needs
# no frame.
KERNEL_STRAIGHT := port/access/hba.o port/access/ports.o port/access/registers.o port/block.o port/ddi/irb.o port/request/complete.o
$(addprefix $(BUILD)/,$(KERNEL_STRAIGHT)): private KERNEL_CFLAGS += -foptimize-sibling-calls -momit-leaf-frame-pointer

# For who develops the kernel, with the compiler that it is developed with: each finds others.
ifneq ($(and $(WERROR_FLAG),$(filter 12 12.%,$(shell $(KERNEL_CC) -dumpversion))),)
$(addprefix $(BUILD)/,hal/%.o boot/%.o lib/%.o port/%.o): private KERNEL_CFLAGS += -Wconversion -Wswitch-enum -Wnull-dereference
endif

# The compiler would make a call to memset of the loop in memset. Frames lead from a fault here to the
# driver that handed over the address.
$(BUILD)/lib/libc/string.o: private KERNEL_CFLAGS += -fno-tree-loop-distribute-patterns -fno-shrink-wrap

$(BUILD)/%.o: %.c $(BUILD)/kernel.flags
	@mkdir -p $(@D)
	$(call quiet,CC $<)$(KERNEL_CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.S $(BUILD)/kernel.flags
	@mkdir -p $(@D)
	$(call quiet,AS $<)$(KERNEL_CC) $(KERNEL_ARCH_CFLAGS_$(ARCH)) -g -I. -MMD -MP -c -o $@ $<

define link_kernel
$(BUILD)/$(1).elf: $(2) boot/kernel.ld hal/symbols.awk
	$$(call quiet,LD $$@)set -e; \
	rm -f $$@; \
	awk -f hal/symbols.awk < /dev/null > $$@.symbols.c; \
	$$(KERNEL_CC) $$(KERNEL_CFLAGS) -c -o $$@.symbols.o $$@.symbols.c; \
	$$(KERNEL_CC) $$(KERNEL_LDFLAGS) -o $$@.first $(2) $$@.symbols.o; \
	$$(CROSS)nm -n $$@.first > $$@.names; \
	awk -f hal/symbols.awk $$@.names > $$@.symbols.c; \
	$$(KERNEL_CC) $$(KERNEL_CFLAGS) -c -o $$@.symbols.o $$@.symbols.c; \
	$$(KERNEL_CC) $$(KERNEL_LDFLAGS) -o $$@.second $(2) $$@.symbols.o; \
	$$(CROSS)nm -n $$@.second | awk -f hal/symbols.awk | cmp - $$@.symbols.c; \
	rm -f $$@.first; mv $$@.second $$@

$(BUILD)/$(1): $(BUILD)/$(1).elf
	$$(call quiet,OBJCOPY $$@)set -e; \
	$$(CROSS)objcopy --strip-all $(KERNEL_OBJCOPY_FLAGS_$(ARCH)) $$< $$@.new; \
	size=$$$$(wc -c < $$@.new); \
	if [ $(1) = kernel ] && [ $$$$size -gt $(KERNEL_SIZE_LIMIT) ]; then \
	    echo "$$@: $$$$size bytes, more than $(KERNEL_SIZE_LIMIT)" >&2; $(if $(WERROR_FLAG),exit 1;) \
	fi; \
	mv $$@.new $$@
endef

$(eval $(call link_kernel,kernel,$(kernel_OBJECTS)))

-include $(kernel_OBJECTS:.o=.d)
