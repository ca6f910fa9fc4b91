/* SPDX-License-Identifier: MIT */
/*
 * What an IRB begins with, in the IRB's own layout: the members before DataTransferLength, and task
 * file or CDB. Issuers fill in what is theirs, irb_form_complete the rest, and then it is copied as
 * it is, from the block layer's forms into requests, and from requests into IRBs.
 */
#ifndef PORT_IRB_FORM_H
#define PORT_IRB_FORM_H

#include <ata.h>
#include <irb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As members of struct irb_form, and of the structures that hold one and use the same names. */
#define IRB_FORM_MEMBERS                                                                  \
    union {                                                                               \
        uint64_t head[3];                                                                 \
        struct {                                                                          \
            uint16_t function;  /* IRB_FUNCTION_xxx */                                    \
            uint8_t outcome[3]; /* IrbStatus (IRB_STATUS_PENDING), AtaStatus, AtaError */ \
            uint8_t channel_number, target, lun;                                          \
            uint8_t cdb_length;                                                           \
            uint8_t sense_length, sense_type, queue_tag;                                  \
            uint32_t reserved;                                                            \
            uint32_t flags;     /* IRB_FLAGS_xxx; irb_form_complete adds USE_DMA */       \
            uint32_t timeout_s; /* TimeOutValue */                                        \
        };                                                                                \
    };                                                                                    \
    union {                                                                               \
        IDE_TASK_FILE task_file;                                                          \
        UCHAR cdb[16];                                                                    \
        IDE_POWER_INFO power;                                                             \
    }

struct irb_form {
    IRB_FORM_MEMBERS;
};

#define IRB_FORM_SAME(member, name)                                                                \
    _Static_assert(offsetof(struct irb_form, member) == offsetof(IDE_REQUEST_BLOCK, name) &&       \
                       sizeof((struct irb_form){0}.member) == sizeof((IDE_REQUEST_BLOCK){0}.name), \
                   "the IRB's own layout")
IRB_FORM_SAME(function, Function);
IRB_FORM_SAME(channel_number, Channel);
IRB_FORM_SAME(target, TargetId);
IRB_FORM_SAME(lun, Lun);
IRB_FORM_SAME(cdb_length, CdbLength);
IRB_FORM_SAME(sense_length, SenseInfoBufferLength);
IRB_FORM_SAME(sense_type, SenseInfoBufferType);
IRB_FORM_SAME(queue_tag, QueueTag);
IRB_FORM_SAME(reserved, ReservedAsUlong);
IRB_FORM_SAME(flags, IrbFlags);
IRB_FORM_SAME(timeout_s, TimeOutValue);
#undef IRB_FORM_SAME
_Static_assert(offsetof(struct irb_form, task_file) ==
                   offsetof(IDE_REQUEST_BLOCK, DataTransferLength),
               "the head ends where DataTransferLength begins");

/* A few words: no loop, and no call of memcpy. */
static inline __attribute__((always_inline)) void irb_words_copy(void *to, const void *from,
                                                                 size_t byte_count)
{
#pragma GCC unroll 8
    for (size_t at = 0; at < byte_count; at += sizeof(uint64_t))
        __builtin_memcpy((uint8_t *)to + at, (const uint8_t *)from + at, sizeof(uint64_t));
}

struct device;

/* Fills in whom it is for, and the flags that the port decides on: USE_DMA for data behind a bus
 * master, and with `wants_registers` RETURN_RESULTS. Doing it again changes nothing. Context:
 * any. */
void irb_form_complete(struct irb_form *form, const struct device *device, bool wants_registers);

#endif
