// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics
import Testing

@Suite("Classifiers")
struct ClassifierTests {
    /// Windows of the family tests: class 0 normal, class 1 with a fault, which is rare.
    private static func rows(_ normal: Int, _ faulty: Int, seed: UInt64) throws -> LabelledRows {
        var inputs = FamilyTests.windows(normal, seed: seed)
        let broken = FamilyTests.windows(faulty, faulty: true, seed: seed + 100)
        for row in 0..<faulty { inputs.appendRow(broken.row(row)) }
        let labels = [Int](repeating: 0, count: normal) + [Int](repeating: 1, count: faulty)
        return try LabelledRows(inputs: inputs, labels: labels, classes: 2).shuffled(seed: seed)
    }

    static let methods: [Balancing] = [
        .none, .classWeights, .oversampling, .undersampling, .jitter(), .generation(epochs: 60),
    ]

    @Test(
        "a rare fault is found by dense and convolutional classifiers, however the classes are balanced",
        arguments: [ModelFamily.classifier, .convolutionalClassifier], methods)
    func finds(_ family: ModelFamily, _ balancing: Balancing) throws {
        BLAS.useOneThread()
        let network = try Network(
            ModelDescription(family).architecture(length: FamilyTests.length, channels: FamilyTests.channels))
        let training = ClassifierTraining(
            network: network, settings: TrainingSettings(epochs: 40, learningRate: 3e-3, patience: 40),
            balancing: balancing)
        let rows = try Self.rows(600, 40, seed: 1)
        var parameters = network.initialParameters(seed: 2)
        let report = try training.fit(&parameters, to: rows)
        #expect(report.validationRows == 128)
        var again = network.initialParameters(seed: 2)
        _ = try training.fit(&again, to: rows)
        #expect(parameters == again)

        let test = try Self.rows(300, 300, seed: 2)
        let found = network.classes(of: test.inputs, parameters: parameters)
        // Without any help it misses more; what helps must reach 9 of 10 on classes of equal size.
        #expect(test.accuracy(of: found) > (balancing == .none ? 0.7 : 0.88))
        let shares = network.probabilities(of: test.inputs, parameters: parameters)
        for row in 0..<test.count {
            #expect(abs(shares[row, 0] + shares[row, 1] - 1) < 1e-5)
            #expect((shares[row, 1] > shares[row, 0]) == (found[row] == 1))
        }
    }

    @Test("balancing makes classes equal, keeps what was there, and weights are scikit-learn's balanced ones")
    func balances() throws {
        let rows = try LabelledRows(
            inputs: Matrix(rows: 7, columns: 1, values: [0, 1, 2, 3, 4, 5, 6]), labels: [0, 0, 1, 0, 0, 1, 0],
            classes: 3)
        #expect(rows.counts == [5, 2, 0])
        #expect(rows.balancedWeights == [Float(7.0 / 15), Float(7.0 / 6), 0])
        for method in Self.methods {
            let balanced = try rows.balanced(by: method, seed: 4)
            #expect(try rows.balanced(by: method, seed: 4) == balanced)
            switch method {
            case .none, .classWeights: #expect(balanced == rows)
            case .undersampling:
                #expect(balanced.counts == [2, 2, 0])
                #expect(balanced.inputs.values == balanced.inputs.values.sorted())
            case .oversampling, .jitter, .generation:
                #expect(balanced.counts == [5, 5, 0])
                #expect(balanced.inputs.rows(0..<7) == rows.inputs && balanced.labels.prefix(7) == rows.labels[...])
            }
        }
        let repeated = try rows.balanced(by: .oversampling, seed: 4).inputs.rows(7..<10).values
        #expect(repeated.allSatisfy { [2, 5].contains($0) })
        let noisy = try rows.balanced(by: .jitter(standardDeviation: 0.01), seed: 4).inputs.rows(7..<10).values
        #expect(noisy.allSatisfy { value in [2, 5].contains { $0 != value && abs($0 - value) < 0.1 } })
    }

    @Test("rows without a label, labels without a class and numbers out of their range are refused")
    func refused() throws {
        let inputs = Matrix(rows: 2, columns: 1)
        let error = #expect(throws: TrainingError.self) {
            try LabelledRows(inputs: inputs, labels: [0, 3], classes: 3)
        }
        #expect(error?.description == "training: the label of row 1 is 3; it must be 0 to 2")
        #expect(throws: TrainingError.self) { try LabelledRows(inputs: inputs, labels: [0], classes: 3) }
        #expect(throws: TrainingError.self) { try LabelledRows(inputs: inputs, labels: [0, 0], classes: 1) }
        let rows = try LabelledRows(inputs: inputs, labels: [0, 1], classes: 3)
        #expect(throws: TrainingError.self) { try rows.balanced(by: .jitter(standardDeviation: .nan), seed: 1) }
        #expect(throws: TrainingError.self) { try rows.balanced(by: .generation(epochs: 0), seed: 1) }
        let network = try Network(.classifier(inputWidth: 1, hidden: [2], classes: 2))
        var parameters = network.initialParameters(seed: 1)
        #expect(throws: TrainingError.self) {
            try ClassifierTraining(network: network, settings: TrainingSettings()).fit(&parameters, to: rows)
        }
        let none = try LabelledRows(inputs: Matrix(rows: 0, columns: 1), labels: [], classes: 2)
        #expect(throws: TrainingError.rowCount(found: 0, minimum: 1)) {
            try ClassifierTraining(network: network, settings: TrainingSettings()).fit(&parameters, to: none)
        }
    }
}
