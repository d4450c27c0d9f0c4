// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetEvaluation
import LinnetNumerics

/// Does federation help a machine? Puts side by side what it learns alone and with others, while it has little of its own and
/// when it has much.
///
/// One machine after the other is the one that has come last: it has only its newest hours, the others have all of theirs.
/// What it detects is measured on its own test by VUS-PR, which needs no threshold.
public struct FederationComparison: Sendable {
    public let fleet: RecordedFleet
    public let settings: ComparisonSettings
    public let threads: Int
    /// What a machine has of its own, one part of the table each.
    public let spans: [Span]

    public init(
        fleet: RecordedFleet, settings: ComparisonSettings = ComparisonSettings(), threads: Int = 1,
        spans: [Span] = Span.compared
    ) {
        self.fleet = fleet
        self.settings = settings
        self.spans = spans
        self.threads = max(1, threads)
    }

    /// How much of its own a machine has.
    public enum Span: Sendable, Equatable {
        case hours(Int)
        case all

        /// Those of the table.
        public static let compared: [Span] = [.hours(12), .hours(48), .hours(168), .all]

        var hours: Int? { if case .hours(let hours) = self { hours } else { nil } }

        public var name: String {
            switch self {
            case .hours(let hours): hours < 48 ? "\(hours) h" : "\(hours / 24) d"
            case .all: "all"
            }
        }
    }

    /// A way to learn.
    public enum Method: String, Sendable, CaseIterable, Codable {
        case local = "local only"
        case federated = "federated"
        case fineTuned = "federated, fine-tuned"
        case shared = "federated, shared scaling"
        case clustered = "clustered"
        case clusteredFineTuned = "clustered, fine-tuned"
        case centralised = "centralised"
        /// What the machine chooses of all but the last by its held-back normal rows.
        case chosen = "chosen"
    }

    /// One line of the table.
    public struct Row: Sendable, Equatable, Codable {
        public var ownData: String
        public var method: String
        /// VUS-PR of each machine, in the order of their names, and the mean.
        public var values: [Double]
        public var mean: Double
        /// Machines for which it is worse than learning alone, by more than ``tolerance``.
        public var worse: Int
        /// By how much it is worse for the machine that it serves worst; 0 where it is for none.
        public var shortfall: Double
    }

    /// What is less is the draw of the first weights: learned alone from three seeds, the values of a server of SMD have a
    /// standard deviation of 0.01 on average, and of 0.03 at most.
    public static let tolerance = 0.02

    /// Computes the table.
    ///
    /// - Parameter progress: called when a machine is done, with how many there are.
    public func run(progress: @Sendable (Int, Int) -> Void) async throws -> [Row] {
        let tasks = spans.flatMap { span in fleet.machines.indices.map { (span, $0) } }
        var results: [[Method: Double]] = []
        results.reserveCapacity(tasks.count)
        var next = 0
        while next < tasks.count {
            let batch = tasks[next..<min(next + threads, tasks.count)]
            results += try await withThrowingTaskGroup(of: (Int, [Method: Double]).self) { group in
                for (position, task) in batch.enumerated() {
                    group.addTask { (position, try judge(machine: task.1, span: task.0)) }
                }
                var part: [(Int, [Method: Double])] = []
                for try await result in group { part.append(result) }
                return part.sorted { $0.0 < $1.0 }.map(\.1)
            }
            next += batch.count
            progress(next, tasks.count)
        }
        let machines = fleet.machines.count
        return spans.enumerated().flatMap { number, span in
            table(Array(results[number * machines..<(number + 1) * machines]), span)
        }
    }

    private func table(_ results: [[Method: Double]], _ span: Span) -> [Row] {
        Method.allCases.map { method in
            let values = results.map { $0[method] ?? 0 }
            let losses = results.map { ($0[.local] ?? 0) - ($0[method] ?? 0) }
            return Row(
                ownData: span.name, method: method.rawValue, values: values,
                mean: values.reduce(0, +) / Double(values.count), worse: losses.count { $0 > Self.tolerance },
                shortfall: max(0, losses.max() ?? 0))
        }
    }

    /// All ways for one machine that has only its newest rows.
    private func judge(machine: Int, span: Span) throws -> [Method: Double] {
        let own = newest(fleet.machines[machine].training, span)
        let rows = fleet.machines.enumerated().map {
            $0.offset == machine ? thinned(own) : thinned($0.element.training)
        }
        let training = try RowTraining(channels: fleet.channelCount, settings: settings)
        let moments = rows.map(Scaling.moments)
        let scalings = moments.map { Scaling($0) }
        let pooled = moments.dropFirst().reduce(into: moments[0]) { sum, next in
            for channel in sum.indices { sum[channel].merge(next[channel]) }
        }
        let shared = Scaling(pooled)
        let scaled = zip(scalings, rows).map { $0.standardize($1) }
        let sharedRows = rows.map { shared.standardize($0) }
        func model(_ parameters: ParameterVector, _ scaling: Scaling) -> RowModel {
            RowModel(network: training.network, parameters: parameters, scaling: scaling)
        }

        let together = try training.together(scaled)
        let cluster = try training.clustered(scaled, clusters: clusters)[machine]
        let everything = Matrix(
            rows: sharedRows.reduce(0) { $0 + $1.rows }, columns: fleet.channelCount,
            values: sharedRows.flatMap { $0.values })
        let mine = scalings[machine]
        let models: [(Method, RowModel)] = [
            (.shared, model(try training.together(sharedRows), shared)),
            (.federated, model(together, mine)),
            (.clustered, model(cluster, mine)),
            (.clusteredFineTuned, model(try training.fineTuned(cluster, scaled[machine]), mine)),
            (.fineTuned, model(try training.fineTuned(together, scaled[machine]), mine)),
            (.local, model(try training.alone(scaled[machine]), mine)),
            (.centralised, model(try training.alone(everything), shared)),
        ]
        var values: [Method: Double] = [:]
        for (method, model) in models { values[method] = quality(of: model, machine) }
        let isNew = span.hours.map { $0 < settings.settledHours } ?? false
        let first: Method = isNew && Scaling.isShareable(moments) ? .shared : .local
        // What has been seen of a new machine says little of its spread.
        let scale = first == .shared ? shared.scale : mine.scale
        var candidates = [first]
        if hoursHeld(of: own) >= settings.evidenceHours {
            candidates += Method.allCases.filter { ![first, .shared, .centralised, .chosen].contains($0) }
        }
        let held = rows[machine].rows(rows[machine].rows * 4 / 5..<rows[machine].rows)
        let choice = ModelChoice(held: held, scale: scale, seed: settings.seed)
        let known = Dictionary(uniqueKeysWithValues: models)
        values[.chosen] = values[candidates[choice.best(of: candidates.compactMap { known[$0] })]]
        return values
    }

    /// The hours that the rows cover which a machine holds back from its own.
    private func hoursHeld(of own: Matrix) -> Int { own.rows / 5 * fleet.intervalSeconds / 3600 }

    private var clusters: Int { settings.clusters > 0 ? settings.clusters : fleet.machines.count / 2 + 1 }

    private func quality(of model: RowModel, _ machine: Int) -> Double {
        let machine = fleet.machines[machine]
        let scores = model.scores(of: machine.test, smoothing: settings.smoothing)
        return VolumeUnderSurface(labels: machine.labels, scores: scores)?.pr ?? 0
    }

    private func newest(_ rows: Matrix, _ span: Span) -> Matrix {
        guard case .hours(let hours) = span else { return rows }
        return rows.rows(max(0, rows.rows - max(50, hours * 3600 / fleet.intervalSeconds))..<rows.rows)
    }

    private func thinned(_ rows: Matrix) -> Matrix {
        let step = (rows.rows + settings.maximumRows - 1) / settings.maximumRows
        guard step > 1 else { return rows }
        let picked = stride(from: 0, to: rows.rows, by: step)
        return Matrix(
            rows: (rows.rows + step - 1) / step, columns: rows.columns, values: picked.flatMap { rows.row($0) })
    }
}
