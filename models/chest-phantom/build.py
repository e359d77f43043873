"""Computes the statistics that the chest phantom is drawn from: the mean of many aligned normal films and the principal
components around it.

    python build.py --data FOLDER --out FOLDER

Every stored number is a sum over all the films; no film, and no part of one, is stored.
"""
import argparse
import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

SIZE = 224
COMPONENTS = 20


def load_normals(folder):
    """The normal films of Sakha that no model is tested on."""
    with open(Path(folder) / 'labels.csv', newline='') as handle:
        rows = [row for row in csv.DictReader(handle)
                if row['source'] == 'sakha' and row['label'] == '0' and row['split'] in ('train', 'val')]
    films = [np.asarray(Image.open(Path(folder) / row['file']).convert('L').resize((SIZE, SIZE)), dtype=np.float32) / 255
             for row in rows]
    return torch.from_numpy(np.stack(films))[:, None]


def drop_badly_exposed(films):
    """Films whose lungs are washed out would only blur the mean."""
    lungs = films[:, :, 60:140, 40:184].mean((1, 2, 3))
    return films[(lungs > 0.2) & (lungs < 0.72)]


def standardise(films):
    mean = films.mean((2, 3), keepdim=True)
    return (films - mean) / films.std((2, 3), keepdim=True)


def move(films, pose, bend=None):
    """Shift, scale each way and turn; then bend softly, by displacements on a coarse grid."""
    shift_x, shift_y, scale_x, scale_y, turn = pose.unbind(1)
    theta = torch.stack([torch.stack([1 + scale_x, -turn, shift_x], 1), torch.stack([turn, 1 + scale_y, shift_y], 1)], 1)
    grid = F.affine_grid(theta, list(films.shape), align_corners=False)
    if bend is not None:
        grid = grid + F.interpolate(bend, films.shape[2:], mode='bicubic', align_corners=True).permute(0, 2, 3, 1)
    return F.grid_sample(films, grid, padding_mode='border', align_corners=False)


def align(films, rounds=6, steps=60):
    """Moves every film to the mean of all, then takes the mean again; bends only once the poses have settled."""
    small = F.avg_pool2d(films, 2)
    pose, bend = torch.zeros(len(films), 5), torch.zeros(len(films), 2, 9, 9)
    for number in range(rounds):
        with torch.no_grad():
            target = standardise(move(small, pose, bend).mean(0, keepdim=True))
        pose.requires_grad_(True)
        bend.requires_grad_(number >= rounds // 2)
        optimizer = torch.optim.Adam([pose] + ([bend] if bend.requires_grad else []), lr=0.008)
        for _ in range(steps):
            likeness = (standardise(move(small, pose, bend)) * target)[:, :, 5:-5, 5:-5].mean()
            strain = (bend[:, :, 1:] - bend[:, :, :-1]).pow(2).mean() + (bend[..., 1:] - bend[..., :-1]).pow(2).mean()
            loss = -likeness + 0.02 * pose.pow(2).mean() + 0.6 * strain + 0.02 * bend.pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        # The mean itself stays where it is.
        pose, bend = pose.detach() - pose.detach().mean(0), bend.detach() - bend.detach().mean(0)
    return move(films, pose, bend)


def quantise(values, kind):
    """Whole numbers and the step between them."""
    step = float(np.abs(values).max() / np.iinfo(kind).max)
    return np.round(values / step).astype(kind), step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True)
    parser.add_argument('--out', required=True)
    options = parser.parse_args()
    out = Path(options.out)
    torch.manual_seed(0)

    films = drop_badly_exposed(load_normals(options.data))
    level, spread = films.mean(), films.std((1, 2, 3)).mean()
    aligned = (standardise(align(films)) * spread + level).flatten(1).numpy().astype(np.float64)
    mean = aligned.mean(0)
    _, sizes, axes = np.linalg.svd(aligned - mean, full_matrices=False)
    deviations = sizes / np.sqrt(len(aligned) - 1)

    mean_codes, mean_step = quantise(mean, np.int16)
    parts, steps = [mean_codes.astype('<i2').tobytes()], []
    for k in range(COMPONENTS):
        codes, step = quantise(axes[k] * deviations[k], np.int8)
        parts.append(codes.tobytes())
        steps.append(step)
    content = b''.join(parts)
    (out / 'statistics.bin').write_bytes(content)
    explained = (deviations[:COMPONENTS] ** 2).sum() / (deviations ** 2).sum()
    statistics = {
        'file': 'statistics.bin', 'sha256': hashlib.sha256(content).hexdigest(), 'width': SIZE, 'height': SIZE,
        'films': len(aligned), 'components': COMPONENTS, 'meanStep': mean_step, 'componentSteps': steps,
        'explainedVariance': round(float(explained), 3),
        'source': 'Sakha-TB (Pchelintsev et al. 2022), normal films, CC BY 4.0'}
    (out / 'statistics.json').write_text(json.dumps(statistics, indent=2) + '\n')
    print(json.dumps({key: statistics[key] for key in ['films', 'explainedVariance']}))
    return mean, axes, deviations


if __name__ == '__main__':
    main()
