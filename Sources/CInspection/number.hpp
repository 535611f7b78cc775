#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "inspection_values.h"

namespace inspection {

/// A JSON number as it is written: its parts, and its value as exactly as one asks. What cannot be held in a double or in
/// 64 bits is not rounded to something that it is not.
class number {
public:
    /// Nothing where `text` is not one number of RFC 8259 section 6, whole.
    static std::optional<number> read(std::string_view text) noexcept;

    /// Whether it has no fraction: 1.0, 10e-1 and 1e400 are whole.
    bool is_whole() const noexcept { return count == 0 || exponent >= int64_t(count); }

    /// The value where it is whole and fits, however it is written.
    std::optional<int64_t> integer() const noexcept;

    /// The value where it is written without fraction and exponent, and fits.
    std::optional<uint64_t> natural() const noexcept;

    /// The nearest double; infinite where it is past all of them, 0 where it is too small.
    double nearest() const noexcept;

    /// Whether it is written without fraction and exponent.
    bool is_plain() const noexcept { return plain; }

    /// Below 0, 0 or above 0: how the value stands to `limit`, exactly.
    int compare(int64_t limit) const noexcept;

    /// The same with a double. Plain numbers of up to 64 bits compare exactly; others as the nearest double, so that 0.1 is
    /// neither over nor under 0.1. `limit` is a number.
    int compare(double limit) const noexcept;

private:
    std::string_view text;
    bool negative = false;
    bool plain = true;
    /// Where the first digit that is not 0 stands, and the last: `before` are the digits before the point, `behind` those
    /// behind it, and counting runs over both.
    std::string_view before;
    std::string_view behind;
    size_t first = 0;
    /// Digits from the first to the last that is not 0; none for 0.
    size_t count = 0;
    /// The value is 0.DIGITS times 10 to this.
    int64_t exponent = 0;

    unsigned digit(size_t index) const noexcept {
        index += first;
        return unsigned((index < before.size() ? before[index] : behind[index - before.size()]) - '0');
    }

    /// The size of a whole number, without its sign, where it fits.
    std::optional<uint64_t> magnitude() const noexcept;

    int compare(const number &other) const noexcept;
};

/// A double that is exactly the integer, if there is one.
std::optional<double> exact_double(int64_t value) noexcept;
std::optional<double> exact_double(uint64_t value) noexcept;

/// An integer that is exactly the double, if there is one.
std::optional<int64_t> exact_integer(double value) noexcept;

}  // namespace inspection
