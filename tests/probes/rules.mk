# SPDX-License-Identifier: MIT
#
# Probes: miniports that break the rules of the interface, one after the other. A folder NAME becomes
# $(BUILD)/probes/NAME.sys with NAME.reg beside it, for MINIPORT=$(BUILD)/probes/NAME.sys; `all` does
# not need them.

PROBES := \
    ahci_probe \
    bars \
    controller_only \
    registry \
    registry_model \
    storm \
    tinyahci
# These are linked with the driver in base/, which keeps every rule, and bring the cases that do not.
BASE_PROBES := rules behave journal starts field
# This one is linked with ahci_probe/, but for its empty table of cases.
AHCI_RULES := ahci_rules
PROBE_FLAGS := -Wextra -Wshadow $(WERROR_FLAG)
BASE_FLAGS := -Itests/probes/base $(PROBE_FLAGS)

$(foreach probe,$(PROBES),$(eval $(call miniport,probes/$(probe),tests/probes/$(probe),$(PROBE_FLAGS))))

AHCI_OBJECTS := $(patsubst tests/probes/ahci_probe/%.c,$(MINIPORT_OUT)/probes/ahci_probe/%.o,\
    $(filter-out %/plain.c,$(wildcard tests/probes/ahci_probe/*.c)))
$(eval $(call miniport,probes/$(AHCI_RULES),tests/probes/$(AHCI_RULES),-Itests/probes/ahci_probe $(PROBE_FLAGS),$(AHCI_OBJECTS)))

BASE_OUT := $(MINIPORT_OUT)/probes/base
BASE_OBJECTS := $(patsubst tests/probes/base/%.c,$(BASE_OUT)/%.o,$(wildcard tests/probes/base/*.c))

$(foreach probe,$(BASE_PROBES),$(eval $(call miniport,probes/$(probe),tests/probes/$(probe),$(BASE_FLAGS),$(BASE_OBJECTS))))

$(BASE_OUT)/stamp: miniport-force
	$(Q)$(call miniport_stamp,$(MINIPORT_CC) $(MINIPORT_FLAGS) $(BASE_FLAGS))

$(BASE_OBJECTS): $(BASE_OUT)/%.o: tests/probes/base/%.c $(BASE_OUT)/stamp | miniport-toolchain
	$(call miniport_quiet,CC $<)$(MINIPORT_CC) $(MINIPORT_FLAGS) $(BASE_FLAGS) -MMD -MP -c $< -o $@

-include $(BASE_OBJECTS:.o=.d)

PROBES += $(BASE_PROBES) $(AHCI_RULES)
$(PROBES:%=$(BUILD)/probes/%.sys): | $(BUILD)/probes
$(BUILD)/probes:
	@mkdir -p $@

# Not a pattern rule: the name stands twice in the source's path. $(1) is the probe's.
define probe_registry
$$(BUILD)/probes/$(1).reg: tests/probes/$(1)/$(1).reg | $$(BUILD)/probes
	@cp $$< $$@
endef
$(foreach probe,$(PROBES),$(eval $(call probe_registry,$(probe))))

TEST_TOOLS += $(foreach probe,$(PROBES),$(BUILD)/probes/$(probe).sys $(BUILD)/probes/$(probe).reg)
