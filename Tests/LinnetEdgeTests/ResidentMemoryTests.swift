// SPDX-License-Identifier: Apache-2.0

import LinnetEdge
import Testing

@Suite("Resident memory")
struct ResidentMemoryTests {
    @Test("only mappings that hold nothing but what is in a file are given back")
    func filesOnly() {
        let mappings: [(line: String, anonymous: Int)] = [
            ("55e0c0000000-55e0c0002000 r--p 00000000 08:01 17      /usr/bin/linnet-edge", 0),
            ("55e0c0002000-55e0c0010000 r-xp 00002000 08:01 17      /usr/bin/linnet-edge", 0),
            ("55e0c0010000-55e0c0012000 rw-p 00010000 08:01 17      /usr/bin/linnet-edge", 0),
            // Relocated by the loader.
            ("55e0c0012000-55e0c0014000 r--p 00012000 08:01 17      /usr/bin/linnet-edge", 8),
            ("7f0000000000-7f0000001000 r-xp 00000000 00:00 0", 0),
            ("7f0000002000-7f0000003000 rwxp 00000000 08:01 18      /usr/lib/strange.so", 0),
            ("7f0000004000-7f0000006000 r-xp 00000000 08:01 19      /usr/lib/a name with spaces.so", 0),
            ("7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0       [vdso]", 0),
        ]
        let smaps = mappings.map { "\($0)\nRss: 4 kB\nAnonymous: \($1) kB\nVmFlags: rd mr mw me\n" }.joined()
        #expect(
            ResidentMemory.fileRanges(smaps: smaps)
                == [
                    0x55e0_c000_0000..<0x55e0_c000_2000, 0x55e0_c000_2000..<0x55e0_c001_0000,
                    0x7f00_0000_4000..<0x7f00_0000_6000,
                ])
    }

    @Test(
        "L-8 lines that are no mappings are left alone",
        arguments: [
            "", "\n\n", "x-y r-xp 0 0 0 /a", "2-1 r-xp 0 0 0 /a", "1 r-xp 0 0 0 /a", "1-2-3 r-xp 0 0 0 /a",
            "1-2 r-xp 0 0 0 /a\n3-4 rw-p 0 0 0",
        ])
    func garbage(mapping: String) {
        #expect(ResidentMemory.fileRanges(smaps: mapping + "\nAnonymous: 0 kB\n").isEmpty)
        #expect(ResidentMemory.fileRanges(smaps: "1-2 r-xp 0 0 0 /a\nAnonymous: x kB\n" + mapping).isEmpty)
    }

    @Test("a process that has given back its code and tables goes on, with less in RAM")
    func release() {
        let before = ResidentMemory.bytes()
        ResidentMemory.release()
        let after = ResidentMemory.bytes()
        #expect(before > 0 && after > 0 && after < before)
    }
}
