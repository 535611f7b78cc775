#include "probe.hpp"

namespace {

/// Goes along the nodes of a message that has been read. It is JSON, and its strings have no escapes left.
class tape_reader {
public:
    tape_reader(const inspection_probe &probe, inspection::findings &found, const inspection_tape &tape) noexcept
        : probe(probe), found(found), nodes(tape.nodes), text(reinterpret_cast<const char *>(tape.text)) {}

    void read(size_t index, const inspection::place &place) noexcept {
        const inspection_node &node = nodes[index];
        switch (node.kind) {
        case INSPECTION_NODE_OBJECT:
            found.found_object(place);
            if (!place.members.empty()) { read_members(index, place); }
            break;
        case INSPECTION_NODE_ARRAY:
            found.found_array(place);
            if (!place.elements.empty()) { read_elements(index, place); }
            break;
        case INSPECTION_NODE_STRING: found.found_string(place, string(node)); break;
        // Numbers as they are written, so that they compare as they do without a tape.
        default: found.found_word(place, std::string_view(text + node.start, node.end - node.start));
        }
    }

private:
    const inspection_probe &probe;
    inspection::findings &found;
    const inspection_node *const nodes;
    const char *const text;

    std::string_view string(const inspection_node &node) const noexcept {
        return std::string_view(text + node.start + 1, uint32_t(node.value));
    }

    void read_members(size_t index, const inspection::place &from) noexcept {
        for (size_t at = index + 1; at < nodes[index].next && !found.is_done(); at = nodes[at + 1].next) {
            const auto *const place = probe.member(from, string(nodes[at]));
            if (place != nullptr) { read(at + 1, *place); }
        }
    }

    void read_elements(size_t index, const inspection::place &from) noexcept {
        auto next = from.elements.begin();
        uint64_t count = 0;
        for (size_t at = index + 1; at < nodes[index].next && !found.is_done(); at = nodes[at].next) {
            if (next == from.elements.end()) { return; }
            if (next->first == count++) {
                read(at, probe.places[next->second]);
                ++next;
            }
        }
    }
};

}  // namespace

bool inspection_scan_tape(
    const inspection_probe *probe, const inspection_tape *tape, uint64_t *words) noexcept {
    if (tape->count == 0) { return false; }
    inspection::findings found(words, probe->count);
    if (!found.is_done()) { tape_reader(*probe, found, *tape).read(0, probe->root()); }
    return !found.has_failed();
}
