#pragma once
#include "inspection_document.h"
#include "inspection_edit.h"
#include "inspection_pattern.h"
#include "inspection_probe.h"
#include "inspection_values.h"

// The whole of what Swift sees of simdjson and RE2. Nothing here throws, and nothing keeps a pointer that it was handed
// unless it says so.

#ifdef __cplusplus
extern "C" {
#endif

/// A pointer and the scalar that is expected there. Never changes once made, so that threads may share it.
typedef struct inspection_test inspection_test;

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
