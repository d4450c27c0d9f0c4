// SPDX-License-Identifier: Apache-2.0

/// This software, as its programs name themselves and agents report it.
public enum Software {
    /// The version of all programs: they are built and released together.
    public static let version = "0.1.0"
}
