// Latencies, each of them kept, so that percentiles are exact.

#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

void samples_clear(void);
void samples_add(int64_t nanoseconds);
size_t samples_count(void);

// Sorts what has been added. After that: the latency, in microseconds, that this share (0 to 1) of all do not exceed.
void samples_sort(void);
double samples_percentile(double share);

#endif
