#include "CPlatform.h"
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>

/* What OpenSSL allocates and frees again for every record is kept by each thread for the next one: the buffers of a record,
   since an idle session holds none (SSL_MODE_RELEASE_BUFFERS) and malloc has no short way for their sizes, and the few small
   blocks by which it writes headers.

   Every block is malloc's own and as large as its shelf says, so that it may be freed on another thread, or be reallocated. */
enum { shelves = 2, most = 16 };

static const struct {
    /* Sizes that are served from it, and what malloc makes of all of them: the usable size of its block, or a little more. */
    size_t smallest, largest, slack;
} sizes[shelves] = {
    {.smallest = 25, .largest = 40, .slack = 0},
    {.smallest = 16 * 1024 + 1, .largest = 18 * 1024, .slack = 18 * 1024},
};

static _Thread_local struct {
    struct {
        void *blocks[most];
        int count;
    } shelf[shelves];
    /* Whether what is kept is given back when the thread ends. */
    bool ends;
} kept;

static pthread_key_t key;

static void give_back(void *unused) {
    (void)unused;
    for (int index = 0; index < shelves; index++) {
        while (kept.shelf[index].count > 0) free(kept.shelf[index].blocks[--kept.shelf[index].count]);
    }
    /* Others that end with the thread may free some more, and then it is given back once more. */
    kept.ends = false;
}

static void *allocate(size_t size, const char *file, int line) {
    (void)file, (void)line;
    for (int index = 0; index < shelves; index++) {
        if (size < sizes[index].smallest || size > sizes[index].largest) continue;
        if (kept.shelf[index].count > 0) return kept.shelf[index].blocks[--kept.shelf[index].count];
        size = sizes[index].largest;
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
    for (int index = 0; index < shelves; index++) {
        if (size < sizes[index].largest || size > sizes[index].largest + sizes[index].slack) continue;
        if (kept.shelf[index].count == most) break;
        /* The key's value only has to be something. */
        if (!kept.ends && pthread_setspecific(key, &key) != 0) break;
        kept.ends = true;
        kept.shelf[index].blocks[kept.shelf[index].count++] = memory;
        return;
    }
    free(memory);
}

int cp_keep_record_buffers(void) {
#if defined(__SANITIZE_ADDRESS__) || (defined(__has_feature) && __has_feature(address_sanitizer))
    /* It is to see each buffer's own life. */
    return 0;
#else
    return pthread_key_create(&key, give_back) == 0 && CRYPTO_set_mem_functions(allocate, reallocate, release);
#endif
}
