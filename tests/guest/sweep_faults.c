/* SPDX-License-Identifier: MIT */
/* What goes wrong in the sweep: fault rules (docs/faults.md) without `nth`. What a driver does not have costs a
 * run. */
#include "tests/guest/sweep.h"

#define SEEN(words)         \
    {                       \
        words, false, false \
    }
#define EARLY(words)       \
    {                      \
        words, false, true \
    }
#define BLIND(words)       \
    {                      \
        words, true, false \
    }

const struct sweep_fault sweep_faults[] = {
    /* What the device says of itself, once. */
    SEEN("read 00 register=Status"),
    SEEN("read 80/80 register=Status"),
    SEEN("read 00/08 register=Status"),
    SEEN("read 08/08 register=Status"),
    SEEN("read 01/01 register=Status"),
    SEEN("read 20/20 register=Status"),
    SEEN("read 7F register=Status"),
    SEEN("read FF register=Status"),
    SEEN("read 00 register=Alternate-Status"),
    SEEN("read 80/80 register=Alternate-Status"),
    SEEN("read 00/08 register=Alternate-Status"),
    SEEN("read 08/08 register=Alternate-Status"),
    SEEN("read 01/01 register=Alternate-Status"),
    SEEN("read 20/20 register=Alternate-Status"),
    SEEN("read FF register=Alternate-Status"),
    SEEN("read 00 register=Error"),
    SEEN("read FF register=Error"),
    SEEN("read 00 register=Bus-Master-Status"),
    SEEN("read 02/02 register=Bus-Master-Status"),
    SEEN("read 00/04 register=Bus-Master-Status"),
    SEEN("read 01/01 register=Bus-Master-Status"),
    SEEN("read FF register=Bus-Master-Status"),
    SEEN("read FF register=PxTFD"),
    SEEN("read 80/80 register=PxTFD"),
    SEEN("read 01/01 register=PxTFD"),
    SEEN("read 00000000 register=PxIS"),
    SEEN("read 40000000/40000000 register=PxIS"),
    EARLY("read 00000000 register=PxCI"),
    SEEN("read FFFFFFFF register=PxCI"),
    SEEN("read 00000000 register=PxSSTS"),
    SEEN("read FFFFFFFF register=PxSERR"),
    SEEN("read FFFFFFFF register=PxIS"),
    /* IFS: the link */
    SEEN("read 08000000/08000000 register=PxIS"),
    /* HBDS, HBFS: the bus */
    SEEN("read 10000000/10000000 register=PxIS"),
    SEEN("read 20000000/20000000 register=PxIS"),
    /* OFS: more data than there is room for */
    SEEN("read 01000000/01000000 register=PxIS"),
    /* PRCS, PCS: the link has gone, or come */
    SEEN("read 00400000/00400000 register=PxIS"),
    SEEN("read 00000040/00000040 register=PxIS"),
    EARLY("read 00000000 register=PxSACT"),
    SEEN("read FFFFFFFF register=PxSACT"),
    /* A device, and no link */
    SEEN("read 00000001 register=PxSSTS"),
    SEEN("read FFFFFFFF register=PxSSTS"),
    /* CR and FR */
    SEEN("read 0000C000/0000C000 register=PxCMD"),
    SEEN("read FFFFFFFF register=PxCMD"),
    /* What does not reach it, and shows. */
    SEEN("write drop register=Command"),
    SEEN("write drop register=Device-Control"),
    SEEN("write drop register=Bus-Master-Command"),
    SEEN("write drop register=Bus-Master-Status"),
    SEEN("write drop register=PxCI"),
    SEEN("write drop register=PxIS"),
    SEEN("write drop register=PxCMD"),
    SEEN("write drop register=PxSCTL"),
    SEEN("write drop register=PxIE"),
    SEEN("write drop register=PxSERR"),
    /* For a while, and for ever. */
    SEEN("bsy"),
    SEEN("bsy for=1ms"),
    SEEN("bsy for=10s"),
    SEEN("drq for=1ms"),
    SEEN("drq for=10s"),
    SEEN("float FF for=1ms"),
    SEEN("float FF for=10s"),
    SEEN("float 7F for=1ms"),
    SEEN("vanish for=1ms"),
    SEEN("vanish for=10s"),
    SEEN("unplug for=1ms"),
    SEEN("unplug for=10s"),
    /* Commands that fail. */
    SEEN("df"),
    SEEN("error UNC"),
    SEEN("error IDNF"),
    SEEN("error ICRC"),
    SEEN("error ABRT"),
    SEEN("bus-master-error"),
    SEEN("sense 3/11/00"),
    SEEN("sense 6/28/00"),
    /* Interrupts. */
    SEEN("interrupt lost"),
    SEEN("interrupt late for=1ms"),
    SEEN("interrupt early"),
    SEEN("interrupt double"),
    SEEN("interrupt spurious"),
    SEEN("interrupt shared"),
    /* What nobody can see. */
    BLIND("write drop register=Sector-Count"),
    BLIND("write drop register=LBA-Low"),
    BLIND("write drop register=LBA-Mid"),
    BLIND("write drop register=LBA-High"),
    BLIND("write drop register=Device"),
    BLIND("write drop register=Features"),
    BLIND("write drop register=Data"),
    BLIND("write drop register=PRD-Table-Address"),
    BLIND("read A5A5 register=Data"),
    /* the command is carried out, and never was under way */
    BLIND("write drop register=PxSACT"),
};
const unsigned sweep_fault_count = sizeof sweep_faults / sizeof *sweep_faults;
