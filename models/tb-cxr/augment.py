"""Random views of a batch of radiographs: position, exposure, sharpness, and missing parts.

Exposure is varied widely because it differs between the classes of the training data (SOURCES: AUC 0.73 from global
intensity alone), so the network must not be able to rely on it.
"""
import math

import torch
import torch.nn.functional as F


def uniform(n, low, high):
    return torch.empty(n).uniform_(low, high)


def affine(x):
    n = len(x)
    angle = uniform(n, -8, 8) * math.pi / 180
    scale_x, scale_y = uniform(n, 0.82, 1.1), uniform(n, 0.82, 1.1)
    scale_x = scale_x * torch.where(torch.rand(n) < 0.25, -1.0, 1.0)  # flips sparingly: the heart has a side
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack([
        torch.stack([cos * scale_x, -sin * scale_y, uniform(n, -0.08, 0.08)], 1),
        torch.stack([sin * scale_x, cos * scale_y, uniform(n, -0.08, 0.08)], 1),
    ], 1)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode='border', align_corners=False)


def exposure(x):
    n = len(x)
    gamma = torch.exp(uniform(n, -0.6, 0.6)).view(-1, 1, 1, 1)
    contrast = torch.exp(uniform(n, -0.4, 0.3)).view(-1, 1, 1, 1)
    brightness = uniform(n, -0.2, 0.2).view(-1, 1, 1, 1)
    x = x.clamp(0, 1) ** gamma
    mean = x.mean((1, 2, 3), keepdim=True)
    return ((x - mean) * contrast + mean + brightness).clamp(0, 1)  # clamping saturates, as a real overexposure does


def unsharp(x, probability=0.3):
    """Some of the films lose their fine detail: out of focus, moved, or enlarged; that must not look like disease."""
    chosen = torch.rand(len(x)) < probability
    if not chosen.any():
        return x
    radius = int(torch.randint(1, 4, ()))
    soft = x[chosen]
    for _ in range(2):  # twice a box is nearly a Gaussian
        soft = F.avg_pool2d(F.pad(soft, (radius,) * 4, mode='replicate'), 2 * radius + 1, 1)
    x = x.clone()
    x[chosen] = x[chosen].lerp(soft, float(uniform(1, 0.5, 1)))
    return x


def sharpness(x):
    """Blur some, sharpen some, add film noise to some."""
    x = unsharp(x)
    blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode='reflect'), 3, 1)
    amount = torch.where(torch.rand(len(x)) < 0.5, uniform(len(x), -0.6, 1.0), torch.zeros(len(x))).view(-1, 1, 1, 1)
    noise = torch.randn_like(x) * (uniform(len(x), 0, 0.02) * (torch.rand(len(x)) < 0.4)).view(-1, 1, 1, 1)
    return (x + (blurred - x) * amount + noise).clamp(0, 1)


def erase(x, probability=0.4):
    """Blank up to two rectangles with a flat grey, as labels, redaction boxes and jewellery do."""
    height, width = x.shape[2:]
    for i in range(len(x)):
        for _ in range(2):
            if torch.rand(()) < probability / 2:
                h, w = int(uniform(1, 0.06, 0.25) * height), int(uniform(1, 0.06, 0.25) * width)
                top, left = int(torch.randint(height - h, ())), int(torch.randint(width - w, ()))
                x[i, :, top:top + h, left:left + w] = torch.rand(())
    return x


def augment(x):
    return erase(sharpness(exposure(affine(x))))


def mix(x, y, alpha=0.2):
    """Mixup, for half of the batches: blends two radiographs and their labels."""
    if torch.rand(()) < 0.5:
        return x, y
    share = torch.distributions.Beta(alpha, alpha).sample((len(x),))
    other = torch.randperm(len(x))
    wide = share.view(-1, 1, 1, 1)
    return x * wide + x[other] * (1 - wide), y * share + y[other] * (1 - share)
