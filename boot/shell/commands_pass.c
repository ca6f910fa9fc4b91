/* SPDX-License-Identifier: MIT */
/*
 * `ata` and `cdb`: a command as somebody has written it, and what the device made of it. What
 * writes goes where all writes of the session go.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "boot/shell/dump.h"
#include "boot/shell/transfer.h"
#include "lib/near.h"
#include "lib/plural.h"
#include "port/access/names.h"
#include "port/irb_names.h"
#include "port/pass_through.h"
#include "port/sense.h"

#define CDB_LEAST 6u
#define CDB_MOST  16u

/* ------------------------------------------------------------------ data */

struct data {
    enum pass_data direction;
    uint32_t byte_count; /* 0: not said */
    uint8_t *bytes;      /* a transfer's buffer */
};

/* [in|out BYTES [HEXBYTES...]]: none of it is no data. What is sent are the bytes, and zeros behind
 * them. */
static bool parse_data(char **words, struct data *data)
{
    uint64_t byte_count;
    size_t given = 0;

    *data = (struct data){.bytes = transfer_buffer(0)};
    if (!data->bytes)
        return false;
    memset(data->bytes, 0, TRANSFER_BUFFER_BYTES);
    if (!words[0])
        return true;
    data->direction = strcmp(words[0], "in") == 0 ? PASS_IN : PASS_OUT;
    if ((data->direction == PASS_OUT && strcmp(words[0], "out") != 0) || !words[1] ||
        !argument_number(words[1], &byte_count) || (data->direction == PASS_IN && words[2]))
        return false;
    if (byte_count == 0 || byte_count > TRANSFER_BUFFER_BYTES) {
        hal_printf("BYTES goes from 1 to %u.\n", TRANSFER_BUFFER_BYTES);
        return false;
    }
    data->byte_count = (uint32_t)byte_count;
    return argument_bytes(words + 2, data->bytes, data->byte_count, &given);
}

static void print_in(const struct request *request, const struct data *data)
{
    if (data->direction == PASS_IN)
        dump_bytes(0, data->bytes, request->transferred);
}

static enum command_result fail_unanswered(const struct request *request, const char *what)
{
    if (request->is_cancelled)
        return command_fail("Stopped by Ctrl-C.");
    if (request->timed_out)
        return command_fail("%s: no answer in time; the channel was reset.", what);
    return command_fail("%s: %s.", what, irb_status_name(request->irb_status));
}

static bool has_ended_well(const struct request *request)
{
    return request->irb_status == IRB_STATUS_SUCCESS ||
           request->irb_status == IRB_STATUS_DATALENGTH_MISMATCH;
}

/* ------------------------------------------------------------------ ata */

bool opcode_word(uint8_t opcode, char word[OPCODE_WORD_SIZE])
{
    const struct ata_command *command = ata_command(opcode);
    size_t length = 0;

    for (; command && command->name[length] && length + 1 < OPCODE_WORD_SIZE; length++) {
        char letter = command->name[length];
        word[length] = (char)(letter == ' '                    ? '-'
                              : letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A')
                                                               : letter);
    }
    word[length] = 0;
    return length > 0;
}

static void say_no_name(const char *word)
{
    struct near near = near_begin(word, strlen(word));
    char name[OPCODE_WORD_SIZE], best[OPCODE_WORD_SIZE], sentence[200];

    for (unsigned opcode = 0; opcode <= 0xFF; opcode++) {
        if (!opcode_word((uint8_t)opcode, name))
            continue;
        near_consider(&near, name);
        if (near.best == name)
            near.best = memcpy(best, name, sizeof best);
    }
    snprintf(sentence, sizeof sentence, "\"%.40s\" is no command's name", word);
    near_finish(&near, "; numbers are like 0xEC.", sentence, sizeof sentence);
    hal_printf("%s\n", sentence);
}

/* A name of the standard's, or a number. */
static bool parse_opcode(const char *word, uint8_t *opcode)
{
    uint64_t number;

    if (ata_command_opcode(word, strlen(word), opcode))
        return true;
    if (*word < '0' || *word > '9') {
        say_no_name(word);
        return false;
    }
    if (!argument_number(word, &number))
        return false;
    if (number > 0xFF) {
        hal_printf("%.40s is larger than a byte.\n", word);
        return false;
    }
    *opcode = (uint8_t)number;
    return true;
}

static const char *opcode_words(uint8_t opcode, char text[64])
{
    const struct ata_command *row = ata_command(opcode);
    snprintf(text, 64, "%s (0x%02x)", row ? row->name : "Command", opcode);
    return text;
}

/* FEATURES, COUNT and LBA, which the rest of the words may follow. Moves *words behind them. */
static bool parse_registers(char ***words, struct pass_through *command)
{
    uint64_t features, count;

    if (!**words || strcmp(**words, "in") == 0 || strcmp(**words, "out") == 0)
        return true;
    if (!(*words)[1] || !(*words)[2] || !argument_number((*words)[0], &features) ||
        !argument_number((*words)[1], &count) || !argument_number((*words)[2], &command->lba))
        return false;
    if (features > 0xFFFF || count > 0xFFFF || command->lba >> 48) {
        hal_printf("FEATURES and COUNT have 16 bits, and LBA has 48, at most.\n");
        return false;
    }
    command->features = (uint16_t)features;
    command->count = (uint16_t)count;
    *words += 3;
    return true;
}

static bool is_wide(const struct pass_through *command)
{
    return command->features > 0xFF || command->count > 0xFF || command->lba >> 28;
}

static const char *direction_word(enum pass_data data)
{
    return data == PASS_IN ? "in" : "out";
}

/* Brings what was said of the data together with what is known of the command. False: they do not
 * agree, said so. */
static bool settle_data(struct pass_through *command, const struct data *data)
{
    char name[64];
    const char *what = opcode_words(command->opcode, name);

    switch (pass_through_kind(command)) {
    case PASS_REFUSED:
        command_fail("%s is not for `ata`: %s.", what,
                     command->opcode == IDE_COMMAND_ATAPI_PACKET
                         ? "`cdb` sends packets"
                         : "queued commands and their tags are the driver's affair");
        return false;
    case PASS_UNKNOWN:
        command->is_48 = is_wide(command);
        command->data = data->direction;
        command->byte_count = data->byte_count;
        return true;
    case PASS_KNOWN:
        break;
    }
    if (is_wide(command) && !command->is_48) {
        command_fail("%s has registers of 8 bits, and an LBA of 28.", what);
        return false;
    }
    if (command->data == PASS_NO_DATA && data->direction != PASS_NO_DATA) {
        command_fail("%s moves no data.", what);
        return false;
    }
    if (data->direction != PASS_NO_DATA && data->direction != command->data) {
        command_fail("%s moves its data %s.", what, direction_word(command->data));
        return false;
    }
    if (command->byte_count && data->byte_count && command->byte_count != data->byte_count) {
        command_fail("%s moves %u bytes, not %u.", what, (unsigned)command->byte_count,
                     (unsigned)data->byte_count);
        return false;
    }
    if (!command->byte_count)
        command->byte_count = data->byte_count;
    if (command->data == PASS_NO_DATA ||
        (command->byte_count && command->byte_count <= TRANSFER_BUFFER_BYTES &&
         (command->data == PASS_IN || data->byte_count)))
        return true;
    if (command->byte_count > TRANSFER_BUFFER_BYTES)
        command_fail("%s of %u bytes: at most %u go at once.", what, (unsigned)command->byte_count,
                     TRANSFER_BUFFER_BYTES);
    else
        command_fail("%s moves data: say `%s BYTES` behind it.", what,
                     direction_word(command->data));
    return false;
}

/* "Status 0x51 (DRDY DSC ERR)" */
static void print_bits(const char *title, uint8_t value, enum name_bits bits)
{
    char text[96];
    size_t length = bits_write(bits, value, text, sizeof text);
    hal_printf("  %s 0x%02x%s%s%s", title, value, length ? " (" : "", text, length ? ")" : "");
}

static void print_results(const struct request *request, const struct pass_through *command)
{
    struct pass_results results;
    bool has_registers = pass_through_results(request, &results);

    if (!has_registers && has_ended_well(request)) {
        hal_printf("  The driver has returned no registers.\n");
        return;
    }
    print_bits("Status", results.status, BITS_STATUS);
    if (results.status & IDE_STATUS_ERROR)
        print_bits("Error", results.error, BITS_ERROR);
    hal_printf("\n");
    if (has_registers)
        hal_printf("  Count 0x%0*x  LBA 0x%0*" PRIx64 "  Device 0x%02x\n", command->is_48 ? 4 : 2,
                   results.count, command->is_48 ? 12 : 7, results.lba, results.device);
}

enum command_result command_ata(unsigned count, char **words)
{
    struct pass_through command = {0};
    struct request request;
    struct data data;
    char name[64];

    if (count < 3)
        return COMMAND_BAD_ARGUMENTS;
    struct device *device = argument_device(words[1]);
    if (!device)
        return COMMAND_FAILED;
    words += 3;
    if (!parse_opcode(words[-1], &command.opcode) || !parse_registers(&words, &command) ||
        !parse_data(words, &data))
        return COMMAND_BAD_ARGUMENTS;
    if (!settle_data(&command, &data))
        return COMMAND_FAILED;
    data.direction = command.data;
    command.buffer = data.bytes;
    pass_through_run(device, &command, &request);
    opcode_words(command.opcode, name);
    if (request.irb_status == IRB_STATUS_DEVICE_ERROR) {
        command_fail("%s failed.", name);
        print_results(&request, &command);
        return COMMAND_FAILED;
    }
    if (!has_ended_well(&request))
        return fail_unanswered(&request, name);
    hal_printf("%s done", name);
    if (command.data != PASS_NO_DATA)
        hal_printf(", %u of %u byte%s", (unsigned)request.transferred, (unsigned)command.byte_count,
                   plural(command.byte_count));
    hal_printf(".\n");
    print_results(&request, &command);
    print_in(&request, &data);
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ cdb */

static const char *packet_words(uint8_t opcode, char text[64])
{
    const char *name = packet_command_name(opcode);
    snprintf(text, 64, "%s (0x%02x)", name ? name : "Packet command", opcode);
    return text;
}

/* CHECK CONDITION, and what the sense data says (SPC-2, 7.20). Without it the key is in Error. */
static enum command_result fail_packet(const struct request *request, const char *what)
{
    const uint8_t *sense = request->sense;
    const char *code = NULL;

    if (!request->sense_valid)
        return command_fail("%s: CHECK CONDITION, %s, and no sense data.", what,
                            sense_key_name(request->ata_error >> 4));
    code = sense_code_name(sense[12], sense[13]);
    command_fail("%s: CHECK CONDITION, %s%s%s (sense %x/%02x/%02x).", what,
                 sense_key_name(sense[2] & 0xF), code ? ": " : "", code ? code : "", sense[2] & 0xF,
                 sense[12], sense[13]);
    dump_bytes(0, sense, 18);
    return COMMAND_FAILED;
}

/* How many words there are before "in" or "out". */
static unsigned count_bytes_words(char **words)
{
    unsigned count = 0;
    while (words[count] && strcmp(words[count], "in") != 0 && strcmp(words[count], "out") != 0)
        count++;
    return count;
}

enum command_result command_cdb(unsigned count, char **words)
{
    uint8_t cdb[CDB_MOST];
    char name[64], *list[CDB_MOST + 1];
    struct request request;
    struct data data;
    size_t length;

    if (count < 3)
        return COMMAND_BAD_ARGUMENTS;
    struct device *device = argument_device(words[1]);
    if (!device)
        return COMMAND_FAILED;
    if (device->kind != DEVICE_ATAPI)
        return command_fail("Disk %s takes no packets; `ata` sends it commands.", device->name);
    unsigned byte_words = count_bytes_words(words + 2);
    if (byte_words > CDB_MOST)
        return command_fail("A CDB has %u to %u bytes.", CDB_LEAST, CDB_MOST);
    memcpy(list, words + 2, byte_words * sizeof *list);
    list[byte_words] = NULL;
    if (!argument_bytes(list, cdb, sizeof cdb, &length) ||
        !parse_data(words + 2 + byte_words, &data))
        return COMMAND_BAD_ARGUMENTS;
    if (length < CDB_LEAST)
        return command_fail("A CDB has %u to %u bytes.", CDB_LEAST, CDB_MOST);
    pass_through_packet(device, cdb, (uint8_t)length, data.direction, data.bytes, data.byte_count,
                        &request);
    packet_words(cdb[0], name);
    if (request.irb_status == IRB_STATUS_DEVICE_ERROR)
        return fail_packet(&request, name);
    if (!has_ended_well(&request))
        return fail_unanswered(&request, name);
    hal_printf("%s: GOOD", name);
    if (data.direction != PASS_NO_DATA)
        hal_printf(", %u of %u byte%s", (unsigned)request.transferred, (unsigned)data.byte_count,
                   plural(data.byte_count));
    hal_printf(".\n");
    print_in(&request, &data);
    return COMMAND_DONE;
}
