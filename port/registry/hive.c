/* SPDX-License-Identifier: MIT */
/*
 * The store and its file; see hive.h.
 *
 * Owns both. Not entered from interrupts.
 */
#include "port/registry/hive.h"

const char hive_defaults[] = REG_FILE_HEADER
    "\n"
    "\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\CriticalDeviceDatabase\\PCI#CC_0101]"
    "\n"
    "\"Service\"=\"pata\"\n"
    "\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\CriticalDeviceDatabase\\PCI#CC_0106]"
    "\n"
    "\"Service\"=\"ahci\"\n"
    "\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\CriticalDeviceDatabase\\*PNP0600]\n"
    "\"Service\"=\"pata\"\n"
    "\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\ahci]\n"
    "\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\pata]\n";

bool hive_init(struct hive *hive, const struct memory_operations *operations)
{
    *hive = (struct hive){.format.is_empty = true};
    return store_init(&hive->store, operations);
}

void hive_load(struct hive *hive, enum store_layer layer, const struct reg_source *source,
               const struct reg_report *report, struct reg_summary *summary)
{
    hive->store.layer = layer;
    reg_file_load(&hive->store, source, report, summary);
    hive->store.layer = STORE_LAYER_FILE;
    if (layer == STORE_LAYER_FILE) {
        hive->format = summary->format;
        hive->last_batch = summary->last_batch;
        hive->is_read_only |= summary->is_refused || summary->is_version_4;
    }
}

void hive_load_defaults(struct hive *hive, const struct reg_report *report)
{
    const struct reg_source source = {"(built in)", hive_defaults, sizeof(hive_defaults) - 1};
    struct reg_summary summary;

    hive_load(hive, STORE_LAYER_DEFAULTS, &source, report, &summary);
}

/* Starts a batch at the end of the file, whatever that looks like. Batch numbers only tell a person
 * which end line belongs to which begin line; they start again when they run out. */
static struct reg_writer *start_batch(struct hive *hive)
{
    hive->last_batch = hive->last_batch == UINT32_MAX ? 1 : hive->last_batch + 1;
    reg_writer_init(&hive->writer, hive->append, hive->append_context, hive->format.encoding,
                    hive->format.has_crlf);
    reg_write_join(&hive->writer, &hive->format);
    return &hive->writer;
}

static bool finish_batch(struct hive *hive)
{
    bool done = reg_writer_finish(&hive->writer) && hive->append(hive->append_context, NULL, 0);

    hive->format.is_empty = hive->format.half_unit = false;
    /* A batch that was not written to its end is ignored for ever, as long as the next one begins
     * on a line of its own. */
    hive->format.line_open = !done;
    return done;
}

void hive_begin(struct hive *hive)
{
    store_begin(&hive->store);
}

void hive_rollback(struct hive *hive)
{
    store_rollback(&hive->store);
}

bool hive_commit(struct hive *hive)
{
    if (hive->append && hive->store.first_change) {
        struct reg_writer *writer = start_batch(hive);
        reg_write_changes(writer, &hive->store, hive->last_batch);
        if (!finish_batch(hive)) {
            store_rollback(&hive->store);
            return false;
        }
    }
    store_commit(&hive->store);
    return true;
}

bool hive_compact(struct hive *hive)
{
    struct reg_writer *writer;

    if (!hive->append)
        return false;
    writer = start_batch(hive);
    reg_write_snapshot(writer, &hive->store, hive->last_batch);
    return finish_batch(hive);
}
