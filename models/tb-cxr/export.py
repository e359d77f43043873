"""Averages trained weights, calibrates them, and writes the folder that the server loads.

    python export.py --data FOLDER --weights FILE... --out FOLDER --version 1.0.0

The test split is read here and nowhere else, once, for the figures.
"""
import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import calibrate
import novelty
from data import SIZE, load
from figures import report
from network import Export, Network
from train import auc, predict

# Confidence is the calibrated probability that the call is right: below two in three it is hardly better than a guess.
CONFIDENCE = {'moyen': 0.67, 'eleve': 0.9}
# Share of genuine chest films of other hospitals that the gate may turn away: those go to a person, not to a result.
REJECTED_CHESTS = 0.03


def average(files):
    """The mean of the weights of networks fine-tuned from the same start: as good as their ensemble, at the cost of one."""
    states = [torch.load(file) for file in files]
    mean = {key: sum(state[key].double() for state in states) / len(states) for key in states[0]}
    network = Network()
    network.load_state_dict({key: value.to(states[0][key].dtype) for key, value in mean.items()})
    return network.eval()


def write_onnx(network, path):
    wrapper = Export(network)
    wrapper.eval()
    names = ['logit', 'cam', 'embedding']
    axes = {name: {0: 'n'} for name in ['image', *names]}
    torch.onnx.export(wrapper, torch.rand(1, 1, SIZE, SIZE), str(path), opset_version=13, input_names=['image'],
                      output_names=names, dynamic_axes=axes, do_constant_folding=True)
    wrapper.eval()  # exporting leaves a wrapper in training mode


def run(session, radiographs, batch=32):
    images = radiographs.images().numpy()
    parts = [session.run(None, {'image': images[i:i + batch]}) for i in range(0, len(images), batch)]
    logits, cams, embeddings = (np.concatenate(part) for part in zip(*parts))
    return logits[:, 0], cams, embeddings


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def make_thresholds(network, validation, logits, a, b):
    labels = validation.labels.numpy()
    probabilities = calibrate.sigmoid(a * logits + b)
    half = a * calibrate.repeatability(network, validation)
    rows = [('screening', calibrate.threshold_for_sensitivity(probabilities, labels, 0.95)),
            ('balanced', calibrate.threshold_for_balance(probabilities, labels))]
    thresholds = []
    for name, value in rows:
        middle = np.log(value / (1 - value))
        thresholds.append({
            'id': name, 'population': 'adults, Sakha-TB validation split', 'site': 'default', 'value': round(value, 4),
            'indeterminate': {'low': round(float(calibrate.sigmoid(middle - half)), 4),
                              'high': round(float(calibrate.sigmoid(middle + half)), 4)}})
    return thresholds


def make_reference(session, data, validation):
    """Fits on films that the limit is not chosen on; both sources weigh the same."""
    everything = load(data, 'all', 'aux')
    halves = [run(session, everything.take(range(start, len(everything), 2)))[2] for start in (0, 1)]
    home = run(session, load(data, 'sakha', 'train'))[2]
    weights = np.concatenate([np.full(len(home), 1 / len(home)), np.full(len(halves[0]), 1 / len(halves[0]))])
    reference = novelty.fit(np.concatenate([home, halves[0]]).astype(float), weights)
    held_out = [novelty.distance(reference, run(session, validation)[2]), novelty.distance(reference, halves[1])]
    limit = max(float(np.quantile(distances, 1 - REJECTED_CHESTS)) for distances in held_out)
    return reference, round(limit, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True)
    parser.add_argument('--weights', required=True, nargs='+')
    parser.add_argument('--out', required=True)
    parser.add_argument('--version', required=True)
    options = parser.parse_args()
    torch.set_num_threads(2)
    out = Path(options.out)
    network = average(options.weights)
    write_onnx(network, out / 'model.onnx')
    session = onnxruntime.InferenceSession(str(out / 'model.onnx'), providers=['CPUExecutionProvider'])

    validation = load(options.data, 'sakha', 'val')
    logits = run(session, validation)[0]
    print('largest difference of a logit, PyTorch and ONNX:', np.abs(logits - predict(network, validation)).max())
    a, b = calibrate.platt(logits, validation.labels.numpy())
    thresholds = make_thresholds(network, validation, logits, a, b)
    reference, limit = make_reference(session, options.data, validation)
    (out / 'novelty.bin').write_bytes(novelty.to_bytes(reference))

    def figures(radiographs):
        return report(calibrate.sigmoid(a * run(session, radiographs)[0] + b), radiographs.labels.numpy(), thresholds)

    test = load(options.data, 'sakha', 'test')
    others = load(options.data, 'all', 'aux')
    metrics = {'validation': figures(validation), 'test': figures(test),
               'otherSources': {'auc': round(auc(run(session, others)[0], others.labels), 3),
                                'note': 'class and source coincide in these images: not a measure of performance'}}
    for threshold in thresholds:
        threshold.update({key: metrics['test'][threshold['id']][key] for key in ['sensitivity', 'specificity']})
    description = {
        'name': 'tb-cxr', 'version': options.version, 'title': 'Pulmonary tuberculosis on frontal chest radiographs',
        'file': 'model.onnx', 'sha256': sha256(out / 'model.onnx'), 'size': (out / 'model.onnx').stat().st_size,
        'licence': 'Apache-2.0; learned from CC BY 4.0 and from research-use images, see README.md', 'manufacturer': 'LIVEDOC',
        'input': {'name': 'image', 'width': SIZE, 'height': SIZE, 'channels': 1, 'layout': 'NCHW', 'mean': [0], 'std': [1],
                  'fit': 'stretch', 'kernel': 'lanczos3'},
        'outputs': {'logit': 'logit', 'cam': 'cam', 'embedding': 'embedding'},
        'calibration': {'method': 'platt', 'a': round(a, 4), 'b': round(b, 4)},
        'thresholds': thresholds, 'defaultThreshold': 'screening', 'confidence': CONFIDENCE,
        'outOfDistribution': {'method': 'ppca', 'file': 'novelty.bin', 'sha256': sha256(out / 'novelty.bin'),
                              'dimensions': len(reference['mean']), 'components': novelty.COMPONENTS, 'limit': limit},
        'minimumAge': 15, 'metrics': metrics}
    (out / 'model.json').write_text(json.dumps(description, indent=2) + '\n')
    print(json.dumps({'validation': metrics['validation'], 'thresholds': thresholds, 'limit': limit}, indent=1))


if __name__ == '__main__':
    main()
