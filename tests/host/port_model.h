/* SPDX-License-Identifier: MIT */
/*
 * A port driver's worth of AtaPort* routines over ata_model.h or ahci_model.h, for one miniport, one
 * controller and one channel in an ordinary process. It does what the documentation says and no more; what a
 * miniport may not do is counted in port_model.offences.
 */
#ifndef TESTS_HOST_PORT_MODEL_H
#define TESTS_HOST_PORT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <miniport.h>
#include <ata.h>
#include <irb.h>

#include "tests/host/ata_model.h"

#define PORT_MODEL_IRBS 8u

struct port_model {
    /* What the test sets before port_model_start. */
    uint32_t pci_ids; /* 0: no PCI */
    uint8_t config[256];
    uint32_t abar, abar_bytes; /* 0: IDE's ranges; else where AHCI's registers are */
    struct {
        const char *name;
        uint32_t value;
    } settings[4];          /* registry, by name */
    uint32_t current_modes; /* DeviceTransferModeCurrent of both devices */

    IDE_CONTROLLER_INTERFACE controller_interface;
    IDE_CHANNEL_INTERFACE interface;
    IDE_CONTROLLER_CONFIGURATION controller_configuration;
    IDE_CHANNEL_CONFIGURATION configuration;
    IDE_TRANSFER_MODE_PARAMETERS modes;
    IDE_DEVICE_PARAMETERS parameters[2];
    void *controller, *channel; /* extensions */

    bool at_dirql, in_interrupt, in_build_io, in_control, paused;
    uint32_t stalled_us, worst_stall_us;
    IDE_HW_DPC timer, synchronized;
    uint64_t timer_at_ns;
    void *registry_buffer;
    uint32_t registry_byte_count;
    bool registry_fails, registry_is_read_only;
    uint32_t uncached_bytes;
    unsigned interrupts, interrupts_not_ours;
    unsigned arrivals, removals, bus_changes;

    unsigned breaks; /* AtaPortDebugBreak */
    unsigned offences;
    char offence[200];
};

/* An IRB, and what became of it. */
struct test_irb {
    IDE_REQUEST_BLOCK irb; /* first */
    bool active, done;
    uint8_t sense[32];
    struct test_irb *sense_irb, *sense_of;
    struct {
        IDE_SCATTER_GATHER_LIST list;
        IDE_SCATTER_GATHER_ELEMENT elements[64];
    } sg;
};

extern struct port_model port_model;
extern struct test_irb test_irbs[PORT_MODEL_IRBS];

/* What was written deferred, in the order of the calls; kept until the next port_model_start. */
struct model_note {
    const char *name;
    uint8_t type;
    const void *bytes; /* in the buffer */
    uint32_t byte_count;
    uint8_t handed_over[128];
    bool is_stored, was_changed;
};
#define MODEL_NOTES 16u
extern struct model_note model_notes[MODEL_NOTES];

/* From DriverEntry to IdeHwControl(IdeStart). False: something refused. */
bool port_model_start(void);
void port_model_stop(void);
/* IdeHwControl for power. */
bool port_model_power(IDE_CONTROL_ACTION action);
/* IDENTIFY, mode selection, IdeHwInitialize, for what the model has. */
void port_model_enumerate(void);

/* A fresh IRB; buffer NULL: no data. `flags` without USE_DMA and MAP_BUFFERS. */
struct test_irb *irb_new(uint16_t function, unsigned target, uint32_t flags, void *buffer,
                         uint32_t byte_count);
void irb_submit(struct test_irb *irb);
/* Runs until the IRB is done or the time is over. Returns IrbStatus, 0 if it is not done. */
uint8_t irb_wait(struct test_irb *irb, uint64_t limit_us);
uint8_t irb_run(struct test_irb *irb);
void port_model_run(uint64_t limit_us);
bool port_model_reset(void);

/* Memory that the bus master reaches, at any alignment. */
uint8_t *port_model_memory(uint32_t offset);

#endif
