#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inspection_edit.h"
#include "pointer.hpp"
#include "strict.hpp"
#include "text.hpp"

struct inspection_edit {
    std::vector<inspection::token> tokens;
    bool removes;
    /// The last token as the key of a member: in quotes, and with the colon.
    std::string key;
};

namespace {

std::string_view view(inspection_bytes part) noexcept {
    return std::string_view(reinterpret_cast<const char *>(part.bytes), part.length);
}

/// The edited text: measured where there is nothing to write it to.
class edited_text {
public:
    edited_text(std::string_view message, uint8_t *output, size_t maximum) noexcept
        : message(message), output(output), maximum(maximum) {}

    size_t length() const noexcept { return written; }
    bool is_changed() const noexcept { return changed; }
    bool is_too_large() const noexcept { return too_large; }

    /// Leaves out what stands from `start` to `end`. The changes come in the order of the message.
    void cut(size_t start, size_t end) noexcept {
        changed = true;
        append(message.substr(copied, start - copied));
        copied = end;
    }

    void append(std::string_view part) noexcept {
        if (part.size() > maximum - written) { too_large = true; }
        if (too_large) { return; }
        if (output != nullptr) { part.copy(reinterpret_cast<char *>(output) + written, part.size()); }
        written += part.size();
    }

    void finish() noexcept { cut(message.size(), message.size()); }

private:
    const std::string_view message;
    uint8_t *const output;
    const size_t maximum;
    size_t written = 0;
    size_t copied = 0;
    bool changed = false;
    bool too_large = false;
};

/// Walks along the pointer, through every member of a name, and says what to change. Everything is read by the grammar.
class editor {
public:
    editor(const inspection_edit &edit, std::string_view message, std::string_view value, edited_text &edited) noexcept
        : edit(edit), message(message), value(value), edited(edited),
          scanner(reinterpret_cast<const uint8_t *>(message.data()), message.size()) {}

    /// False where the message is not JSON.
    bool run() noexcept {
        scanner.skip_space();
        if (!walk(0)) { return false; }
        scanner.skip_space();
        return scanner.is_at_end();
    }

private:
    const inspection_edit &edit;
    const std::string_view message;
    const std::string_view value;
    edited_text &edited;
    inspection::strict_scanner scanner;

    /// The value that begins here, `at` tokens down, which is as deep as it lies.
    bool walk(size_t at) noexcept {
        if (at == edit.tokens.size()) {
            const size_t start = scanner.position();
            if (!scanner.skip_value(at)) { return false; }
            edited.cut(start, scanner.position());
            edited.append(value);
            return true;
        }
        if (scanner.take('{')) { return walk_members(at); }
        if (scanner.take('[')) { return walk_elements(at); }
        return scanner.skip_value(at);
    }

    bool is_last(size_t at) const noexcept { return at + 1 == edit.tokens.size(); }

    /// What is taken out of one object or array, with one comma for each.
    class removal {
    public:
        explicit removal(edited_text &edited) noexcept : edited(edited) {}

        /// A member or an element that begins at `start` stays.
        void keep(size_t start) noexcept {
            if (is_pending) { edited.cut(pending_start, start); }
            is_pending = false;
            keeps_any = true;
        }

        /// One from `start` to `end` goes; `comma` is before it, but for the first.
        void remove(size_t comma, size_t start, size_t end) noexcept {
            if (keeps_any) { return edited.cut(comma, end); }
            // The comma behind it goes with it, if something comes that stays.
            if (!is_pending) { pending_start = start; }
            is_pending = true;
            pending_end = end;
        }

        void finish() noexcept {
            if (is_pending) { edited.cut(pending_start, pending_end); }
        }

    private:
        edited_text &edited;
        bool keeps_any = false;
        bool is_pending = false;
        size_t pending_start = 0;
        size_t pending_end = 0;
    };

    /// Puts the value in, behind what stands before `position`.
    void insert(size_t position, bool needs_comma, std::string_view key) noexcept {
        edited.cut(position, position);
        if (needs_comma) { edited.append(","); }
        edited.append(key);
        edited.append(value);
    }

    /// Behind the opening brace.
    bool walk_members(size_t at) noexcept {
        const bool removes = edit.removes && is_last(at);
        removal removal(edited);
        bool is_found = false;
        bool is_empty = true;
        size_t comma = 0;
        size_t end = scanner.position();
        scanner.skip_space();
        if (scanner.next() != '}') {
            is_empty = false;
            do {
                comma = scanner.position() - 1;
                scanner.skip_space();
                const size_t start = scanner.position();
                bool has_escapes;
                if (!scanner.skip_string(has_escapes)) { return false; }
                const auto key = message.substr(start + 1, scanner.position() - start - 2);
                const bool is_named = inspection::stands_for(key, has_escapes, edit.tokens[at].key);
                is_found = is_found || is_named;
                scanner.skip_space();
                if (!scanner.take(':')) { return false; }
                scanner.skip_space();
                if (!(is_named && !removes ? walk(at + 1) : scanner.skip_value(at + 1))) { return false; }
                end = scanner.position();
                if (removes) { is_named ? removal.remove(comma, start, end) : removal.keep(start); }
                scanner.skip_space();
            } while (scanner.take(','));
        }
        if (!scanner.take('}')) { return false; }
        removal.finish();
        if (!is_found && is_last(at) && !edit.removes) { insert(end, !is_empty, edit.key); }
        return true;
    }

    /// Behind the opening bracket.
    bool walk_elements(size_t at) noexcept {
        const inspection::token &token = edit.tokens[at];
        const bool removes = edit.removes && is_last(at);
        removal removal(edited);
        uint64_t count = 0;
        size_t comma = 0;
        size_t end = scanner.position();
        scanner.skip_space();
        if (scanner.next() != ']') {
            do {
                comma = scanner.position() - 1;
                scanner.skip_space();
                const size_t start = scanner.position();
                const bool is_named = token.is_index && token.index == count;
                if (!(is_named && !removes ? walk(at + 1) : scanner.skip_value(at + 1))) { return false; }
                end = scanner.position();
                if (removes) { is_named ? removal.remove(comma, start, end) : removal.keep(start); }
                count++;
                scanner.skip_space();
            } while (scanner.take(','));
        }
        if (!scanner.take(']')) { return false; }
        removal.finish();
        // RFC 6901 section 4: `-` is the element behind the last.
        const bool appends = token.key == "-" || (token.is_index && token.index == count);
        if (appends && is_last(at) && !edit.removes) { insert(end, count > 0, ""); }
        return true;
    }
};

/// `text` as a JSON string.
std::string quote(std::string_view text) {
    static const char digits[] = "0123456789abcdef";
    std::string quoted = "\"";
    for (const char byte : text) {
        if (byte == '"' || byte == '\\') {
            quoted += '\\';
            quoted += byte;
        } else if (uint8_t(byte) < 0x20) {
            quoted += "\\u00";
            quoted += digits[uint8_t(byte) >> 4];
            quoted += digits[uint8_t(byte) & 15];
        } else {
            quoted += byte;
        }
    }
    return quoted + '"';
}

}  // namespace

inspection_edit *inspection_edit_create(const inspection_bytes *tokens, size_t count, bool removes) noexcept {
    if (count > INSPECTION_MAXIMUM_TOKENS || (removes && count == 0)) { return nullptr; }
    try {
        auto edit = std::make_unique<inspection_edit>();
        edit->removes = removes;
        edit->tokens.reserve(count);
        for (size_t i = 0; i < count; i++) { edit->tokens.emplace_back(view(tokens[i])); }
        if (count > 0) { edit->key = quote(edit->tokens.back().key) + ':'; }
        return edit.release();
    } catch (...) {
        return nullptr;
    }
}

void inspection_edit_destroy(inspection_edit *edit) noexcept { delete edit; }

inspection_edit_outcome inspection_edit_measure(
    const inspection_edit *edit, inspection_bytes message, inspection_bytes value, size_t maximum,
    size_t *length) noexcept {
    if (!edit->removes && !inspection_is_json(value)) { return INSPECTION_BAD_VALUE; }
    edited_text edited(view(message), nullptr, maximum);
    if (!editor(*edit, view(message), view(value), edited).run()) { return INSPECTION_NOT_JSON; }
    if (!edited.is_changed()) { return INSPECTION_UNCHANGED; }
    edited.finish();
    if (edited.is_too_large()) { return INSPECTION_TOO_LARGE; }
    *length = edited.length();
    return INSPECTION_EDITED;
}

void inspection_edit_write(
    const inspection_edit *edit, inspection_bytes message, inspection_bytes value, uint8_t *output) noexcept {
    edited_text edited(view(message), output, SIZE_MAX);
    editor(*edit, view(message), view(value), edited).run();
    edited.finish();
}
