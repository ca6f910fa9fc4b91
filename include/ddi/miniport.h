/* SPDX-License-Identifier: MIT */
/*
 * The first header of a miniport: basic types, calling convention and annotations.
 *
 * A driver says
 *
 *     #include <miniport.h>
 *     #include <ata.h>
 *     #include <irb.h>
 *
 * Owns: the names of NT that the miniport interface is written in. May not: declare anything of the
 * interface itself. Both sides include it: drivers, compiled for Windows targets, and the port
 * driver, compiled for ELF; the tables in tests/abi prove that both see the same layout.
 */
#ifndef DDI_MINIPORT_H
#define DDI_MINIPORT_H

#include "sal.h"
#include "nt.h"
#include "guiddef.h"
#include "interlocked.h"
#include "pci.h"

#endif
