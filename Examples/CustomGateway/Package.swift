// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "CustomGateway",
    // Your own package names the repository and a version here:
    // .package(url: "https://github.com/…/portcullis", exact: "…")
    dependencies: [.package(name: "portcullis", path: "../..")],
    targets: [
        .executableTarget(
            name: "CustomGateway", dependencies: [.product(name: "Portcullis", package: "portcullis")],
            path: "Sources"),
        .testTarget(
            name: "CustomGatewayTests",
            dependencies: ["CustomGateway", .product(name: "Portcullis", package: "portcullis")], path: "Tests"),
    ]
)
