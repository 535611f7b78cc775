extension String {
    /// Whether it is in the Stream-Safe Text Format (UAX #15, section 13): no more than 30 combining marks in a row, which
    /// no language needs.
    ///
    /// Text from a peer is to be asked this where it comes in. To compare or to hash a `String` is to bring it into
    /// canonical order first, and the time which that takes grows with the square of such a row's length.
    package var isStreamSafe: Bool {
        var marks = 0
        for scalar in unicodeScalars {
            guard scalar.isReordered else {
                marks = 0
                continue
            }
            marks += 1
            guard marks <= 30 else { return false }
        }
        return true
    }
}

extension Unicode.Scalar {
    /// Whether canonical order may put it elsewhere among its neighbours.
    fileprivate var isReordered: Bool {
        switch value {
        // No mark that combines stands before the first of these.
        case ..<0x300: false
        // Their own class is 0, but they stand for two marks each whose class is not.
        case 0x0F73, 0x0F75, 0x0F81: true
        default: properties.canonicalCombiningClass != .notReordered
        }
    }
}
