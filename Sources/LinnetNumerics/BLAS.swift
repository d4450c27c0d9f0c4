// SPDX-License-Identifier: Apache-2.0

import COpenBLAS

/// How OpenBLAS behaves in this process.
public enum BLAS {
    /// Makes every product run on the calling thread alone; each composition root calls it first.
    ///
    /// On a host where other programs use a core, two BLAS threads spin at barriers and small products get up to a
    /// thousand times slower; one thread never does. It also makes sums come out the same every time.
    public static func useOneThread() {
        openblas_set_num_threads(1)
    }
}
