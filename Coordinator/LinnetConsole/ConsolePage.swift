// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore

/// The web console: one page that asks the API and draws what it says. Its files are inside the program.
enum ConsolePage {
    /// One file of the page.
    struct File: Sendable {
        let path: String
        let contentType: String
        let bytes: [UInt8]
    }

    static let files: [File] = [
        File(path: "/", contentType: html, bytes: PackageResources.index_html),
        File(path: "/console/console.css", contentType: "text/css; charset=utf-8", bytes: PackageResources.console_css),
        script("console", PackageResources.console_js), script("dom", PackageResources.dom_js),
        script("chart", PackageResources.chart_js), script("fleet", PackageResources.fleet_js),
        script("anomalies", PackageResources.anomalies_js), script("learning", PackageResources.learning_js),
        script("rollouts", PackageResources.rollouts_js), script("log", PackageResources.log_js),
    ]

    private static let html = "text/html; charset=utf-8"

    private static func script(_ name: String, _ bytes: [UInt8]) -> File {
        File(path: "/console/\(name).js", contentType: "text/javascript; charset=utf-8", bytes: bytes)
    }

    /// Adds a route for each file.
    static func add(to router: Router<BasicRequestContext>) {
        for file in files { router.get(RouterPath(file.path)) { _, _ in response(file) } }
    }

    /// The page may load and ask for nothing but what comes from here, and nobody may frame it.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'"

    private static func response(_ file: File) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = file.contentType
        headers[.cacheControl] = "no-cache"
        headers[.contentSecurityPolicy] = policy
        headers[.xContentTypeOptions] = "nosniff"
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }
}
