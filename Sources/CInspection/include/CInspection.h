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

/// NULL where memory ran out.
inspection_parser *inspection_parser_create(void) INSPECTION_NOEXCEPT;
void inspection_parser_destroy(inspection_parser *parser) INSPECTION_NOEXCEPT;

#ifdef __cplusplus
}
#endif
