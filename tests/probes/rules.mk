# SPDX-License-Identifier: MIT
#
# Probes: miniports that break the rules of the interface, one after the other. A folder NAME becomes
# $(BUILD)/probes/NAME.sys with NAME.reg beside it, for MINIPORT=$(BUILD)/probes/NAME.sys; `all` does
# not need them.

PROBES := registry controller_only
PROBE_FLAGS := -Wextra -Wshadow -Werror

$(foreach probe,$(PROBES),$(eval $(call miniport,probes/$(probe),tests/probes/$(probe),$(PROBE_FLAGS))))

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
