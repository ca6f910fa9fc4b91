/* SPDX-License-Identifier: MIT */
/*
 * The timeline: what the kernel's trace recorded, read from the machine's memory while it runs
 * (record.c), as a file; then as requests with stages (story.c), and these as a trace for viewers
 * (events.c), as a picture (diagram.c), or beside QEMU's own log (compare.c). All words are the
 * kernel's: its trace_words.c and its tables are compiled with this.
 */
#ifndef TOOLS_TIMELINE_TIMELINE_H
#define TOOLS_TIMELINE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "port/trace_export.h"
#include "port/trace_words.h"

/* ------------------------------------------------------------------ the file */

/* An entry as the kernel wrote it. Of kind TRACE_NONE, a gap: the kernel's own (`value` is 0), or
 * so many entries (`value`) are missing. */
struct record {
    uint32_t value, head;
    uint64_t time; /* in cycles; of a TRACE_IRB_FORM eight bytes of the form */
};

#define CAPTURE_MAGIC 0x3165727574706143ull
struct capture_head {
    uint64_t magic;
    uint64_t record_count, missing;
    struct trace_export export;
};

/* record.c. Reads the ring in that file, until it is told to end by SIGTERM; the machine has ended
 * by then. Returns how the program ends. */
int record(const char *memory_path, const char *capture_path);

/* ------------------------------------------------------------------ the story */

#define FORM_BYTES 12u
enum stage {
    STAGE_QUEUED,    /* it waits in its device's queue */
    STAGE_BUILT,     /* IdeHwBuildIo */
    STAGE_STARTED,   /* IdeHwStartIo, up to the command */
    STAGE_DEVICE,    /* the device has it */
    STAGE_INTERRUPT, /* IdeHwInterrupt, up to the port's taking it back */
    STAGE_COMPLETED, /* a moment */
    STAGE_COUNT,
};
extern const char *const stage_names[STAGE_COUNT];

#define NEVER UINT64_MAX
struct request {
    uint16_t channel, function;
    uint8_t slot, target, lun, status;
    bool has_form, is_ended;
    bool is_timed_out;
    uint8_t form[FORM_BYTES];     /* the beginning of task file or CDB */
    uint64_t begins[STAGE_COUNT]; /* ns; NEVER: it had none */
    uint64_t end;
    size_t first, last; /* records */
    unsigned device;    /* of story.devices */
    unsigned lane;
};

struct story {
    const struct capture_head *head;
    const struct record *records;
    size_t count;
    uint64_t *times; /* of each record, ns since the machine's clock was 0 */
    struct request *requests;
    size_t request_count;
    /* One for each that a request was for, the export's first. */
    struct trace_device *devices;
    unsigned device_count;
    unsigned *lanes;               /* of each device: how many requests it had at a time */
    uint64_t accesses, interrupts; /* entries of these kinds */
};

/* Dies with a sentence when it is no capture. */
void story_read(struct story *story, const char *capture_path);
/* What a request is: "0xc8 READ DMA, device 0, LBA 2048, 8 sectors". */
void request_words(const struct request *request, char *text, size_t size);
const char *channel_words(uint16_t channel); /* "0.1"; "" without one. Until the next call */
bool is_access(uint32_t head);
/* The kernel's reader, for the story's world. */
void story_reader(const struct story *story, struct trace_reader *reader);
bool story_find(bool is_memory, uint16_t where, struct trace_register *found);

/* ------------------------------------------------------------------ what becomes of it */

/* Trace Event JSON. */
void write_events(const struct story *story, FILE *file);
/* SVG, of one request: by its number, or by a part of its words, and of several the last one; "":
 * the last one that moved data. Or of what the driver does without one: "set-up", "reset". False:
 * there is none. */
bool write_diagram(const struct story *story, const char *which, FILE *file);
/* Compares the accesses with QEMU's log. Returns how the program ends. */
int compare(const struct story *story, const char *log_path);

/* main.c */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *allocate(size_t byte_count);

#endif
