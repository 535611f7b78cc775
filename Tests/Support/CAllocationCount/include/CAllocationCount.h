#pragma once
/* Counts what the calling thread allocates. Linked into the test bundle, whose malloc then stands before libc's. */

#include <stdint.h>

/* Whether allocations are counted at all: not where a sanitizer has its own malloc, or libc is not glibc. */
int allocation_count_works(void);

/* Calls of malloc, calloc, realloc, posix_memalign, aligned_alloc and memalign by this thread so far. */
uint64_t allocation_count(void);

/* Bytes that this thread has allocated so far less those that it has freed; 0 where allocations are not counted. */
int64_t allocated_bytes(void);
