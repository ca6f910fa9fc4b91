/* SPDX-License-Identifier: MIT */
/*
 * The pair of 8259A interrupt controllers, and the edge/level register that chipsets with PCI have.
 *
 * Owns their ports and the mask. Interrupts off, or interrupt context.
 * Source: Intel 8259A data sheet, "Programming the 8259A"; 82371SB (PIIX3) 2.5 for ELCR.
 */
#include "hal/x86/pc/pc.h"

#define MASTER_COMMAND 0x20u
#define MASTER_DATA    0x21u
#define SLAVE_COMMAND  0xA0u
#define SLAVE_DATA     0xA1u
#define TRIGGER_PORT   0x4D0u /* ELCR: one bit a line, set for level; two ports */

#define ICW1_EDGE_CASCADE_ICW4 0x11u
#define ICW4_8086              0x01u
#define OCW2_END               0x20u /* non-specific end of interrupt */
#define OCW3_READ_IN_SERVICE   0x0Bu

#define CASCADE_LINE 2u
#define LINES        8u /* of each chip */
#define LAST_LINE    7u /* of each chip: where spurious interrupts appear */

static uint16_t mask = 0xFFFF;

static void write_mask(void)
{
    hal_out8(MASTER_DATA, (uint8_t)mask);
    hal_out8(SLAVE_DATA, (uint8_t)(mask >> 8));
}

void hal_pic_initialise(void)
{
    hal_out8(MASTER_COMMAND, ICW1_EDGE_CASCADE_ICW4);
    hal_out8(SLAVE_COMMAND, ICW1_EDGE_CASCADE_ICW4);
    hal_out8(MASTER_DATA, HAL_FIRST_VECTOR);
    hal_out8(SLAVE_DATA, HAL_FIRST_VECTOR + LINES);
    hal_out8(MASTER_DATA, 1u << CASCADE_LINE);
    hal_out8(SLAVE_DATA, CASCADE_LINE);
    hal_out8(MASTER_DATA, ICW4_8086);
    hal_out8(SLAVE_DATA, ICW4_8086);
    mask = 0xFFFF ^ 1u << CASCADE_LINE;
    write_mask();
    hal_out8(MASTER_COMMAND, OCW3_READ_IN_SERVICE);
    hal_out8(SLAVE_COMMAND, OCW3_READ_IN_SERVICE);
}

void hal_pic_mask(unsigned line, bool masked)
{
    uint16_t bit = (uint16_t)(1u << line);
    mask = masked ? mask | bit : mask & (uint16_t)~bit;
    write_mask();
}

void hal_pic_set_trigger(unsigned line, bool level)
{
    uint16_t port = (uint16_t)(TRIGGER_PORT + line / 8);
    uint8_t bit = (uint8_t)(1u << line % 8);
    uint8_t before = hal_in8(port);
    uint8_t after = level ? before | bit : before & (uint8_t)~bit;
    if (after != before)
        hal_out8(port, after);
}

void hal_pic_end_of_interrupt(unsigned line)
{
    if (line > LAST_LINE)
        hal_out8(SLAVE_COMMAND, OCW2_END);
    hal_out8(MASTER_COMMAND, OCW2_END);
}

bool hal_pic_in_service(unsigned line)
{
    uint16_t command_port = line > LAST_LINE ? SLAVE_COMMAND : MASTER_COMMAND;
    return (hal_in8(command_port) & 1u << line % LINES) != 0;
}

/* A request that went away before the CPU asked for its number gets the chip's last number, and is
 * not in service there. When it was the slave's, the master has the cascade line in service. */
bool hal_pic_is_spurious(unsigned line)
{
    if (line % LINES != LAST_LINE || hal_pic_in_service(line))
        return false;
    if (line > LAST_LINE)
        hal_out8(MASTER_COMMAND, OCW2_END);
    return true;
}
