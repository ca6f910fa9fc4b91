/* SPDX-License-Identifier: MIT */
/* The 8254 interval timer: ports and command words. Source: Intel 8254, "Programming". */
#ifndef HAL_X86_PC_PIT_H
#define HAL_X86_PC_PIT_H

#define PIT_HZ 1193182u

#define PIT_CHANNEL_0 0x40u /* its output is ISA line 0 */
#define PIT_CHANNEL_2 0x42u /* its gate and output are at the speaker port */
#define PIT_COMMAND   0x43u

#define PIT_0_ONE_SHOT 0x30u /* channel 0, two bytes, mode 0: output rises at 0 */
#define PIT_0_STATUS   0xE2u /* its status is read next: 7 the output */
#define PIT_2_LATCH    0x80u
#define PIT_2_RATE     0xB4u /* channel 2, two bytes, mode 2: counts round and round */

#define PIT_STATUS_OUTPUT 0x80u

#define SPEAKER_PORT      0x61u
#define SPEAKER_GATE      0x01u /* channel 2 counts */
#define SPEAKER_DATA      0x02u /* its output is heard */
#define SPEAKER_READ_BACK 0x0Fu /* the bits that may be written */

#endif
