/* SPDX-License-Identifier: MIT */
/* What a request that has failed says. Any context. */
#ifndef PORT_SENSE_H
#define PORT_SENSE_H

#include "port/block.h"
#include "port/objects.h"

/* Is this failure one that goes away by itself? Takes note when it says that the medium is another
 * one. */
bool atapi_should_repeat(const struct request *request);
/* What sense data, of at least 13 bytes, say in words. Context: any. */
const char *atapi_sense_name(const uint8_t *sense);
/* What the issuer of a block request is told. */
enum block_status block_status_of(const struct request *request);

#endif
