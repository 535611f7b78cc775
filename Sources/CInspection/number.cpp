#include "number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace inspection {

namespace {

/// Exponents past this are as good as infinite. Ten of them, and one and a length, do not overflow.
constexpr int64_t largest_exponent = int64_t(1) << 55;

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

/// Takes the digits at the front of `rest`.
std::string_view take_digits(std::string_view &rest) noexcept {
    size_t length = 0;
    while (length < rest.size() && rest[length] >= '0' && rest[length] <= '9') { length++; }
    const auto digits = rest.substr(0, length);
    rest.remove_prefix(length);
    return digits;
}

template <typename Number>
int order(Number left, Number right) noexcept {
    return left < right ? -1 : left > right ? 1 : 0;
}

int compare_exactly(int64_t value, double limit) noexcept {
    if (limit >= two_to_63) { return -1; }
    if (limit < -two_to_63) { return 1; }
    const double whole = std::floor(limit);
    const int result = order(value, int64_t(whole));
    return result != 0 ? result : whole < limit ? -1 : 0;
}

int compare_exactly(uint64_t value, double limit) noexcept {
    if (limit >= two_to_64) { return -1; }
    if (limit < 0) { return 1; }
    const double whole = std::floor(limit);
    const int result = order(value, uint64_t(whole));
    return result != 0 ? result : whole < limit ? -1 : 0;
}

}  // namespace

std::optional<number> number::read(std::string_view text) noexcept {
    number result;
    result.text = text;
    std::string_view rest = text;
    if (!rest.empty() && rest[0] == '-') {
        result.negative = true;
        rest.remove_prefix(1);
    }
    result.before = take_digits(rest);
    if (result.before.empty() || (result.before.size() > 1 && result.before[0] == '0')) { return {}; }
    if (!rest.empty() && rest[0] == '.') {
        result.plain = false;
        rest.remove_prefix(1);
        result.behind = take_digits(rest);
        if (result.behind.empty()) { return {}; }
    }
    int64_t exponent = 0;
    if (!rest.empty() && (rest[0] == 'e' || rest[0] == 'E')) {
        result.plain = false;
        rest.remove_prefix(1);
        const bool is_negative = !rest.empty() && rest[0] == '-';
        if (is_negative || (!rest.empty() && rest[0] == '+')) { rest.remove_prefix(1); }
        const auto digits = take_digits(rest);
        if (digits.empty()) { return {}; }
        for (const char digit : digits) { exponent = std::min(exponent * 10 + (digit - '0'), largest_exponent); }
        if (is_negative) { exponent = -exponent; }
    }
    if (!rest.empty()) { return {}; }
    const size_t total = result.before.size() + result.behind.size();
    while (result.first < total && result.digit(0) == 0) { result.first++; }
    result.count = total - result.first;
    while (result.count > 0 && result.digit(result.count - 1) == 0) { result.count--; }
    result.exponent = int64_t(result.before.size()) - int64_t(result.first) + exponent;
    return result;
}

std::optional<uint64_t> number::magnitude() const noexcept {
    if (count == 0) { return 0; }
    // 2^64 has 20 digits.
    if (!is_whole() || exponent > 20) { return {}; }
    uint64_t value = 0;
    for (size_t i = 0; i < size_t(exponent); i++) {
        const unsigned next = i < count ? digit(i) : 0;
        if (value > (std::numeric_limits<uint64_t>::max() - next) / 10) { return {}; }
        value = value * 10 + next;
    }
    return value;
}

std::optional<int64_t> number::integer() const noexcept {
    const auto size = magnitude();
    const uint64_t largest = uint64_t(std::numeric_limits<int64_t>::max());
    if (!size || *size > largest + (negative ? 1 : 0)) { return {}; }
    // Without going past either end: -2^63 has no positive.
    return negative && *size > 0 ? -int64_t(*size - 1) - 1 : int64_t(*size);
}

std::optional<uint64_t> number::natural() const noexcept {
    const auto size = magnitude();
    return plain && size && (!negative || *size == 0) ? size : std::nullopt;
}

double number::nearest() const noexcept {
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec == std::errc()) { return value; }
    // Past a double's range: on which side of it says the exponent.
    value = exponent > 0 ? std::numeric_limits<double>::infinity() : 0;
    return negative ? -value : value;
}

int number::compare(const number &other) const noexcept {
    const int sign = count == 0 ? 0 : negative ? -1 : 1;
    const int other_sign = other.count == 0 ? 0 : other.negative ? -1 : 1;
    if (sign != other_sign) { return order(sign, other_sign); }
    if (exponent != other.exponent) { return sign * order(exponent, other.exponent); }
    for (size_t i = 0; i < std::max(count, other.count); i++) {
        const unsigned left = i < count ? digit(i) : 0;
        const unsigned right = i < other.count ? other.digit(i) : 0;
        if (left != right) { return sign * order(left, right); }
    }
    return 0;
}

int number::compare(int64_t limit) const noexcept {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, limit).ptr;
    const auto other = read(std::string_view(digits, size_t(end - digits)));
    return other ? compare(*other) : 0;
}

int number::compare(double limit) const noexcept {
    if (plain) {
        if (const auto value = integer()) { return compare_exactly(*value, limit); }
        if (const auto value = natural()) { return compare_exactly(*value, limit); }
    }
    return order(nearest(), limit);
}

std::optional<int64_t> exact_integer(double value) noexcept {
    // 2^63 is a double, and the first one that is no int64_t.
    if (!(value >= -two_to_63 && value < two_to_63) || std::floor(value) != value) { return {}; }
    return int64_t(value);
}

std::optional<double> exact_double(int64_t value) noexcept {
    const double nearest = double(value);
    return exact_integer(nearest) == value ? std::optional(nearest) : std::nullopt;
}

std::optional<double> exact_double(uint64_t value) noexcept {
    const double nearest = double(value);
    return nearest < two_to_64 && uint64_t(nearest) == value ? std::optional(nearest) : std::nullopt;
}

}  // namespace inspection
