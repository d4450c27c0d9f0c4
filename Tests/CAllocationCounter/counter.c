// SPDX-License-Identifier: Apache-2.0
//
// Symbols of the executable come before those of shared libraries, so every call in the process arrives here: from
// Swift's runtime and from OpenBLAS alike. The work is left to glibc's own entry points, and freeing needs no door.

#include "CAllocationCounter.h"

#include <errno.h>
#include <stddef.h>

// A sanitizer brings its own allocator, which must not be bypassed; nothing is counted then.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define LINNET_SANITIZED 1
#endif
#endif

// The executable's own thread-local memory: reaching it never allocates.
static __thread uint64_t allocations __attribute__((tls_model("local-exec")));

uint64_t linnet_allocation_count(void) { return allocations; }

#if !defined(LINNET_SANITIZED) && defined(__GLIBC__)
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    allocations++;
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    // POSIX: a power of two, and a multiple of a pointer's size.
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    allocations++;
    void *result = __libc_memalign(alignment, size);
    if (result == NULL) return ENOMEM;
    *block = result;
    return 0;
}
#endif
