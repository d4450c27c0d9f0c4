# SPDX-License-Identifier: Apache-2.0
"""Linnet's random numbers (SeededGenerator.swift), so that layers which act at random can be compared too."""

import math

import numpy as np

MASK = (1 << 64) - 1


class Generator:
    """xoshiro256** with its state from SplitMix64."""

    def __init__(self, seed: int):
        self.state = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            self.state.append(z ^ (z >> 31))

    def next(self) -> int:
        s = self.state
        scrambled = (s[1] * 5) & MASK
        result = (rotate(scrambled, 7) * 9) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotate(s[3], 45)
        return result

    def uniform(self) -> float:
        return (self.next() >> 11) * 2.0**-53

    def gaussian(self) -> float:
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return float(np.float32(radius * math.cos(2 * math.pi * self.uniform())))


def rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & MASK
