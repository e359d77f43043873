"""From logits to a decision: Platt scaling, thresholds and the grey zone, all from the validation split."""
import numpy as np
import torch
from scipy.optimize import minimize

from augment import uniform


def platt(logits, labels):
    """p = 1 / (1 + exp(-(a * logit + b))), with Platt's smoothed targets so that few images do not make it overconfident."""
    sick, healthy = labels.sum(), (1 - labels).sum()
    target = np.where(labels == 1, (sick + 1) / (sick + 2), 1 / (healthy + 2))

    def loss(ab):
        z = ab[0] * logits + ab[1]
        return np.mean(np.logaddexp(0, z) - target * z)

    a, b = minimize(loss, [1.0, 0.0], method='Nelder-Mead').x
    return float(a), float(b)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def threshold_for_sensitivity(scores, labels, sensitivity):
    """The highest threshold that still finds this share of the sick; halfway to the next score below."""
    sick = np.sort(scores[labels == 1])
    last = sick[int(np.floor(len(sick) * (1 - sensitivity)))]
    below = scores[scores < last]
    return float((last + (below.max() if len(below) else last)) / 2)


def threshold_for_balance(scores, labels):
    """Where sensitivity + specificity is greatest (Youden); the middle of the best stretch."""
    cuts = np.unique(scores)
    middles = (cuts[1:] + cuts[:-1]) / 2
    youden = [(scores[labels == 1] >= cut).mean() + (scores[labels == 0] < cut).mean() for cut in middles]
    return float(np.mean(middles[np.flatnonzero(np.isclose(youden, np.max(youden)))]))


def small_change(images):
    """What another technician on another day might have done: a little shift, turn, exposure."""
    n = len(images)
    angle = uniform(n, -0.03, 0.03)
    one, zero = torch.ones(n), torch.zeros(n)
    theta = torch.stack([torch.stack([one, -angle, uniform(n, -0.02, 0.02)], 1),
                         torch.stack([angle, one, uniform(n, -0.02, 0.02)], 1)], 1) + zero.view(-1, 1, 1)
    grid = torch.nn.functional.affine_grid(theta, list(images.shape), align_corners=False)
    moved = torch.nn.functional.grid_sample(images, grid, padding_mode='border', align_corners=False)
    return moved.clamp(0, 1) ** torch.exp(uniform(n, -0.1, 0.1)).view(-1, 1, 1, 1)


@torch.no_grad()
def repeatability(network, radiographs, repeats=6, seed=7):
    """Standard deviation of one image's logit under small changes: within this, a call would flip by accident."""
    torch.manual_seed(seed)
    network.eval()
    logits = torch.stack([network(small_change(radiographs.images())) for _ in range(repeats)])
    return float(logits.var(0).mean().sqrt())
