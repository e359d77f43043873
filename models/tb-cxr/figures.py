"""How good it is, with 95 % intervals."""
import numpy as np

from train import auc


def wilson(hits, total, z=1.96):
    share, denominator = hits / total, 1 + z * z / total
    centre = (share + z * z / (2 * total)) / denominator
    half = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / denominator
    return [round(float(centre - half), 3), round(float(centre + half), 3)]


def auc_interval(scores, labels, draws=4000, seed=11):
    random = np.random.default_rng(seed)
    sick, healthy = scores[labels == 1], scores[labels == 0]
    values = []
    for _ in range(draws):
        a, b = random.choice(sick, len(sick)), random.choice(healthy, len(healthy))
        values.append(auc(np.concatenate([a, b]), np.repeat([1, 0], [len(a), len(b)])))
    return [round(float(v), 3) for v in np.percentile(values, [2.5, 97.5])]


def at(threshold, scores, labels):
    sick, healthy = scores[labels == 1], scores[labels == 0]
    found, cleared = int((sick >= threshold).sum()), int((healthy < threshold).sum())
    return {'sensitivity': round(found / len(sick), 3), 'sensitivity95': wilson(found, len(sick)),
            'specificity': round(cleared / len(healthy), 3), 'specificity95': wilson(cleared, len(healthy))}


def specificity_at_sensitivity(scores, labels, sensitivity=0.9):
    """Read off the ROC curve of the same images, as publications do: no threshold known beforehand gives exactly this."""
    sick = np.sort(scores[labels == 1])
    cut = sick[int(np.floor(len(sick) * (1 - sensitivity)))]
    return at(cut, scores, labels)


def calibration_error(probabilities, labels, bins=5):
    """Expected calibration error over bins with equally many images."""
    order = np.array_split(np.argsort(probabilities), bins)
    return round(float(sum(len(i) * abs(probabilities[i].mean() - labels[i].mean()) for i in order) / len(labels)), 3)


def report(probabilities, labels, thresholds):
    summary = {'images': len(labels), 'tuberculosis': int(labels.sum()),
               'auc': round(auc(probabilities, labels), 3), 'auc95': auc_interval(probabilities, labels),
               'brier': round(float(((probabilities - labels) ** 2).mean()), 3),
               'calibrationError': calibration_error(probabilities, labels),
               'atSensitivity90': specificity_at_sensitivity(probabilities, labels)}
    for threshold in thresholds:
        grey = threshold['indeterminate']
        called = (probabilities < grey['low']) | (probabilities > grey['high'])
        summary[threshold['id']] = {**at(threshold['value'], probabilities, labels),
                                    'indeterminate': round(float(1 - called.mean()), 3),
                                    'outsideGreyZone': at(threshold['value'], probabilities[called], labels[called])}
    return summary
