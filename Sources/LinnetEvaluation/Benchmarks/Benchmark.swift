// SPDX-License-Identifier: Apache-2.0

/// The public benchmarks that Linnet is measured on.
public enum Benchmark: String, Sendable, CaseIterable, Codable {
    case skab
    case smd
    case asd
    case nab
    case nasa
    case tep

    /// The name in full.
    public var title: String {
        switch self {
        case .skab: "Skoltech Anomaly Benchmark (SKAB)"
        case .smd: "Server Machine Dataset (SMD)"
        case .asd: "Application Server Dataset (ASD)"
        case .nab: "Numenta Anomaly Benchmark (NAB)"
        case .nasa: "NASA telemetry (MSL and SMAP)"
        case .tep: "Tennessee Eastman process (TEP)"
        }
    }

    /// What is learned from and what is judged, in one or two sentences.
    public var protocolText: String {
        switch self {
        case .skab:
            "Each file: learn from the first 400 rows, judge all later ones. Counts are pooled over the files, as on the "
                + "leaderboard; other columns are means over the files."
        case .smd, .asd:
            "Each machine: learn from the train file, judge the test file, which follows on it. Means over the machines."
        case .nab:
            "Each file: learn from its probation, the first 15 % or 750 rows, judge the rest as it streams by. The NAB "
                + "score counts one alarm an episode and pools the files; the threshold is the detector's own."
        case .nasa:
            "Each channel: learn from the train file, judge the test file. Means over the channels. Labels of this set "
                + "are doubtful; read it for robustness."
        case .tep:
            "Learn from the train file of normal operation, judge each fault's test file. Means over the files with a "
                + "fault; recall is the share of fault rows found."
        }
    }

    /// What a folder of the set holds.
    var expectedFiles: String {
        switch self {
        case .skab: "folders valve1, valve2 and other with *.csv files"
        case .smd: "machine-*.train.csv and machine-*.test.csv"
        case .asd: "omi-*.train.csv and omi-*.test.csv"
        case .nab: "combined_windows.json and the folders of *.csv files that it names"
        case .nasa: "*.train.csv and *.test.csv"
        case .tep: "d00.train.csv and d*.test.csv"
        }
    }

    /// Samples of a day, where the files' own times do not say it.
    var samplesPerDay: Double? {
        switch self {
        case .skab: 86_400
        case .smd: 1440
        case .asd: 288
        case .tep: 480
        case .nab, .nasa: nil
        }
    }
}
