// SPDX-License-Identifier: Apache-2.0

#ifndef LINNET_CLONES_H
#define LINNET_CLONES_H

// A product that is rounded together with a sum gives other bits than one that is not, and only newer processors can.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__gnu_linux__)
#define LINNET_CLONES __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define LINNET_CLONES
#endif

#define LINNET_INLINE static inline __attribute__((always_inline))

/// Eight numbers that are worked on together, wherever they lie in memory.
typedef double linnet_doubles __attribute__((vector_size(64), aligned(8), may_alias));
typedef float linnet_floats __attribute__((vector_size(32), aligned(4), may_alias));

#define LINNET_LOAD(pointer) (*(const linnet_doubles *)(pointer))
#define LINNET_WIDEN(pointer) __builtin_convertvector(*(const linnet_floats *)(pointer), linnet_doubles)
#define LINNET_STORE(pointer, value) (*(linnet_doubles *)(pointer) = (value))
#define LINNET_STORE_NARROW(pointer, value) (*(linnet_floats *)(pointer) = __builtin_convertvector(value, linnet_floats))

#endif
