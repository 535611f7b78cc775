#pragma once
#include "inspection_document.h"
#include "inspection_pattern.h"
#include "inspection_values.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Pointers, and what is asked of the values that they name. Never changes once all tests are added, so that threads may
/// share it.
typedef struct inspection_probe inspection_probe;

typedef enum {
    INSPECTION_TYPE_NULL = 0,
    INSPECTION_TYPE_BOOLEAN = 1,
    INSPECTION_TYPE_NUMBER = 2,
    INSPECTION_TYPE_INTEGER = 3,
    INSPECTION_TYPE_STRING = 4,
    INSPECTION_TYPE_ARRAY = 5,
    INSPECTION_TYPE_OBJECT = 6,
} inspection_type;

typedef enum {
    INSPECTION_OVER = 0,
    INSPECTION_UNDER = 1,
} inspection_side;

/// Stands for a place to which a pointer leads.
typedef uint32_t inspection_place;

/// What cannot be a place: memory ran out, or too many tokens.
#define INSPECTION_NO_PLACE UINT32_MAX

/// NULL where memory ran out.
inspection_probe *inspection_probe_create(void) INSPECTION_NOEXCEPT;
void inspection_probe_destroy(inspection_probe *probe) INSPECTION_NOEXCEPT;

/// The place that a pointer names: the same for the same pointer. Copies what it is given.
inspection_place inspection_probe_place(
    inspection_probe *probe, const inspection_bytes *tokens, size_t count) INSPECTION_NOEXCEPT;

// Each adds what test `test` asks at a place that `inspection_probe_place` gave; any one thing of several that one test
// asks is enough. False where memory ran out, or a number is none. Copies what it is given.

/// The value is this scalar.
bool inspection_probe_expect(
    inspection_probe *probe, inspection_place place, uint32_t test,
    const inspection_scalar *expected) INSPECTION_NOEXCEPT;
/// There is a value.
bool inspection_probe_expect_any(inspection_probe *probe, inspection_place place, uint32_t test) INSPECTION_NOEXCEPT;
bool inspection_probe_expect_type(
    inspection_probe *probe, inspection_place place, uint32_t test, inspection_type type) INSPECTION_NOEXCEPT;
/// The value is a number on that side of `limit`, which is an integer or a double.
bool inspection_probe_expect_number(
    inspection_probe *probe, inspection_place place, uint32_t test, inspection_side side,
    const inspection_scalar *limit) INSPECTION_NOEXCEPT;
/// The value is a string that the pattern matches anywhere. `pattern` is kept: it must outlive the probe.
bool inspection_probe_expect_match(
    inspection_probe *probe, inspection_place place, uint32_t test,
    const inspection_pattern *pattern) INSPECTION_NOEXCEPT;

/// Sets bit i of `words` (bit i % 64 of word i / 64, of which there are as many as the tests need) for each test i that a
/// value in the message meets. `words` is all zero before. False where memory ran out: the caller must fail closed.
bool inspection_scan(
    inspection_parser *parser, const inspection_probe *probe, inspection_bytes message,
    uint64_t *words) INSPECTION_NOEXCEPT;

/// The same for a message that has been read: `tape` has nodes.
bool inspection_scan_tape(
    const inspection_probe *probe, const inspection_tape *tape, uint64_t *words) INSPECTION_NOEXCEPT;

#ifdef __cplusplus
}
#endif
