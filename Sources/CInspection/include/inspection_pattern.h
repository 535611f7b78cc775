#pragma once
#include "inspection_values.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A pattern of RE2's. Never changes once made, so that threads may share it.
typedef struct inspection_pattern inspection_pattern;

/// Patterns that are looked for in one pass. Never changes once made, so that threads may share it.
typedef struct inspection_pattern_set inspection_pattern_set;

/// Longest expression or literal, in bytes.
#define INSPECTION_MAXIMUM_EXPRESSION 8192

/// Most groups with a name.
#define INSPECTION_MAXIMUM_GROUPS 16

/// Highest index, counted over all groups, that one with a name may have.
#define INSPECTION_MAXIMUM_GROUP_INDEX 128

/// Places for what `inspection_pattern_find` writes.
#define INSPECTION_MATCH_OFFSETS (2 * (1 + INSPECTION_MAXIMUM_GROUPS))

/// `literal`: the text stands for itself. NULL where it is refused: `message`, of `capacity` bytes, then says why and ends
/// in NUL; empty where memory ran out.
inspection_pattern *inspection_pattern_create(
    inspection_bytes text, bool literal, char *message, size_t capacity) INSPECTION_NOEXCEPT;
void inspection_pattern_destroy(inspection_pattern *pattern) INSPECTION_NOEXCEPT;

/// Groups with a name, and the name of one of them: good as long as the pattern.
size_t inspection_pattern_groups(const inspection_pattern *pattern) INSPECTION_NOEXCEPT;
inspection_bytes inspection_pattern_group(const inspection_pattern *pattern, size_t index) INSPECTION_NOEXCEPT;

/// Whether the pattern matches anywhere.
inspection_outcome inspection_pattern_matches(
    const inspection_pattern *pattern, inspection_bytes text) INSPECTION_NOEXCEPT;

/// The first match at `start` or behind it. `offsets`, INSPECTION_MATCH_OFFSETS of them, gets where the match begins and
/// ends, then the same for each group with a name: -1 and -1 for one that took no part.
inspection_outcome inspection_pattern_find(
    const inspection_pattern *pattern, inspection_bytes text, size_t start, ptrdiff_t *offsets) INSPECTION_NOEXCEPT;

/// NULL where memory ran out.
inspection_pattern_set *inspection_pattern_set_create(void) INSPECTION_NOEXCEPT;
void inspection_pattern_set_destroy(inspection_pattern_set *set) INSPECTION_NOEXCEPT;

/// Adds a pattern, whose index is how many there were before it. False where it is refused; `message` as above.
bool inspection_pattern_set_add(
    inspection_pattern_set *set, inspection_bytes text, bool literal, char *message,
    size_t capacity) INSPECTION_NOEXCEPT;

/// Once, when all are added. False where they take too much memory together.
bool inspection_pattern_set_compile(inspection_pattern_set *set) INSPECTION_NOEXCEPT;

/// Sets bit i of `words` (bit i % 64 of word i / 64, of which there are as many as the patterns need) for each pattern i
/// that matches anywhere. False where memory ran out: nothing is known then.
bool inspection_pattern_set_match(
    const inspection_pattern_set *set, inspection_bytes text, uint64_t *words) INSPECTION_NOEXCEPT;

#ifdef __cplusplus
}
#endif
