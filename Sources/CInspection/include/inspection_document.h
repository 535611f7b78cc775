#pragma once
#include "inspection_values.h"

// A message as a flat row of nodes, made in one walk. Nothing here throws, and nothing keeps a pointer that it was handed.

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes of the longest text that is read.
#define INSPECTION_MAXIMUM_TEXT 1073741824

typedef enum {
    INSPECTION_NODE_NULL = 0,
    INSPECTION_NODE_FALSE = 1,
    INSPECTION_NODE_TRUE = 2,
    /// A whole number that an int64_t holds, however it is written: 1, 1.0 and 10e-1 are the same.
    INSPECTION_NODE_INTEGER = 3,
    /// A whole number above that, which a uint64_t holds.
    INSPECTION_NODE_UNSIGNED = 4,
    /// A whole number past 64 bits, as the nearest double, which is finite.
    INSPECTION_NODE_WHOLE = 5,
    /// A number with a fraction, as the nearest double; and one past the range of doubles, as an infinity.
    INSPECTION_NODE_FRACTION = 6,
    INSPECTION_NODE_STRING = 7,
    INSPECTION_NODE_ARRAY = 8,
    INSPECTION_NODE_OBJECT = 9,
} inspection_node_kind;

/// A value, or the name of a member, which is a string in front of the member's value. What an array or object holds
/// follows it, up to `next`.
typedef struct {
    /// An inspection_node_kind.
    uint32_t kind;
    /// Where the value begins and ends in the text, in bytes; a string's quotes belong to it.
    uint32_t start;
    uint32_t end;
    /// The index of the node behind the value and all that it holds.
    uint32_t next;
    /// Of a number: the bits of its int64_t, uint64_t or double, with one zero only. Of a string: the length of its
    /// unescaped bytes, which lie behind its quote in the tape's `text`, and above 32 bits, of a name only, its hash.
    /// Of an array: the number of elements. Of an object: the number of members.
    uint64_t value;
} inspection_node;

/// Memory of a reader: one for each thread, used by one caller at a time. Grows to the largest text and is used again.
typedef struct inspection_document inspection_document;

typedef enum {
    INSPECTION_DOCUMENT_JSON = 0,
    INSPECTION_DOCUMENT_NOT_JSON = 1,
    /// Memory ran out: nothing is known of the text.
    INSPECTION_UNREAD = 2,
} inspection_reading;

/// What was read. Good until the reader reads again.
typedef struct {
    const inspection_node *nodes;
    size_t count;
    /// The text, with its strings unescaped in place.
    const uint8_t *text;
    size_t length;
} inspection_tape;

/// NULL where memory ran out. `seed` is that of the names' hashes.
inspection_document *inspection_document_create(uint64_t seed) INSPECTION_NOEXCEPT;
void inspection_document_destroy(inspection_document *document) INSPECTION_NOEXCEPT;

/// Reads a text by the grammar of RFC 8259, which is linear in its length. A string with half a surrogate pair is none:
/// it stands for no text, and readers differ in what they make of it.
inspection_reading inspection_document_read(
    inspection_document *document, const uint8_t *bytes, size_t length) INSPECTION_NOEXCEPT;

/// What the latest reading gave; no nodes unless that was INSPECTION_DOCUMENT_JSON.
inspection_tape inspection_document_tape(const inspection_document *document) INSPECTION_NOEXCEPT;

/// Where a text ends to be JSON, in bytes: found again, slowly, for a reader of the file. `length` where it is JSON.
size_t inspection_document_fault(
    inspection_document *document, const uint8_t *bytes, size_t length) INSPECTION_NOEXCEPT;

/// 1 where as many bytes are the same, otherwise 0.
int inspection_equal(const uint8_t *left, const uint8_t *right, size_t length) INSPECTION_NOEXCEPT;

/// The hash of bytes, as that of a name in its lower 32 bits.
uint64_t inspection_hash(const uint8_t *bytes, size_t length, uint64_t seed) INSPECTION_NOEXCEPT;

#ifdef __cplusplus
}
#endif
