# SPDX-License-Identifier: Apache-2.0
"""Handwritten digits: the same classifier in Linnet, PyTorch and Keras on the same images, and Linnet's detectors of a
digit that they were not shown beside principal components.

All train on the first three quarters of the images and are tested on the rest, Adam with learning rate 0.001, batches of
32, weights by Glorot's rule from five seeds. Keras runs on PyTorch.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import numpy as np

TRAINING_SHARE, BATCH = 0.75, 32


def digits(folder: str) -> tuple[np.ndarray, np.ndarray]:
    images = np.frombuffer((pathlib.Path(folder) / "images-idx3-ubyte").read_bytes()[16:], np.uint8)
    labels = np.frombuffer((pathlib.Path(folder) / "labels-idx1-ubyte").read_bytes()[8:], np.uint8)
    return ((images.reshape(-1, 28, 28) / 255 - 0.1307) / 0.3081).astype(np.float32), labels.astype(np.int64)


def split(images, labels):
    border = int(TRAINING_SHARE * len(labels))
    return (images[:border], labels[:border]), (images[border:], labels[border:])


def torch_accuracy(images, labels, epochs: int, seed: int) -> float:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    (x, y), (test_x, test_y) = [(torch.from_numpy(x)[:, None], torch.from_numpy(y)) for x, y in split(images, labels)]
    layers = [torch.nn.Conv2d(1, 16, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    layers += [torch.nn.Conv2d(16, 32, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten()]
    layers += [torch.nn.Linear(800, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)]
    network = torch.nn.Sequential(*layers)
    for layer in layers:
        if hasattr(layer, "weight"):
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    rule, loss = torch.optim.Adam(network.parameters(), lr=1e-3), torch.nn.CrossEntropyLoss()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for first in range(0, len(x), BATCH):
            batch = order[first : first + BATCH]
            rule.zero_grad()
            loss(network(x[batch]), y[batch]).backward()
            rule.step()
    with torch.no_grad():
        return (network(test_x).argmax(1) == test_y).double().mean().item()


def keras_accuracy(images, labels, epochs: int, seed: int) -> float:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import torch

    torch.set_num_threads(1)
    keras.utils.set_random_seed(seed)
    (x, y), (test_x, test_y) = [(x[..., None], y) for x, y in split(images, labels)]
    network = keras.Sequential(
        [
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    network.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return float((network.predict(test_x, verbose=0).argmax(1) == test_y).mean())


def area(low: np.ndarray, high: np.ndarray) -> float:
    order = np.concatenate([low, high]).argsort().argsort() + 1
    return (order[len(low) :].sum() - len(high) * (len(high) + 1) / 2) / (len(low) * len(high))


def components(images, labels, is_normal, relative: bool) -> float:
    """The residual of 32 principal components; relative to what there is in an image as Linnet's `RelativeError` is."""
    x, place = images.reshape(len(images), -1), np.arange(len(labels))
    border, normal = int(TRAINING_SHARE * len(labels)), is_normal(labels)
    training = x[(place < border) & normal]
    mean = training.mean(0)
    axes = np.linalg.svd(training - mean, full_matrices=False)[2][:32]

    def score(rows):
        residual = ((rows - mean - (rows - mean) @ axes.T @ axes) ** 2).mean(1)
        return residual / ((rows**2).mean(1) + 0.3 * (training**2).mean()) if relative else residual

    return area(score(x[(place >= border) & normal]), score(x[~normal]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--linnet", required=True, help="path of linnet-benchmark")
    parser.add_argument("--data", required=True, help="folder of the IDX files")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--detector-epochs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    print("Linnet ...", file=sys.stderr)
    command = [options.linnet, "mnist", "--data", options.data, "--seeds", str(options.seeds)]
    command += ["--epochs", str(options.epochs), "--detector-epochs", str(options.detector_epochs)]
    own = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    images, labels = digits(options.data)
    accuracies = {"Linnet": own["accuracies"]}
    for name, accuracy in {"PyTorch": torch_accuracy, "Keras": keras_accuracy}.items():
        print(f"{name} ...", file=sys.stderr)
        accuracies[name] = [accuracy(images, labels, options.epochs, seed) for seed in range(1, options.seeds + 1)]
    areas = {"leftOut": own["leftOut"], "alone": own["alone"]}
    if options.detector_epochs > 0:
        for name, relative in {"": False, ", relative": True}.items():
            for key, chosen in {"leftOut": np.not_equal, "alone": np.equal}.items():
                areas[key][f"32 principal components{name}"] = [
                    components(images, labels, lambda y: chosen(y, digit), relative) for digit in range(10)]

    if options.json:
        print(json.dumps({"benchmark": "mnist", "accuracies": accuracies, "areas": areas}))
        return
    test = len(labels) - int(TRAINING_SHARE * len(labels))
    print(f"Accuracy on {test} images after {options.epochs} epochs, median of {options.seeds} seeds")
    median = statistics.median(accuracies["Linnet"])
    for name, values in accuracies.items():
        points = 100 * (median - statistics.median(values))
        beside = "" if name == "Linnet" else f"   Linnet {points:+.2f} points"
        print(f"  {name:10}{100 * statistics.median(values):7.2f} %  (from {min(values):.3f} to {max(values):.3f}){beside}")
    titles = {"leftOut": "one digit left out of training", "alone": "one digit alone in training"}
    for key, title in titles.items():
        if not areas[key]:
            continue
        print(f"ROC-AUC, {title}")
        print(f"  {'':36}{''.join(f'{d:>6}' for d in range(10))}  mean")
        for name, values in areas[key].items():
            print(f"  {name:36}{''.join(f'{v:6.3f}' for v in values)}{statistics.mean(values):6.3f}")


if __name__ == "__main__":
    main()
