// swift-tools-version:6.2
import PackageDescription

/// `./dev fuzz` builds all that it fuzzes with coverage counters and the address sanitizer.
let isFuzzing = Context.environment["PORTCULLIS_FUZZ"] != nil

/// `./dev bench` measures some look-ups inside the process.
let isBenchmarking = Context.environment["PORTCULLIS_BENCHMARKS"] != nil

/// The one array of settings that every Swift target uses.
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
    ] + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : [])

/// A Swift target and the test target of the same name that covers it.
func tested(_ name: String, _ dependencies: [Target.Dependency] = [], tests: [Target.Dependency] = []) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, swiftSettings: settings),
        .testTarget(
            name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies + tests, swiftSettings: settings),
    ]
}

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let layer0: [Target] =
    tested("Locking") + tested("PeerText") + [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "CPlatform", dependencies: ["COpenSSL"]),
        .target(name: "CCurlOptions", dependencies: ["CCurl"]),
    ]

let layer1 =
    tested("WebSocketProtocol", ["PeerText"])
    + tested("PolicyModel")
    + tested("Tokens", ["Locking", "PeerText"])

let layer2: [Target] =
    tested("PolicyFile", ["PolicyModel", "CLibYAML", "Inspection"])
    + tested("Crypto", ["COpenSSL", "CPlatform", "Locking", "Tokens"], tests: [.target(name: "CAllocationCount")])
    + tested("TokenStore", ["Tokens", grdb], tests: ["Crypto"])
    + tested("HTTPClient", ["CCurl", "CCurlOptions", "WebSocketProtocol", "Locking"])
    + [
        .target(
            name: "CInspection",
            cxxSettings: isFuzzing ? [.unsafeFlags(["-fsanitize=fuzzer-no-link,address"])] : [],
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("re2")])
    ]
    + tested("Inspection", ["CInspection"], tests: [.target(name: "CAllocationCount")])
    + tested("Compression", ["CZlib"])

let layer3 = tested("Middleware", ["WebSocketProtocol", "PolicyModel", "Tokens", "Inspection", "Locking"])

let layer4 = tested(
    "Engine",
    [
        "WebSocketProtocol", "PolicyModel", "Tokens", "Crypto", "TokenStore", "Middleware", "Inspection", "Locking",
        "HTTPClient", "Compression", "CPlatform", logging,
    ], tests: [.target(name: "CAllocationCount"), .target(name: "CZlib")])

/// Counts allocations, for tests that show that there are none. No part of the product.
let testSupport = Target.target(
    name: "CAllocationCount", dependencies: ["CPlatform"], path: "Tests/Support/CAllocationCount")

/// Programs that measure. No part of the product.
let benchmarks: [Target] = [
    .executableTarget(
        name: "handshakes", dependencies: ["COpenSSL", "Crypto"], path: "Benchmarks/Handshakes",
        swiftSettings: settings)
]

/// What is fuzzed, as functions; the tests feed them every file of the corpora.
let fuzzed: [Target] = [
    .target(
        name: "FuzzTargets",
        dependencies: [
            "WebSocketProtocol", "PolicyModel", "PolicyFile", "Tokens", "Crypto", "Middleware", "Inspection",
            "Compression",
        ], path: "Tests/Fuzz/FuzzTargets", swiftSettings: settings),
    .testTarget(
        name: "CorpusTests", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/CorpusTests", swiftSettings: settings),
]

/// libFuzzer around them. gold, SwiftPM's linker of choice, cannot link the sanitizer.
let fuzzer: [Target] = [
    .executableTarget(
        name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Driver", swiftSettings: settings,
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
]

/// Look-ups that `./dev bench` measures, and what the token store takes for one use.
let lookUps: [Target] = [
    .executableTarget(
        name: "lookups", dependencies: ["PolicyModel", "Tokens"], path: "Benchmarks/Lookups", swiftSettings: settings),
    .executableTarget(
        name: "uses", dependencies: ["TokenStore"], path: "Benchmarks/Uses", swiftSettings: settings),
]

let layer5: [Target] =
    tested(
        "Portcullis",
        [
            "WebSocketProtocol", "PolicyModel", "PolicyFile", "Tokens", "Crypto", "TokenStore", "Middleware", "Engine",
            "CPlatform", "Locking", argumentParser, logging,
        ])
    + [.executableTarget(name: "PortcullisTool", dependencies: ["Portcullis"], swiftSettings: settings)]

let package = Package(
    name: "portcullis",
    products: [
        .executable(name: "portcullis", targets: ["PortcullisTool"]),
        .library(name: "Portcullis", targets: ["Portcullis"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: layer0 + layer1 + layer2 + layer3 + layer4 + layer5 + [testSupport] + benchmarks + fuzzed
        + (isFuzzing ? fuzzer : []) + (isBenchmarking ? lookUps : []),
    cxxLanguageStandard: .cxx17
)
