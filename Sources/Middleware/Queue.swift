/// What waits, first in, first out. Taking the first costs the same however many wait behind it.
package struct Queue<Element> {
    /// Those before `head` have been taken, and are held no longer.
    private var slots: [Element?] = []
    private var head = 0

    /// Nobody waits in it.
    package init() {}

    /// How many wait.
    package var count: Int { slots.count - head }

    /// The one that has waited longest.
    package var first: Element? { head < slots.count ? slots[head] : nil }

    /// Goes behind all that wait.
    package mutating func append(_ element: Element) { slots.append(element) }

    /// Takes the one that has waited longest.
    @discardableResult package mutating func popFirst() -> Element? {
        guard head < slots.count else { return nil }
        let element = slots[head]
        slots[head] = nil
        head += 1
        // Moved rarely enough that each that is taken pays for one move.
        if head >= 32, head * 2 >= slots.count {
            slots.removeFirst(head)
            head = 0
        }
        return element
    }
}

extension Queue: Sendable where Element: Sendable {}
