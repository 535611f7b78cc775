internal import CPlatform
internal import Glibc

/// An owned file descriptor, closed when its owner goes.
package struct Descriptor: ~Copyable, Sendable {
    package let number: Int32

    /// Takes over `number`, which nobody else may close.
    package init(owning number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Gives up ownership: the caller closes it.
    consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }
}

extension Descriptor {
    /// The signals TERM, INT, HUP and USR1, which from now on come here and nowhere else, in threads started later too.
    /// PIPE is ignored: a peer that is gone is an error of the write.
    static func ofSignals() -> Descriptor {
        Descriptor(owning: cp_signal_descriptor())
    }
}
