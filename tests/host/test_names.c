/* SPDX-License-Identifier: MIT */
/*
 * The names of registers, bits and commands: there and back.
 *
 * SOURCES: port/access/names.c port/access/names_commands.c port/access/names_word.c
 */
#include <stdlib.h>
#include <string.h>

#include "port/access/names.h"
#include "tests/host/tap.h"

/* Copies to the heap without room to spare, and without an end, so that the sanitizer sees a step too far. */
static char *exact_copy(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length ? length : 1);
    memcpy(copy, text, length);
    return copy;
}

static bool matches(const char *name, const char *word)
{
    char *copy = exact_copy(word);
    bool is_it = name_is(name, copy, strlen(word));
    free(copy);
    return is_it;
}

static void test_words(void)
{
    tap_ok(matches("LBA Low", "lba-low") && matches("LBA Low", "LBA_LOW") &&
               matches("LBA Low", "lbalow") && matches("READ(10)", "read 10") &&
               matches("READ SECTOR(S)", "Read Sectors"),
           "names are compared by letters and digits, without case");
    tap_ok(!matches("LBA Low", "LBA Lo") && !matches("LBA Low", "LBA Lower") &&
               !matches("LBA Low", "") && !matches("LBA Low", "-") && !matches("", "") &&
               !matches("", "x"),
           "a part of a name, more than it, and nothing are not it");
}

static enum access_role role_of(const char *word)
{
    char *copy = exact_copy(word);
    enum access_role role = register_role(copy, strlen(word));
    free(copy);
    return role;
}

static void test_registers(void)
{
    bool back = true;

    for (int i = ROLE_NONE + 1; i < ROLE_COUNT; i++) {
        enum access_role role = (enum access_role)i;
        back &= role_of(register_name(role, false)) == role &&
                role_of(register_name(role, true)) == role;
    }
    tap_ok(back, "each register's names lead to its role");
    tap_ok(role_of("command") == ROLE_STATUS && role_of("Status") == ROLE_STATUS &&
               role_of("features") == ROLE_ERROR &&
               role_of("device_control") == ROLE_ALTERNATE_STATUS &&
               role_of("Cylinder-High") == ROLE_LBA_HIGH && role_of("?") == ROLE_NONE &&
               role_of("") == ROLE_NONE && role_of("Stat") == ROLE_NONE,
           "by its name when it is written, by an older one, and by none");
}

/* Where a word leads, as "offset port". */
static void check_ahci(const char *word, uint32_t wanted, int wanted_port)
{
    char *copy = exact_copy(word);
    uint32_t offset = UINT32_MAX;
    int port;
    bool found = ahci_register_offset(copy, strlen(word), &offset, &port);

    tap_ok(found == (wanted != UINT32_MAX) && offset == wanted && (!found || port == wanted_port),
           "AHCI's register \"%s\"", word);
    free(copy);
}

static void test_ahci(void)
{
    int port, back = 0;

    check_ahci("GHC", 0x04, -1);
    check_ahci("pxtfd", 0x120, -1);
    check_ahci("P0TFD", 0x120, 0);
    check_ahci("p12_is", 0x100 + 12 * 0x80 + 0x10, 12);
    check_ahci("P32TFD", UINT32_MAX, -1);
    check_ahci("P", UINT32_MAX, -1);
    check_ahci("P1", UINT32_MAX, -1);
    check_ahci("P1TFDandmuchmorethanthat", UINT32_MAX, -1);
    check_ahci("", UINT32_MAX, -1);
    for (uint32_t offset = 0; offset < 0x180; offset++) {
        const char *name = ahci_register_name(offset, &port);
        uint32_t found;
        int its;
        if (name)
            back += ahci_register_offset(name, strlen(name), &found, &its) && found == offset;
    }
    tap_ok(back == 11 + 17, "each of AHCI's names leads back to its register");
    tap_ok(strcmp(ahci_register_name(0x100 + 31 * 0x80 + 0x38, &port), "PxCI") == 0 && port == 31 &&
               !ahci_register_name(0x1100 + 0x38, &port) && !ahci_register_name(0x11C, &port),
           "the last port's are the last");
}

static void check_bits(enum name_bits bits, uint32_t value, const char *wanted)
{
    char text[80];
    size_t length = bits_write(bits, value, text, sizeof text);

    tap_ok(strcmp(text, wanted) == 0 && length == strlen(text), "%x is \"%s\"", value, wanted);
    if (strcmp(text, wanted) != 0)
        printf("# got \"%s\"\n", text);
    for (size_t room = 1; room <= strlen(wanted); room++) {
        char *exact = malloc(room);
        length = bits_write(bits, value, exact, room);
        if (length >= room || exact[length] != 0)
            tap_ok(false, "\"%s\" is cut to %zu bytes", wanted, room);
        free(exact);
    }
}

static void test_bits(void)
{
    uint32_t mask;

    check_bits(BITS_STATUS, 0x58, "DRDY DSC DRQ");
    check_bits(BITS_STATUS, 0x00, "");
    check_bits(BITS_STATUS, 0xFF, "BSY DRDY DF DSC DRQ CORR IDX ERR");
    check_bits(BITS_ERROR, 0xD5, "ICRC UNC IDNF ABRT AMNF");
    check_bits(BITS_PACKET_ERROR, 0x64, "UNIT ATTENTION ABRT");
    check_bits(BITS_DEVICE_CONTROL, 0x86, "HOB SRST nIEN");
    check_bits(BITS_BUS_MASTER_STATUS, 0x65, "Drive-1-DMA Drive-0-DMA Interrupt Active");
    check_bits(BITS_AHCI_PXIS, 0x40000001, "TFES DHRS");
    check_bits(BITS_AHCI_PXIE, 0x40000001, "TFEE DHRE");
    check_bits(BITS_AHCI_PXCMD, 0x0000C517, "CR FR CCS 5 FRE POD SUD ST");
    check_bits(BITS_AHCI_PXTFD, 0x0441, "DRDY ERR Error ABRT");
    check_bits(BITS_AHCI_PXTFD, 0x50, "DRDY DSC");
    check_bits(BITS_AHCI_PXSSTS, 0x113, "IPM 1 SPD 1 DET 3");
    check_bits(BITS_AHCI_PXSERR, 0x04000002, "DIAG.X ERR.M");
    check_bits(BITS_NONE, 0xFF, "");
    tap_ok(bits_mask(BITS_ERROR, "unc", 3, &mask) && mask == 0x40 &&
               bits_mask(BITS_ERROR, "BBK", 3, &mask) && mask == 0x80 &&
               bits_mask(BITS_AHCI_PXCMD, "CCS", 3, &mask) && mask == 0x1F00 &&
               bits_mask(BITS_AHCI_PXSCTL, "DET", 3, &mask) && mask == 0xF &&
               !bits_mask(BITS_ERROR, "DRQ", 3, &mask),
           "a bit and a field by their names");
    tap_ok(register_bits(ROLE_STATUS, false) == BITS_STATUS &&
               register_bits(ROLE_STATUS, true) == BITS_NONE &&
               register_bits(ROLE_ALTERNATE_STATUS, true) == BITS_DEVICE_CONTROL &&
               ahci_register_bits(0x1A0) == BITS_AHCI_PXTFD &&
               ahci_register_bits(0x08) == BITS_NONE,
           "the bits of a register");
}

static void check_command(const char *word, int wanted)
{
    char *copy = exact_copy(word);
    uint8_t opcode = 0;
    bool found = ata_command_opcode(copy, strlen(word), &opcode);

    tap_ok(found == (wanted >= 0) && (!found || opcode == wanted), "the command \"%s\"", word);
    free(copy);
}

/* Commands that have another one's name. */
static bool is_twin(unsigned opcode)
{
    return strchr("\x21\x31\x41\xC9\xCB", (int)opcode) != NULL;
}

static void test_commands(void)
{
    unsigned known = 0, back = 0;
    uint8_t code;
    char text[40];

    for (unsigned opcode = 0; opcode < 256; opcode++) {
        const struct ata_command *command = ata_command((uint8_t)opcode);
        if (!command || (opcode && is_twin(opcode)))
            continue;
        known++;
        back += ata_command_opcode(command->name, strlen(command->name), &code) && code == opcode;
    }
    tap_ok(known > 70 && back == known, "each command's name leads back to it");
    check_command("READ DMA", 0xC8);
    check_command("read-dma-ext", 0x25);
    check_command("Read Sectors", 0x20);
    check_command("PACKET", 0xA0);
    check_command("read fpdma queued", 0x60);
    check_command("READ", -1);
    check_command("", -1);
    tap_ok(ata_command(0xC8)->shape == SHAPE_28 && ata_command(0x35)->shape == SHAPE_48 &&
               !ata_command(0xFF),
           "what belongs to a command; and a byte that is none");
    tap_ok(strcmp(ata_feature_name(0xEF, 0x03), "Set transfer mode") == 0 &&
               strcmp(ata_feature_name(0xB0, 0xDA), "RETURN STATUS") == 0 &&
               !ata_feature_name(0xEF, 0xFF) && !ata_feature_name(0xC8, 0x03),
           "subcommands");
    ata_mode_name(0x45, text, sizeof text);
    tap_ok(strcmp(text, "Ultra DMA mode 5") == 0, "a transfer mode");
    ata_mode_name(0x22, text, sizeof text);
    tap_ok(strcmp(text, "Multiword DMA mode 2") == 0, "another one");
    ata_mode_name(0xFF, text, sizeof text);
    tap_ok(strcmp(text, "mode 0xff, which is none") == 0, "and none");
    back = known = 0;
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        const char *name = packet_command_name((uint8_t)opcode);
        known += name != NULL;
        back += name && packet_command_opcode(name, strlen(name), &code) && code == opcode;
    }
    tap_ok(known > 40 && back == known && !packet_command_name(0xFF),
           "packet commands, there and back");
    tap_ok(strcmp(sense_key_name(0x76), "UNIT ATTENTION") == 0 &&
               strcmp(sense_key_name(0xF), "RESERVED") == 0,
           "sense keys");
}

int main(void)
{
    test_words();
    test_registers();
    test_ahci();
    test_bits();
    test_commands();
    return tap_exit();
}
