// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Puts values that go together into groups of limited size: the single-linkage tree of their correlation distances
/// `1 - r`, cut from the top wherever a branch is still too large (Mirsky et al. 2018, section V.A).
enum CorrelationClusters {
    /// - Parameters:
    ///   - windows: `[windows, D]`, at least 1.
    ///   - maximum: the most columns of a group, at least 1.
    /// - Returns: every column in exactly one group; groups and their columns in ascending order.
    static func groups(of windows: Matrix, maximum: Int) -> [[Int]] {
        let count = windows.columns
        guard count > maximum else { return [Array(0..<count)] }
        var branches = (0..<count).map { [$0] }
        var branchOf = Array(0..<count)
        var children: [Int: (Int, Int)] = [:]
        for edge in spanningTree(standardized(windows)) {
            let (left, right) = (branchOf[edge.from], branchOf[edge.to])
            children[branches.count] = (left, right)
            let merged = branches[left] + branches[right]
            for column in merged { branchOf[column] = branches.count }
            branches.append(merged)
        }
        var groups: [[Int]] = []
        var open = [branches.count - 1]
        while let branch = open.popLast() {
            if branches[branch].count > maximum, let (left, right) = children[branch] {
                open += [left, right]
            } else {
                groups.append(branches[branch].sorted())
            }
        }
        return groups.sorted { $0[0] < $1[0] }
    }

    private struct Edge {
        var from: Int
        var to: Int
        var distance: Double
    }

    /// Prim's algorithm; the edges come out from the shortest to the longest, which is the order in which single linkage
    /// joins branches.
    private static func spanningTree(_ columns: [[Float]]) -> [Edge] {
        var edges: [Edge] = []
        var nearest = columns.indices.map { Edge(from: 0, to: $0, distance: .infinity) }
        var isIn = [Bool](repeating: false, count: columns.count)
        var newest = 0
        for _ in 1..<columns.count {
            isIn[newest] = true
            var next = -1
            for column in columns.indices where !isIn[column] {
                let distance = 1 - dot(columns[newest], columns[column])
                if distance < nearest[column].distance {
                    nearest[column] = Edge(from: newest, to: column, distance: distance)
                }
                if next < 0 || nearest[column].distance < nearest[next].distance { next = column }
            }
            edges.append(nearest[next])
            newest = next
        }
        // By distance, and where that is equal by column: the order must not depend on the sort.
        return edges.sorted { ($0.distance, $0.to) < ($1.distance, $1.to) }
    }

    private static func dot(_ a: [Float], _ b: [Float]) -> Double {
        a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { Kernels.dot(a, $0) } }
    }

    /// The columns with mean 0 and length 1; one that never moves is 0 and goes together with none.
    private static func standardized(_ windows: Matrix) -> [[Float]] {
        (0..<windows.columns).map { column in
            let values = (0..<windows.rows).map { Double(windows[$0, column]) }
            let mean = values.reduce(0, +) / Double(values.count)
            let length = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
            return values.map { length > 1e-9 ? Float(($0 - mean) / length) : 0 }
        }
    }
}
