/// A hashed timer wheel: one absolute deadline for each of many numbered slots, set and cleared in constant time.
///
/// A deadline fires at most one tick late. Deadlines further off than one turn stay in their place and are passed over.
struct TimerWheel {
    /// Nanoseconds.
    static let tick: Nanoseconds = 20_000_000
    private static let places = 2048
    private static let none: Int32 = -1

    /// The first slot of each place's list.
    private var heads: [Int32]
    /// A bit for each place that holds anything.
    private var occupied: [UInt64]
    private var nodes: [Node] = []
    /// Ticks that have been handled.
    private var current: Int64
    private(set) var count = 0

    private struct Node {
        var next = TimerWheel.none
        var previous = TimerWheel.none
        /// `none` where nothing is set.
        var place = TimerWheel.none
        var deadline: Nanoseconds = 0
    }

    init(now: Nanoseconds) {
        heads = Array(repeating: Self.none, count: Self.places)
        occupied = Array(repeating: 0, count: Self.places / 64)
        current = now / Self.tick
    }

    /// Sets the deadline of `slot` (0 or above) in place of the one it had.
    mutating func set(_ slot: Int, at deadline: Nanoseconds) {
        clear(slot)
        while nodes.count <= slot { nodes.append(Node()) }
        // One that is due already waits for the next tick; rounding up keeps it from firing early.
        let due = max(current + 1, deadline / Self.tick + 1)
        let place = Int(due % Int64(Self.places))
        nodes[slot] = Node(next: heads[place], place: Int32(place), deadline: deadline)
        if heads[place] != Self.none { nodes[Int(heads[place])].previous = Int32(slot) }
        heads[place] = Int32(slot)
        occupied[place / 64] |= 1 << UInt64(place % 64)
        count += 1
    }

    /// Whether `slot` has a deadline that has not been taken.
    func isSet(_ slot: Int) -> Bool {
        slot < nodes.count && nodes[slot].place != Self.none
    }

    /// Forgets the deadline of `slot`, if it has one.
    mutating func clear(_ slot: Int) {
        guard slot < nodes.count, nodes[slot].place != Self.none else { return }
        let node = nodes[slot]
        if node.next != Self.none { nodes[Int(node.next)].previous = node.previous }
        if node.previous != Self.none {
            nodes[Int(node.previous)].next = node.next
        } else {
            let place = Int(node.place)
            heads[place] = node.next
            if node.next == Self.none { occupied[place / 64] &= ~(1 << UInt64(place % 64)) }
        }
        nodes[slot].place = Self.none
        count -= 1
    }

    /// Takes the slots whose deadlines have passed and puts them into `due`.
    mutating func advance(to now: Nanoseconds, into due: inout [Int]) {
        let target = now / Self.tick
        // A turn visits every place, so that after a long pause one turn is enough.
        var steps = min(target - current, Int64(Self.places))
        var place = Int((target - steps + 1) % Int64(Self.places))
        while steps > 0 {
            var slot = heads[place]
            while slot != Self.none {
                let node = nodes[Int(slot)]
                if node.deadline <= now {
                    clear(Int(slot))
                    due.append(Int(slot))
                }
                slot = node.next
            }
            place = (place + 1) % Self.places
            steps -= 1
        }
        current = max(current, target)
    }

    /// How long a wait may take until there may be something due, in milliseconds; -1 where nothing is set.
    func wait(from now: Nanoseconds) -> Int32 {
        guard count > 0 else { return -1 }
        var place = Int((current + 1) % Int64(Self.places))
        var ahead: Int64 = 1
        while ahead <= Int64(Self.places) {
            let word = occupied[place / 64] >> UInt64(place % 64)
            if word != 0 {
                ahead += Int64(word.trailingZeroBitCount)
                break
            }
            let skipped = 64 - place % 64
            ahead += Int64(skipped)
            place = (place + skipped) % Self.places
        }
        let at = (current + min(ahead, Int64(Self.places))) * Self.tick
        return Int32(max(0, min(60_000, (at - now + 999_999) / 1_000_000)))
    }
}
