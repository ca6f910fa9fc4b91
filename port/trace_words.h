/* SPDX-License-Identifier: MIT */
/*
 * Entries of the trace in words. A reader walks forward over entries and keeps what the registers
 * of each task file were written with, so that a command is shown with all that is its own; it
 * knows no more than the entries say. Pure functions: they look at no channel and no device. Any
 * context.
 */
#ifndef PORT_TRACE_WORDS_H
#define PORT_TRACE_WORDS_H

#include "port/access/role.h"
#include "port/trace.h"

/* Whose register it is that an entry's `where` stands for. */
struct trace_register {
    uint16_t channel;      /* as entries have it; of AHCI's registers its controller counts */
    enum access_role role; /* ROLE_NONE: one of AHCI's */
    uint32_t offset;       /* of AHCI's, from the HBA's beginning */
};
struct trace_place;
/* Is it among the registers of a place? */
bool trace_place_has(const struct trace_place *place, bool is_memory, uint16_t where,
                     struct trace_register *found);
/* One of a bus master's physical region descriptors. */
struct trace_prd {
    uint32_t address, byte_count;
};
/* What a reader asks for. */
struct trace_world {
    /* False: it is nobody's. */
    bool (*find)(bool is_memory, uint16_t where, struct trace_register *found);
    /* The table that a channel's bus master was started on last, as it lies in memory now: how many
     * there are. 0: that is not known. */
    unsigned (*find_table)(uint16_t channel, struct trace_prd *prds, unsigned most);
};

/* The task file as it was written last, and before that (48-bit commands take two writes). */
#define TASK_FILE_COUNT (ROLE_DEVICE + 1)
struct trace_task_file {
    uint16_t channel; /* as entries have it; TRACE_NO_CHANNEL: of none */
    uint8_t now[TASK_FILE_COUNT], before[TASK_FILE_COUNT];
    uint16_t has_now, has_before; /* a bit for each role: since the last command */
    bool is_packet;               /* that was PACKET */
    bool is_running, is_known;    /* the bus master; and is it known? */
};

/* Enough for two IDE controllers' and two more; another one takes the place of the first. */
#define TRACE_TASK_FILES   8u
#define TRACE_PACKET_BYTES 12u
struct trace_reader {
    const struct trace_world *world;
    struct trace_task_file files[TRACE_TASK_FILES];
    unsigned next_file;
    bool is_last_start; /* of this bus master, if the entry is one: the table is still there */
    uint8_t packet[TRACE_PACKET_BYTES]; /* that goes out next */
    bool has_packet;
};

void trace_reader_begin(struct trace_reader *reader, const struct trace_world *world);
/* Has the reader know an entry. At a gap it forgets what was written to ports. */
void trace_reader_note(struct trace_reader *reader, const struct trace_entry *entry);
/* Writes what an entry says: "0.0  Status -> 0x58 DRDY DSC DRQ". To be called before the entry is
 * noted. "" for one that stands for nothing of its own. */
void trace_reader_words(struct trace_reader *reader, const struct trace_entry *entry, char *text,
                        size_t size);

/* trace_command.c: what a command that is written now is to do: "0xc8 READ DMA, device 0, LBA 2048,
 * 8 sectors", as far as it is known. */
void trace_command_words(const struct trace_task_file *file, uint8_t opcode, char *text,
                         size_t size);

/* And a packet: "0x28 READ(10), LBA 16, 1 block". */
void trace_packet_words(const uint8_t packet[TRACE_PACKET_BYTES], char *text, size_t size);

/* Puts more behind the text that is there. */
void trace_add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
