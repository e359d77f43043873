"""The out-of-distribution reference: a Gaussian over how chest films look, to tell what is none.

Fitted without labels on the Sakha training films and on every second film of the other sources, because the question is
"is this a frontal chest film", not "is it from the one region the network learned from".
"""
import numpy as np

COMPONENTS = 24


def fit(embeddings, weights):
    """Probabilistic PCA of the standardised embedding (Tipping and Bishop 1999)."""
    weights = weights / weights.sum()
    mean = weights @ embeddings
    spread = np.sqrt(weights @ (embeddings - mean) ** 2)
    scale = spread + 1e-2 * spread.mean()  # a dimension that never varies must not decide alone
    standard = (embeddings - mean) / scale
    variances, axes = np.linalg.eigh((standard * weights[:, None]).T @ standard)
    variances, axes = variances[::-1], axes[:, ::-1].T
    return {'mean': mean, 'scale': scale, 'variances': variances[:COMPONENTS],
            'residual': variances[COMPONENTS:].mean(keepdims=True), 'components': axes[:COMPONENTS]}


def distance(reference, embeddings):
    offset = (embeddings - reference['mean']) / reference['scale']
    along = offset @ reference['components'].T
    rest = np.maximum(0, (offset ** 2).sum(1) - (along ** 2).sum(1))
    squared = (along ** 2 / reference['variances']).sum(1) + rest / reference['residual'][0]
    return np.sqrt(squared / offset.shape[1])


def to_bytes(reference):
    """Little-endian float32: mean, scale, component variances, residual variance, components one after the other."""
    order = ['mean', 'scale', 'variances', 'residual', 'components']
    return b''.join(np.ascontiguousarray(reference[key], dtype='<f4').tobytes() for key in order)
