/* SPDX-License-Identifier: MIT */
/*
 * The fault rules that are armed, and what has become of a channel by them. For the files
 * inject*.c, and for those that judge: was it a fault?
 */
#ifndef PORT_ACCESS_INJECT_STATE_H
#define PORT_ACCESS_INJECT_STATE_H

#include "port/access/inject_rule.h"
#include "port/objects.h"

#define INJECT_CHANNEL_LIMIT 32u

/* What lasts, of a device. */
enum inject_effect_kind {
    EFFECT_BSY,
    EFFECT_DRQ,
    EFFECT_FLOAT,
    EFFECT_VANISH,
    EFFECT_COUNT,
};
struct inject_effect {
    struct inject_rule *rule; /* NULL: there is none */
    uint64_t until_us;
    bool ends_with_reset;
    uint8_t target; /* 0 or 1; INJECT_BOTH */
};
#define INJECT_BOTH 2u

/* How a command ends instead of as the device ends it. */
struct inject_end {
    struct inject_rule *rule; /* NULL: as the device says */
    uint8_t target;           /* whose it is */
    uint8_t status, error;    /* what of ERR and DF is set in Status; Error */
};

/* A command of an AHCI port, as it was issued. What is changed of it in the driver's memory is put
 * back when it is over; what its data and its end become is kept until then. */
struct inject_slot {
    uint8_t *opcode, *packet; /* where they are; NULL: it is not changed */
    uint8_t old_opcode, old_packet;
    struct inject_end end;
    bool has_bus_master_error;
    uint32_t identify; /* as of a channel */
    const struct inject_rule *sensed, *logged;
};

/* The last queued command that a rule has let fail. */
struct inject_failure {
    uint8_t tag, status, error;
};

/* Of an AHCI port (inject_hba.c). */
struct inject_port {
    uint32_t issued;  /* PxCI and PxSACT, as far as the driver has not seen them clear */
    uint32_t held;    /* bits of PxIS that the device does not show any more, and the driver */
    bool is_hidden;   /* does not see yet */
    uint32_t pending; /* slots whose command is not known to be over: a bit each */
    struct inject_slot slots[32];
    struct inject_failure failure;
};

/* Of a channel, as the device knows it: a write that was dropped has not been. Changed by accesses
 * and interrupts of that channel, which are one at a time. */
struct inject_channel {
    struct channel *channel;
    uint8_t target;   /* that is selected */
    uint8_t features; /* as written last */
    bool is_in_reset; /* SRST is set */
    uint16_t command; /* the last one; INJECT_SRST: none since a reset; INJECT_ANY: none at all */
    struct inject_effect effects[EFFECT_COUNT];
    struct inject_end end;
    bool has_bus_master_error; /* its status shows it, until that is cleared */

    /* Data of the command: how much of it was moved in each direction, and what is changed. */
    uint32_t bytes_read, bytes_written;
    uint32_t identify;                /* a bit for each rule */
    uint8_t identify_sum;             /* of its bytes so far */
    bool has_signature;               /* byte 510 says that the last one is a checksum */
    struct inject_rule *sense;        /* of the next REQUEST SENSE */
    const struct inject_rule *sensed; /* of this one */
    const struct inject_rule *logged; /* of log 10h */

    struct inject_port hba; /* of an AHCI controller's port */

    /* Interrupts (inject_interrupt.c). */
    struct port_timer timer;      /* delivers what is withheld, and what nobody raised */
    struct inject_rule *withheld; /* an interrupt is, by this rule */
    struct inject_rule *storm;    /* nobody raised it, */
    uint64_t storm_until_us;      /* and it comes again until */
    struct inject_rule *unplug;   /* the link has gone, or comes again, which it says */
    bool is_masked;               /* the line is, since it is level-triggered */
    bool is_early;                /* the device shows BSY */
    bool has_latch;               /* the bus master shows the interrupt, which comes yet */

    /* The last fault, and the moment (of the auditor) when it showed. */
    const struct inject_rule *last;
    uint32_t last_moment;
    bool has_hidden; /* one that has kept something from the driver, and */
    uint32_t hidden_moment;
    /* By this rule the device has not got what was written last to that register, and goes on with
     * what it had until the next write comes. NULL: it has all. */
    const struct inject_rule *unwritten;
    uint32_t unwritten_number;
};

/* In no order; those that are not armed are history. */
extern struct inject_rule inject_rules[INJECT_RULE_MOST];
/* The armed ones of a kind: NULL starts; NULL at the end. */
struct inject_rule *inject_next_of(enum inject_kind kind, struct inject_rule *after);

/* A channel's state; NULL: there are more channels than anybody has. Context: any. */
struct inject_channel *inject_channel(struct channel *channel);
/* Nothing of a rule shows any more, on any channel; or of all rules, which is remembered. */
void inject_forget(const struct inject_rule *rule);
void inject_end_effects(void);
/* A level-triggered line whose interrupt is kept from the driver would interrupt for ever. */
void inject_mask_line(struct inject_channel *state, bool masked);
struct inject_channel *inject_next_channel(struct inject_channel *after);

/* Is a rule about this channel and the device that is selected, about the command that it got
 * last? */
bool inject_is_of_target(const struct inject_rule *rule, const struct inject_channel *state);
bool inject_is_of_command(const struct inject_rule *rule, const struct inject_channel *state);

/* Is the data of the present command another than the device's? */
static inline bool inject_changes_data(const struct inject_channel *state)
{
    return state->identify || state->sensed || state->logged;
}

/* A command reaches the device. Is there a rule that waits for one of its request? And if so, whose
 * it is. */
bool inject_awaits_request(void);
void inject_begin_request(const struct request *request);

/* What delivers interrupts by the channel's timer; set before any rule is armed. */
extern void (*inject_deliver)(void *state);

/* Arms that timer. */
static inline void inject_arm_timer(struct inject_channel *state, uint64_t delay_us)
{
    state->timer.deferred.procedure = inject_deliver;
    state->timer.deferred.context = state;
    timer_arm(&state->timer, delay_us);
}

/* What a rule matches has come. True: it is to be changed. Counts, and takes note in the trace.
 * `state` is NULL where it is no channel's. */
bool inject_hit(struct inject_rule *rule, struct inject_channel *state);
/* The first armed rule of a kind that is about this device and command, and whose turn it is. */
struct inject_rule *inject_rule_for(struct inject_channel *state, enum inject_kind kind,
                                    uint16_t command);
/* A fault shows again in what the driver sees. */
void inject_show(struct inject_channel *state, const struct inject_rule *rule);

/* ------------------------------------------------------------------ for those that judge */

/* The last fault that showed on a channel at that moment or since, or whose write the device still
 * does not have; NULL: there is none. Context: any. */
const struct inject_rule *inject_since(const struct channel *channel, uint32_t moment);
/* Has one kept something from the driver since then? A command that fails (`df`, `error`) is one
 * that ends, with an interrupt. */
bool inject_has_hidden_since(const struct channel *channel, uint32_t moment);
/* The last fault on a channel; NULL: there was none. Context: any. */
const struct inject_rule *inject_last(const struct channel *channel);
/* " (fault 2 was injected: bsy command=C8)", or "". Returns the text. */
#define INJECT_MENTION_SIZE (INJECT_TEXT_SIZE + 40u)
const char *inject_mention(const struct inject_rule *rule, char *text, size_t size);

#endif
