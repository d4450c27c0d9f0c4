// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// One agent's work in a round: a function of its own data and the offer, so it can be done at any time, on any core.
struct TrainingJob: Sendable {
    let agent: Int
    let offer: RoundOffer
    /// The version to train from; absent in a statistics round.
    let base: Data?
    /// The agent's rows, if they have been kept.
    let rows: StandardizedRows?
    /// What the agent does to its windows first, if it is malicious.
    let poison: WindowPoison?

    /// The offer as it is followed: who poisons windows also takes the time to learn them well.
    var trainingOffer: RoundOffer {
        guard poison != nil else { return offer }
        var offer = offer
        offer.settings.epochs *= 5
        return offer
    }
}

/// What came of a ``TrainingJob``.
struct TrainingResult: Sendable {
    let job: TrainingJob
    /// What it was trained on, if it was.
    let rows: StandardizedRows?
    let answer: Result<RoundLearner.Answer, RoundFailure>
}

/// Does the work of many agents on a few cores.
///
/// The virtual clock says when an agent is done; when the work is computed matters to nobody. So it is left until the first
/// answer is needed, and then all that waits is computed at once.
struct TrainingPool: Sendable {
    let data: any FleetData
    let threads: Int
    let seed: UInt64

    /// - Returns: the results in the order of the jobs.
    func run(_ jobs: [TrainingJob]) async -> [TrainingResult] {
        await withTaskGroup(of: [(Int, TrainingResult)].self) { group in
            // Every n-th job: neighbours take equally long, so no core is left with all the long ones.
            for first in 0..<min(threads, jobs.count) {
                group.addTask {
                    stride(from: first, to: jobs.count, by: threads).map { ($0, result(of: jobs[$0])) }
                }
            }
            var results = [TrainingResult?](repeating: nil, count: jobs.count)
            for await part in group {
                for (position, result) in part { results[position] = result }
            }
            return results.compactMap { $0 }
        }
    }

    private func result(of job: TrainingJob) -> TrainingResult {
        let learner = RoundLearner(contract: data.contract, seed: seed &+ UInt64(job.agent))
        do throws(RoundFailure) {
            guard let file = job.base else {
                let answer = try learner.statistics(trainingData(of: job))
                return TrainingResult(job: job, rows: nil, answer: .success(answer))
            }
            let rows: StandardizedRows
            if let kept = job.rows { rows = kept } else { rows = try standardized(job, for: file) }
            let answer = try learner.train(rows, offer: job.trainingOffer, base: file) { true }
            return TrainingResult(job: job, rows: rows, answer: .success(answer))
        } catch {
            return TrainingResult(job: job, rows: job.rows, answer: .failure(error))
        }
    }

    private func trainingData(of job: TrainingJob) -> TrainingData {
        let windows = data.trainingWindows(of: job.agent)
        let learned = job.poison?.applied(to: windows, agent: job.agent) ?? windows
        return TrainingData(Self.device.map { [$0: learned] } ?? [:])
    }

    private func standardized(_ job: TrainingJob, for file: Data) throws(RoundFailure) -> StandardizedRows {
        let base: ModelArtifact
        do throws(ModelArtifactError) { base = try ModelArtifact(parsing: file) } catch { throw .base("\(error)") }
        return trainingData(of: job).standardized(
            scaler: base.scaler, heldOutShare: RoundLearner.validationShare)
    }

    private static let device = DeviceID(rawValue: "device")
}
