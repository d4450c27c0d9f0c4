#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes metrics.json: small labelled series and what independent code says of them.

Needs numpy, scikit-learn (point rates and areas) and vus (the authors' package for VUS). The other numbers are computed
here from their definitions, one row after another, in the plainest way there is.

    python3 regenerate.py > metrics.json
"""
import json
import math

import numpy as np
from sklearn import metrics
from vus.utils.metrics import metricor


def runs(flags):
    found, start = [], None
    for row, flag in enumerate(list(flags) + [0]):
        if flag and start is None:
            start = row
        if not flag and start is not None:
            found.append((start, row - 1))
            start = None
    return found


def range_score(labels, predictions):
    def mean(ranges, others, existence):
        if not ranges:
            return 0.0
        total = 0.0
        for first, last in ranges:
            rows = set(range(first, last + 1))
            pieces = [set(range(a, b + 1)) & rows for a, b in others]
            pieces = [piece for piece in pieces if piece]
            if pieces:
                share = sum(len(piece) for piece in pieces) / len(rows)
                total += existence + (1 - existence) * share / len(pieces)
        return total / len(ranges)

    events, alarms = runs(labels), runs(predictions)
    return mean(alarms, events, 0.0), mean(events, alarms, 0.2)


def event_score(labels, predictions):
    events, alarms = runs(labels), runs(predictions)
    delays = []
    for first, last in events:
        hits = [row for row in range(first, last + 1) if predictions[row]]
        if hits:
            delays.append(hits[0] - first)
    false = sum(1 for a, b in alarms if not any(labels[a:b + 1]))
    return {"events": len(events), "found": len(delays), "episodes": len(alarms), "falseEpisodes": false,
            "delays": delays}


def adjusted(labels, predictions, share):
    result = list(predictions)
    for first, last in runs(labels):
        if sum(predictions[first:last + 1]) / (last - first + 1) > share:
            result[first:last + 1] = [1] * (last - first + 1)
    return result


def nab(alarms, windows, gain, cost, miss):
    def sigma(x):
        return 2 / (1 + math.exp(5 * x)) - 1 if x <= 3 else -1.0
    probation = min(math.floor(0.15 * len(alarms)), 750)
    score = 0.0
    scored = [(a, b) for a, b in windows if b >= probation]
    for a, b in scored:
        inside = [row for row in range(max(a, probation), b + 1) if alarms[row]]
        if inside:
            score += gain * sigma(-(b - inside[0] + 1) / (b - a + 1)) / sigma(-1.0)
        else:
            score -= miss
    for row in range(probation, len(alarms)):
        if not alarms[row] or any(a <= row <= b for a, b in windows):
            continue
        before = [(a, b) for a, b in windows if b < row]
        if before:
            a, b = before[-1]
            score += cost * sigma((row - b) / max(b - a, 1))
        else:
            score -= cost
    return [score, gain * len(scored), -miss * len(scored)]


def changepoints(seconds, predictions, changes, gain, cost, miss):
    moments, last = [], 0
    for second, value in zip(seconds, predictions):
        if value != last:
            moments.append(second)
        last = value
    curve = [-(gain + cost) / 2 * math.tanh(x) / math.tanh(math.pi / 2) + (gain - cost) / 2
             for x in np.linspace(-math.pi / 2, math.pi / 2, 1000)]
    score, missed, used, end = 0.0, 0, set(), None
    windows = 0
    for second, change in zip(seconds, changes):
        if not change:
            continue
        windows += 1
        start = second if end is None or end < second else end
        end = second + 60.0
        inside = [number for number, moment in enumerate(moments) if start <= moment <= end]
        used.update(inside)
        if not inside:
            missed += 1
            score -= miss
        else:
            step = int((moments[inside[0]] - start) / (end - start) * 1000) if end > start else 0
            score += curve[min(step, 999)]
    false = len(moments) - len(used)
    return [score - cost * false, gain * windows, -miss * windows, missed, false]


PROFILES = {"standard": (1.0, 0.11, 1.0), "lowFalsePositives": (1.0, 0.22, 1.0), "lowFalseNegatives": (1.0, 0.11, 2.0)}


def case(name, rows, share, seed, ties=False, quality=1.0):
    random = np.random.default_rng(seed)
    labels = np.zeros(rows, int)
    while labels.mean() < share:
        first = int(random.integers(0, rows - 2))
        labels[first:first + int(random.integers(1, max(3, rows // 12)))] = 1
    scores = random.gamma(2.0, 1.0, rows) + quality * labels * random.gamma(2.0, 1.0, rows)
    scores = np.round(scores, 1 if ties else 6)
    threshold = float(np.quantile(scores, 0.85))
    predictions = (scores > threshold).astype(int)
    windows = [(max(0, a - 3), min(rows - 1, b + 3)) for a, b in runs(labels)]
    merged = []
    for a, b in windows:
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], b)
        else:
            merged.append((a, b))
    seconds = np.cumsum(random.integers(1, 4, rows)).astype(float)
    seconds -= seconds[0]
    changes = np.zeros(rows, int)
    for a, b in runs(labels):
        changes[a] = 1
        if b + 1 < rows:
            changes[b + 1] = 1
    tn, fp, fn, tp = metrics.confusion_matrix(labels, predictions, labels=[0, 1]).ravel().tolist()
    precision, recall = range_score(labels, predictions)
    volumes = {}
    for window in (0, 7, 100):
        *_, roc, pr = metricor().RangeAUC_volume_opt(labels, scores, window, 250)
        volumes[str(window)] = [float(roc), float(pr)]
    threshold_f1 = [metrics.f1_score(labels, scores >= t) for t in np.unique(scores)]
    adjusted_f1 = [metrics.f1_score(labels, adjusted(labels, scores >= t, 0)) for t in np.unique(scores)]
    return {
        "name": name, "labels": labels.tolist(), "scores": scores.tolist(), "predictions": predictions.tolist(),
        "windows": [[int(a), int(b)] for a, b in merged], "seconds": seconds.tolist(),
        "changepoints": changes.tolist(), "confusion": [tp, fp, fn, tn],
        "precision": metrics.precision_score(labels, predictions), "recall": metrics.recall_score(labels, predictions),
        "f1": metrics.f1_score(labels, predictions), "accuracy": metrics.accuracy_score(labels, predictions),
        "rocAUC": metrics.roc_auc_score(labels, scores),
        "averagePrecision": metrics.average_precision_score(labels, scores), "bestF1": max(threshold_f1),
        "vus": volumes, "rangePrecision": precision, "rangeRecall": recall,
        "eventScore": event_score(labels, predictions),
        "adjustedF1": metrics.f1_score(labels, adjusted(labels, predictions, 0)),
        "adjustedF1At20": metrics.f1_score(labels, adjusted(labels, predictions, 0.2)),
        "bestAdjustedF1": max(adjusted_f1),
        "nab": {name: nab(predictions, merged, *weights) for name, weights in PROFILES.items()},
        "skabChangepoints": {
            name: changepoints(seconds, predictions, changes, *weights) for name, weights in PROFILES.items()},
    }


CASES = [
    case("well separated", 300, 0.15, 1, quality=3.0),
    case("ties", 257, 0.2, 2, ties=True),
    case("hopeless", 180, 0.1, 3, quality=0.0),
    case("mostly anomalous", 150, 0.7, 4),
    case("rare", 400, 0.01, 5, quality=2.0),
]
print(json.dumps(CASES, separators=(",", ":")).replace('},{"name"', '},\n{"name"'))
