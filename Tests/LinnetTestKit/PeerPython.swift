// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The Python that has the programs which read what Linnet writes; `Scripts/test` installs it.
public enum PeerPython {
    /// Its path, from the environment variable `LINNET_TEST_PYTHON`; `nil` where there is none.
    public static let path: String? = ProcessInfo.processInfo.environment["LINNET_TEST_PYTHON"].flatMap {
        FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
    }

    /// Why a test is left out that needs it.
    public static let missing = "LINNET_TEST_PYTHON names no Python with onnxruntime and safetensors; run Scripts/test"
}
