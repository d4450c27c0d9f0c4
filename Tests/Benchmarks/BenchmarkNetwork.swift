// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetNN

/// The networks that training is measured on; `peers/workload.py` has the same ones.
enum BenchmarkNetwork: String, CaseIterable, ExpressibleByArgument {
    case a1 = "A1"
    case a2 = "A2"
    case a3 = "A3"
    case a4 = "A4"
    case a5 = "A5"

    var architecture: NetworkArchitecture {
        switch self {
        case .a1: .denseAutoencoder(inputWidth: 38, hidden: [32, 16, 8], activation: .relu)
        case .a2: .denseAutoencoder(inputWidth: 8, hidden: [16, 4], activation: .relu)
        case .a3: .denseAutoencoder(inputWidth: 512, hidden: [128, 32], activation: .relu)
        // Convolutions with 32 and 16 filters of 7 samples over windows of 60 samples of 8 channels, and back.
        case .a4: .convolutionalAutoencoder(length: 60, channels: 8, filters: [32, 16], kernel: 7, stride: 2)
        // An LSTM of 100 units over windows of 10 samples of 8 channels, and another one back.
        case .a5: .recurrentAutoencoder(.lstm, length: 10, channels: 8, units: 100)
        }
    }

    var rows: Int {
        switch self {
        case .a1: 20_000
        case .a2: 10_000
        case .a3: 5_000
        case .a4, .a5: 2_000
        }
    }

    var batchSize: Int { self == .a3 ? 128 : 32 }
}
