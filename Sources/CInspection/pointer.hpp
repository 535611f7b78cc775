#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace inspection {

/// One step of a pointer. RFC 6901 section 4: in an array only digits without a leading zero are an index.
struct token {
    std::string key;
    bool is_index = false;
    uint64_t index = 0;

    explicit token(std::string_view text) : key(text) {
        if (text.empty() || text.size() > 18 || (text.size() > 1 && text[0] == '0')) { return; }
        for (const char digit : text) {
            if (digit < '0' || digit > '9') { return; }
            index = index * 10 + uint64_t(digit - '0');
        }
        is_index = true;
    }
};

}  // namespace inspection
