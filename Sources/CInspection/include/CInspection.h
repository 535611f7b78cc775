#pragma once
#include <stddef.h>
#include <stdint.h>

#include "inspection_document.h"

// The whole of what Swift sees of simdjson. Nothing here throws, and nothing keeps a pointer that it was handed.

#ifdef __cplusplus
#define INSPECTION_NOEXCEPT noexcept
extern "C" {
#else
#define INSPECTION_NOEXCEPT
#endif

/// Parser memory: one for each thread, used by one caller at a time.
typedef struct inspection_parser inspection_parser;

/// A pointer and the scalar that is expected there. Never changes once made, so that threads may share it.
typedef struct inspection_test inspection_test;

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
    /// A string, whatever it holds: as the kind of a test alone.
    INSPECTION_ANY_STRING = 5,
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

/// NULL where memory ran out.
inspection_parser *inspection_parser_create(void) INSPECTION_NOEXCEPT;
void inspection_parser_destroy(inspection_parser *parser) INSPECTION_NOEXCEPT;

/// NULL where memory ran out, or with more than INSPECTION_MAXIMUM_TOKENS tokens. Copies what it is given.
inspection_test *inspection_test_create(
    const inspection_bytes *tokens, size_t count, const inspection_scalar *expected) INSPECTION_NOEXCEPT;
void inspection_test_destroy(inspection_test *test) INSPECTION_NOEXCEPT;

/// Whether any value that the pointer names is the expected one.
inspection_outcome inspection_matches(
    inspection_parser *parser, const inspection_test *test, const uint8_t *bytes, size_t length) INSPECTION_NOEXCEPT;

#ifdef __cplusplus
}
#endif
