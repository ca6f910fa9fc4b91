/* SPDX-License-Identifier: MIT */
/* The rules of the interface by number, with their ids and words; rules.def has a row for each. */
#ifndef PORT_CONTRACT_RULES_H
#define PORT_CONTRACT_RULES_H

#include <stdbool.h>

enum rule {
#define RULE(identifier, id, words, action, source) RULE_##identifier,
#include "port/contract/rules.def"
#undef RULE
    RULE_COUNT,
};

/* checks=off on the command line: nothing is reported; the documented failure values stay. */
extern bool contract_checks;
/* checks=calls: nothing is said of what goes over the wire, and no access is looked at. */
extern bool contract_audits;

/* "CTX-01"; "?": there is no such rule. */
const char *contract_rule_id(enum rule rule);
const char *contract_rule_words(enum rule rule);

#endif
