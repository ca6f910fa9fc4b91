/* SPDX-License-Identifier: MIT */
/*
 * IRBs: one request of the port to a channel, and how it ended.
 *
 * Owns: the request block, its functions, flags and statuses, and the macros that ask about it.
 * A miniport holds an IRB from IdeHwStartIo (or IdeHwBuildIo) until AtaPortCompleteRequest.
 */
#ifndef DDI_IRB_REQUEST_H
#define DDI_IRB_REQUEST_H

#include "../ata.h"
#include "../nt.h"

/* ------------------------------------------------------------------ function */

/* ATA commands: the task file is filled in. 0x100 stands for all that have no code of their own. */
#define IRB_FUNCTION_ATA_COMMAND  0x100
#define IRB_FUNCTION_ATA_IDENTIFY 0x101
#define IRB_FUNCTION_ATA_READ     0x102
#define IRB_FUNCTION_ATA_WRITE    0x103
#define IRB_FUNCTION_ATA_FLUSH    0x104
#define IRB_FUNCTION_ATA_SMART    0x105
#define IRB_FUNCTION_ATA_GPLOG    0x106 /* later kits */

/* Packet commands: the CDB is filled in. */
#define IRB_FUNCTION_ATAPI_COMMAND 0x200
#define IRB_FUNCTION_REQUEST_SENSE 0x201

/* For the miniport itself. */
#define IRB_FUNCTION_MINIPORT_COMMAND 0x400
#define IRB_FUNCTION_ADAPTER_FLUSH    0x401 /* what the controller holds back of this device */
#define IRB_FUNCTION_SHUTDOWN         0x402 /* the last one before a stop, if it was written to */
#define IRB_FUNCTION_POWER_CHANGE     0x403
#define IRB_FUNCTION_LUN_RESET        0x404
#define IRB_FUNCTION_MINIPORT_IOCTL   0x405 /* DataBuffer begins with an IDE_IO_CONTROL */
#define IRB_FUNCTION_POWER_REBOOT     0x406

/* ------------------------------------------------------------------ status */

#define IRB_STATUS_PENDING             0x00 /* not a final status (IRB-02) */
#define IRB_STATUS_SUCCESS             0x01
#define IRB_STATUS_DATALENGTH_MISMATCH 0x02 /* DataTransferLength has the real count (IRB-05) */
#define IRB_STATUS_DEVICE_ERROR        0x03 /* AtaStatus and AtaError say which (IRB-04) */
#define IRB_STATUS_INVALID_REQUEST     0x04
#define IRB_STATUS_BUS_RESET           0x05
#define IRB_STATUS_SELECTION_TIMEOUT   0x06
#define IRB_STATUS_BUSY                0x07
#define IRB_STATUS_INTERNAL_ERROR      0x40

/* Added to a status: what SenseInfoBuffer holds. Leave both out before a status is compared. */
#define IRB_STATUS_RETURN_TASKFILE_VALID 0x10
#define IRB_STATUS_AUTOSENSE_VALID       0x20

/* Added to a status, later kits: the slave is to be looked for although the master hides it. */
#define IRB_STATUS_FORCE_ENUM_DEVICE1_NEEDED 0x80

/* A status without what was added. */
#define IRB_STATUS(status)                                                                \
    ((UCHAR)((status) & ~(IRB_STATUS_RETURN_TASKFILE_VALID | IRB_STATUS_AUTOSENSE_VALID | \
                          IRB_STATUS_FORCE_ENUM_DEVICE1_NEEDED)))

/* ------------------------------------------------------------------ flags */

#define IRB_FLAGS_DRDY_REQUIRED      0x00000001 /* wait for DRDY before the command is written */
#define IRB_FLAGS_USE_DMA            0x00000002 /* a scatter/gather list exists (IRB-08) */
#define IRB_FLAGS_MAP_BUFFERS        0x00000004 /* DataBuffer may be touched (IRB-06) */
#define IRB_FLAGS_48BIT              0x00000008 /* Previous of the task file counts */
#define IRB_FLAGS_PIO_MULTIPLE       0x00000010
#define IRB_FLAGS_RETURN_RESULTS     0x00000020 /* put the registers into SenseInfoBuffer */
#define IRB_FLAGS_DATA_IN            0x00000040 /* device to memory */
#define IRB_FLAGS_DATA_OUT           0x00000080 /* memory to device */
#define IRB_FLAGS_DISCARDABLE        0x00000100 /* may be given up under pressure */
#define IRB_FLAGS_HIGH_PRIORITY      0x00000200
#define IRB_FLAGS_FORCE_ENUM_DEVICE1 0x00000400 /* later kits */

/* ------------------------------------------------------------------ sense buffer */

#define SENSE_INFO_BUFFER_RETURN_TYPE_CDB            0 /* sense data */
#define SENSE_INFO_BUFFER_RETURN_TYPE_28BIT_TASKFILE 1 /* IDEREGISTERS */
#define SENSE_INFO_BUFFER_RETURN_TYPE_48BIT_TASKFILE 2 /* IDE_TASK_FILE */
#define SENSE_INFO_BUFFER_RETURN_TYPE_D2H_FIS        3 /* REGISTER_FIS */

/* In QueueTag, or for a target and LUN: no tag; every device of the channel. */
#define IDE_UNTAGGED 0xFF

/* ------------------------------------------------------------------ what a request carries */

/* A set of registers. As results, bFeaturesReg holds Error and bCommandReg Status. */
typedef struct _IDEREGISTERS {
    UCHAR bFeaturesReg;
    UCHAR bSectorCountReg;
    UCHAR bSectorNumberReg; /* LBA 0-7 */
    UCHAR bCylLowReg;       /* LBA 8-15; byte count of a packet command */
    UCHAR bCylHighReg;      /* LBA 16-23; byte count of a packet command */
    UCHAR bDriveHeadReg;
    UCHAR bCommandReg;
    UCHAR bReserved;
} IDEREGISTERS, *PIDEREGISTERS;

typedef struct _IDE_TASK_FILE {
    IDEREGISTERS Current;
    IDEREGISTERS Previous; /* written first, for 48-bit commands */
} IDE_TASK_FILE, *PIDE_TASK_FILE;

typedef enum _IDE_POWER_STATE {
    IdePowerUnSpecified,
    IdePowerD0,
    IdePowerD3,
} IDE_POWER_STATE;
typedef IDE_POWER_STATE *PIDE_POWER_STATE;

typedef struct _IDE_POWER_INFO {
    IDE_POWER_STATE CurrentPowerState;
    IDE_POWER_STATE DesiredPowerState;
} IDE_POWER_INFO, *PIDE_POWER_INFO;

/* The documentation's name for it. */
typedef IDE_POWER_INFO POWER_CHANGE_INFO, *PPOWER_CHANGE_INFO;

/* Head of an IRB_FUNCTION_MINIPORT_IOCTL's data. */
typedef struct _IDE_IO_CONTROL {
    ULONG HeaderLength; /* bytes of this structure */
    UCHAR Signature[8];
    ULONG Timeout; /* seconds */
    ULONG ControlCode;
    ULONG ReturnStatus;
    ULONG DataLength; /* bytes that follow */
} IDE_IO_CONTROL, *PIDE_IO_CONTROL;

typedef struct _IDE_REQUEST_BLOCK {
    USHORT Function; /* IRB_FUNCTION_* */
    UCHAR IrbStatus; /* IRB_STATUS_*, set by the miniport */
    UCHAR AtaStatus; /* the Status register at the end, set by the miniport */
    UCHAR AtaError;  /* the Error register at the end, set by the miniport */
    UCHAR Channel;
    UCHAR TargetId; /* 0 master, 1 slave */
    UCHAR Lun;
    UCHAR CdbLength;             /* bytes */
    UCHAR SenseInfoBufferLength; /* bytes */
    UCHAR SenseInfoBufferType;   /* SENSE_INFO_BUFFER_RETURN_TYPE_*, set by the miniport */
    UCHAR QueueTag;
    ULONG ReservedAsUlong;
    ULONG IrbFlags;           /* IRB_FLAGS_* */
    ULONG TimeOutValue;       /* seconds */
    ULONG DataTransferLength; /* bytes asked for; on an underrun, bytes moved */
    PVOID IrbExtension;       /* the miniport's own, physically contiguous */
    PVOID DataBuffer;         /* usable under IRB_FLAGS_MAP_BUFFERS only */
    PVOID SenseInfoBuffer;
    PVOID NextIrb;  /* the miniport's, to chain IRBs that it holds */
    PVOID Reserved; /* NULL */
    union {
        IDE_TASK_FILE IdeTaskFile;
        UCHAR Cdb[16];
        IDE_POWER_INFO PowerChange;
        UCHAR AsUChar[16];
    };
} IDE_REQUEST_BLOCK, *PIDE_REQUEST_BLOCK;

/* ------------------------------------------------------------------ scatter/gather list */

typedef PHYSICAL_ADDRESS IDE_PHYSICAL_ADDRESS, *PIDE_PHYSICAL_ADDRESS;

typedef struct _IDE_SCATTER_GATHER_ELEMENT {
    IDE_PHYSICAL_ADDRESS Address;
    ULONG Length; /* bytes */
    ULONG_PTR Reserved;
} IDE_SCATTER_GATHER_ELEMENT, *PIDE_SCATTER_GATHER_ELEMENT;

/* Owned by the port, gone with the IRB's completion, never to be written (IRB-07). */
typedef struct _IDE_SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    IDE_SCATTER_GATHER_ELEMENT Elements[];
} IDE_SCATTER_GATHER_LIST, *PIDE_SCATTER_GATHER_LIST;

/* ------------------------------------------------------------------ ranges of logical blocks */

#define MAX_IDE_LBA_RANGE_SECTOR_COUNT_VALUE 0xFFFF

/* Data of DATA SET MANAGEMENT: an array of these. */
typedef struct _IDE_LBA_RANGE {
    ULONGLONG StartSector : 48;
    ULONGLONG SectorCount : 16;
} IDE_LBA_RANGE, *PIDE_LBA_RANGE;

/* ------------------------------------------------------------------ questions about an IRB */

#define IsAtaCommand(irb)          ((irb)->Function & IRB_FUNCTION_ATA_COMMAND)
#define IsAtapiCommand(irb)        ((irb)->Function & IRB_FUNCTION_ATAPI_COMMAND)
#define IsMiniportCommand(irb)     ((irb)->Function & IRB_FUNCTION_MINIPORT_COMMAND)
#define IsRequestSenseIrb(irb)     ((irb)->Function == IRB_FUNCTION_REQUEST_SENSE)
#define IsReturnResults(irb)       ((irb)->IrbFlags & IRB_FLAGS_RETURN_RESULTS)
#define Is48BitIrb(irb)            ((irb)->IrbFlags & IRB_FLAGS_48BIT)
#define IsPioMultipleIrb(irb)      ((irb)->IrbFlags & IRB_FLAGS_PIO_MULTIPLE)
#define IsHighPriorityIrb(irb)     ((irb)->IrbFlags & IRB_FLAGS_HIGH_PRIORITY)
#define IRB_USES_DMA(irb)          ((irb)->IrbFlags & IRB_FLAGS_USE_DMA)
#define IRB_FOR_DATA_TRANSFER(irb) ((irb)->IrbFlags & (IRB_FLAGS_DATA_IN | IRB_FLAGS_DATA_OUT))

/* A packet command failed on the device, is no REQUEST SENSE itself, and its issuer wants sense
 * data. */
#define NeedRequestSense(irb)                                                         \
    (IsAtapiCommand(irb) && !IsRequestSenseIrb(irb) &&                                \
     (irb)->IrbStatus == IRB_STATUS_DEVICE_ERROR && (irb)->SenseInfoBuffer != NULL && \
     (irb)->SenseInfoBufferLength > 0)

/* ------------------------------------------------------------------ changes to an IRB */

#define MARK_IRB_FOR_DMA(irb) ((irb)->IrbFlags |= IRB_FLAGS_USE_DMA)
#define MARK_IRB_FOR_PIO(irb) ((irb)->IrbFlags &= ~(ULONG)IRB_FLAGS_USE_DMA)

#define GET_IRB_CURRENT_REG(irb)   (&(irb)->IdeTaskFile.Current)
#define GET_IRB_PREVIOUS_REG(irb)  (&(irb)->IdeTaskFile.Previous)
#define GET_CURRENT_REG(taskFile)  (&(taskFile)->Current)
#define GET_PREVIOUS_REG(taskFile) (&(taskFile)->Previous)

/* Both may be assigned to. */
#define GetIrbErrorReg(irb)  ((irb)->AtaError)
#define GetIrbStatusReg(irb) ((irb)->AtaStatus)

#define SetIrbCommandReg(irb, cmd) ((irb)->IdeTaskFile.Current.bCommandReg = (cmd))

/* Selects the device; bits 7 and 5 are set for drives older than ATA-6. */
#define SetIrbDeviceReg(irb, val) \
    ((irb)->IdeTaskFile.Current.bDriveHeadReg = ((irb)->TargetId == 0 ? 0xA0 : 0xB0) | (val))

/* irbFunc = the function that goes with a command code. A block, see irb/transfer_mode.h. */
#define IdeMapAtaCommandToIrbFunction(AtaCommand, irbFunc) \
    {                                                      \
        switch (AtaCommand) {                              \
        case IDE_COMMAND_IDENTIFY:                         \
        case IDE_COMMAND_ATAPI_IDENTIFY:                   \
            (irbFunc) = IRB_FUNCTION_ATA_IDENTIFY;         \
            break;                                         \
        case IDE_COMMAND_READ:                             \
        case IDE_COMMAND_READ_MULTIPLE:                    \
        case IDE_COMMAND_READ_DMA:                         \
        case IDE_COMMAND_READ_EXT:                         \
        case IDE_COMMAND_READ_MULTIPLE_EXT:                \
        case IDE_COMMAND_READ_DMA_EXT:                     \
            (irbFunc) = IRB_FUNCTION_ATA_READ;             \
            break;                                         \
        case IDE_COMMAND_WRITE:                            \
        case IDE_COMMAND_WRITE_MULTIPLE:                   \
        case IDE_COMMAND_WRITE_DMA:                        \
        case IDE_COMMAND_WRITE_EXT:                        \
        case IDE_COMMAND_WRITE_MULTIPLE_EXT:               \
        case IDE_COMMAND_WRITE_DMA_EXT:                    \
        case IDE_COMMAND_WRITE_DMA_FUA_EXT:                \
        case IDE_COMMAND_WRITE_MULTIPLE_FUA_EXT:           \
            (irbFunc) = IRB_FUNCTION_ATA_WRITE;            \
            break;                                         \
        case IDE_COMMAND_CHECK_POWER:                      \
        case IDE_COMMAND_FLUSH_CACHE:                      \
        case IDE_COMMAND_FLUSH_CACHE_EXT:                  \
            (irbFunc) = IRB_FUNCTION_ATA_FLUSH;            \
            break;                                         \
        case IDE_COMMAND_SMART:                            \
            (irbFunc) = IRB_FUNCTION_ATA_SMART;            \
            break;                                         \
        default:                                           \
            (irbFunc) = IRB_FUNCTION_ATA_COMMAND;          \
            break;                                         \
        }                                                  \
    }

#endif
