/* SPDX-License-Identifier: MIT */
/*
 * A simple model of one parallel ATA channel, for tests of miniports as ordinary processes: two
 * devices, Device Control, a bus master, a clock.
 *
 * It is stricter than QEMU: Status is stale for 400 ns after a command or a selection, registers
 * written while the device is busy are lost, a descriptor wraps at 64 KiB. What no driver may do is
 * counted, and told in model.offence: HWR rules in short.
 */
#ifndef TESTS_HOST_ATA_MODEL_H
#define TESTS_HOST_ATA_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_RAM_BYTES  (40u << 20)
#define MODEL_RAM_BASE   0x01000000u /* physical address of model.ram */
#define MODEL_SECTORS    4096u       /* that have data of their own; further ones repeat them */
#define MODEL_SECTOR     512u
#define MODEL_CD_SECTOR  2048u
#define MODEL_LOG_LENGTH 4096u

/* Ports, as the tests hand them to the driver; nobody else has a channel there. EDGE: 11 */
#define MODEL_COMMAND_BLOCK 0x1E8u
#define MODEL_CONTROL_BLOCK 0x3EEu
#define MODEL_BUS_MASTER    0xC000u

enum model_kind {
    MODEL_NONE,
    MODEL_DISK,
    MODEL_CD,
};

enum model_work {
    WORK_NONE,
    WORK_DONE,     /* the command is over: status, interrupt */
    WORK_DATA_IN,  /* the next block of data to the host is there */
    WORK_DATA_OUT, /* the device wants the next block */
    WORK_PACKET,   /* it wants the packet */
    WORK_DMA,
};

struct model_device {
    enum model_kind kind;
    uint64_t sector_count;
    uint8_t *data;

    /* How it behaves. */
    uint32_t latency_ns;    /* from a command, or a block, to what comes of it */
    uint64_t reset_ns;      /* from SRST to ready */
    bool is_quiet_in_reset; /* Status is 0 until then */
    bool packet_interrupts;
    bool refuses_udma, refuses_multiple, has_no_lba;
    bool has_40_wires;        /* its cable */
    bool is_empty;            /* no medium: a CD answers with unit attention */
    int64_t bad_sector;       /* reading or writing it fails; -1: none */
    uint8_t bad_error;        /* Error register then */
    unsigned lose_interrupts; /* so many from now on */
    unsigned crc_errors;      /* so many DMA transfers from now on */
    bool never_ready;         /* BSY for ever after the next command or reset */
    bool late_drq;            /* DRQ comes 10 us after BSY has gone */
    bool keeps_drq;           /* DRQ stays after the last block of the next command */
    bool bm_error;            /* the bus master reports an error */
    uint64_t mute_ns;         /* from the next read of data on it shows mute_status for so long, */
    uint64_t mute_until_ns;   /* which is until then; and the data is the same */
    uint8_t mute_status;
    uint32_t cd_answer_extra; /* bytes that INQUIRY sends beyond what was asked */

    /* What it is set to. */
    uint8_t multiple;           /* 0: READ MULTIPLE is an offence */
    uint8_t pio_mode, dma_mode; /* SET FEATURES codes; dma_mode 0: DMA is an offence */
    uint16_t heads, sectors_per_track;
    uint8_t sense_key, asc;
    bool asleep;

    /* Registers, and the command under way. */
    uint8_t status, error;
    uint8_t features[2], count[2], low[2], middle[2], high[2]; /* [1]: what was written before */
    uint8_t stale_status;
    uint64_t stale_until_ns;
    enum model_work work;
    uint64_t work_at_ns;
    uint8_t opcode;
    bool to_host, is_packet, interrupt;
    uint64_t lba;
    uint32_t left;        /* bytes of the command that are still to come */
    uint32_t block_bytes; /* of one DRQ */
    uint8_t buffer[1u << 20];
    uint32_t at, end; /* of the block in the buffer */
    uint8_t packet[16];
};

struct model_access {
    char kind; /* 'r', 'w' */
    const char *name;
    uint32_t value;
};

struct model {
    uint64_t now_ns;
    struct model_device device[2];
    uint8_t device_register, control;
    bool floats; /* nobody at all: all ones */

    uint8_t bm_command, bm_status;
    uint32_t bm_table;
    bool has_bus_master, bus_master_enabled, latch_is_dead;

    bool line, edge; /* INTRQ as it is; it has risen and nobody has handled it */
    uint64_t srst_cleared_ns, srst_set_ns;
    bool in_interrupt; /* the test runs the driver's interrupt routine */
    unsigned srst_count, command_count;

    uint8_t *ram;
    struct model_access log[MODEL_LOG_LENGTH];
    unsigned log_count, data_units;
    unsigned offences;
    char offence[200]; /* the first one */
};

extern struct model model;

/* A channel without devices. */
void model_init(void);
void model_add(unsigned target, enum model_kind kind, uint64_t sector_count);
uint8_t *model_sector(struct model_device *device, uint64_t lba);

uint32_t model_read(uint32_t port, unsigned width);
void model_write(uint32_t port, uint32_t value, unsigned width);
void model_advance(uint64_t delay_ns);
/* When something happens next; UINT64_MAX: never. */
uint64_t model_next_event_ns(void);

/* "wCount wLow ..." of what was logged; not of the data port. */
const char *model_log_text(void);
void model_log_clear(void);

#endif
