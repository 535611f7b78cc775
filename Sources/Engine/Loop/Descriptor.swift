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
