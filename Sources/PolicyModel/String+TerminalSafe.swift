extension String {
    /// This text as people may be shown it on one line, whoever wrote it: what could steer a terminal, or has no shape,
    /// is written out, as `\u{1b}`.
    package var terminalSafe: String {
        var safe = ""
        for scalar in unicodeScalars {
            if let escape = scalar.terminalEscape { safe += escape } else { safe.unicodeScalars.append(scalar) }
        }
        return safe
    }
}

extension Unicode.Scalar {
    /// What is shown in its place, as `\u{1b}`; nil for a character that a terminal can be given as it is.
    package var terminalEscape: String? {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            "\\u{\(String(value, radix: 16))}"
        default: nil
        }
    }
}
