/* SPDX-License-Identifier: MIT */
/*
 * A miniport inside the test kernel: no image and no hardware, so that a test decides what it does with each
 * request, and sees every call with its IRQL. Two channels; the first has up to two disks of PUPPET_SECTORS
 * sectors, in which each byte of a sector is the sector's number and its target; or a test plays packet
 * devices itself.
 */
#ifndef TESTS_GUEST_PUPPET_H
#define TESTS_GUEST_PUPPET_H

#include "port/objects.h"

#define PUPPET_SECTORS    1024u
#define PUPPET_MOST_CALLS 256u
#define PUPPET_MOST_HELD  32u

struct puppet_call {
    enum context_kind kind;
    IDE_CONTROL_ACTION action; /* of the control routines */
    enum irql level;
    uint8_t channel, target; /* target: of requests and IdeHwInitialize */
    uint8_t lun;             /* of requests */
    uint16_t function;       /* of requests */
};

/* What happens to reads, writes and other ATA commands; IDENTIFY is always answered. */
enum puppet_answer {
    PUPPET_COMPLETE, /* in IdeHwStartIo, with `status` */
    PUPPET_HOLD,     /* kept in `held` */
    PUPPET_LATER,    /* completed with `status` when IdeHwInterrupt is called */
};

struct puppet {
    /* The test sets these. */
    bool sync_with_isr;
    uint8_t overlapped;     /* NumberOfOverlappedRequests */
    uint32_t irb_extension; /* bytes */
    uint8_t present;        /* a bit for each target of the first channel, whose unit 0 that is */
    bool (*has_unit)(unsigned target, unsigned lun); /* says it instead */
    uint8_t last_target;                             /* MaxTargetId, unless it is 0 */
    uint8_t last_lun;                                /* as packet devices say it */
    /* The present targets are packet devices, and this answers their commands: sets IrbStatus, and moves data.
     * False: the IRB is kept in `held`. */
    bool (*packet)(PIDE_REQUEST_BLOCK irb);
    /* Answers ATA commands but IDENTIFY in the same way. */
    bool (*command)(PIDE_REQUEST_BLOCK irb);
    enum puppet_answer answer;
    uint8_t status;
    uint16_t busy_function; /* of these IRBs so many end with IRB_STATUS_BUSY first */
    unsigned busy_count;
    uint32_t timeout_s; /* what IdeHwBuildIo makes of TimeOutValue; 0: it leaves that alone */
    bool ends_all;      /* at an LUN reset, by AtaPortCompleteAllActiveRequests */
    bool has_one_target;
    bool is_sata;
    bool has_dma; /* a bus master, and disks with Ultra DMA 5 */
    void (*in_initialize)(PIDE_DEVICE_PARAMETERS parameters);
    bool refuses_start; /* IdeHwControl(IdeStart) of the first channel */
    bool refuses_power, refuses_power_irbs;
    bool holds_power_irbs;                    /* kept in `held` */
    void (*in_power)(PIDE_REQUEST_BLOCK irb); /* a power IRB is about to be completed */
    void (*in_interrupt)(struct channel *channel);
    void (*in_init)(struct channel *channel);    /* AtaChannelInitRoutine of the first channel */
    void (*in_start)(struct channel *channel);   /* IdeHwControl(IdeStart) of the first channel */
    void (*in_stop)(void);                       /* IdeHwControl(IdeStop) */
    void (*in_control)(struct channel *channel); /* IdeHwControl, but for IdeStart and IdeStop */

    /* What it saw. */
    struct puppet_call calls[PUPPET_MOST_CALLS];
    unsigned call_count;
    PIDE_REQUEST_BLOCK held[PUPPET_MOST_HELD];
    unsigned held_count;
    IDE_POWER_INFO power; /* of the latest IRB_FUNCTION_POWER_CHANGE */
    void *uncached;       /* the first channel's extension, of 4,096 bytes */
};
extern struct puppet puppet;

/* Makes a controller with the puppet as its driver; it is not started. */
struct controller *puppet_create(void);
/* Forgets what was seen. */
void puppet_forget(void);
/* Completes a held request, or all of them; from a worker's place. */
void puppet_release(struct channel *channel, unsigned index, uint8_t status);
void puppet_release_all(struct channel *channel, uint8_t status);
/* The calls seen, as words: "IdeHwControl(IdeStart)@0 IdeHwStartIo:101@2 ...": routine, action or function, IRQL.
 * Those of the interrupt routine are left out, since they are somebody else's. */
void puppet_words(char *text, size_t size);

/* A read of one sector that is never answered, until the port has given it up: LUN reset, and
 * IdeHwReset if that does not help. Returns it. */
struct request puppet_lose_a_read(struct device *device, void *buffer);

/* Runs a statement as if the puppet called it from a routine of that kind, at its level. */
#define FROM(channel_, kind_, statement)                                     \
    do {                                                                     \
        struct context *from_context_ = &(channel_)->contexts[kind_];        \
        enum irql from_level_ = puppet_enter(from_context_->level);          \
        context_push(from_context_);                                         \
        /* As hal_call notes it: what the statement waits for lies below. */ \
        from_context_->cpu.stack = (uintptr_t)__builtin_frame_address(0);    \
        statement;                                                           \
        context_pop(from_context_);                                          \
        puppet_leave(from_context_->level, from_level_);                     \
    } while (0)
enum irql puppet_enter(enum irql level);
void puppet_leave(enum irql level, enum irql before);

#endif
