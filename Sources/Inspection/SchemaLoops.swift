/// Finds schemas that apply themselves to the same value, which would never end: `{"$ref": "#"}`.
struct SchemaLoops {
    private enum State {
        case new
        case open
        case done
    }

    /// The first rule found that leads back to itself without going into an element or a member. Linear in the program;
    /// nothing recurses.
    static func first(in program: SchemaProgram) -> Int? {
        var states = [State](repeating: .new, count: program.rules.count)
        for start in program.rules.indices where states[start] == .new {
            var path = [(rule: start, next: targets(of: start, in: program))]
            states[start] = .open
            while let last = path.indices.last {
                guard let target = path[last].next.popLast() else {
                    states[path[last].rule] = .done
                    path.removeLast()
                    continue
                }
                switch states[target] {
                case .open: return target
                case .done: break
                case .new:
                    states[target] = .open
                    path.append((target, targets(of: target, in: program)))
                }
            }
        }
        return nil
    }

    /// The rules that a rule applies to the same value.
    private static func targets(of index: Int, in program: SchemaProgram) -> [Int] {
        let rule = program.rules[index]
        var targets: [Int32] = []
        for application in program.applied[Int(rule.appliedStart)..<Int(rule.appliedEnd)] {
            switch application.kind {
            case .reference, .all, .not: targets.append(application.first)
            case .any, .one: targets += program.lists[Int(application.first)..<Int(application.second)]
            case .condition: targets += [application.first, application.second, application.third]
            // These go into elements and members.
            case .unevaluatedItems, .unevaluatedProperties: break
            }
        }
        if rule.object >= 0 {
            let object = program.objects[Int(rule.object)]
            targets += program.dependencies[Int(object.dependenciesStart)..<Int(object.dependenciesEnd)].map(\.rule)
        }
        return targets.filter { $0 >= 0 }.map(Int.init)
    }
}
