#include "CPlatform.h"
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>

/* An idle session holds no record buffers (SSL_MODE_RELEASE_BUFFERS), so that OpenSSL allocates and frees some for every
   record. They are of sizes for which malloc has no short way; here the last ones of each thread are kept for the next. */
enum { smallest = 16 * 1024 + 1, largest = 18 * 1024, most = 16 };

static _Thread_local struct {
    void *buffers[most];
    int count;
} kept;

static pthread_key_t key;

static void give_back(void *unused) {
    (void)unused;
    while (kept.count > 0) free(kept.buffers[--kept.count]);
}

static void *allocate(size_t size, const char *file, int line) {
    (void)file, (void)line;
    if (size >= smallest && size <= largest) {
        if (kept.count > 0) return kept.buffers[--kept.count];
        size = largest;
    }
    return malloc(size);
}

static void *reallocate(void *memory, size_t size, const char *file, int line) {
    (void)file, (void)line;
    return realloc(memory, size);
}

static void release(void *memory, const char *file, int line) {
    (void)file, (void)line;
    if (memory == NULL) return;
    size_t size = malloc_usable_size(memory);
    if (size < largest || size >= 2 * largest || kept.count == most) {
        free(memory);
        return;
    }
    /* A thread that ends gives them back: the key's value only has to be something. */
    if (kept.count == 0) pthread_setspecific(key, &key);
    kept.buffers[kept.count++] = memory;
}

int cp_keep_record_buffers(void) {
#if defined(__SANITIZE_ADDRESS__) || (defined(__has_feature) && __has_feature(address_sanitizer))
    /* It is to see each buffer's own life. */
    return 0;
#else
    return pthread_key_create(&key, give_back) == 0 && CRYPTO_set_mem_functions(allocate, reallocate, release);
#endif
}
