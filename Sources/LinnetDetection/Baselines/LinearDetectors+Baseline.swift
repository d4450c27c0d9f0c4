// SPDX-License-Identifier: Apache-2.0

extension PrincipalComponentDetector: BaselineDetector {
    public var valueCount: Int { model.valueCount }
}

extension MahalanobisDetector: BaselineDetector {
    var valueCount: Int { components.valueCount }
}
