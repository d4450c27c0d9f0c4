// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The paths of all fields of a JSON value, such as `model.plan.bytes`.
///
/// A decoder passes over fields that it does not know. Where such a field may be an order, that is not good enough: compare
/// what stands in the bytes with what stands in the value that was read.
struct FieldNames: Decodable, Equatable {
    private(set) var paths: Set<String> = []

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Key.self) {
            for key in object.allKeys {
                let inner = try object.decodeNil(forKey: key) ? [] : object.decode(FieldNames.self, forKey: key).paths
                paths.insert(key.stringValue)
                paths.formUnion(inner.map { "\(key.stringValue).\($0)" })
            }
        } else if var list = try? decoder.unkeyedContainer() {
            // The items of a list are of one kind, so that their fields have one path.
            while !list.isAtEnd { paths.formUnion(try list.decode(FieldNames.self).paths) }
        }
    }

    /// - Throws: ``WireError/unknownField(_:)`` naming the first field of `bytes` that `value` does not have.
    static func expectNone(beyond value: some Encodable, in bytes: Data) throws(WireError) {
        let (found, known): (FieldNames, FieldNames)
        do {
            found = try JSONDecoder().decode(FieldNames.self, from: bytes)
            known = try JSONDecoder().decode(FieldNames.self, from: try Wire.encode(value))
        } catch {
            throw .malformed(what: "\(type(of: value))", reason: "\(error)")
        }
        guard let extra = found.paths.subtracting(known.paths).min() else { return }
        throw .unknownField(String(extra.prefix(80)))
    }
}
