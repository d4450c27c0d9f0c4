// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The little of SVG and HTML that pictures are written in.
public enum SVG {
    /// A coordinate with one digit behind the point.
    public static func number(_ value: Double) -> String { String(format: "%.1f", value.isFinite ? value : 0) }

    /// A number as a person reads it, with no more digits than say something.
    static func label(_ value: Double) -> String { String(format: "%.3g", value.isFinite ? value : 0) }

    /// Text that can stand in HTML.
    public static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    /// A line of text at a place.
    static func text(_ text: String, x: Double, y: Double, anchor: String = "start") -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>"
    }
}
