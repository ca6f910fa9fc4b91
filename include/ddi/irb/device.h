/* SPDX-License-Identifier: MIT */
/* Devices: their limits, what is known about one, what is logged about one. */
#ifndef DDI_IRB_DEVICE_H
#define DDI_IRB_DEVICE_H

#include "../guiddef.h"
#include "../nt.h"
#include "request.h"

#define MAX_IDE_DEVICE 2 /* targets of a parallel channel */
#define MAX_IDE_LUN    8 /* logical units of a target */

/* ------------------------------------------------------------------ DeviceCharacteristics */

#define DFLAGS_REMOVABLE_MEDIA  0x0001
#define DFLAGS_INT_DRQ          0x0002 /* packet device that interrupts when it wants the packet */
#define DFLAGS_MSN_SUPPORT      0x0004 /* media status notification */
#define DFLAGS_REMOVABLE_DEVICE 0x0008
#define DFLAGS_1667_DEVICE      0x0010 /* later kits: authentication after IEEE 1667 */
#define DFLAGS_FUA_SUPPORT      0x1000 /* settable; the rest of the high byte is the port's (INI-07) */

typedef enum _IDE_DEVICE_TYPE {
    DeviceUnknown,
    DeviceIsAta,
    DeviceIsAtapi,
    DeviceNotExist,
} IDE_DEVICE_TYPE;
typedef IDE_DEVICE_TYPE *PIDE_DEVICE_TYPE;

typedef enum _ATA_ADDRESS_TRANSLATION {
    UnknownMode,
    ChsMode,
    LbaMode,
    Lba48BitMode,
} ATA_ADDRESS_TRANSLATION;
typedef ATA_ADDRESS_TRANSLATION *PATA_ADDRESS_TRANSLATION;

/* Filled in by the port before IdeHwInitialize, which may change what is marked so. */
typedef struct _IDE_DEVICE_PARAMETERS {
    USHORT Version; /* sizeof(IDE_DEVICE_PARAMETERS) */
    IDE_DEVICE_TYPE IdeDeviceType;
    UCHAR TargetId;
    UCHAR MaximumLun;
    UCHAR NumberOfOverlappedRequests; /* may be changed: requests this device takes at a time */
    UCHAR MaxBlockXfer;               /* may be lowered: sectors per READ or WRITE MULTIPLE block */
    USHORT DeviceCharacteristics;     /* DFLAGS_* */
    ATA_ADDRESS_TRANSLATION AddressTranslation; /* may be changed: how task files are addressed */
    union {
        LARGE_INTEGER MaxLba; /* the last addressable sector */
        struct {
            USHORT NumCylinders;
            USHORT NumHeads;
            USHORT NumSectorsPerTrack;
            USHORT Reserved;
        } Chs;
    };
    ULONG BytesPerLogicalSector;
    ULONG BytesPerPhysicalSector;
    ULONG BytesOffsetForSectorAlignment;
    ULONG TransferModeSupported; /* bits, see transfer_mode.h */
    ULONG TransferModeSelected;  /* set by the miniport: bits (INI-07) */
} IDE_DEVICE_PARAMETERS, *PIDE_DEVICE_PARAMETERS;

/* ------------------------------------------------------------------ error log */

/* One entry; DumpDataSize bytes begin at DumpData. */
typedef struct _IDE_ERROR_LOG_ENTRY {
    UCHAR IrbStatus;
    UCHAR Channel;
    UCHAR TargetId;
    UCHAR Lun;
    UCHAR UniqueId; /* the miniport's own number for the place in its code */
    UCHAR DumpDataSize;
    UCHAR DumpData[1];
} IDE_ERROR_LOG_ENTRY, *PIDE_ERROR_LOG_ENTRY;

/* ------------------------------------------------------------------ power settings of a vendor */

/* Which settings a miniport wants to hear of. */
typedef struct _IDE_VENDOR_DEFINED_POWER {
    UCHAR ValidGuids; /* how many of Guid count */
    GUID Guid[3];
} IDE_VENDOR_DEFINED_POWER, *PIDE_VENDOR_DEFINED_POWER;

/* Parameters of IdeHwControl(IdeVendorDefined): one setting has a new value. */
typedef struct _IDE_VENDOR_DEFINED_POWER_INFO {
    UCHAR TargetId;
    GUID SettingGuid;
    PVOID Value;
    ULONG ValueLength; /* bytes */
} IDE_VENDOR_DEFINED_POWER_INFO, *PIDE_VENDOR_DEFINED_POWER_INFO;

#endif
