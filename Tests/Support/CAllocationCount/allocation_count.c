#include "CAllocationCount.h"
#include "CPlatform.h"
#include <errno.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

/* As the program does it, and as early: what OpenSSL keeps from record to record is not allocated. */
__attribute__((constructor)) static void prepare(void) { (void)cp_keep_record_buffers(); }

/* In the executable's own thread-local block, so that reaching it never allocates. */
static _Thread_local uint64_t count;
static _Thread_local int64_t bytes;

uint64_t allocation_count(void) { return count; }

int64_t allocated_bytes(void) { return bytes; }

#if defined(__GLIBC__) && !defined(SANITIZED)

#include <malloc.h>

/* glibc's own names for its allocator: no dlsym, which would allocate before there is anything to allocate with. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static void *counted(void *memory) {
    count++;
    if (memory != NULL) bytes += (int64_t)malloc_usable_size(memory);
    return memory;
}

int allocation_count_works(void) { return 1; }

void *malloc(size_t size) {
    return counted(__libc_malloc(size));
}

void *calloc(size_t number, size_t size) {
    return counted(__libc_calloc(number, size));
}

void *realloc(void *old, size_t size) {
    size_t before = old == NULL ? 0 : malloc_usable_size(old);
    void *memory = __libc_realloc(old, size);
    if (memory != NULL || size == 0) bytes -= (int64_t)before;
    return counted(memory);
}

void *memalign(size_t alignment, size_t size) {
    return counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
    return counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *memory = counted(__libc_memalign(alignment, size));
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

void free(void *memory) {
    if (memory != NULL) bytes -= (int64_t)malloc_usable_size(memory);
    __libc_free(memory);
}

#else

int allocation_count_works(void) { return 0; }

#endif
