#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Values that several of the interfaces share.

#ifdef __cplusplus
#define INSPECTION_NOEXCEPT noexcept
extern "C" {
#else
#define INSPECTION_NOEXCEPT
#endif

/// Parser memory: one for each thread, used by one caller at a time.
typedef struct inspection_parser inspection_parser;

/// Bytes that need not end in NUL.
typedef struct {
    const uint8_t *bytes;
    size_t length;
} inspection_bytes;

typedef enum {
    INSPECTION_NULL = 0,
    INSPECTION_BOOLEAN = 1,
    INSPECTION_INTEGER = 2,
    INSPECTION_DOUBLE = 3,
    INSPECTION_STRING = 4,
} inspection_kind;

typedef struct {
    inspection_kind kind;
    /// The integer; for a boolean 0 or 1.
    int64_t integer;
    double number;
    inspection_bytes string;
} inspection_scalar;

typedef enum {
    INSPECTION_NO_MATCH = 0,
    INSPECTION_MATCH = 1,
    /// Memory ran out: nothing is known of the message.
    INSPECTION_FAILED = 2,
} inspection_outcome;

/// Pointers with more tokens than this are refused: recursion goes as deep as the pointer.
#define INSPECTION_MAXIMUM_TOKENS 256

/// Arrays and objects in one another; what is nested deeper is not JSON here (RFC 8259 section 9 allows a limit).
#define INSPECTION_MAXIMUM_DEPTH 512

#ifdef __cplusplus
}
#endif
