// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
//
// The house of Linnet. Every module stands on a floor and may only import modules of a lower floor;
// `room` refuses anything else when the manifest is read, so an upward import can not even be built.

import PackageDescription

// MARK: - Packages that Linnet uses, each with its reason

let packages: [Package.Dependency] = [
    // The operator's commands: parsing, help and "did you mean".
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Ed25519 and SHA-256.
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // Services that start in order and end in reverse, on signals.
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // SQLite: migrations, transactions, one writer per database.
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // The coordinator's local HTTP API.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    // What Hummingbird's own interface is made of: status codes and fields, the address a server got.
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    // The simulation's queue of events: a heap.
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    // Configuration files: keeps the line of every value, so an error can name it.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
]

func package(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package)
}

let argumentParser = package("ArgumentParser", "swift-argument-parser")
let crypto = package("Crypto", "swift-crypto")
let logging = package("Logging", "swift-log")
let lifecycle = package("ServiceLifecycle", "swift-service-lifecycle")
let signals = package("UnixSignals", "swift-service-lifecycle")
let grdb = package("GRDB", "GRDB.swift")
let hummingbird = package("Hummingbird", "hummingbird")
let httpTypes = package("HTTPTypes", "swift-http-types")
let nioCore = package("NIOCore", "swift-nio")
let heap = package("HeapModule", "swift-collections")
let yams = package("Yams", "Yams")

// MARK: - The floors

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// The floor of every room that has been declared so far.
nonisolated(unsafe) var floors: [String: Int] = ["COpenBLAS": 0, "CMosquitto": 0, "CKernels": 0]

/// Declares one module, and refuses an import that does not go down.
func room(
    _ name: String, floor: Int, path: String, over rooms: [String] = [], uses products: [Target.Dependency] = [],
    executable: Bool = false, exclude: [String] = [], embeds files: [String] = []
) -> Target {
    for room in rooms {
        guard let below = floors[room] else {
            fatalError("Package.swift: \(name) imports \(room), which is not declared above it")
        }
        guard below < floor else {
            fatalError("Package.swift: \(name) (floor \(floor)) imports \(room) (floor \(below)); imports only go down")
        }
    }
    floors[name] = floor
    let dependencies = rooms.map { Target.Dependency.target(name: $0) } + products
    return executable
        ? .executableTarget(
            name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: settings)
        : .target(
            name: name, dependencies: dependencies, path: path, exclude: exclude,
            resources: files.map { .embedInCode($0) }, swiftSettings: settings)
}

let house: [Target] = [
    // Floor 0: doors to the two C libraries, and loops that Swift can not compile for several processors at once.
    .systemLibrary(
        name: "COpenBLAS", path: "Sources/COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
        name: "CMosquitto", path: "Sources/CMosquitto", pkgConfig: "libmosquitto",
        providers: [.apt(["libmosquitto-dev"])]),
    .target(
        name: "CKernels", path: "Sources/CKernels",
        // Without it, tests that train networks in a debug build would wait for these loops and for nothing else.
        cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),

    // Floor 1: values.
    room("LinnetDomain", floor: 1, path: "Sources/LinnetDomain"),
    room("LinnetNumerics", floor: 1, path: "Sources/LinnetNumerics", over: ["COpenBLAS", "CKernels"]),
    room("LinnetConfiguration", floor: 1, path: "Sources/LinnetConfiguration", uses: [yams]),

    // Floor 2: rules over values.
    room("LinnetNN", floor: 2, path: "Sources/LinnetNN", over: ["LinnetNumerics"]),
    room("LinnetFederation", floor: 2, path: "Sources/LinnetFederation", over: ["LinnetDomain", "LinnetNumerics"]),
    room(
        "LinnetMessaging", floor: 2, path: "Sources/LinnetMessaging", over: ["LinnetDomain", "LinnetNumerics"],
        uses: [crypto], exclude: ["asyncapi.yaml"]),

    // Floor 3: detection, and messages over a real broker.
    room(
        "LinnetDetection", floor: 3, path: "Sources/LinnetDetection",
        over: ["LinnetDomain", "LinnetNumerics", "LinnetNN"]),
    room(
        "LinnetMQTT", floor: 3, path: "Sources/LinnetMQTT",
        over: ["LinnetConfiguration", "LinnetMessaging", "CMosquitto"],
        uses: [logging, lifecycle]),

    // What a model is, in the words of configuration files.
    room(
        "LinnetModelConfiguration", floor: 3, path: "Sources/LinnetModelConfiguration",
        over: ["LinnetConfiguration", "LinnetNumerics", "LinnetNN"]),

    // Floor 4: the judge of detection, and the two sides.
    room(
        "LinnetEvaluation", floor: 4, path: "Sources/LinnetEvaluation",
        over: [
            "LinnetDomain", "LinnetNumerics", "LinnetConfiguration", "LinnetNN", "LinnetFederation", "LinnetDetection",
        ]),
    room(
        "LinnetEdge", floor: 4, path: "Edge/LinnetEdge",
        over: [
            "LinnetDomain", "LinnetNumerics", "LinnetConfiguration", "LinnetNN", "LinnetFederation",
            "LinnetMessaging", "LinnetDetection", "LinnetModelConfiguration",
        ],
        uses: [grdb, logging, lifecycle]),
    room(
        "LinnetFleet", floor: 4, path: "Coordinator/LinnetFleet",
        over: [
            "LinnetDomain", "LinnetNumerics", "LinnetConfiguration", "LinnetNN", "LinnetFederation",
            "LinnetMessaging", "LinnetModelConfiguration",
        ],
        uses: [logging, lifecycle]),

    // Floor 5: what the coordinator is made of besides its decisions.
    room(
        "LinnetStore", floor: 5, path: "Coordinator/LinnetStore",
        over: ["LinnetDomain", "LinnetNumerics", "LinnetMessaging", "LinnetFleet"], uses: [grdb]),
    room(
        "LinnetConsole", floor: 5, path: "Coordinator/LinnetConsole",
        over: ["LinnetDomain", "LinnetMessaging", "LinnetFleet"],
        uses: [hummingbird, httpTypes, nioCore, logging, lifecycle],
        embeds: [
            "index.html", "console.css", "console.js", "dom.js", "chart.js", "fleet.js", "anomalies.js", "learning.js",
            "rollouts.js", "log.js",
        ].map { "Page/\($0)" }),
    room(
        "LinnetSimulation", floor: 5, path: "Sources/LinnetSimulation",
        over: [
            "LinnetDomain", "LinnetNumerics", "LinnetNN", "LinnetFederation", "LinnetMessaging", "LinnetDetection",
            "LinnetEvaluation", "LinnetEdge", "LinnetFleet",
        ],
        uses: [heap, crypto]),

    // Floor 6: composition roots.
    room(
        "linnet-edge", floor: 6, path: "Edge/linnet-edge",
        over: [
            "LinnetDomain", "LinnetNumerics", "LinnetConfiguration", "LinnetMessaging", "LinnetDetection",
            "LinnetMQTT", "LinnetEdge",
        ],
        uses: [argumentParser, logging, lifecycle, signals], executable: true),
    room(
        "linnet-coordinator", floor: 6, path: "Coordinator/linnet-coordinator",
        over: [
            "LinnetDomain", "LinnetNumerics", "LinnetConfiguration", "LinnetMessaging", "LinnetMQTT", "LinnetFleet",
            "LinnetStore", "LinnetConsole",
        ],
        uses: [argumentParser, logging, lifecycle, signals], executable: true),
    room(
        "linnet", floor: 6, path: "Sources/linnet",
        over: [
            "LinnetDomain", "LinnetNumerics", "LinnetConfiguration", "LinnetMessaging", "LinnetDetection",
            "LinnetNN", "LinnetFederation", "LinnetModelConfiguration", "LinnetEdge", "LinnetFleet",
            "LinnetSimulation", "LinnetEvaluation",
        ],
        uses: [argumentParser, grdb], executable: true),
]

// MARK: - Tests mirror the modules

func tests(
    _ module: String, with others: [String] = [], uses products: [Target.Dependency] = [],
    exclude: [String] = []
) -> Target {
    .testTarget(
        name: module + "Tests",
        dependencies: ([module, "LinnetTestKit"] + others).map { .target(name: $0) } + products,
        path: "Tests/\(module)Tests", exclude: exclude, swiftSettings: settings)
}

let testing: [Target] = [
    .target(
        name: "LinnetTestKit", dependencies: ["LinnetDomain", "LinnetNumerics", "LinnetMessaging"],
        path: "Tests/LinnetTestKit", swiftSettings: settings),
    // Handwritten digits and the networks that learn them, for tests and for the benchmark.
    .target(
        name: "LinnetTestDigits", dependencies: ["LinnetNumerics", "LinnetNN"], path: "Tests/LinnetTestDigits",
        swiftSettings: settings),
    // Counts what the process allocates, by standing in front of malloc.
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    tests("LinnetDomain", with: ["LinnetNumerics"]),
    tests("LinnetConfiguration"),
    tests("LinnetNumerics"),
    tests("LinnetNN", with: ["LinnetNumerics", "LinnetTestDigits", "CAllocationCounter"], exclude: ["Vectors"]),
    tests("LinnetFederation", with: ["LinnetDomain", "LinnetNumerics"]),
    tests("LinnetMessaging", with: ["LinnetDomain"], uses: [yams]),
    tests("LinnetDetection", with: ["LinnetDomain", "LinnetNumerics", "LinnetNN", "CAllocationCounter"]),
    tests(
        "LinnetEvaluation", with: ["LinnetDomain", "LinnetNumerics", "LinnetConfiguration", "LinnetDetection"],
        exclude: ["Vectors"]),
    tests("LinnetMQTT", with: ["LinnetDomain", "LinnetNumerics", "LinnetMessaging"], uses: [logging]),
    tests(
        "LinnetEdge",
        with: [
            "LinnetDomain", "LinnetNumerics", "LinnetConfiguration", "LinnetNN", "LinnetFederation", "LinnetMessaging",
            "LinnetDetection", "LinnetModelConfiguration",
        ],
        uses: [grdb, logging]),
    tests(
        "LinnetFleet",
        with: [
            "LinnetDomain", "LinnetNumerics", "LinnetNN", "LinnetConfiguration", "LinnetFederation",
            "LinnetMessaging",
        ], uses: [logging]),
    tests(
        "LinnetStore",
        with: ["LinnetDomain", "LinnetNumerics", "LinnetNN", "LinnetFederation", "LinnetMessaging", "LinnetFleet"],
        uses: [grdb, logging]),
    tests(
        "LinnetConsole", with: ["LinnetDomain", "LinnetMessaging", "LinnetFleet", "LinnetStore"],
        uses: [package("HummingbirdTesting", "hummingbird"), httpTypes, nioCore, logging]),
    tests(
        "LinnetSimulation",
        with: [
            "LinnetDomain", "LinnetNumerics", "LinnetNN", "LinnetFederation", "LinnetDetection", "LinnetMessaging",
            "LinnetFleet",
        ]),
    .testTarget(
        name: "SystemTests",
        dependencies: [
            "LinnetTestKit", "LinnetDomain", "LinnetNumerics", "LinnetNN", "LinnetMessaging", "LinnetDetection",
            "LinnetSimulation", "linnet",
            grdb,
        ],
        path: "Tests/SystemTests", swiftSettings: settings),
    .executableTarget(
        name: "linnet-benchmark",
        dependencies: [
            "COpenBLAS", "CAllocationCounter", "LinnetDomain", "LinnetNumerics", "LinnetNN", "LinnetFederation",
            "LinnetMessaging", "LinnetFleet", "LinnetStore", "LinnetTestDigits", argumentParser, logging,
        ],
        path: "Tests/Benchmarks", exclude: ["peers", "footprint.sh"], swiftSettings: settings),
]

let package = Package(
    name: "linnet",
    products: [
        .executable(name: "linnet-edge", targets: ["linnet-edge"]),
        .executable(name: "linnet-coordinator", targets: ["linnet-coordinator"]),
        .executable(name: "linnet", targets: ["linnet"]),
    ],
    dependencies: packages,
    targets: house + testing
)
