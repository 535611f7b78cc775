#include <charconv>
#include <limits>

#include "document.hpp"

namespace inspection {
namespace {

bool is_digit(uint8_t byte) noexcept { return byte >= '0' && byte <= '9'; }

constexpr double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

uint64_t bits_of(double value) noexcept {
    // No second zero: what compares as equal has the same bits.
    if (value == 0) { value = 0; }
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// A decimal number: digits × 10^exponent, where `digits` counts only as long as `is_exact`.
struct decimal {
    uint64_t digits = 0;
    int64_t exponent = 0;
    /// Significant digits, without zeros in front and at the end.
    int64_t length = 0;
    bool is_exact = true;
    bool is_negative = false;

    /// Zeros that may turn out to stand at the end.
    int64_t zeros = 0;

    void add(uint8_t digit) noexcept {
        if (digit == '0') {
            if (length > 0) { zeros++; }
            return;
        }
        for (; zeros > 0 && is_exact; zeros--) { append(0); }
        length += zeros;
        zeros = 0;
        append(uint64_t(digit - '0'));
    }

    void append(uint64_t digit) noexcept {
        length++;
        is_exact = is_exact && !__builtin_mul_overflow(digits, uint64_t(10), &digits)
            && !__builtin_add_overflow(digits, digit, &digits);
    }
};

/// The nearest double. `text` is the whole of the number.
double nearest(const decimal &value, const uint8_t *text, const uint8_t *end) noexcept {
    // Both are doubles, and so their product or quotient is rounded once.
    if (value.is_exact && value.digits <= (uint64_t(1) << 53) && value.exponent >= -22 && value.exponent <= 22) {
        const double digits = double(value.digits);
        const double found = value.exponent < 0 ? digits / powers_of_ten[-value.exponent]
                                                : digits * powers_of_ten[value.exponent];
        return value.is_negative ? -found : found;
    }
    double found = 0;
    const auto result =
        std::from_chars(reinterpret_cast<const char *>(text), reinterpret_cast<const char *>(end), found);
    if (result.ec == std::errc()) { return found; }
    if (value.exponent + value.length <= 0) { return 0; }
    return value.is_negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

/// Sets kind and bits to those of the whole number, where 64 bits hold it.
bool whole(const decimal &value, number_reading &found) noexcept {
    // 2^64 has 20 digits.
    if (!value.is_exact || value.exponent < 0 || value.exponent > 20) { return false; }
    uint64_t magnitude = value.digits;
    for (int64_t i = 0; i < value.exponent; i++) {
        if (__builtin_mul_overflow(magnitude, uint64_t(10), &magnitude)) { return false; }
    }
    const uint64_t limit = uint64_t(1) << 63;
    if (value.is_negative ? magnitude > limit : magnitude >= limit) {
        if (value.is_negative) { return false; }
        found.kind = INSPECTION_NODE_UNSIGNED;
        found.bits = magnitude;
        return true;
    }
    found.kind = INSPECTION_NODE_INTEGER;
    found.bits = value.is_negative ? 0 - magnitude : magnitude;
    return true;
}

/// The four digits of `\u`; -1 where there are none.
int32_t hexadecimal(const uint8_t *digits) noexcept {
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        const uint8_t byte = digits[i];
        const uint8_t letter = byte | 0x20;
        if (!is_digit(byte) && (letter < 'a' || letter > 'f')) { return -1; }
        value = value * 16 + (is_digit(byte) ? byte - '0' : letter - 'a' + 10);
    }
    return value;
}

size_t encode(uint32_t point, uint8_t *to) noexcept {
    if (point < 0x80) {
        to[0] = uint8_t(point);
        return 1;
    }
    if (point < 0x800) {
        to[0] = uint8_t(0xc0 | point >> 6);
        to[1] = uint8_t(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        to[0] = uint8_t(0xe0 | point >> 12);
        to[1] = uint8_t(0x80 | (point >> 6 & 0x3f));
        to[2] = uint8_t(0x80 | (point & 0x3f));
        return 3;
    }
    to[0] = uint8_t(0xf0 | point >> 18);
    to[1] = uint8_t(0x80 | (point >> 12 & 0x3f));
    to[2] = uint8_t(0x80 | (point >> 6 & 0x3f));
    to[3] = uint8_t(0x80 | (point & 0x3f));
    return 4;
}

uint64_t fold(uint64_t left, uint64_t right) noexcept {
    const auto product = static_cast<unsigned __int128>(left) * right;
    return uint64_t(product) ^ uint64_t(product >> 64);
}

uint64_t load(const uint8_t *bytes, size_t length) noexcept {
    uint64_t word = 0;
    std::memcpy(&word, bytes, length);
    return word;
}

}  // namespace

number_reading read_number(const uint8_t *from, const uint8_t *limit) noexcept {
    number_reading found = {INSPECTION_NODE_INTEGER, 0, nullptr};
    decimal value;
    const uint8_t *at = from;
    if (*at == '-') {
        value.is_negative = true;
        at++;
    }
    if (at >= limit || !is_digit(*at)) { return found; }
    if (*at == '0') {
        at++;
    } else {
        for (; at < limit && is_digit(*at); at++) { value.add(*at); }
    }
    if (at < limit && *at == '.') {
        const uint8_t *const point = ++at;
        for (; at < limit && is_digit(*at); at++) { value.add(*at); }
        if (at == point) { return found; }
        value.exponent = point - at;
    }
    if (at < limit && (*at == 'e' || *at == 'E')) {
        at++;
        const bool is_negative = at < limit && *at == '-';
        if (at < limit && (*at == '+' || *at == '-')) { at++; }
        const uint8_t *const first = at;
        int64_t exponent = 0;
        for (; at < limit && is_digit(*at); at++) {
            // Far past all doubles, whatever digits stand before it, and far from an overflow.
            if (exponent < int64_t(1) << 40) { exponent = exponent * 10 + (*at - '0'); }
        }
        if (at == first) { return found; }
        value.exponent += is_negative ? -exponent : exponent;
    }
    found.end = at;
    value.exponent += value.zeros;
    if (value.length == 0) { return found; }
    if (whole(value, found)) { return found; }
    const double nearest_double = nearest(value, from, at);
    const bool is_finite = nearest_double <= std::numeric_limits<double>::max()
        && nearest_double >= std::numeric_limits<double>::lowest();
    found.kind = value.exponent >= 0 && is_finite ? INSPECTION_NODE_WHOLE : INSPECTION_NODE_FRACTION;
    found.bits = bits_of(nearest_double);
    return found;
}

size_t unescape(uint8_t *text, size_t length) noexcept {
    size_t to = 0;
    for (size_t at = 0; at < length;) {
        if (text[at] != '\\') {
            text[to++] = text[at++];
            continue;
        }
        if (length - at < 2) { return SIZE_MAX; }
        const uint8_t letter = text[at + 1];
        at += 2;
        switch (letter) {
        case '"':
        case '\\':
        case '/': text[to++] = letter; break;
        case 'b': text[to++] = '\b'; break;
        case 'f': text[to++] = '\f'; break;
        case 'n': text[to++] = '\n'; break;
        case 'r': text[to++] = '\r'; break;
        case 't': text[to++] = '\t'; break;
        case 'u': {
            if (length - at < 4) { return SIZE_MAX; }
            int32_t point = hexadecimal(text + at);
            at += 4;
            if (point < 0 || (point >= 0xdc00 && point < 0xe000)) { return SIZE_MAX; }
            if (point >= 0xd800 && point < 0xdc00) {
                if (length - at < 6 || text[at] != '\\' || text[at + 1] != 'u') { return SIZE_MAX; }
                const int32_t low = hexadecimal(text + at + 2);
                if (low < 0xdc00 || low >= 0xe000) { return SIZE_MAX; }
                at += 6;
                point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
            }
            // At most as long as its escape: never over what is still to be read.
            to += encode(uint32_t(point), text + to);
            break;
        }
        default: return SIZE_MAX;
        }
    }
    return to;
}

uint64_t hash(const uint8_t *bytes, size_t length, uint64_t seed) noexcept {
    uint64_t state = seed ^ (0x9e3779b97f4a7c15 + length);
    while (length > 16) {
        state = fold(load(bytes, 8) ^ state, load(bytes + 8, 8) ^ seed ^ 0xa0761d6478bd642f);
        bytes += 16;
        length -= 16;
    }
    const size_t first = length < 8 ? length : 8;
    state = fold(load(bytes, first) ^ state, load(bytes + first, length - first) ^ seed ^ 0xe7037ed1a0b428db);
    return fold(state ^ 0x8ebc6af09c88c6e3, seed ^ 0x589965cc75374cc3);
}

}  // namespace inspection
