/* SPDX-License-Identifier: MIT */
/* What the rules are called, from rules.def, and whether they are looked at. Any context. */
#include "port/contract/rules.h"

bool contract_checks = true;
bool contract_audits = true;

static const struct {
    const char *id, *words;
} rules[RULE_COUNT] = {
#define RULE(identifier, id, words, action, source) {id, words},
#include "port/contract/rules.def"
#undef RULE
};

const char *contract_rule_id(enum rule rule)
{
    return rule < RULE_COUNT ? rules[rule].id : "?";
}

const char *contract_rule_words(enum rule rule)
{
    return rules[rule].words;
}
