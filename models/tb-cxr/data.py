"""The labelled radiographs, decoded once and kept in memory as 8-bit pixels of the network's input size."""
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

SIZE = 224


@dataclass
class Radiographs:
    pixels: torch.Tensor  # [N, 1, SIZE, SIZE], uint8, 0 = black
    labels: torch.Tensor  # [N], 1 = tuberculosis
    files: list

    def __len__(self):
        return len(self.files)

    def images(self, index=slice(None)):
        """Pixels as the network takes them: float, 0 = black, 1 = white."""
        return self.pixels[index].float() / 255

    def take(self, index):
        index = [int(i) for i in index]
        return Radiographs(self.pixels[index], self.labels[index], [self.files[i] for i in index])


def read_pixels(path):
    # The network stretches to a square: Sakha is handed out that way, already 224 x 224, so nothing is resampled there.
    image = Image.open(path).convert('L')
    if image.size != (SIZE, SIZE):
        image = image.resize((SIZE, SIZE), Image.LANCZOS)
    return np.asarray(image, dtype=np.uint8)


def load(folder, source, split):
    """The rows of labels.csv of one source ("all" for every one) and split."""
    with open(Path(folder) / 'labels.csv', newline='') as handle:
        rows = [row for row in csv.DictReader(handle) if (source == 'all' or row['source'] == source) and row['split'] == split]
    pixels = np.stack([read_pixels(Path(folder) / row['file']) for row in rows])
    labels = torch.tensor([int(row['label']) for row in rows])
    return Radiographs(torch.from_numpy(pixels)[:, None], labels, [row['file'] for row in rows])


def join(a, b):
    return Radiographs(torch.cat([a.pixels, b.pixels]), torch.cat([a.labels, b.labels]), a.files + b.files)
