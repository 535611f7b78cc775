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

    /// Memory for `length` bytes and simdjson's padding. Grows by doubling and stays.
    bool reserve(size_t length) noexcept {
        if (length <= capacity) { return true; }
        size_t wanted = 4096;
        while (wanted < length) {
            if (wanted > SIZE_MAX / 4) { return false; }
            wanted *= 2;
        }
        capacity = 0;
        buffer.reset(new (std::nothrow) uint8_t[wanted + simdjson::SIMDJSON_PADDING]);
        if (!buffer || parser.allocate(wanted) != simdjson::SUCCESS) { return false; }
        capacity = wanted;
        return true;
    }
};
