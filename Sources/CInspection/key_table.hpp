#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace inspection {

/// Values by key, for few keys and many look-ups. How long a look-up takes is up to the keys that are in it, not to the one
/// that is looked for. The keys' bytes are not its own.
template <typename Value>
class key_table {
public:
    bool empty() const noexcept { return count == 0; }

    /// NULL where there is no such key. Good until something is added.
    const Value *find(std::string_view key) const noexcept {
        // Most keys of a message are of a length that none here has.
        if ((lengths >> length_bit(key) & 1) == 0) { return nullptr; }
        const size_t hash = std::hash<std::string_view>()(key);
        for (size_t i = hash & (slots.size() - 1); slots[i].is_taken; i = (i + 1) & (slots.size() - 1)) {
            if (slots[i].hash == hash && slots[i].key == key) { return &slots[i].value; }
        }
        return nullptr;
    }

    Value *find(std::string_view key) noexcept {
        return const_cast<Value *>(const_cast<const key_table *>(this)->find(key));
    }

    /// Adds a key that is not there.
    Value &add(std::string_view key) {
        // Half of the slots at least are free, so that a search ends soon.
        if (2 * (count + 1) > slots.size()) { grow(); }
        count++;
        lengths |= uint64_t(1) << length_bit(key);
        slot &place = free_slot(std::hash<std::string_view>()(key));
        place.key = key;
        return place.value;
    }

private:
    struct slot {
        std::string_view key;
        size_t hash = 0;
        bool is_taken = false;
        Value value{};
    };

    /// A power of two, or none.
    std::vector<slot> slots;
    size_t count = 0;
    /// Bit i: there is a key of length i; bit 63: or of more.
    uint64_t lengths = 0;

    static size_t length_bit(std::string_view key) noexcept { return std::min(key.size(), size_t(63)); }

    slot &free_slot(size_t hash) noexcept {
        size_t i = hash & (slots.size() - 1);
        while (slots[i].is_taken) { i = (i + 1) & (slots.size() - 1); }
        slots[i].hash = hash;
        slots[i].is_taken = true;
        return slots[i];
    }

    void grow() {
        std::vector<slot> old(std::max(size_t(4), slots.size() * 2));
        old.swap(slots);
        for (slot &entry : old) {
            if (!entry.is_taken) { continue; }
            slot &place = free_slot(entry.hash);
            place.key = entry.key;
            place.value = std::move(entry.value);
        }
    }
};

}  // namespace inspection
