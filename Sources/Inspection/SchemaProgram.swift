internal import CInspection

/// A schema made ready: rules that name each other by index, in flat rows, so that none is retained or copied while a
/// message is validated. An index of -1 stands for none.
struct SchemaProgram: Sendable {
    var rules: [SchemaRule] = []
    /// What rules apply in place, a range for each.
    var applied: [SchemaApplication] = []
    /// The alternatives of `anyOf` and `oneOf`, and the schemas of `prefixItems`.
    var lists: [Int32] = []
    var numbers: [NumberRule] = []
    var strings: [StringRule] = []
    var arrays: [ArrayRule] = []
    var objects: [ObjectRule] = []
    var names: [SchemaName] = []
    var nameSlots: [Int32] = []
    var positions: [Int32] = []
    var dependencies: [Dependency] = []
    var patternRules: [PatternRule] = []
    var constants: [ConstantRule] = []
    var constantSlots: [Int32] = []
    var constantValues: [ConstantValue] = []
    var patterns: [Pattern] = []
}

/// Kinds of values as bits.
struct SchemaTypes: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let null = SchemaTypes(rawValue: 1)
    static let boolean = SchemaTypes(rawValue: 2)
    static let integer = SchemaTypes(rawValue: 4)
    static let fraction = SchemaTypes(rawValue: 8)
    static let string = SchemaTypes(rawValue: 16)
    static let array = SchemaTypes(rawValue: 32)
    static let object = SchemaTypes(rawValue: 64)
    static let all = SchemaTypes(rawValue: 127)
}

extension SchemaTypes {
    /// The one kind of a node.
    init(nodeKind: UInt32) {
        switch nodeKind {
        case INSPECTION_NODE_NULL.rawValue: self = .null
        case INSPECTION_NODE_FALSE.rawValue, INSPECTION_NODE_TRUE.rawValue: self = .boolean
        case INSPECTION_NODE_FRACTION.rawValue: self = .fraction
        case INSPECTION_NODE_STRING.rawValue: self = .string
        case INSPECTION_NODE_ARRAY.rawValue: self = .array
        case INSPECTION_NODE_OBJECT.rawValue: self = .object
        default: self = .integer
        }
    }
}

/// One schema. `true` and `{}` have no restriction.
struct SchemaRule: Sendable {
    /// The schema `false`, which nothing matches.
    var isFalse = false
    var types = SchemaTypes.all
    /// Whether it asks for more than a type.
    var isType = true
    var constant: Int32 = -1
    var enumeration: Int32 = -1
    var number: Int32 = -1
    var string: Int32 = -1
    var array: Int32 = -1
    var object: Int32 = -1
    var appliedStart: Int32 = 0
    var appliedEnd: Int32 = 0
}

/// A keyword that applies schemas to the same value.
struct SchemaApplication: Sendable {
    enum Kind: Sendable {
        /// `first` is the rule.
        case reference
        /// One of `allOf`: `first` is the rule.
        case all
        /// `first` to `second` of the lists.
        case any
        case one
        case not
        /// `first` is tried; `second` and `third` are for when it matches and when not.
        case condition
        case unevaluatedProperties
        case unevaluatedItems
    }

    var kind: Kind
    var first: Int32
    var second: Int32 = -1
    var third: Int32 = -1
}

struct NumberRule: Sendable {
    var minimum: NodeNumber?
    var maximum: NodeNumber?
    var exclusiveMinimum: NodeNumber?
    var exclusiveMaximum: NodeNumber?
    var multipleOf: DecimalDivisor?
}

/// Lengths in code points.
struct StringRule: Sendable {
    var minimum = 0
    var maximum = Int.max
    var pattern: Int32 = -1
}

struct ArrayRule: Sendable {
    var minimum = 0
    var maximum = Int.max
    var isUnique = false
    /// A range of the lists.
    var prefixStart: Int32 = 0
    var prefixEnd: Int32 = 0
    var items: Int32 = -1
    var contains: Int32 = -1
    var containsMinimum = 1
    var containsMaximum = Int.max
}

struct ObjectRule: Sendable {
    var minimum = 0
    var maximum = Int.max
    /// Every name that the schema has something to say about; its positions are the ones meant below.
    var names = NameTable()
    /// A range of `positions`.
    var requiredStart: Int32 = 0
    var requiredEnd: Int32 = 0
    /// A range of `dependencies`.
    var dependenciesStart: Int32 = 0
    var dependenciesEnd: Int32 = 0
    /// A range of `patternRules`.
    var patternsStart: Int32 = 0
    var patternsEnd: Int32 = 0
    var additional: Int32 = -1
    var propertyNames: Int32 = -1
}

/// Ranges of `names` and `nameSlots`. Open addressing, at most half full: a slot has a position from 1, or 0 for none.
struct NameTable: Sendable {
    var start: Int32 = 0
    var count: Int32 = 0
    var slotsStart: Int32 = 0
    /// The number of slots, a power of two, less 1; -1 where there are none.
    var mask: Int32 = -1
}

/// A name that the schema has something to say about.
struct SchemaName: Sendable {
    var hash: UInt32
    /// The node in the schema.
    var node: Int
    /// The rule of `properties`; -1 for none.
    var rule: Int32 = -1
}

/// A pattern of `patternProperties`, and its rule.
struct PatternRule: Sendable {
    var pattern: Int32
    var rule: Int32
}

/// A name whose presence asks for a range of `positions`, or for a rule.
struct Dependency: Sendable {
    var name: Int32
    var requiredStart: Int32 = 0
    var requiredEnd: Int32 = 0
    var rule: Int32 = -1
}

/// The values of `enum`, or the one of `const`: a range of `constantSlots`, which is a power of two long and at most half
/// full. A slot has a position in `constantValues` from 1, or 0 for none.
struct ConstantRule: Sendable {
    /// The kinds that the values are of.
    var types: SchemaTypes
    var slotsStart: Int
    var mask: Int
}

/// A value of `enum` or `const`: a node of the schema.
struct ConstantValue: Sendable {
    var hash: UInt64
    var node: Int
}
