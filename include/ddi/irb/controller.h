/* SPDX-License-Identifier: MIT */
/*
 * Controllers and channels: resources, configuration, and the miniport's entry points.
 *
 * Owns: the two interface structures that a miniport fills in and the two configuration structures
 * that the port hands to it. Every Version is compared with the size of its structure.
 *
 * Contexts: IRQL is PASSIVE_LEVEL where nothing else is said. "Device level" is DIRQL while
 * SyncWithIsr is TRUE and DISPATCH_LEVEL otherwise; the routines of one channel never run at the
 * same time there.
 */
#ifndef DDI_IRB_CONTROLLER_H
#define DDI_IRB_CONTROLLER_H

#include "../ata.h"
#include "device.h"
#include "request.h"

#define PRIMARY_CHANNEL_NUMBER   0
#define SECONDARY_CHANNEL_NUMBER 1

/* Shows all ones in a field of any width: nobody has set this yet. */
#define IDE_UNINITIALIZED_VALUE (-1)

/* ------------------------------------------------------------------ resources */

/* A range of ports or of memory that belongs to the controller. */
typedef struct _IDE_ACCESS_RANGE {
    IDE_PHYSICAL_ADDRESS RangeStart; /* hand it to AtaPortGetDeviceBase */
    IDE_PHYSICAL_ADDRESS PhysicalRangeStart;
    ULONG RangeLength; /* bytes */
    BOOLEAN InMemory;  /* TRUE: use the register routines; FALSE: the port routines */
    UCHAR Bar;         /* which base address register it came from */
} IDE_ACCESS_RANGE, *PIDE_ACCESS_RANGE;

typedef struct _IDE_MINIPORT_RESOURCES {
    ULONG NumberOfAccessRanges;
    PIDE_ACCESS_RANGE IdeAccessRange;
} IDE_MINIPORT_RESOURCES, *PIDE_MINIPORT_RESOURCES;

/* A legacy channel's registers as addresses, for a miniport to keep; the port never reads them. */
typedef struct _IDE_REGISTERS_1 {
    PUCHAR RegistersBaseAddress;
    PUSHORT Data;
    union {
        PUCHAR Error;
        PUCHAR Features;
    };
    union {
        PUCHAR BlockCount;
        PUCHAR InterruptReason;
    };
    PUCHAR BlockNumber;
    union {
        PUCHAR CylinderLow;
        PUCHAR ByteCountLow;
    };
    union {
        PUCHAR CylinderHigh;
        PUCHAR ByteCountHigh;
    };
    PUCHAR DriveSelect;
    PUCHAR Command; /* and Status */
} IDE_REGISTERS_1, *PIDE_REGISTERS_1;

typedef struct _IDE_REGISTERS_2 {
    PUCHAR RegistersBaseAddress;
    PUCHAR DeviceControl; /* and Alternate Status */
    PUCHAR DriveAddress;
} IDE_REGISTERS_2, *PIDE_REGISTERS_2;

/* ------------------------------------------------------------------ enumerations */

/*
 * What a control routine is asked to do. The second spelling is the documentation's, the first the
 * published header's; a driver that has a name of the second kind for itself defines
 * DDI_HEADER_NAMES_ONLY.
 */
typedef enum _IDE_CONTROL_ACTION {
    IdeStart,
    IdeStop,
    IdePowerUp,
    IdePowerDown,
    IdeVendorDefined,
#ifndef DDI_HEADER_NAMES_ONLY
    StartChannel = IdeStart,
    StopChannel = IdeStop,
    PowerUpChannel = IdePowerUp,
    PowerDownChannel = IdePowerDown,
#endif
} IDE_CONTROL_ACTION;
typedef IDE_CONTROL_ACTION *PIDE_CONTROL_ACTION;

typedef enum _IDE_OPERATION_MODE {
    IdeModeNormal,
    IdeModeDump, /* no interrupts, no callbacks, no registry: the miniport polls (CTX-08) */
    IdeModeRemovableBay,
} IDE_OPERATION_MODE;
typedef IDE_OPERATION_MODE *PIDE_OPERATION_MODE;

typedef enum _ATA_CHANNEL_STATE {
    ChannelStateDisabled,
    ChannelStateEnabled,
    ChannelStateUnKnown,
} ATA_CHANNEL_STATE;
typedef ATA_CHANNEL_STATE *PATA_CHANNEL_STATE;

typedef enum _IDE_BUS_TYPE {
    IdeBusPata,
    IdeBusSata,
    IdeBusUnknown,
} IDE_BUS_TYPE;
typedef IDE_BUS_TYPE *PIDE_BUS_TYPE;

/* ------------------------------------------------------------------ channel: entry points */

/*
 * Prepares a device: called once for each that was found, with what IDENTIFY answered (laid over
 * IDENTIFY_PACKET_DATA for a packet device).
 * Context: device level, after all devices of the channel were identified.
 * Returns: TRUE when the device is usable. Source: IDE_HW_INITIALIZE.
 */
typedef BOOLEAN(NTAPI *IDE_HW_INITIALIZE)(PVOID ChannelExtension,
                                          PIDE_DEVICE_PARAMETERS DeviceParameters,
                                          PIDENTIFY_DEVICE_DATA IdentifyData);

/*
 * Prepares a request, before it is this request's turn and without any lock: it may run while other
 * routines of the channel do. It touches the IRB and its extension, no hardware, nothing shared,
 * and calls no routine of the port (CTX-01). Context: at or below DISPATCH_LEVEL. Returns: TRUE; the
 * port takes no notice of FALSE. What counts is IrbStatus: with a final status the request has
 * ended, otherwise it goes on to IdeHwStartIo (CTX-02). Source: IDE_HW_BUILDIO.
 */
typedef BOOLEAN(NTAPI *IDE_HW_BUILDIO)(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);

/*
 * Starts a request. Context: device level. Source: IDE_HW_STARTIO.
 * Returns: TRUE; the port takes no notice of FALSE. The miniport has the IRB in any case, and completes
 * it at once or later, within TimeOutValue (IRB-09).
 */
typedef BOOLEAN(NTAPI *IDE_HW_STARTIO)(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);

/*
 * An interrupt came on the channel's line: is it this channel's, and if so, dismiss it. (It may be that of
 * another channel of the controller, too, which may be served from here.)
 * Context: DIRQL; neither AtaPortCompleteAllActiveRequests (CTX-05) nor AtaPortDeviceBusy (CTX-06)
 * here. Returns: TRUE if one of the controller's channels raised it and it is dismissed (INT-01); else FALSE, soon
 * (INT-02). Source: IDE_HW_INTERRUPT.
 */
typedef BOOLEAN(NTAPI *IDE_HW_INTERRUPT)(PVOID ChannelExtension);

/*
 * Resets the channel and completes every request that is outstanding on it (IRB-10).
 * Context: device level. Returns: TRUE on success. Source: IDE_HW_RESET.
 */
typedef BOOLEAN(NTAPI *IDE_HW_RESET)(PVOID ChannelExtension);

/*
 * Starts, stops, or changes the power of the channel. Parameters: IdeStart gets the channel's
 * PIDE_CHANNEL_CONFIGURATION, IdeVendorDefined a PIDE_VENDOR_DEFINED_POWER_INFO.
 * Context: PASSIVE_LEVEL for IdeStart and IdeStop; at or below DISPATCH_LEVEL for the actions about
 * power. Returns: TRUE on success. Source: IDE_HW_CONTROL.
 */
typedef BOOLEAN(NTAPI *IDE_HW_CONTROL)(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                                       PVOID Parameters);

/* A routine asked for with AtaPortRequestCallback. Context: irb/callback.h. Source: IDE_HW_DPC. */
typedef VOID(NTAPI *IDE_HW_DPC)(PVOID ChannelExtension);

/* Handed to IDE_CHANNEL_INIT to be filled in: all of it, IdeHwBuildIo optional (INI-04). */
typedef struct _IDE_CHANNEL_INTERFACE {
    USHORT Version; /* sizeof(IDE_CHANNEL_INTERFACE) */
    UCHAR ChannelNumber;
    UCHAR Reserved;
    ULONG ReservedUlong;
    IDE_HW_INITIALIZE IdeHwInitialize;
    IDE_HW_BUILDIO IdeHwBuildIo;
    IDE_HW_STARTIO IdeHwStartIo;
    IDE_HW_INTERRUPT IdeHwInterrupt;
    IDE_HW_RESET IdeHwReset;
    IDE_HW_CONTROL IdeHwControl;
} IDE_CHANNEL_INTERFACE, *PIDE_CHANNEL_INTERFACE;

/* ------------------------------------------------------------------ channel: configuration */

typedef union _SUPPORTED_ADVANCES {
    struct {
        USHORT AdvancedChannelConfigurationSupported : 1;
        USHORT Reserved : 15;
    };
    USHORT AsUshort;
} SUPPORTED_ADVANCES, *PSUPPORTED_ADVANCES;

typedef union _IDE_ADVANCED_CHANNEL_CONFIGURATION_FIELDS_PRESENT {
    struct {
        USHORT VendorDefinedPower : 1;
        USHORT Reserved : 15;
    };
    USHORT AsUshort;
} IDE_ADVANCED_CHANNEL_CONFIGURATION_FIELDS_PRESENT,
    *PIDE_ADVANCED_CHANNEL_CONFIGURATION_FIELDS_PRESENT;

typedef struct _IDE_ADVANCED_CHANNEL_CONFIGURATION {
    USHORT Length; /* sizeof(IDE_ADVANCED_CHANNEL_CONFIGURATION) */
    IDE_ADVANCED_CHANNEL_CONFIGURATION_FIELDS_PRESENT Present;
    IDE_VENDOR_DEFINED_POWER VendorDefinedPower;
} IDE_ADVANCED_CHANNEL_CONFIGURATION, *PIDE_ADVANCED_CHANNEL_CONFIGURATION;

/* Parameters of IdeHwControl(IdeStart). */
typedef struct _IDE_CHANNEL_CONFIGURATION {
    USHORT Version; /* sizeof(IDE_CHANNEL_CONFIGURATION) */
    UCHAR ChannelNumber;
    SUPPORTED_ADVANCES SupportedAdvances; /* what this port can do beyond the first version */
    IDE_OPERATION_MODE ChannelMode;
    PIDE_MINIPORT_RESOURCES ChannelResources;
    UCHAR
    NumberOfOverlappedRequests; /* set by the miniport: requests the channel takes at a time */
    UCHAR MaxTargetId;          /* set by the miniport */
    BOOLEAN SyncWithIsr;        /* TRUE: device level is DIRQL (INI-05) */
    BOOLEAN SupportsWmi;        /* TRUE (INI-05) */
    PIDE_ADVANCED_CHANNEL_CONFIGURATION AdvancedChannelConfiguration;
} IDE_CHANNEL_CONFIGURATION, *PIDE_CHANNEL_CONFIGURATION;

/* ------------------------------------------------------------------ controller: entry points */

/* In and out of IDE_TRANSFER_MODE_SELECT; the arrays are indexed by target. Modes are bits. */
typedef struct _IDE_TRANSFER_MODE_PARAMETERS {
    UCHAR ChannelNumber;
    IDE_DEVICE_TYPE DeviceType[MAX_IDE_DEVICE];
    BOOLEAN IoReadySupported[MAX_IDE_DEVICE];
    ULONG DeviceTransferModeSupported[MAX_IDE_DEVICE];
    ULONG DeviceTransferModeCurrent[MAX_IDE_DEVICE];
    ULONG DeviceTransferModeSelected[MAX_IDE_DEVICE]; /* set by the miniport (INI-08) */
} IDE_TRANSFER_MODE_PARAMETERS, *PIDE_TRANSFER_MODE_PARAMETERS;

/*
 * Fills in a channel's interface. InitContext is the controller extension. Called once for each
 * AtaAdapterControl(IdeStart): the channel extension, zeroed before, lives until AtaAdapterControl(IdeStop).
 * Context: PASSIVE_LEVEL. Returns: TRUE when the channel is usable. Source: IDE_CHANNEL_INIT.
 */
typedef BOOLEAN(NTAPI *IDE_CHANNEL_INIT)(PVOID ChannelExtension,
                                         PIDE_CHANNEL_INTERFACE ChannelInterface,
                                         PVOID InitContext);

/*
 * Chooses modes for the devices of a channel, and sets the controller's timings for them.
 * Context: once all devices of the channel were identified, before IdeHwInitialize.
 * Returns: TRUE when DeviceTransferModeSelected holds. Source: IDE_TRANSFER_MODE_SELECT.
 */
typedef BOOLEAN(NTAPI *IDE_TRANSFER_MODE_SELECT)(PVOID ControllerExtension,
                                                 PIDE_TRANSFER_MODE_PARAMETERS TransferModeSelect);

/* Is there such a channel? Not asked in dump mode. Context: PASSIVE_LEVEL. Source: IDE_CHANNEL_ENABLED. */
typedef ATA_CHANNEL_STATE(NTAPI *IDE_CHANNEL_ENABLED)(PVOID ControllerExtension, ULONG Channel);

/*
 * Starts, stops, or changes the power of the controller. IdeStart gets the controller's
 * PIDE_CONTROLLER_CONFIGURATION in Parameters.
 * Context: PASSIVE_LEVEL for IdeStart and IdeStop; at or below DISPATCH_LEVEL for the actions about
 * power. Returns: TRUE on success. Source: IDE_ADAPTER_CONTROL.
 */
typedef BOOLEAN(NTAPI *IDE_ADAPTER_CONTROL)(PVOID ControllerExtension,
                                            IDE_CONTROL_ACTION ControlAction, PVOID Parameters);

/* Handed to AtaPortInitializeEx, which copies it. */
typedef struct _IDE_CONTROLLER_INTERFACE {
    USHORT Version; /* sizeof(IDE_CONTROLLER_INTERFACE) */
    USHORT Reserved;
    ULONG ControllerExtensionSize; /* bytes */
    ULONG ChannelExtensionSize;    /* bytes */
    ULONG AlignmentMask;           /* 0, 1, 3 or 7: alignment of data buffers, less one (INI-03) */
    IDE_CHANNEL_INIT AtaChannelInitRoutine;
    IDE_CHANNEL_ENABLED AtaControllerChannelEnabled;
    IDE_TRANSFER_MODE_SELECT AtaControllerTransferModeSelect;
    IDE_ADAPTER_CONTROL AtaAdapterControl; /* required (INI-02) */
} IDE_CONTROLLER_INTERFACE, *PIDE_CONTROLLER_INTERFACE;

/* ------------------------------------------------------------------ controller: configuration */

/* Parameters of AtaAdapterControl(IdeStart). */
typedef struct _IDE_CONTROLLER_CONFIGURATION {
    USHORT Version; /* sizeof(IDE_CONTROLLER_CONFIGURATION) */
    UCHAR NumberOfChannels;
    IDE_OPERATION_MODE ControllerMode;
    /* Both start as IDE_UNINITIALIZED_VALUE: the port's own limit holds then (INI-06). */
    UCHAR NumberOfPhysicalBreaks; /* pieces of a buffer, less one; set by who masters the bus */
    ULONG MaximumTransferLength;  /* bytes, at least a sector */
    BOOLEAN Reserved;
    BOOLEAN NativeModeEnabled;
    BOOLEAN Dma64BitAddress; /* set by the miniport: it can reach beyond 4 GiB */
    BOOLEAN BusMaster;       /* set by the miniport: data requests carry scatter/gather lists */
    IDE_BUS_TYPE AtaBusType;
    PIDE_MINIPORT_RESOURCES ControllerResources;
} IDE_CONTROLLER_CONFIGURATION, *PIDE_CONTROLLER_CONFIGURATION;

#endif
