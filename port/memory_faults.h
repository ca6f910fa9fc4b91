/* SPDX-License-Identifier: MIT */
/* Page faults that drivers cause are reported, and survived. */
#ifndef PORT_MEMORY_FAULTS_H
#define PORT_MEMORY_FAULTS_H

/* Context: PASSIVE_LEVEL, before any driver runs. */
void memory_faults_init(void);

#endif
