// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDetection
import LinnetDomain

/// The options that say which columns of a CSV file are what.
struct LabInput: ParsableArguments {
    @Option(help: "The column whose numbers other than 0 mark anomalous rows; default anomaly, label and their like.")
    var labelColumn: String?

    @Option(help: "Columns that are no channels; text and further labels never are.")
    var ignore: [String] = []

    /// Reads a whole file.
    ///
    /// - Throws: ``CommandFailure`` with exit code 66 if it can not be read, or nothing in it can be a channel.
    func read(_ path: String) throws(CommandFailure) -> Recording {
        let layout = try CSVLayout.read(path, option: "--input", fewestRows: 2).0
        do throws(DetectionError) {
            return try Recording(
                reading: CSVReplaySettings(
                    path: path, timestampColumn: layout.timestampColumn, separator: layout.separator,
                    labelColumn: labelColumn ?? layout.labelColumn,
                    ignoredColumns: layout.ignoredColumns.filter { $0 != labelColumn } + ignore))
        } catch {
            throw CommandFailure(code: 66, description: "\(error)")
        }
    }

    /// Reads a whole file, its channels in the order of a contract; others are left out.
    func read(_ path: String, for contract: SignalContract) throws(CommandFailure) -> Recording {
        var recording = try read(path)
        var places: [Int] = []
        for channel in contract.channels {
            guard let place = recording.channels.firstIndex(where: { $0.name == channel.name }) else {
                let names = recording.channels.map(\.name).joined(separator: ", ")
                throw CommandFailure(
                    code: 66, description: "\(path): the model needs a channel \"\(channel.name)\"; there are \(names)")
            }
            places.append(place)
        }
        recording.channels = contract.channels
        for row in recording.samples.indices {
            let values = recording.samples[row].values
            recording.samples[row].values = places.map { values[$0] }
        }
        return recording
    }
}
