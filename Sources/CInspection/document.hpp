#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "inspection_document.h"

namespace inspection {

/// A number's value, its kind and where it ends; `end` is nullptr where there is no number.
struct number_reading {
    inspection_node_kind kind;
    uint64_t bits;
    const uint8_t *end;
};

/// Reads the number of RFC 8259 section 6 at `from`. Linear in its length. At `limit` a byte may be read, which is part
/// of no number.
number_reading read_number(const uint8_t *from, const uint8_t *limit) noexcept;

/// Unescapes what stands between a string's quotes in place. The new length, or SIZE_MAX where it cannot be unescaped.
size_t unescape(uint8_t *text, size_t length) noexcept;

/// A hash that cannot be foreseen without the seed: folded multiplications of 64 bits.
uint64_t hash(const uint8_t *bytes, size_t length, uint64_t seed) noexcept;

}  // namespace inspection
