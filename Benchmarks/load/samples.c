#include "samples.h"

#include <stdlib.h>

#include "load.h"

static uint32_t *samples;
static size_t count, capacity;

void samples_clear(void) {
    count = 0;
}

void samples_add(int64_t nanoseconds) {
    if (count == capacity) {
        capacity = capacity ? 2 * capacity : 1 << 16;
        samples = realloc(samples, capacity * sizeof *samples);
        if (!samples) fail("out of memory for latencies");
    }
    samples[count++] = nanoseconds < 0 ? 0 : nanoseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)nanoseconds;
}

size_t samples_count(void) {
    return count;
}

static int compare(const void *left, const void *right) {
    uint32_t first = *(const uint32_t *)left, second = *(const uint32_t *)right;
    return (first > second) - (first < second);
}

void samples_sort(void) {
    if (count) qsort(samples, count, sizeof *samples, compare);
}

double samples_percentile(double share) {
    if (!count) return 0;
    size_t rank = (size_t)(share * (double)count);
    return samples[rank < count ? rank : count - 1] / 1000.0;
}
