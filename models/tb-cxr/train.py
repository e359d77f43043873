"""Fine-tunes the network on the training split and keeps the average of its weights over the last part of training.

    python train.py --data FOLDER --out FOLDER [--seed 1] [--epochs 40]
"""
import argparse
import copy
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from augment import augment, mix
from data import load
from network import FROZEN_BLOCKS, Network


def auc(scores, labels):
    """The chance that a random sick image scores above a random healthy one."""
    scores, labels = np.asarray(scores), np.asarray(labels)
    sick, healthy = scores[labels == 1], scores[labels == 0]
    return float(((sick[:, None] > healthy).mean() + (sick[:, None] == healthy).mean() / 2))


@torch.no_grad()
def predict(network, radiographs, batch=32):
    network.eval()
    parts = [network(radiographs.images(slice(i, i + batch))) for i in range(0, len(radiographs), batch)]
    return torch.cat(parts).numpy()


def parameter_groups(network, rate, decay=0.85):
    """The later the layer, the faster it learns: early layers know more that is worth keeping."""
    groups = [{'params': list(network.classifier.parameters()), 'lr': rate * 3},
              {'params': list(network.head.parameters()), 'lr': rate}]
    trainable = network.blocks[FROZEN_BLOCKS:]
    for depth, block in enumerate(reversed(trainable), 1):
        groups.append({'params': list(block.parameters()), 'lr': rate * decay ** depth})
    return groups


@torch.no_grad()
def adapt_batch_norm(network, radiographs):
    """Replaces ImageNet's feature statistics by those of radiographs before the first step."""
    network.train()
    momentum = {}
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            momentum[module] = module.momentum
            module.reset_running_stats()
            module.momentum = None  # cumulative average
    for start in range(0, len(radiographs), 32):
        network(augment(radiographs.images(slice(start, start + 32))))
    for module, value in momentum.items():
        module.momentum = value


def set_training(network):
    network.train()
    network.stem.eval()
    for block in network.blocks[:FROZEN_BLOCKS]:
        block.eval()


def follow(average, network, decay):
    """Moves the averaged network a little towards the current one."""
    with torch.no_grad():
        for a, b in zip(average.state_dict().values(), network.state_dict().values()):
            a.lerp_(b, 1 - decay) if a.dtype.is_floating_point else a.copy_(b)


def train(training, validation, seed, epochs, start=None, rate=6e-4, batch=24, log=print):
    torch.manual_seed(seed)
    network = Network().to(memory_format=torch.channels_last)
    if start:
        network.load_state_dict(torch.load(start))
    else:
        adapt_batch_norm(network, training)
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(parameter_groups(network, rate), weight_decay=0.03)
    steps = epochs * (len(training) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [group['lr'] for group in optimizer.param_groups], total_steps=steps, pct_start=0.15)
    for epoch in range(epochs):
        started = time.time()
        losses = []
        set_training(network)
        order = torch.randperm(len(training))
        for start in range(0, len(training) - batch + 1, batch):
            index = order[start:start + batch]
            x, y = mix(augment(training.images(index)), training.labels[index].float() * 0.94 + 0.03)
            loss = F.binary_cross_entropy_with_logits(network(x), y)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            follow(average, network, min(0.98, (epoch + 1) / (epoch + 5)))
            losses.append(loss.item())
        scores = predict(average, validation)
        log(json.dumps({'epoch': epoch, 'loss': round(float(np.mean(losses)), 4),
                        'validation_auc': round(auc(scores, validation.labels), 4), 'seconds': round(time.time() - started, 1)}))
    return average


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--epochs', type=int, default=40)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rate', type=float, default=6e-4)
    parser.add_argument('--split', default='sakha/train', help='source/split to learn from')
    parser.add_argument('--start', help='weights to start from instead of ImageNet')
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    source, split = options.split.split('/')
    training = load(options.data, source, split)
    validation = load(options.data, 'sakha', 'val')
    network = train(training, validation, options.seed, options.epochs, options.start, options.rate, log=lambda line: print(line, flush=True))
    Path(options.out).mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), Path(options.out) / f'seed-{options.seed}.pt')


if __name__ == '__main__':
    main()
