# SPDX-License-Identifier: Apache-2.0
"""Three steps of each adversarial family in PyTorch, in float64, for adversarial.json; regenerate.py calls it.

Windows, weights and the noise of the generator are the same as in Linnet; there is one batch, so every epoch is one step
of each game.
"""

import torch
import torch.nn.functional as F

import layers as linnet
import noise

ROWS, WIDTH, LATENT, EPOCHS, SEED, RATE = 6, 5, 2, 3, 5, 0.02


def dense(width: int, activation: str = "identity") -> dict:
    return {"width": width, "activation": activation}


def parameters(*networks):
    return [p for network in networks for p in network.parameters]


def reconstruct(network, x):
    return network(x, training=True)[0]


def step(rule, loss):
    rule.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(rule.param_groups[0]["params"], 0.5)
    rule.step()


def usad(x, encoder, decoder, second, weight):
    first_rule = torch.optim.Adam(parameters(encoder, decoder), lr=RATE)
    second_rule = torch.optim.Adam(parameters(encoder, second), lr=RATE)
    wanted = torch.sigmoid(x)
    for epoch in range(1, EPOCHS + 1):
        share = weight * (1 - 1 / epoch)
        w1 = reconstruct(decoder, reconstruct(encoder, x))
        w3 = reconstruct(second, reconstruct(encoder, w1))
        error = F.mse_loss(torch.sigmoid(w1), wanted)
        yield error.item()
        step(first_rule, (1 - share) * error + share * F.mse_loss(torch.sigmoid(w3), wanted))
        w1 = reconstruct(decoder, reconstruct(encoder, x))
        w2 = reconstruct(second, reconstruct(encoder, x))
        w3 = reconstruct(second, reconstruct(encoder, w1))
        game = (1 - share) * F.mse_loss(torch.sigmoid(w2), wanted) - share * F.mse_loss(torch.sigmoid(w3), wanted)
        step(second_rule, game)


def discriminator(x, encoder, decoder, features, head, weight, generative):
    generator = noise.Generator(SEED)

    def fake():
        if not generative:
            return reconstruct(decoder, reconstruct(encoder, x))
        z = torch.tensor([generator.gaussian() for _ in range(ROWS * LATENT)], dtype=torch.float64)
        return reconstruct(decoder, z.reshape(ROWS, LATENT))

    def logit(window):
        return reconstruct(head, reconstruct(features, window))

    judge = torch.optim.Adam(parameters(features, head), lr=RATE)
    rule = torch.optim.Adam(parameters(encoder, decoder), lr=RATE)
    for _ in range(EPOCHS):
        made = fake().detach()
        step(judge, 0.5 * F.softplus(-logit(x)).mean() + 0.5 * F.softplus(logit(made)).mean())
        output = reconstruct(decoder, reconstruct(encoder, x))
        error = F.mse_loss(output, x)
        yield error.item()
        if generative:
            step(rule, error + weight * F.softplus(-logit(fake())).mean())
        else:
            wanted = reconstruct(features, x).detach()
            step(rule, error + weight * F.mse_loss(reconstruct(features, output), wanted))


def case(family: str, weight: float, draw, flat) -> dict:
    squash = [{"kind": "activation", "activation": "sigmoid"}] if family == "usad" else []
    halves = [squash + [dense(4, "tanh"), dense(LATENT)], [dense(3, "leakyRelu"), dense(WIDTH)]]
    if family == "usad":
        companion, pieces = halves[1], [(LATENT, halves[1])]
    else:
        companion = [dense(4, "leakyRelu"), dense(3, "tanh"), dense(1)]
        pieces = [(WIDTH, companion[:-1]), (3, companion[-1:])]
    networks = [linnet.Network(WIDTH, halves[0]), linnet.Network(LATENT, halves[1])]
    networks += [linnet.Network(width, layers) for width, layers in pieces]
    for p in parameters(*networks):
        p.data = draw(*p.shape, scale=0.6)
    start = flat(parameters(*networks), 9)
    x = draw(ROWS, WIDTH)
    if family == "usad":
        errors = list(usad(x, *networks, weight))
    else:
        errors = list(discriminator(x, *networks, weight, family == "gan"))
    return {
        "architecture": {
            "family": family,
            "inputWidth": WIDTH,
            "layers": halves[0] + halves[1],
            "companion": {
                "encoderLayers": len(halves[0]),
                "layers": companion,
                "adversarialWeight": weight,
                "scoreShare": 0.5,
            },
        },
        "epochs": EPOCHS,
        "seed": SEED,
        "learningRate": RATE,
        "clipNorm": 0.5,
        "rows": ROWS,
        "input": flat([x], 9),
        "start": start,
        "errors": errors,
        "end": flat(parameters(*networks)),
    }


def cases(draw, flat) -> list[dict]:
    families = [("usad", 1.0), ("usad", 0.5), ("gan", 0.75), ("autoencoderGAN", 1.5)]
    return [case(family, weight, draw, flat) for family, weight in families]
