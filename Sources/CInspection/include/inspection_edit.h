#pragma once
#include "inspection_values.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A pointer, and whether what it names is set or removed. Never changes once made, so that threads may share it.
typedef struct inspection_edit inspection_edit;

typedef enum {
    INSPECTION_EDITED = 0,
    /// The pointer names nothing that could be changed.
    INSPECTION_UNCHANGED = 1,
    INSPECTION_NOT_JSON = 2,
    /// The edited text would be longer than was allowed.
    INSPECTION_TOO_LARGE = 3,
    /// The value is no JSON.
    INSPECTION_BAD_VALUE = 4,
} inspection_edit_outcome;

/// Whether the text is one value of RFC 8259, in valid UTF-8, no deeper than INSPECTION_MAXIMUM_DEPTH.
bool inspection_is_json(inspection_bytes text) INSPECTION_NOEXCEPT;

/// NULL where memory ran out, with more than INSPECTION_MAXIMUM_TOKENS tokens, or where the whole document is to be removed.
/// Copies what it is given.
inspection_edit *inspection_edit_create(
    const inspection_bytes *tokens, size_t count, bool removes) INSPECTION_NOEXCEPT;
void inspection_edit_destroy(inspection_edit *edit) INSPECTION_NOEXCEPT;

/// What becomes of `message`. Where it is INSPECTION_EDITED, `length` gets the length of the edited text. `value` is the JSON
/// text to set; an edit that removes does not look at it.
inspection_edit_outcome inspection_edit_measure(
    const inspection_edit *edit, inspection_bytes message, inspection_bytes value, size_t maximum,
    size_t *length) INSPECTION_NOEXCEPT;

/// Writes the edited text to `output`, where there is room for as much as was measured for the same arguments.
void inspection_edit_write(
    const inspection_edit *edit, inspection_bytes message, inspection_bytes value,
    uint8_t *output) INSPECTION_NOEXCEPT;

#ifdef __cplusplus
}
#endif
