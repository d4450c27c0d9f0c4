// SPDX-License-Identifier: Apache-2.0

import LinnetEdge
import Testing

@Suite("Resident memory")
struct ResidentMemoryTests {
    @Test("only mappings that hold nothing but a file's code are given back")
    func codeOnly() {
        let maps = """
            55e0c0000000-55e0c0002000 r--p 00000000 08:01 17      /usr/bin/linnet-edge
            55e0c0002000-55e0c0010000 r-xp 00002000 08:01 17      /usr/bin/linnet-edge
            55e0c0010000-55e0c0012000 rw-p 00010000 08:01 17      /usr/bin/linnet-edge
            7f0000000000-7f0000001000 r-xp 00000000 00:00 0
            7f0000002000-7f0000003000 rwxp 00000000 08:01 18      /usr/lib/strange.so
            7f0000004000-7f0000006000 r-xp 00000000 08:01 19      /usr/lib/a name with spaces.so
            7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0       [vdso]
            """
        #expect(
            ResidentMemory.codeRanges(maps: maps)
                == [0x55e0_c000_2000..<0x55e0_c001_0000, 0x7f00_0000_4000..<0x7f00_0000_6000])
    }

    @Test(
        "L-8 lines that are no mappings are left alone",
        arguments: ["", "\n\n", "x-y r-xp 0 0 0 /a", "2-1 r-xp 0 0 0 /a", "1 r-xp 0 0 0 /a", "1-2-3 r-xp 0 0 0 /a"])
    func garbage(maps: String) { #expect(ResidentMemory.codeRanges(maps: maps).isEmpty) }

    @Test("a process that has given back its code goes on, with less in RAM")
    func release() {
        let before = ResidentMemory.bytes()
        ResidentMemory.release()
        let after = ResidentMemory.bytes()
        #expect(before > 0 && after > 0 && after < before)
    }
}
