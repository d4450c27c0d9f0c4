// SPDX-License-Identifier: Apache-2.0

import CAllocationCounter
import LinnetNN
import LinnetNumerics
import Testing

/// Counts what the thread of the test allocates, by `CAllocationCounter`, which stands in front of malloc.
@Suite("Allocations")
struct AllocationTests {
    private static let network = Result { try Network(ArchitectureTests.sensors) }

    // What every composition root does: OpenBLAS allocates for a product only if it shares it among threads.
    init() { BLAS.useOneThread() }

    private func inputs(_ rows: Int) -> Matrix {
        var generator = SeededGenerator(seed: 9)
        let width = ArchitectureTests.sensors.inputWidth
        return Matrix(rows: rows, columns: width, values: (0..<rows * width).map { _ in Float(generator.uniform()) })
    }

    @Test("the counter counts an array, and aligned memory")
    func control() {
        let before = linnet_allocation_count()
        var array = [UInt8](repeating: 1, count: Int.random(in: 1000...2000))
        let between = linnet_allocation_count()
        let memory = UnsafeMutableRawPointer.allocate(byteCount: array.count, alignment: 64)
        let after = linnet_allocation_count()
        array.withUnsafeMutableBytes { memory.copyMemory(from: $0.baseAddress ?? memory, byteCount: $0.count) }
        #expect(memory.load(as: UInt8.self) == 1)
        memory.deallocate()
        #expect(between > before)
        #expect(after > between)
    }

    @Test(
        "L-10 once training has started no step and no epoch allocates",
        arguments: [OptimizerDescription.adam, .momentum, .sgd], [Float(0), 0.1])
    func training(_ optimizer: OptimizerDescription, _ mu: Float) throws {
        let network = try Self.network.get()
        var parameters = network.initialParameters(seed: 1)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(epochs: 4, optimizer: optimizer, patience: 4, proximalMu: mu))
        // 1280 of 1600 rows are trained on: 40 batches of 32 in each epoch.
        let inputs = inputs(1600)
        var batches = 0
        var atFirst: UInt64 = 0
        var atLast: UInt64 = 0
        let correction = ParameterVector(repeating: 1e-3, count: parameters.count)
        _ = try trainer.fit(&parameters, inputs: inputs, correction: correction) {
            batches += 1
            // The first step lets OpenBLAS and the runtime set themselves up.
            if batches == 1 { atFirst = linnet_allocation_count() }
            atLast = linnet_allocation_count()
            return true
        }
        #expect(batches == 160)
        #expect(atLast - atFirst == 0, "\(atLast - atFirst) allocations in 159 steps and three epochs' ends")
    }

    @Test("reconstructing rows does not allocate", arguments: [1, 32])
    func reconstruction(_ rows: Int) throws {
        let network = try Self.network.get()
        let parameters = network.initialParameters(seed: 1)
        let workspace = Workspace(network: network, maximumBatch: 32)
        let inputs = inputs(rows)
        var sum: Float = 0
        let allocations = inputs.withUnsafeBufferPointer { x in
            sum += network.reconstruct(x, rows: rows, parameters: parameters, workspace: workspace)[0]
            let before = linnet_allocation_count()
            for _ in 0..<100 {
                sum += network.reconstruct(x, rows: rows, parameters: parameters, workspace: workspace)[0]
            }
            return linnet_allocation_count() - before
        }
        #expect(allocations == 0)
        #expect(sum.isFinite)
    }
}
