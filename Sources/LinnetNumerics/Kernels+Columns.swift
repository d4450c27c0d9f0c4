// SPDX-License-Identifier: Apache-2.0

import CKernels

extension Kernels {
    /// Sorts every column of a block `[rows,width]`, all finite, in place, as far as the network was made for.
    public static func sortColumns(_ block: UnsafeMutablePointer<Float>, width: Int, by network: SortingNetwork) {
        network.comparators.withUnsafeBufferPointer {
            linnet_sort_columns($0.baseAddress, $0.count, block, width)
        }
    }

    /// Replaces every row of a block `[rows,width]` by the mean of some rows, each sum added up in Double.
    ///
    /// - Parameter sums: room for `8 rows` numbers.
    public static func mixRows(
        _ block: UnsafeMutablePointer<Float>, width: Int, by groups: RowGroups, sums: UnsafeMutablePointer<Double>
    ) {
        groups.masks.withUnsafeBufferPointer {
            guard let masks = $0.baseAddress else { return }
            linnet_mix_rows(block, groups.rows, width, masks, groups.size, sums)
        }
    }

    /// Which rows make up the mean of each row, in the form that ``Kernels/mixRows(_:width:by:sums:)`` takes.
    ///
    /// With n rows and means of k a mean each is `n k` additions a column. The means share rows, so rows go in groups of
    /// six whose 64 partial sums are made once: `n² / 6` additions. None of them is a subtraction, in which a huge value
    /// would take the small ones with it.
    public struct RowGroups: Sendable {
        /// Number of rows, n.
        public let rows: Int
        /// How many rows make up each mean.
        public let size: Int
        let masks: [UInt8]

        /// - Parameter members: for each row the rows that its mean is of, `[n][size]`, none twice.
        public init(members: [[Int]]) {
            rows = members.count
            size = members.first?.count ?? 0
            let (groupRows, groups) = (Int(LINNET_GROUP_ROWS), Int(LINNET_GROUPS_AT_ONCE))
            let blockRows = groupRows * groups
            var masks = [UInt8](repeating: 0, count: (rows + blockRows - 1) / blockRows * rows * groups)
            for (row, members) in members.enumerated() {
                precondition(members.count == size, "every mean is of \(size) rows, got \(members.count)")
                for member in members {
                    let (block, place) = (member / blockRows, member % blockRows)
                    masks[(block * rows + row) * groups + place / groupRows] |= 1 << UInt8(place % groupRows)
                }
            }
            self.masks = masks
        }
    }
}
