internal import PolicyModel

/// What is wrong with a part of a policy, found when it was to be put in force, and where it stands.
struct PlacedError: Error, CustomStringConvertible {
    let position: SourcePosition
    let what: String

    var description: String { "\(position): error: \(what)" }
}
