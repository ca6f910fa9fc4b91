/* SPDX-License-Identifier: MIT */
/*
 * The hive: the registry in memory together with the file that it outlives a power-off in.
 *
 * Owns the store and what is known of the file's end. Changes are made between hive_begin and
 * hive_commit; commit appends them to the file as one batch (reg_file.h) and keeps them, or undoes
 * them all. May not: know how bytes reach the file. Not entered from interrupts.
 */
#ifndef PORT_REGISTRY_HIVE_H
#define PORT_REGISTRY_HIVE_H

#include "port/registry/reg_file.h"

struct hive {
    struct store store;
    struct reg_format format; /* of the file, as far as it is known to be written */
    uint32_t last_batch;
    bool is_read_only; /* the session may not write its file, or nothing can be appended to what it
                        * is: nothing is to be changed */
    /* Appends to the file; returns when the bytes are there. False: they are not, or not all of
     * them. No bytes (NULL, 0) say that what came before is complete. NULL: there is no file, and
     * changes stay in memory. */
    bool (*append)(void *context, const void *bytes, size_t byte_count);
    void *append_context;
    struct reg_writer writer;
};

/* False: no memory. */
bool hive_init(struct hive *hive, const struct memory_operations *operations);

/* Reads one layer; the layers are to be read in their order. The file layer may be read in pieces,
 * but the last one is what the batches are appended to. `report` may be NULL. */
void hive_load(struct hive *hive, enum store_layer layer, const struct reg_source *source,
               const struct reg_report *report, struct reg_summary *summary);

/* The built-in defaults, as .reg text: which driver serves which device. */
extern const char hive_defaults[];
void hive_load_defaults(struct hive *hive, const struct reg_report *report);

/* Changes go through hive->store, between these. Commit returns false when the file could not be
 * written; then nothing has changed. */
void hive_begin(struct hive *hive);
bool hive_commit(struct hive *hive);
void hive_rollback(struct hive *hive);

/* Appends a snapshot (reg_file.h), after which the file can be shortened. False: there is no file
 * to write, or it could not be written. */
bool hive_compact(struct hive *hive);

#endif
