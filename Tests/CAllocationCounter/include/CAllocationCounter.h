// SPDX-License-Identifier: Apache-2.0
//
// Counts heap allocations by standing in front of glibc's malloc and its relatives. Linking this target is enough.

#ifndef LINNET_C_ALLOCATION_COUNTER_H
#define LINNET_C_ALLOCATION_COUNTER_H

#include <stdint.h>

/// How often the calling thread has allocated or resized a block of memory so far.
///
/// Per thread, so that tests running beside the measured code do not disturb it.
uint64_t linnet_allocation_count(void);

#endif
