#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include <simdjson.h>

#include "CInspection.h"

/// What a thread keeps from message to message.
struct inspection_parser {
    simdjson::ondemand::parser parser;
    std::unique_ptr<uint8_t[]> buffer;
    size_t capacity = 0;

    /// Memory for `length` bytes, one in front, and simdjson's padding. Grows by doubling and stays.
    bool reserve(size_t length) noexcept {
        // Two more, so that a value can be put in brackets.
        length += 2;
        if (length <= capacity) { return true; }
        size_t wanted = 4096;
        while (wanted < length) {
            if (wanted > SIZE_MAX / 4) { return false; }
            wanted *= 2;
        }
        capacity = 0;
        buffer.reset(new (std::nothrow) uint8_t[1 + wanted + simdjson::SIMDJSON_PADDING]);
        if (!buffer || parser.allocate(wanted) != simdjson::SUCCESS) { return false; }
        capacity = wanted;
        return true;
    }
};
