/* SPDX-License-Identifier: MIT */
/*
 * ATA from the outside: register bits, command and feature codes, what IDENTIFY answers, the
 * register FIS.
 *
 * Owns: names for what the ATA/ATAPI documents define. May not: name anything of the port.
 * Names and values are those of the Windows 7 kit; what a code does is in the ATA/ATAPI documents.
 */
#ifndef DDI_ATA_H
#define DDI_ATA_H

#include "nt.h"
#include "ata/identify.h"

/* ------------------------------------------------------------------ registers */

/* Device register. */
#define IDE_LBA_MODE 0x40 /* the address is an LBA, not cylinder/head/sector */

/* Device Control register. */
#define IDE_DC_DISABLE_INTERRUPTS  0x02 /* nIEN */
#define IDE_DC_RESET_CONTROLLER    0x04 /* SRST */
#define IDE_DC_REENABLE_CONTROLLER 0x00 /* neither of them */

/* Status register. */
#define IDE_STATUS_ERROR           0x01 /* ERR; CHK for PACKET */
#define IDE_STATUS_INDEX           0x02 /* obsolete: index mark */
#define IDE_STATUS_CORRECTED_ERROR 0x04 /* obsolete: CORR */
#define IDE_STATUS_DRQ             0x08
#define IDE_STATUS_DSC             0x10 /* obsolete: seek complete; SERV with overlap */
#define IDE_STATUS_DRDY            0x40
#define IDE_STATUS_IDLE            0x50 /* what an idle disk of old shows: DRDY and DSC */
#define IDE_STATUS_BUSY            0x80

/* Error register, valid while ERR is set. Some bits mean one thing or another by command. */
#define IDE_ERROR_BAD_BLOCK         0x80 /* BBK */
#define IDE_ERROR_CRC_ERROR         0x80 /* ICRC, for Ultra DMA */
#define IDE_ERROR_DATA_ERROR        0x40 /* UNC, or WP */
#define IDE_ERROR_MEDIA_CHANGE      0x20 /* MC */
#define IDE_ERROR_ID_NOT_FOUND      0x10 /* IDNF */
#define IDE_ERROR_MEDIA_CHANGE_REQ  0x08 /* MCR */
#define IDE_ERROR_COMMAND_ABORTED   0x04 /* ABRT */
#define IDE_ERROR_END_OF_MEDIA      0x02 /* EOM, for PACKET; NM */
#define IDE_ERROR_ILLEGAL_LENGTH    0x01 /* ILI, for PACKET */
#define IDE_ERROR_ADDRESS_NOT_FOUND 0x01 /* obsolete: AMNF */

/* ------------------------------------------------------------------ command codes */

/* Data, 28-bit and CHS. */
#define IDE_COMMAND_READ             0x20
#define IDE_COMMAND_WRITE            0x30
#define IDE_COMMAND_VERIFY           0x40
#define IDE_COMMAND_READ_MULTIPLE    0xC4
#define IDE_COMMAND_WRITE_MULTIPLE   0xC5
#define IDE_COMMAND_READ_DMA         0xC8
#define IDE_COMMAND_WRITE_DMA        0xCA
#define IDE_COMMAND_WRITE_DMA_QUEUED 0xCC

/* Data, 48-bit. */
#define IDE_COMMAND_READ_EXT                 0x24
#define IDE_COMMAND_READ_DMA_EXT             0x25
#define IDE_COMMAND_READ_DMA_QUEUED_EXT      0x26
#define IDE_COMMAND_READ_MULTIPLE_EXT        0x29
#define IDE_COMMAND_WRITE_EXT                0x34
#define IDE_COMMAND_WRITE_DMA_EXT            0x35
#define IDE_COMMAND_WRITE_DMA_QUEUED_EXT     0x36
#define IDE_COMMAND_WRITE_MULTIPLE_EXT       0x39
#define IDE_COMMAND_WRITE_DMA_FUA_EXT        0x3D
#define IDE_COMMAND_WRITE_DMA_QUEUED_FUA_EXT 0x3E
#define IDE_COMMAND_WRITE_MULTIPLE_FUA_EXT   0xCE
#define IDE_COMMAND_VERIFY_EXT               0x42
#define IDE_COMMAND_DATA_SET_MANAGEMENT      0x06

/* Identification, settings, diagnosis. */
#define IDE_COMMAND_IDENTIFY                  0xEC
#define IDE_COMMAND_SET_FEATURE               0xEF
#define IDE_COMMAND_SET_MULTIPLE              0xC6
#define IDE_COMMAND_SET_DRIVE_PARAMETERS      0x91
#define IDE_COMMAND_EXECUTE_DEVICE_DIAGNOSTIC 0x90
#define IDE_COMMAND_SMART                     0xB0
#define IDE_COMMAND_SECURITY_FREEZE_LOCK      0xF5
#define IDE_COMMAND_NOP                       0x00
#define IDE_COMMAND_NOT_VALID                 0xFF /* no such command; a filler */

/* Packet devices. */
#define IDE_COMMAND_ATAPI_RESET    0x08
#define IDE_COMMAND_ATAPI_PACKET   0xA0
#define IDE_COMMAND_ATAPI_IDENTIFY 0xA1

/* Caches and power. */
#define IDE_COMMAND_FLUSH_CACHE       0xE7
#define IDE_COMMAND_FLUSH_CACHE_EXT   0xEA
#define IDE_COMMAND_STANDBY_IMMEDIATE 0xE0
#define IDE_COMMAND_IDLE_IMMEDIATE    0xE1
#define IDE_COMMAND_CHECK_POWER       0xE5
#define IDE_COMMAND_SLEEP             0xE6

/* Removable media. */
#define IDE_COMMAND_GET_MEDIA_STATUS 0xDA
#define IDE_COMMAND_DOOR_LOCK        0xDE
#define IDE_COMMAND_DOOR_UNLOCK      0xDF
#define IDE_COMMAND_MEDIA_EJECT      0xED

/* ------------------------------------------------------------------ sub-commands */

/* SET FEATURES: the Features register. MSN is media status notification. */
#define IDE_FEATURE_ENABLE_WRITE_CACHE         0x02
#define IDE_FEATURE_SET_TRANSFER_MODE          0x03
#define IDE_FEATURE_ENABLE_SATA_FEATURE        0x10
#define IDE_FEATURE_DISABLE_MSN                0x31
#define IDE_FEATURE_DISABLE_REVERT_TO_POWER_ON 0x66
#define IDE_FEATURE_DISABLE_WRITE_CACHE        0x82
#define IDE_FEATURE_DISABLE_SATA_FEATURE       0x90
#define IDE_FEATURE_ENABLE_MSN                 0x95

/* SET FEATURES, a SATA feature: the Count register. */
#define IDE_SATA_FEATURE_NON_ZERO_DMA_BUFFER_OFFSET        0x01
#define IDE_SATA_FEATURE_DMA_SETUP_FIS_AUTO_ACTIVATE       0x02
#define IDE_SATA_FEATURE_DEVICE_INITIATED_POWER_MANAGEMENT 0x03
#define IDE_SATA_FEATURE_GUARANTEED_IN_ORDER_DELIVERY      0x04
#define IDE_SATA_FEATURE_ASYNCHRONOUS_NOTIFICATION         0x05
#define IDE_SATA_FEATURE_SOFTWARE_SETTINGS_PRESERVATION    0x06

/* SMART: the Features register. */
#define IDE_SMART_READ_ATTRIBUTES             0xD0
#define IDE_SMART_READ_THRESHOLDS             0xD1
#define IDE_SMART_ENABLE_DISABLE_AUTOSAVE     0xD2
#define IDE_SMART_SAVE_ATTRIBUTE_VALUES       0xD3
#define IDE_SMART_EXECUTE_OFFLINE_DIAGS       0xD4
#define IDE_SMART_READ_LOG                    0xD5
#define IDE_SMART_WRITE_LOG                   0xD6
#define IDE_SMART_ENABLE                      0xD8
#define IDE_SMART_DISABLE                     0xD9
#define IDE_SMART_RETURN_STATUS               0xDA
#define IDE_SMART_ENABLE_DISABLE_AUTO_OFFLINE 0xDB

/* DATA SET MANAGEMENT: the Features register. */
#define IDE_DSM_FEATURE_TRIM 0x01

/* Packet operation codes that drivers have to know apart. */
#define ATAPI_MODE_SENSE        0x5A
#define ATAPI_MODE_SELECT       0x55
#define ATAPI_LS120_FORMAT_UNIT 0x24

/* ------------------------------------------------------------------ register FIS */

/* SATA's register frame, host to device or device to host: 20 bytes. "Exp" is the previous
 * (high-order) byte. */
#pragma pack(push, 1)
typedef struct _REGISTER_FIS {
    UCHAR FisType;
    UCHAR Reserved0 : 7;
    UCHAR CmdReg : 1; /* 1: Command is written, 0: Control */
    UCHAR Command;    /* Status in a frame from the device */
    UCHAR Features;   /* Error in a frame from the device */
    UCHAR SectorNumber;
    UCHAR CylinderLow;
    UCHAR CylinderHigh;
    UCHAR DeviceHead;
    UCHAR SectorNumberExp;
    UCHAR CylinderLowExp;
    UCHAR CylinderHighExp;
    UCHAR FeaturesExp;
    UCHAR SectorCount;
    UCHAR SectorCountExp;
    UCHAR Reserved2;
    UCHAR Control;
    ULONG Reserved3;
} REGISTER_FIS, *PREGISTER_FIS;
#pragma pack(pop)

#endif
