/* SPDX-License-Identifier: MIT */
/*
 * What IDENTIFY DEVICE and IDENTIFY PACKET DEVICE answer: 256 words, laid over the raw data.
 *
 * Owns: the names of words and bits, misspellings of the published header included, since drivers
 * use them. May not: interpret. Strings hold their characters swapped within each word, as the
 * device sends them. The meaning of a word is in the ATA/ATAPI documents under the same number.
 */
#ifndef DDI_ATA_IDENTIFY_H
#define DDI_ATA_IDENTIFY_H

#include "../nt.h"

#pragma pack(push, 1)

/* IDENTIFY DEVICE */
typedef struct _IDENTIFY_DEVICE_DATA {
    struct { /* word 0 */
        USHORT Reserved1 : 1;
        USHORT Retired3 : 1;
        USHORT ResponseIncomplete : 1;
        USHORT Retired2 : 3;
        USHORT FixedDevice : 1;
        USHORT RemovableMedia : 1;
        USHORT Retired1 : 7;
        USHORT DeviceType : 1;
    } GeneralConfiguration;

    USHORT NumCylinders;        /* word 1 */
    USHORT ReservedWord2;       /* word 2 */
    USHORT NumHeads;            /* word 3 */
    USHORT Retired1[2];         /* words 4-5 */
    USHORT NumSectorsPerTrack;  /* word 6 */
    USHORT VendorUnique1[3];    /* words 7-9 */
    UCHAR SerialNumber[20];     /* words 10-19 */
    USHORT Retired2[2];         /* words 20-21 */
    USHORT Obsolete1;           /* word 22 */
    UCHAR FirmwareRevision[8];  /* words 23-26 */
    UCHAR ModelNumber[40];      /* words 27-46 */
    UCHAR MaximumBlockTransfer; /* word 47 */
    UCHAR VendorUnique2;        /* word 47 */
    USHORT ReservedWord48;      /* word 48 */

    struct {                  /* words 49-50 */
        UCHAR ReservedByte49; /* word 49 */
        UCHAR DmaSupported : 1;
        UCHAR LbaSupported : 1;
        UCHAR IordyDisable : 1;
        UCHAR IordySupported : 1;
        UCHAR Reserved1 : 1;
        UCHAR StandybyTimerSupport : 1;
        UCHAR Reserved2 : 2;
        USHORT ReservedWord50; /* word 50 */
    } Capabilities;

    USHORT ObsoleteWords51[2];         /* words 51-52 */
    USHORT TranslationFieldsValid : 3; /* word 53 */
    USHORT Reserved3 : 13;
    USHORT NumberOfCurrentCylinders;   /* word 54 */
    USHORT NumberOfCurrentHeads;       /* word 55 */
    USHORT CurrentSectorsPerTrack;     /* word 56 */
    ULONG CurrentSectorCapacity;       /* words 57-58 */
    UCHAR CurrentMultiSectorSetting;   /* word 59 */
    UCHAR MultiSectorSettingValid : 1; /* word 59 */
    UCHAR ReservedByte59 : 7;
    ULONG UserAddressableSectors;   /* words 60-61 */
    USHORT ObsoleteWord62;          /* word 62 */
    USHORT MultiWordDMASupport : 8; /* word 63 */
    USHORT MultiWordDMAActive : 8;
    USHORT AdvancedPIOModes : 8; /* word 64 */
    USHORT ReservedByte64 : 8;
    USHORT MinimumMWXferCycleTime;     /* word 65 */
    USHORT RecommendedMWXferCycleTime; /* word 66 */
    USHORT MinimumPIOCycleTime;        /* word 67 */
    USHORT MinimumPIOCycleTimeIORDY;   /* word 68 */
    USHORT ReservedWords69[6];         /* words 69-74 */
    USHORT QueueDepth : 5;             /* word 75 */
    USHORT ReservedWord75 : 11;
    USHORT ReservedWords76[4]; /* words 76-79 */
    USHORT MajorRevision;      /* word 80 */
    USHORT MinorRevision;      /* word 81 */

    struct {                      /* words 82-84 */
        USHORT SmartCommands : 1; /* word 82 */
        USHORT SecurityMode : 1;
        USHORT RemovableMediaFeature : 1;
        USHORT PowerManagement : 1;
        USHORT Reserved1 : 1;
        USHORT WriteCache : 1;
        USHORT LookAhead : 1;
        USHORT ReleaseInterrupt : 1;
        USHORT ServiceInterrupt : 1;
        USHORT DeviceReset : 1;
        USHORT HostProtectedArea : 1;
        USHORT Obsolete1 : 1;
        USHORT WriteBuffer : 1;
        USHORT ReadBuffer : 1;
        USHORT Nop : 1;
        USHORT Obsolete2 : 1;
        USHORT DownloadMicrocode : 1; /* word 83 */
        USHORT DmaQueued : 1;
        USHORT Cfa : 1;
        USHORT AdvancedPm : 1;
        USHORT Msn : 1;
        USHORT PowerUpInStandby : 1;
        USHORT ManualPowerUp : 1;
        USHORT Reserved2 : 1;
        USHORT SetMax : 1;
        USHORT Acoustics : 1;
        USHORT BigLba : 1;
        USHORT DeviceConfigOverlay : 1;
        USHORT FlushCache : 1;
        USHORT FlushCacheExt : 1;
        USHORT Resrved3 : 2;
        USHORT SmartErrorLog : 1; /* word 84 */
        USHORT SmartSelfTest : 1;
        USHORT MediaSerialNumber : 1;
        USHORT MediaCardPassThrough : 1;
        USHORT StreamingFeature : 1;
        USHORT GpLogging : 1;
        USHORT WriteFua : 1;
        USHORT WriteQueuedFua : 1;
        USHORT WWN64Bit : 1;
        USHORT URGReadStream : 1;
        USHORT URGWriteStream : 1;
        USHORT ReservedForTechReport : 2;
        USHORT IdleWithUnloadFeature : 1;
        USHORT Reserved4 : 2;
    } CommandSetSupport;

    struct {                      /* words 85-87 */
        USHORT SmartCommands : 1; /* word 85 */
        USHORT SecurityMode : 1;
        USHORT RemovableMediaFeature : 1;
        USHORT PowerManagement : 1;
        USHORT Reserved1 : 1;
        USHORT WriteCache : 1;
        USHORT LookAhead : 1;
        USHORT ReleaseInterrupt : 1;
        USHORT ServiceInterrupt : 1;
        USHORT DeviceReset : 1;
        USHORT HostProtectedArea : 1;
        USHORT Obsolete1 : 1;
        USHORT WriteBuffer : 1;
        USHORT ReadBuffer : 1;
        USHORT Nop : 1;
        USHORT Obsolete2 : 1;
        USHORT DownloadMicrocode : 1; /* word 86 */
        USHORT DmaQueued : 1;
        USHORT Cfa : 1;
        USHORT AdvancedPm : 1;
        USHORT Msn : 1;
        USHORT PowerUpInStandby : 1;
        USHORT ManualPowerUp : 1;
        USHORT Reserved2 : 1;
        USHORT SetMax : 1;
        USHORT Acoustics : 1;
        USHORT BigLba : 1;
        USHORT DeviceConfigOverlay : 1;
        USHORT FlushCache : 1;
        USHORT FlushCacheExt : 1;
        USHORT Resrved3 : 2;
        USHORT SmartErrorLog : 1; /* word 87 */
        USHORT SmartSelfTest : 1;
        USHORT MediaSerialNumber : 1;
        USHORT MediaCardPassThrough : 1;
        USHORT StreamingFeature : 1;
        USHORT GpLogging : 1;
        USHORT WriteFua : 1;
        USHORT WriteQueuedFua : 1;
        USHORT WWN64Bit : 1;
        USHORT URGReadStream : 1;
        USHORT URGWriteStream : 1;
        USHORT ReservedForTechReport : 2;
        USHORT IdleWithUnloadFeature : 1;
        USHORT Reserved4 : 2;
    } CommandSetActive;

    USHORT UltraDMASupport : 8; /* word 88 */
    USHORT UltraDMAActive : 8;
    USHORT ReservedWord89[4];        /* words 89-92 */
    USHORT HardwareResetResult;      /* word 93 */
    USHORT CurrentAcousticValue : 8; /* word 94 */
    USHORT RecommendedAcousticValue : 8;
    USHORT ReservedWord95[5];     /* words 95-99 */
    ULONG Max48BitLBA[2];         /* words 100-103 */
    USHORT StreamingTransferTime; /* word 104 */
    USHORT ReservedWord105;       /* word 105 */

    struct { /* word 106 */
        USHORT LogicalSectorsPerPhysicalSector : 4;
        USHORT Reserved0 : 8;
        USHORT LogicalSectorLongerThan256Words : 1;
        USHORT MultipleLogicalSectorsPerPhysicalSector : 1;
        USHORT Reserved1 : 2;
    } PhysicalLogicalSectorSize;

    USHORT InterSeekDelay;                 /* word 107 */
    USHORT WorldWideName[4];               /* words 108-111 */
    USHORT ReservedForWorldWideName128[4]; /* words 112-115 */
    USHORT ReservedForTlcTechnicalReport;  /* word 116 */
    USHORT WordsPerLogicalSector[2];       /* words 117-118 */

    struct { /* word 119 */
        USHORT ReservedForDrqTechnicalReport : 1;
        USHORT WriteReadVerifySupported : 1;
        USHORT Reserved0 : 11;
        USHORT Reserved1 : 2;
    } CommandSetSupportExt;

    struct { /* word 120 */
        USHORT ReservedForDrqTechnicalReport : 1;
        USHORT WriteReadVerifyEnabled : 1;
        USHORT Reserved0 : 11;
        USHORT Reserved1 : 2;
    } CommandSetActiveExt;

    USHORT ReservedForExpandedSupportandActive[6]; /* words 121-126 */
    USHORT MsnSupport : 2;                         /* word 127 */
    USHORT ReservedWord127 : 14;

    struct { /* word 128 */
        USHORT SecuritySupported : 1;
        USHORT SecurityEnabled : 1;
        USHORT SecurityLocked : 1;
        USHORT SecurityFrozen : 1;
        USHORT SecurityCountExpired : 1;
        USHORT EnhancedSecurityEraseSupported : 1;
        USHORT Reserved0 : 2;
        USHORT SecurityLevel : 1;
        USHORT Reserved1 : 7;
    } SecurityStatus;

    USHORT ReservedWord129[31]; /* words 129-159 */

    struct { /* word 160 */
        USHORT MaximumCurrentInMA : 12;
        USHORT CfaPowerMode1Disabled : 1;
        USHORT CfaPowerMode1Required : 1;
        USHORT Reserved0 : 1;
        USHORT Word160Supported : 1;
    } CfaPowerMode1;

    USHORT ReservedForCfaWord161[8]; /* words 161-168 */

    struct { /* word 169 */
        USHORT SupportsTrim : 1;
        USHORT Reserved0 : 15;
    } DataSetManagementFeature;

    USHORT ReservedForCfaWord170[6];     /* words 170-175 */
    USHORT CurrentMediaSerialNumber[30]; /* words 176-205 */
    USHORT ReservedWord206;              /* word 206 */
    USHORT ReservedWord207[2];           /* words 207-208 */

    struct { /* word 209 */
        USHORT AlignmentOfLogicalWithinPhysical : 14;
        USHORT Word209Supported : 1;
        USHORT Reserved0 : 1;
    } BlockAlignment;

    USHORT WriteReadVerifySectorCountMode3Only[2]; /* words 210-211 */
    USHORT WriteReadVerifySectorCountMode2Only[2]; /* words 212-213 */

    struct { /* word 214 */
        USHORT NVCachePowerModeEnabled : 1;
        USHORT Reserved0 : 3;
        USHORT NVCacheFeatureSetEnabled : 1;
        USHORT Reserved1 : 3;
        USHORT NVCachePowerModeVersion : 4;
        USHORT NVCacheFeatureSetVersion : 4;
    } NVCacheCapabilities;

    USHORT NVCacheSizeLSW;           /* word 215 */
    USHORT NVCacheSizeMSW;           /* word 216 */
    USHORT NominalMediaRotationRate; /* word 217 */
    USHORT ReservedWord218;          /* word 218 */

    struct { /* word 219 */
        UCHAR NVCacheEstimatedTimeToSpinUpInSeconds;
        UCHAR Reserved;
    } NVCacheOptions;

    USHORT ReservedWord220[35]; /* words 220-254 */
    USHORT Signature : 8;       /* word 255 */
    USHORT CheckSum : 8;
} IDENTIFY_DEVICE_DATA, *PIDENTIFY_DEVICE_DATA;

/* IDENTIFY PACKET DEVICE */
typedef struct _IDENTIFY_PACKET_DATA {
    struct { /* word 0 */
        USHORT PacketType : 2;
        USHORT Reserved1 : 3;
        USHORT DrqDelay : 2;
        USHORT RemovableMedia : 1;
        USHORT CommandPacketType : 5;
        USHORT Reserved2 : 1;
        USHORT DeviceType : 2;
    } GeneralConfiguration;

    USHORT ResevedWord1;        /* word 1 */
    USHORT UniqueConfiguration; /* word 2 */
    USHORT ReservedWords3[7];   /* words 3-9 */
    USHORT SerialNumber[10];    /* words 10-19 */
    USHORT ReservedWords20[3];  /* words 20-22 */
    USHORT FirmwareRevision[4]; /* words 23-26 */
    USHORT ModelNumber[20];     /* words 27-46 */
    USHORT ReservedWords47[2];  /* words 47-48 */

    struct { /* word 49 */
        USHORT VendorSpecific : 8;
        USHORT DmaSupported : 1;
        USHORT LbaSupported : 1;
        USHORT IordyDisabled : 1;
        USHORT IordySupported : 1;
        USHORT Obsolete : 1;
        USHORT OverlapSupported : 1;
        USHORT QueuedCommandsSupported : 1;
        USHORT InterleavedDmaSupported : 1;
    } Capabilities;

    USHORT ReservedWord50;             /* word 50 */
    USHORT ObsoleteWords51[2];         /* words 51-52 */
    USHORT TranslationFieldsValid : 3; /* word 53 */
    USHORT Reserved3 : 13;
    USHORT ReservedWords54[9];      /* words 54-62 */
    USHORT MultiWordDMASupport : 8; /* word 63 */
    USHORT MultiWordDMAActive : 8;
    USHORT AdvancedPIOModes : 8; /* word 64 */
    USHORT ReservedByte64 : 8;
    USHORT MinimumMWXferCycleTime;     /* word 65 */
    USHORT RecommendedMWXferCycleTime; /* word 66 */
    USHORT MinimumPIOCycleTime;        /* word 67 */
    USHORT MinimumPIOCycleTimeIORDY;   /* word 68 */
    USHORT ReservedWords69[2];         /* words 69-70 */
    USHORT BusReleaseDelay;            /* word 71 */
    USHORT ServiceCommandDelay;        /* word 72 */
    USHORT ReservedWords73[2];         /* words 73-74 */
    USHORT QueueDepth : 5;             /* word 75 */
    USHORT ReservedWord75 : 11;
    USHORT ReservedWords76[4]; /* words 76-79 */
    USHORT MajorRevision;      /* word 80 */
    USHORT MinorRevision;      /* word 81 */

    struct {                      /* words 82-83 */
        USHORT SmartCommands : 1; /* word 82 */
        USHORT SecurityMode : 1;
        USHORT RemovableMedia : 1;
        USHORT PowerManagement : 1;
        USHORT PacketCommands : 1;
        USHORT WriteCache : 1;
        USHORT LookAhead : 1;
        USHORT ReleaseInterrupt : 1;
        USHORT ServiceInterrupt : 1;
        USHORT DeviceReset : 1;
        USHORT HostProtectedArea : 1;
        USHORT Obsolete1 : 1;
        USHORT WriteBuffer : 1;
        USHORT ReadBuffer : 1;
        USHORT Nop : 1;
        USHORT Obsolete2 : 1;
        USHORT DownloadMicrocode : 1; /* word 83 */
        USHORT Reserved1 : 3;
        USHORT Msn : 1;
        USHORT PowerUpInStandby : 1;
        USHORT ManualPowerUp : 1;
        USHORT Reserved2 : 1;
        USHORT SetMax : 1;
        USHORT Reserved3 : 7;
    } CommandSetSupport;

    USHORT ReservedWord84; /* word 84 */

    struct {                      /* words 85-86 */
        USHORT SmartCommands : 1; /* word 85 */
        USHORT SecurityMode : 1;
        USHORT RemovableMedia : 1;
        USHORT PowerManagement : 1;
        USHORT PacketCommands : 1;
        USHORT WriteCache : 1;
        USHORT LookAhead : 1;
        USHORT ReleaseInterrupt : 1;
        USHORT ServiceInterrupt : 1;
        USHORT DeviceReset : 1;
        USHORT HostProtectedArea : 1;
        USHORT Obsolete1 : 1;
        USHORT WriteBuffer : 1;
        USHORT ReadBuffer : 1;
        USHORT Nop : 1;
        USHORT Obsolete2 : 1;
        USHORT DownloadMicrocode : 1; /* word 86 */
        USHORT Reserved1 : 3;
        USHORT Msn : 1;
        USHORT PowerUpInStandby : 1;
        USHORT ManualPowerUp : 1;
        USHORT Reserved2 : 1;
        USHORT SetMax : 1;
        USHORT Reserved : 7;
    } CommandSetActive;

    USHORT ReservedWord87;      /* word 87 */
    USHORT UltraDMASupport : 8; /* word 88 */
    USHORT UltraDMAActive : 8;
    USHORT ReservedWords89[4];  /* words 89-92 */
    USHORT HardwareResetResult; /* word 93 */
    USHORT ReservedWords94[32]; /* words 94-125 */
    USHORT AtapiZeroByteCount;  /* word 126 */
    USHORT MsnSupport : 2;      /* word 127 */
    USHORT ReservedWord127 : 14;
    USHORT SecurityStatus;       /* word 128 */
    USHORT ReservedWord129[126]; /* words 129-254 */
    USHORT Signature : 8;        /* word 255 */
    USHORT CheckSum : 8;
} IDENTIFY_PACKET_DATA, *PIDENTIFY_PACKET_DATA;

#pragma pack(pop)

#endif
